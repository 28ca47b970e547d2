"""Writes what is made from code: docs/settings.md and the README's table of failure kinds.

`python docs/generate.py` writes; `--check` only says what is stale and exits 1.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from watchdog import settings
from watchdog.actions import BY_NAME
from watchdog.failures import KINDS

TOP = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- kinds: generated -->", "<!-- kinds: end -->"


def settings_page() -> str:
    """Every setting with its default and its reason, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Environment variables, read once at the start. A mistyped name is an error that names the",
        "closest right one. `OPENAI_API_KEY` and `OPENAI_BASE_URL` work as they do for the OpenAI",
        "client. Generated from `watchdog/settings.py`: change it there, then run `make generate`.",
        "",
        "| variable | default | what it is for |",
        "|---|---|---|",
        *_rows(settings.Settings, settings.PREFIX),
        "",
        "## What an action may do unasked",
        "",
        "`auto` acts within policy, `approve` asks first, `never` does not.",
        "",
        "| variable | default |",
        "|---|---|",
        *(
            f"| `{settings.PREFIX}ACTIONS__{name.upper()}` | `{action.default_mode}` |"
            for name, action in BY_NAME.items()
            if name != "custom_instruction"
        ),
        "",
    ]
    return "\n".join(lines)


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    reasons = _attribute_docstrings(model)
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from _rows(type(field.default), f"{prefix}{name.upper()}__")
        elif name != "actions":
            default = _shown(field.get_default(call_default_factory=True))
            yield f"| `{prefix}{name.upper()}` | {default} | {reasons[name]} |"


def _attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, doc in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(doc, ast.Expr)
            and isinstance(doc.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(doc.value.value).split()).replace("|", "\\|")
    return found


def _shown(default: Any) -> str:
    if default in (None, "", (), {}, PydanticUndefined) or isinstance(default, SecretStr):
        return "*empty*"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def kinds_table() -> str:
    """The failure kinds as a Markdown table."""
    lines = ["| kind | what is wrong | may be fixed by |", "|---|---|---|"]
    for kind in KINDS:
        by = ", ".join(f"`{name}`" for name in kind.actions) or "a person, with exact instructions"
        lines.append(f"| `{kind.name}` | {kind.summary} | {by} |")
    return "\n".join(lines)


def readme(current: str) -> str:
    """The README with its table of kinds replaced."""
    head, rest = current.split(BEGIN)
    tail = rest.split(END)[1]
    return f"{head}{BEGIN}\n{kinds_table()}\n{END}{tail}"


def main() -> int:
    """Write, or with --check compare; 1 when something is stale."""
    wanted = {TOP / "docs" / "settings.md": settings_page()}
    wanted[TOP / "README.md"] = readme((TOP / "README.md").read_text(encoding="utf-8"))
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(TOP)} is stale: run make generate")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
