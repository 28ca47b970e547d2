"""The text view: a Report for people at a terminal, in colour only there.

templates/text.j2 decides the order; this module lays lines out. Styles travel as control
characters around a line, which foreign text cannot contain because phrases.clean has removed them.
Commands are never wrapped, so that they can be copied whole.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from watchdog.model.report import Report
from watchdog.report.case import Case, Step
from watchdog.report.summary_line import closing, one_cause, undelivered
from watchdog.report.wording import chapters, overview
from watchdog.text.format import shorten
from watchdog.text.regex import regex

_STYLES = {
    "plain": "", "title": "", "head": "bold", "good": "green", "bad": "bold red", "warn": "yellow",
    "add": "green", "remove": "red", "dim": "dim", "todo": "bold", "command": "cyan",
    "verified": "green", "applied": "yellow", "dry_run": "cyan", "awaiting_approval": "yellow",
    "refused": "yellow", "undone": "yellow", "failed": "red", "unknown": "red",
}  # fmt: skip
_OPEN, _SEP, _CLOSE = "\x0e", "\x1f", "\x0f"
_MARKED = regex(f"{_OPEN}(\\w+){_SEP}(.*?){_CLOSE}", re.DOTALL)
_ASCII = str.maketrans({"✓": "+", "✗": "x", "×": "x", "…": "...", "·": "-", "→": "->"})
_INDENT, _LABEL, _NARROW, _WIDE = "  ", 9, 50, 110
_CELL = 40
_STATUS_STYLES = {
    "broken": "bad", "fixing": "applied", "fixed": "good", "needs you": "warn",
    "would fix": "dry_run",
}  # fmt: skip


def render_text(report: Report, console: Console) -> None:
    """Print the report, at most as wide as the console; raises nothing for any content."""
    for line in _lines(report, max(_NARROW, min(console.width, _WIDE))):
        console.print(_styled(_shown(line, console.encoding)), soft_wrap=True, highlight=False)


def plain_text(report: Report, width: int = 100) -> str:
    """The same without colour, as one string."""
    return "\n".join(_MARKED.sub(r"\2", line) for line in _lines(report, width)) + "\n"


def _lines(report: Report, width: int) -> list[str]:
    found = chapters(report)
    text = (
        _environment(width)
        .get_template("text.j2")
        .render(
            chapters=found,
            overview=overview(found),
            closing=closing(report),
            one_cause=one_cause(report),
            undelivered=undelivered(report),
            dry_run=report.mode == "dry_run",
        )
    )
    # A field without content leaves a line with the mark alone; real blank lines are empty.
    lines = [line for line in text.rstrip("\n").split("\n") if line != _NOTHING]
    return [line for part in lines for line in part.split(_BREAK)]


_NOTHING = "\x1d"
_BREAK = "\x1e"


class _Layout:
    """Lines of one width; every method returns lines joined by a mark, or the mark for nothing."""

    def __init__(self, width: int) -> None:
        self.width = width

    def prose(self, text: str, style: str) -> str:
        """Wrapped lines of one style."""
        return self._marked(textwrap.wrap(text, self.width), style)

    def note(self, text: str) -> str:
        """A remark about a namespace."""
        wrapped = textwrap.wrap(
            text, self.width, initial_indent=_INDENT, subsequent_indent=_INDENT * 2
        )
        return self._marked(wrapped, "warn")

    def field(self, text: str, name: str, style: str = "plain") -> str:
        """`  Why      ...`, wrapped under itself; nothing for an empty text."""
        if not text:
            return _NOTHING
        head, hang = f"{_INDENT}{name:<{_LABEL}}", " " * (len(_INDENT) + _LABEL)
        wrapped = textwrap.wrap(
            text, self.width, initial_indent=head, subsequent_indent=hang, break_on_hyphens=False
        )
        return self._marked(wrapped, style)

    def lines(self, texts: Sequence[str], name: str) -> str:
        """Several quoted lines under one label."""
        fields = [self.field(text, "" if i else name, "dim") for i, text in enumerate(texts)]
        return _BREAK.join(fields) or _NOTHING

    def command(self, text: str | None, name: str) -> str:
        """A command on a line of its own, however long."""
        return _mark(f"{_INDENT}{name:<{_LABEL}}{text}", "command") if text else _NOTHING

    def diff(self, line: str) -> str:
        """One line of a diff, uncut."""
        style = {"+": "add", "-": "remove"}.get(line.lstrip()[:1], "dim")
        return _mark(f"{_INDENT}{'':<{_LABEL + 2}}{line}", style)

    def patch(self, lines: Sequence[str], head: str) -> str:
        """A manifest's lines, uncut so that they can be copied."""
        if not lines:
            return _NOTHING
        shown = [*([head] if head else []), *(f"  {line}" for line in lines)]
        indent = " " * (len(_INDENT) + _LABEL)
        return _BREAK.join(_mark(f"{indent}{line}", "dim") for line in shown)

    def ends(self, left: str, right: str, *styles: str) -> str:
        """Left and right on one line, or under each other where both do not fit."""
        room = self.width - cell_len(left) - cell_len(right)
        if not right:
            return self.prose(left, styles[0])
        if room > 1:
            return _mark(left, styles[0]) + " " * room + _mark(right, styles[1])
        hang = " " * (len(_INDENT) + _LABEL if left.startswith(_INDENT) else len(_INDENT))
        body = textwrap.wrap(left, self.width, subsequent_indent=hang, break_on_hyphens=False)
        return self._marked(body, styles[0]) + _BREAK + self._marked(
            textwrap.wrap(right, self.width, initial_indent=hang, subsequent_indent=hang), styles[1]
        )  # fmt: skip

    def table(self, cases: Sequence[Case]) -> str:
        """One line for each problem; how badly is left out if the lines have no room for it."""
        rows = [
            (case.status, shorten(case.name, _CELL), shorten(case.summary, _CELL), case.severity)
            for case in cases
        ]
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        shown = 4 if sum(widths) + 3 * len(_INDENT) <= self.width else 3
        return _BREAK.join(_row(row[:shown], widths) for row in rows)

    def check(self, step: Step) -> str:
        """What verification saw."""
        word, style = ("✓ healthy", "good") if step.healthy else ("✗ not healthy", "bad")
        text = f"{word}: {step.check}" if step.check else word
        wrapped = textwrap.wrap(
            text, self.width, initial_indent=_INDENT, subsequent_indent=_INDENT * 2
        )
        return self._marked(wrapped, style)

    @staticmethod
    def _marked(lines: list[str], style: str) -> str:
        return _BREAK.join(_mark(line, style) for line in lines)


@lru_cache(maxsize=8)
def _environment(width: int) -> Environment:
    """The template environment whose filters lay out lines of that width."""
    environment = Environment(
        loader=PackageLoader("watchdog.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 -- not HTML: foreign text is cleaned, and never read as markup
    )
    layout = _Layout(width)
    environment.filters.update(
        prose=layout.prose,
        field=layout.field,
        lines=layout.lines,
        command=layout.command,
        diff=layout.diff,
        patch=layout.patch,
        note=layout.note,
        table=layout.table,
        block=lambda text: text.rstrip("\n") or _NOTHING,
    )
    environment.globals.update(
        good="✓",
        bad="✗",
        label=lambda name: f"{name:<{_LABEL}}",
        ends=layout.ends,
        check=layout.check,
    )
    return environment


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The cells in columns, the first in the colour of the status that it names."""
    padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths)]  # noqa: B905 -- the last column may be left out
    rest = _INDENT.join(padded[1:]).rstrip()
    return f"{_mark(padded[0], _STATUS_STYLES[cells[0]])}{_INDENT}{rest}"


def _mark(line: str, style: str) -> str:
    return f"{_OPEN}{style}{_SEP}{line}{_CLOSE}"


def _styled(line: str) -> Text:
    text, last = Text(), 0
    for match in _MARKED.finditer(line):
        text.append(line[last : match.start()])
        text.append(match[2], style=_STYLES[match[1]])
        last = match.end()
    return text.append(line[last:])


def _shown(line: str, encoding: str) -> str:
    """As the stream can show it; signs become ASCII where it knows no better."""
    try:
        line.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return line.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return line
