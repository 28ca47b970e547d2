"""Reads the settings from the environment, once, and refuses what no one will read.

Nothing else looks at the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_origin

from pydantic import SecretStr, ValidationError

from watchdog.actions import NAMES
from watchdog.errors import SettingsError
from watchdog.settings import config_file
from watchdog.settings.config_file import Values, merged
from watchdog.settings.group import Group, checked_address, sendable
from watchdog.settings.mistakes import bare_address, closest, in_words
from watchdog.settings.schema import PREFIX, Settings
from watchdog.text.redact import redact
from watchdog.text.regex import regex

# What Kubernetes injects into every pod of a namespace that has a Service called sre-agent[-x].
_SERVICE_LINK = regex(
    r"^SRE_AGENT_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$"
)

CONFIG = f"{PREFIX}CONFIG"
"""The variable that names a file of settings, as --config does."""

# custom_instruction is words for a person: there is nothing to allow.
WRITES = tuple(kind for kind in NAMES if kind != "custom_instruction")


def known_names() -> Iterator[str]:
    """Every environment variable that is a setting: `SRE_AGENT_LLM__MODEL` and so on."""
    for name, field in Settings.model_fields.items():
        group: Any = field.annotation
        if _is_group(group):
            yield from (f"{PREFIX}{name}__{inner}".upper() for inner in group.model_fields)
        elif name == "actions":
            yield from (f"{PREFIX}ACTIONS__{kind}".upper() for kind in WRITES)
        else:
            yield f"{PREFIX}{name}".upper()


def load(
    environment: Mapping[str, str] | None = None, file: Path | None = None, **overrides: Any
) -> Settings:
    """The settings of this process: `overrides` (command-line flags that were given), then the
    environment, then `file` (SRE_AGENT_CONFIG otherwise), then defaults.

    Raises SettingsError for a mistyped name (with the closest right one) and for a bad value.
    """
    environment = os.environ if environment is None else environment
    _refuse_unknown(environment)
    given = {name: value for name, value in overrides.items() if value is not None}
    path = file or (Path(environment[CONFIG]) if environment.get(CONFIG) else None)
    held: frozenset[str] = frozenset()
    values = _set_in(environment)
    if path is not None:
        known = set(known_names())
        written = config_file.read(path, known, PREFIX)
        written = config_file.without(written, environment, known, PREFIX)
        held = frozenset(config_file.variables(written, known, PREFIX))
        values = merged(values, written)
    try:
        settings = Settings(**merged(values, given))
        return _with_openai_names(settings, environment)
    except ValidationError as error:
        raise SettingsError(in_words(error, known_names(), overrides, path, held)) from None


def _set_in(environment: Mapping[str, str]) -> Values:
    """What the variables set, as nested values; a part of a group wins over the group as JSON.

    Raises SettingsError for what is to be JSON and is not.
    """
    values: Values = {}
    # Shorter names first: a group as JSON comes before its parts.
    for name in sorted(environment, key=len):
        first, _, rest = name[len(PREFIX) :].partition("__")
        field = Settings.model_fields.get(first.lower())
        if field is None or not name.upper().startswith(PREFIX):
            continue  # CONFIG, and what Kubernetes injects
        kind: Any = field.annotation
        if not rest:
            value = _read(name, environment[name], kind)
            if value is not None:
                values[first.lower()] = value
            continue
        within = values.setdefault(first.lower(), {})
        if _is_group(kind):
            inner = rest.lower()
            kind = kind.model_fields[inner].annotation
        else:
            # The kinds of actions are ours; names of approved variables are as they are written.
            inner, kind = rest.lower() if first.lower() == "actions" else rest, str
        if isinstance(within, dict):
            within[inner] = _read(name, environment[name], kind)
    return values


def _read(name: str, text: str, kind: Any) -> Any:
    """A variable's value: what holds names and values is JSON, anything else is as it is."""
    if not (_is_group(kind) or get_origin(kind) is dict):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{name} is not JSON: {error.msg} at character {error.pos + 1}"
        ) from None
    except (ValueError, RecursionError):
        raise SettingsError(
            f"{name} cannot be used: it is nested too deeply or holds a number of too many digits"
        ) from None


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Group)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = set(known_names())
    # A whole group as JSON is the other spelling of its fields.
    groups = {name.split("__")[0] for name in known if "__" in name} | {f"{PREFIX}ACTIONS"}
    for name in sorted(environment):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in known | groups | {CONFIG}:
            continue
        if _SERVICE_LINK.match(upper):
            continue
        if upper.startswith(f"{PREFIX}APPROVED_ENV__"):
            continue
        close = closest(upper, known, PREFIX)
        raise SettingsError(f"{name} is not a setting{close} (docs/settings.md lists them all)")


def _with_openai_names(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """OPENAI_API_KEY and OPENAI_BASE_URL work as they do for the OpenAI client; ours win."""
    llm = settings.llm
    key, url = environment.get("OPENAI_API_KEY"), environment.get("OPENAI_BASE_URL")
    if url and llm.configured and not llm.base_url:
        try:
            checked_address(url)
        except ValueError as error:
            shown = bare_address(url.rpartition("@")[2])
            raise SettingsError(f"OPENAI_BASE_URL={redact(shown)}: {error}") from None
    if key and llm.configured and not llm.api_key:
        try:
            key = sendable(SecretStr(key)).get_secret_value()
        except ValueError as error:
            raise SettingsError(f"OPENAI_API_KEY: {error}") from None
    changed = {
        "api_key": llm.api_key or (SecretStr(key) if key else None),
        "base_url": llm.base_url or url or None,
    }
    return settings.model_copy(update={"llm": llm.model_copy(update=changed)})
