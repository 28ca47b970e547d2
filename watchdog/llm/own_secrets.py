"""Our own credentials, which a model's server knows and may repeat in anything that it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from watchdog.settings.services import LLMSettings
from watchdog.text.secret_names import is_secret_name

HIDDEN = "***"
_SHORTEST = 8  # a placeholder such as "x" would mask its letter everywhere


def own_secrets(settings: LLMSettings) -> tuple[str, ...]:
    """What is sent to the server and must not come back: longer ones first."""
    found = {part.strip() for part in _sent(settings)}
    return tuple(sorted((part for part in found if len(part) >= _SHORTEST), key=len, reverse=True))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without them."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _sent(settings: LLMSettings) -> Iterator[str]:
    if settings.api_key:
        yield settings.api_key.get_secret_value()
    for header in settings.extra_headers.values():
        value = header.get_secret_value()
        yield value
        yield value.rpartition(" ")[2]  # of `Bearer TOKEN` the token
    for name, field in settings.extra_body.items():
        if isinstance(field, str) and is_secret_name(name):
            yield field
    parts = urlsplit(settings.base_url or "")
    yield unquote(parts.password or "")
    yield from (field.partition("=")[2] for field in parts.query.split("&"))
