"""Says in plain words which setting is wrong, where it was set, and what it has to be."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from watchdog.settings.schema import PREFIX, Settings
from watchdog.text.redact import redact
from watchdog.text.regex import regex

_LIKE_A_NAME = regex(r"[\w ./-]{1,80}")

OPTIONS = {
    "namespaces": "--namespace",
    "label_selector": "--selector",
    "watch": "--namespace-selector",
}
# The types of pydantic's errors whose own words speak of Python; of the others only the beginning.
_WORDS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "dict_type": "must hold names and values",
    "model_type": "must hold names and values",
    "tuple_type": "must be a list",
}


def spelt(variable: str, prefix: str) -> str:
    """A variable as a file of settings spells it: `llm.model` for SRE_AGENT_LLM__MODEL."""
    return variable.removeprefix(prefix).lower().replace("__", ".")


def closest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """`; the closest is NAME`, or nothing if none is close. Each may begin with `prefix`."""
    bare = [each.removeprefix(prefix) for each in known]
    close = difflib.get_close_matches(name.removeprefix(prefix), bare, n=1)
    return f"; the closest is {prefix}{close[0]}" if close else ""


def in_words(
    error: ValidationError,
    known: Iterable[str],
    overrides: Mapping[str, Any],
    path: Path | None,
    in_file: Collection[str],
) -> str:
    """`SRE_AGENT_DRY_RUN=maybe: must be true or false`, one part for each mistake.

    What was typed as an option is called by its name, what is in the file `path` by its name there;
    `in_file` are the variables of `known` that the file sets.
    """
    variables = set(known)
    lines = []
    for mistake in error.errors(include_url=False, include_context=False):
        where = [str(part) for part in mistake["loc"]]
        first, message = (where[0] if where else ""), _message(mistake["type"], where, mistake)
        if overrides.get(first) is not None and first in OPTIONS:
            lines.append(f"{OPTIONS[first]}: {message}")
            continue
        name = _name(where, variables)
        shown = "" if mistake["type"] == "extra_forbidden" else _shown(mistake.get("input"), where)
        # Who turns name and address around must not read the address in a log.
        rest = where[name.count("__") + 1 :]
        inside = [part if _LIKE_A_NAME.fullmatch(part) else "(no name)" for part in rest]
        said = f"--config {path}: {spelt(name, PREFIX)}" if path and name in in_file else name
        lines.append("".join((said, *(f".{part}" for part in inside), shown)) + f": {message}")
    return "; ".join(lines)


def _shown(value: object, where: list[str]) -> str:
    """`=value`; nothing for one that may hold what is secret: its type decides, not its name.

    Of what may be a list or a mapping with secrets in it, whole groups of settings among them,
    nothing is repeated, whatever stands in its place.
    """
    if not isinstance(value, str | int | float) or _may_hold_secrets(_type_at(where)):
        return ""
    text = str(value)
    if any("url" in part for part in where):
        text = bare_address(text)
    return f"={redact(text)}" if text else ""


def bare_address(text: str) -> str:
    """An address without its query; empty for one with a user and maybe a password before an @."""
    return "" if "@" in text else text.partition("?")[0].partition("#")[0]


def _may_hold_secrets(kind: Any) -> bool:
    """Whether a value of that type is a secret, or holds one by a name: a mapping, a group."""
    if isinstance(kind, type) and issubclass(kind, SecretStr | BaseModel):
        return True
    return kind is Any or any(_may_hold_secrets(part) for part in get_args(kind))


def _type_at(where: list[str]) -> Any:
    """The type of the setting at that place; of what is within a mapping, the mapping's."""
    kind: Any = Settings
    for part in where:
        model = next((each for each in (kind, *get_args(kind)) if _is_model(each)), None)
        if model is None:
            break
        if model is kind or part in model.model_fields:
            field = model.model_fields.get(part)
            kind = field.annotation if field else kind
        else:
            kind = model
    return kind


def _name(where: list[str], variables: Collection[str]) -> str:
    """The variable that holds what is wrong: a part of a mapping has none of its own."""
    for end in range(len(where), 0, -1):
        name = PREFIX + "__".join(where[:end]).upper()
        if name in variables:
            return name
    return PREFIX + "__".join(where).upper()


def _message(kind: str, where: list[str], mistake: Mapping[str, Any]) -> str:
    if kind == "extra_forbidden":
        return f"there is no such setting{closest(where[-1], _fields(where[:-1]))}"
    said = str(mistake["msg"]).removeprefix("Value error, ")
    for before in ("Input should be a valid ", "Input should be an ", "Input should be "):
        if said.startswith(before):
            said = said.replace(
                before, before.replace("Input should", "must").replace(" valid", "")
            )
            break
    return _WORDS.get(kind, said)


def _fields(where: list[str]) -> list[str]:
    """The names that may stand at that place of the settings."""
    model: Any = Settings
    for part in where:
        fields = getattr(model, "model_fields", {})
        model = (
            fields[part].annotation
            if part in fields
            else next((each for each in get_args(model) if _is_model(each)), None)
        )
    return list(getattr(model, "model_fields", {}))


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
