"""Reads the settings from the environment, once, and refuses what nobody will read.

Nothing else looks at the environment.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr, ValidationError

from watchdog.actions import BY_NAME
from watchdog.errors import SettingsError
from watchdog.regex import regex
from watchdog.settings import PREFIX, Group, Settings

# What Kubernetes injects into every pod of a namespace that has a Service called sre-agent[-x].
_SERVICE_LINK = regex(
    r"^SRE_AGENT_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$"
)

# custom_instruction is words for a person: there is nothing to allow.
WRITES = tuple(kind for kind in BY_NAME if kind != "custom_instruction")


def known_names() -> Iterator[str]:
    """Every environment variable that is a setting: `SRE_AGENT_LLM__MODEL` and so on."""
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            yield from (f"{PREFIX}{name}__{inner}".upper() for inner in group.model_fields)
        elif name == "actions":
            yield from (f"{PREFIX}ACTIONS__{kind}".upper() for kind in WRITES)
        else:
            yield f"{PREFIX}{name}".upper()


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings of this process: `overrides` (command-line flags that were given), then the
    environment, then defaults.

    Raises SettingsError for a mistyped name (with the closest right one) and for a bad value.
    """
    environment = os.environ if environment is None else environment
    _refuse_unknown(environment)
    try:
        settings = Settings(
            **{name: value for name, value in overrides.items() if value is not None}
        )
        return _with_openai_names(settings, environment)
    except ValidationError as error:
        raise SettingsError(_in_words(error)) from None
    except ValueError as error:  # pydantic-settings: JSON that does not parse
        raise SettingsError(str(error)) from None


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = set(known_names())
    # A whole group as JSON is pydantic-settings' other spelling of its fields.
    groups = {name.split("__")[0] for name in known if "__" in name} | {f"{PREFIX}ACTIONS"}
    for name in sorted(environment):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in known | groups or _SERVICE_LINK.match(upper):
            continue
        if upper.startswith(f"{PREFIX}APPROVED_ENV__"):
            continue
        close = difflib.get_close_matches(upper, known, n=1, cutoff=0)
        raise SettingsError(
            f"{name} is not a setting; the closest is {close[0]} (docs/settings.md lists them all)"
        )


def _with_openai_names(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """OPENAI_API_KEY and OPENAI_BASE_URL work as they do for the OpenAI client; ours win."""
    llm = settings.llm
    key, url = environment.get("OPENAI_API_KEY"), environment.get("OPENAI_BASE_URL")
    changed = {
        "api_key": llm.api_key or (SecretStr(key) if key else None),
        "base_url": llm.base_url or url or None,
    }
    return settings.model_copy(update={"llm": llm.model_copy(update=changed)})


def _in_words(error: ValidationError) -> str:
    """`SRE_AGENT_DRY_RUN=maybe: Input should be a valid boolean`, one line for each mistake."""
    lines = []
    for mistake in error.errors(include_url=False, include_context=False):
        name = PREFIX + "__".join(str(part) for part in mistake["loc"]).upper()
        value = mistake.get("input")
        secret = any(word in name for word in ("KEY", "TOKEN", "WEBHOOK", "APPROVED_ENV"))
        shown = "" if secret or isinstance(value, dict) else f"={value}"
        lines.append(f"{name}{shown}: {mistake['msg']}")
    return "; ".join(lines)
