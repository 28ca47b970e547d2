"""Says in plain words which setting is wrong, where it was set, and what it has to be."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from watchdog.settings.schema import PREFIX, Settings

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
}
_SECRET = (
    "KEY", "TOKEN", "WEBHOOK", "HEARTBEAT", "APPROVED_ENV", "PASSWORD", "HEADERS", "EXTRA_BODY"
)  # fmt: skip


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
        value = mistake.get("input")
        secret = any(word in PREFIX + "__".join(where).upper() for word in _SECRET)
        # The part of an address before @ is a user and a password.
        secret |= "url" in where[-1:][0] and "@" in str(value) if where else False
        hidden = secret or isinstance(value, dict) or mistake["type"] == "extra_forbidden"
        inside = where[name.count("__") + 1 :]
        said = f"--config {path}: {spelt(name, PREFIX)}" if path and name in in_file else name
        lines.append(
            "".join((said, *(f".{part}" for part in inside), "" if hidden else f"={value}"))
            + f": {message}"
        )
    return "; ".join(lines)


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
