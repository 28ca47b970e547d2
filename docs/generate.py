"""Writes what is made from code: docs/settings.md, docs/kinds.md, the settings in the
chart's schema, and the form of label selectors beside it.

`python docs/generate.py` writes; `--check` only says what is stale and exits 1.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from watchdog.actions import BY_NAME
from watchdog.failures import KINDS
from watchdog.kube import label_selector
from watchdog.settings import schema
from watchdog.settings.environment import WRITES

TOP = Path(__file__).resolve().parent.parent


def settings_page() -> str:
    """Every setting with its default and its reason, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Environment variables, read once at the start. A mistyped name is an error that names the",
        "right one if one is close. `OPENAI_API_KEY` and `OPENAI_BASE_URL` work as they do for the",
        "OpenAI client. Generated from `watchdog/settings/` and, for `GRACE__*`, from",
        "`watchdog/snapshot/thresholds.py`: edit these, then run `make generate`.",
        "",
        "| variable | default | what it is for |",
        "|---|---|---|",
        *_rows(schema.Settings, schema.PREFIX),
        "",
        "## What an action may do unasked",
        "",
        "`auto` acts within policy, `approve` asks first, `never` does not.",
        "",
        "| variable | default |",
        "|---|---|",
        *(
            f"| `{schema.PREFIX}ACTIONS__{name.upper()}` | `{action.default_mode}` |"
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
    found = {}
    for base in model.__bases__:
        if issubclass(base, BaseModel) and base.__module__.startswith("watchdog."):
            found |= _attribute_docstrings(base)
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
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


def chart_schema(current: str) -> str:
    """The chart's schema: `settings` and `config` hold settings that exist, with fitting values."""
    whole = json.loads(current)
    whole["properties"]["settings"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(sorted(_variables(schema.Settings, ""))),
    }
    whole["properties"]["config"] = _tree(schema.Settings)
    return json.dumps(whole, indent=2) + "\n"


def _tree(model: type[BaseModel]) -> dict[str, Any]:
    """What a file of settings may hold, by name; lists and the like are checked when it is read."""
    known: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        nested = isinstance(field.default, BaseModel)
        known[name] = _tree(type(field.default)) if nested else _value(model, name) or {}
        if name == "actions":
            kinds: dict[str, Any] = {kind: {} for kind in sorted(WRITES)}
            known[name] = {"type": "object", "additionalProperties": False, "properties": kinds}
    return {"type": "object", "additionalProperties": False, "properties": known}


def _variables(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The settings' names without SRE_AGENT_, VERIFY__TIMEOUT_SECONDS, and what each may be."""
    text: dict[str, Any] = {"type": ["string", "number", "boolean"]}
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from _variables(type(field.default), f"{prefix}{name.upper()}__")
        elif name == "actions":
            yield from ((f"ACTIONS__{kind.upper()}", text) for kind in WRITES)
        else:
            yield f"{prefix}{name.upper()}", _value(model, name) or text


_TRUTH = "".join(
    f"|{word}|{word.title()}|{word.upper()}" for word in ("true", "false", "yes", "no", "on", "off")
)
_TEXTS = {
    "integer": r"^(\+?[0-9]+)?$",
    "number": r"^(\+?[0-9]+(\.[0-9]*)?([eE][0-9]+)?)?$",
    "boolean": f"^([01tfynTFYN]{_TRUTH})?$",
}
"""What pydantic reads as such a value; an empty text stands for what is not set."""


def _value(model: type[BaseModel], name: str) -> dict[str, Any] | None:
    """A number, truth or choice as JSON schema, also as the text that `--set-string` makes of it.

    None for what is neither: those texts have forms that only the product knows.
    """
    said = model.model_json_schema()["properties"][name]
    said = next((each for each in said.get("anyOf", ()) if each["type"] != "null"), said)
    if choices := said.get("enum"):
        return {"enum": [*choices, ""]}
    found = said.get("type")
    if found not in _TEXTS:
        return None
    also = {"boolean": ["integer"]}.get(found, [])
    bounds = {"minimum": 0, "maximum": 1} if found == "boolean" else {}
    bounds |= {key: said[key] for key in _BOUNDS if key in said}
    return {"type": [found, "string", *also], "pattern": _TEXTS[found], **bounds}


_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def kinds_table() -> str:
    """The failure kinds as a Markdown table."""
    lines = ["| kind | what is wrong | may be fixed by |", "|---|---|---|"]
    for kind in KINDS:
        by = ", ".join(f"`{name}`" for name in kind.actions) or "a person, with exact instructions"
        lines.append(f"| `{kind.name}` | {kind.summary} | {by} |")
    return "\n".join(lines)


def kinds_page() -> str:
    """The page of failure kinds."""
    return (
        "# What it recognises\n\n"
        "`sre-watchdog kinds` prints the same; `sre-watchdog drill NAME`, a manifest for it.\n"
        "`docs/add-a-failure-kind.md` shows how to add one. Generated by `make generate`.\n\n"
        f"{kinds_table()}\n"
    )


def main() -> int:
    """Write, or with --check compare; 1 when something is stale."""
    wanted = {TOP / "docs" / "settings.md": settings_page()}
    wanted[TOP / "docs" / "kinds.md"] = kinds_page()
    chart = TOP / "helm" / "values.schema.json"
    wanted[chart] = chart_schema(chart.read_text(encoding="utf-8"))
    # Not in the schema: Helm prints a pattern that does not match, and this one fills a screen.
    selector = rf"^(\s*|{label_selector.GRAMMAR})$"
    wanted[TOP / "helm" / "files" / "label-selector.txt"] = f"{selector}\n"
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
