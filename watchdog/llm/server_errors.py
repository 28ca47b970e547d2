"""What an error of a model's server means: ask again, ask for a simpler format, or give up.

Servers and gateways agree on little beyond the status: their words are searched for the few things
that decide, and shown to people, as only they tell a wrong setting.
"""

from __future__ import annotations

import contextlib
import json
import math
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from watchdog.errors import ModelFault
from watchdog.integrations.answers import Fault, harmless, tls_failed
from watchdog.llm.own_secrets import hidden
from watchdog.text.regex import regex

_SAID_CHARS = 300
_DEPTH = 4
_BAD_REQUESTS = frozenset({400, 422})
_PASSING = frozenset({408, 409, 425, 429, 503, 529})
_GATEWAY = frozenset({502, 504})
# These speak of the key, the address or the amount: another response format would change nothing.
_FINAL = frozenset({401, 402, 403, 404, 405, 410, 413})
_TOO_MANY, _SERVER_ERROR, _REDIRECT = 429, 500, 300
_CONTEXT = regex(
    r"context[ _]?(?:length|size|window)|maximum context|exceed_context|prompt is too long"
    r"|input is too long|too many (?:input )?tokens|reduce the length"
)
_FORMAT = regex(r"format|schema|json|grammar")
_QUOTA = regex(r"insufficient_quota|billing|credit|quota")
_NEVER_PASSES = regex(r"insufficient_quota|billing|credit")
_RETRY_DELAY = regex(r'"retrydelay"\s*:\s*"(\d{1,6}(?:\.\d{1,9})?)s"')
_SIZES = regex(r'"n_ctx"\s*:\s*(\d{1,9})|context (?:length|size|window)\D{1,20}?(\d{3,9}) ?tokens')
_IN_WORDS = {
    401: "the model's server refused the API key (401)",
    402: "the model's server asks for payment (402)",
    403: "the model's server forbids this (403)",
    413: "the prompt is too large for the model's server (413)",
}
_SECONDS_HEADERS = ("retry-after", "llm_provider-retry-after")
_MILLISECONDS_HEADER = "retry-after-ms"


@dataclass(frozen=True)
class ServerError:
    """One answer that is an error: its status, its headers in lower case, its body as text."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def text(self) -> str:
        """All of the body, for searching."""
        return self.body[:20_000].lower()


@dataclass(frozen=True)
class Verdict:
    """What follows from an error.

    `again`: the same may work later, after `wait` seconds where the server says so. `lower`: a
    simpler response format may work. `busy`: it will pass, so it is worth all the time there is.
    `sent` is False if there was no connection, so that nothing of the prompt went out.
    """

    why: str
    fault: ModelFault
    again: bool = False
    lower: bool = False
    busy: bool = False
    wait: float | None = None
    sent: bool = True


def judged(
    error: ServerError, *, secret: str, url: str, prompt_chars: int, secrets: tuple[str, ...] = ()
) -> Verdict:
    """What to do about it. `secret` is the API key; the server may repeat it and `secrets`."""
    status = error.status
    said = said_by(error.body, secrets)
    tail = f": {said}" if said else ""
    if _REDIRECT <= status < 400:  # noqa: PLR2004 - HTTP
        return Verdict(
            f"the model's server redirects ({status}), which is not followed: set "
            "SRE_AGENT_LLM__BASE_URL to the address that it leads to",
            ModelFault.ADDRESS,
        )
    if status in _BAD_REQUESTS | {413} and _CONTEXT.search(error.text):
        return Verdict(_too_small(error, prompt_chars) + tail, ModelFault.CONTEXT)
    if status == _TOO_MANY and _QUOTA.search(error.text):
        wait = retry_after(error)
        if wait is None or _NEVER_PASSES.search(error.text):
            return Verdict(f"the model's quota is used up (429){tail}", ModelFault.QUOTA)
    if status in _PASSING:
        return Verdict(
            f"the model's server is busy ({status}){tail}",
            ModelFault.SERVER,
            again=True,
            busy=True,
            wait=retry_after(error),
        )
    if status in _FINAL:
        return Verdict(_final(status, secret, url, said), ModelFault.REFUSED)
    if status >= _SERVER_ERROR:
        # Some servers answer 500 to a format that they do not know; a gateway's 502 is an outage.
        return Verdict(
            f"the model's server failed ({status}){tail}",
            ModelFault.SERVER,
            again=True,
            lower=status not in _GATEWAY,
            wait=retry_after(error),
        )
    if "content_filter" in error.text:
        return Verdict(
            f"the model's server refused the prompt ({status}){tail}", ModelFault.REFUSED
        )
    return Verdict(f"the model's server refused ({status}){tail}", ModelFault.REFUSED, lower=True)


def speaks_of_the_format(text: str) -> bool:
    """Whether a server's words are about the response format."""
    return bool(_FORMAT.search(text.lower()))


def refused_option(error: ServerError, options: Mapping[str, Any]) -> str | None:
    """The option of ours that the server refuses by name; None where it is something else."""
    if error.status not in _BAD_REQUESTS or _CONTEXT.search(error.text):
        return None
    if "temperature" in options and "temperature" in error.text:
        return "temperature"
    if "max_tokens" in options and "max_" in error.text and "tokens" in error.text:
        return "max_tokens"
    return None


def said_by(body: str, secrets: tuple[str, ...] = ()) -> str:
    """The server's own words in one short harmless line; empty for a web page."""
    text = body.lstrip("\ufeff \r\n\t")
    if text[:1] == "<":
        return ""
    with contextlib.suppress(ValueError, RecursionError):
        text = _message(json.loads(text[:100_000])) or text
    return harmless(hidden(text[:20_000], secrets), _SAID_CHARS)


def _message(data: Any, depth: int = _DEPTH) -> str:
    """The words in an error's JSON, wherever that server keeps them."""
    if isinstance(data, str):
        return data
    if depth == 0:
        return ""
    if isinstance(data, list):
        return next((said for item in data[:3] if (said := _message(item, depth - 1))), "")
    if isinstance(data, dict):
        names = ("error", "message", "detail", "msg", "error_description", "title")
        found = ((name, _message(data.get(name), depth - 1)) for name in names)
        return next((said for _, said in found if said), "")
    return ""


def _too_small(error: ServerError, prompt_chars: int) -> str:
    numbers = _SIZES.search(error.text)
    size = next((group for group in numbers.groups() if group), "") if numbers else ""
    takes = f" of {size} tokens" if size else ""
    return (
        f"the prompt ({prompt_chars:,} characters) does not fit the model's context{takes}: "
        "lower SRE_AGENT_LLM__MAX_PROMPT_CHARS, or give the server a larger context "
        f"({error.status})"
    )


def _final(status: int, secret: str, url: str, said: str) -> str:
    tail = f": {said}" if said else ""
    if status == 401 and not secret:  # noqa: PLR2004 - HTTP
        return f"the model's server wants an API key (401): set SRE_AGENT_LLM__API_KEY{tail}"
    if status == 404 and "model" not in said.lower() and not url.rstrip("/").endswith("/v1"):  # noqa: PLR2004 - HTTP
        return (
            f"the model's server refused (404){tail}; does SRE_AGENT_LLM__BASE_URL lack /v1 "
            "at its end?"
        )
    return _IN_WORDS.get(status, f"the model's server refused ({status})") + tail


def retry_after(error: ServerError) -> float | None:
    """Seconds that the server asks to wait, in any of the forms that are in use.

    Seconds with or without a fraction, a date, milliseconds, a gateway's copy of its upstream's
    header, Google's retryDelay. None where there is none; zero says nothing, so it is none too.
    """
    headers = error.headers
    waits = [_number(headers.get(_MILLISECONDS_HEADER, ""), 1000)]
    for name in _SECONDS_HEADERS:
        value = headers.get(name, "")
        waits += [_number(value, 1), _until(value, headers.get("date", ""))]
    if found := _RETRY_DELAY.search(error.text):
        waits.append(_number(found[1], 1))
    return next((wait for wait in waits if wait), None)


def _number(text: str, divisor: int) -> float | None:
    try:
        value = float(text) / divisor
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _until(text: str, date: str) -> float | None:
    """Seconds from the server's own Date, or from now, to a date."""
    then, now = _when(text), _when(date) or datetime.now(UTC)
    return max(0.0, (then - now).total_seconds()) if then else None


def _when(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def no_answer(error: Exception) -> Verdict:
    """What it means that the client got no answer; the causes behind the error tell it."""
    cause = error.__cause__
    chain: list[BaseException] = []
    link: BaseException | None = cause
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    tls = next((each for each in chain if isinstance(each, ssl.SSLError)), None)
    connected = got_through(error)
    if tls is not None:
        why = f"the model's server cannot be reached: {tls_failed(tls)}"
        return Verdict(why, ModelFault.UNREACHABLE, sent=connected)
    # A refused connection has seen no format; one that broke may have choked on it.
    if connected:
        why = "the model's server broke the connection"
        return Verdict(why, ModelFault.UNREACHABLE, again=True, lower=True)
    name = any("getaddrinfo" in str(e) or "Name or service" in str(e) for e in chain)
    more = f" ({Fault.NAME})" if name else ""
    why = f"the model's server cannot be reached{more}"
    return Verdict(why, ModelFault.UNREACHABLE, again=True, sent=False)


def got_through(error: Exception) -> bool:
    """Whether there was a connection, so that the prompt may have gone out."""
    name = type(error.__cause__).__name__
    return name not in {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}
