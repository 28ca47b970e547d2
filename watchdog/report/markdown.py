"""The Markdown view, for issues, chat-ops and CI summaries.

Every value that templates/markdown.j2 prints is escaped on its way out, so that text from logs can
make no link, image, HTML, heading or table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from watchdog.model.report import Report
from watchdog.report.summary_line import closing, one_cause, undelivered
from watchdog.report.wording import chapters, overview
from watchdog.text.regex import regex

_SPECIAL = regex(r"([\\`*_{}\[\]#|~!$])")
_BLANK_LINES = regex(r"\n{3,}")


class _Safe(str):
    """Markdown made here, not to be escaped again."""

    __slots__ = ()


def render_markdown(report: Report) -> str:
    """The report as one Markdown document (CommonMark, with GitHub's fences)."""
    found = chapters(report)
    text = _environment().get_template("markdown.j2").render(
        chapters=found,
        overview=overview(found),
        closing=closing(report),
        one_cause=one_cause(report),
        undelivered=undelivered(report),
        dry_run=report.mode == "dry_run",
    )  # fmt: skip
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("watchdog.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 -- not HTML: `finalize` escapes every value for Markdown
        finalize=_escaped,
    )
    environment.filters.update(code=_code, fenced=_fenced, block=_block)
    return environment


def _escaped(value: Any) -> str:
    """A value as Markdown that reads as the value itself."""
    if isinstance(value, _Safe):
        return value
    text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Bare addresses become links without any brackets, unless the sign in their middle is escaped.
    return _SPECIAL.sub(r"\\\1", text).replace("://", "\\://").replace("www.", "www\\.")


def _code(text: str) -> str:
    """A code span whose fence is longer than any run of backticks in it."""
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return _Safe(f"{fence}{pad}{text}{pad}{fence}")


def _fenced(lines: Sequence[str], language: str) -> str:
    """A code block, indented to belong to the list item before it."""
    fence = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return _Safe("\n".join(f"  {line}" for line in (fence + language, *lines, fence)))


def _block(text: str) -> str:
    """What a macro has rendered, escaped already."""
    return _Safe(text.rstrip("\n"))


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
