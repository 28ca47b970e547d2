"""The settings in force, each with where it comes from. Secrets are masked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, SecretStr

from watchdog.settings import config_file
from watchdog.settings.environment import CONFIG, WRITES, known_names
from watchdog.settings.schema import PREFIX, Settings
from watchdog.text.redact import redact
from watchdog.text.secret_names import is_secret_name

Source = Literal["environment", "file", "default"]
MASKED = "(set, not shown)"


class InForce(NamedTuple):
    """One setting: its variable, its value as plain data, and where it comes from."""

    setting: str
    value: Any
    source: Source


def in_force(settings: Settings, file: Path | None) -> list[InForce]:
    """Every setting, in the order of docs/settings.md."""
    known = set(known_names())
    path = file or (Path(os.environ[CONFIG]) if os.environ.get(CONFIG) else None)
    written = config_file.read(path, known, PREFIX) if path else {}
    in_file = set(config_file.variables(written, known, PREFIX))
    given = {name.upper() for name, value in os.environ.items() if value}
    also = {"LLM__API_KEY": "OPENAI_API_KEY", "LLM__BASE_URL": "OPENAI_BASE_URL"}

    def source(variable: str) -> Source:
        other = also.get(variable.removeprefix(PREFIX), "")
        if variable in given or (other in given and variable not in in_file):
            return "environment"
        return "file" if variable in in_file else "default"

    return [
        InForce(variable, value, source(variable))
        for variable, value in _leaves(settings, PREFIX, settings.mode)
    ]


def _leaves(
    model: BaseModel, prefix: str, modes: Callable[[str], str]
) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        held = getattr(model, name)
        if isinstance(held, BaseModel):
            yield from _leaves(held, f"{prefix}{name}__".upper(), modes)
        elif name == "actions":
            yield from ((f"{prefix}ACTIONS__{kind}".upper(), modes(kind)) for kind in WRITES)
        else:
            yield f"{prefix}{name}".upper(), _plain(held)


def written(value: Any) -> str:
    """A value as a variable would hold it: `true`, `a,b`, JSON; empty for what is not set."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ",".join(str(each) for each in value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str) if value else ""
    return "" if value is None else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASKED if value.get_secret_value() else ""
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {
            str(key): MASKED if inner and is_secret_name(str(key)) else _plain(inner)
            for key, inner in value.items()
        }
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    # An address may hold a password, and a field of a request's body anything.
    return redact(value) if isinstance(value, str) else value
