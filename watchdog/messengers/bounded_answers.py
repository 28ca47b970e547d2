"""Bounds what Apprise reads of an answer, and knows what it leaves out: whether there was one.

Apprise takes whatever a server sends, of any length, and says "not taken" of a request that was
sent and not answered too, which the server may have taken.

Apprise calls `requests` without a session that could be given to it, and each new session takes the
adapter that stands in `requests.sessions`. Nothing else in a pass uses `requests`.
"""

from __future__ import annotations

import threading
from typing import Any

import requests
from requests import sessions
from requests.adapters import HTTPAdapter

from watchdog.integrations.answers import CallError, Fault, failed

MOST_BYTES = 1_000_000
_CHUNK_BYTES = 16_384
_seen = threading.local()


class BoundedAdapter(HTTPAdapter):
    """Reads at most MOST_BYTES of an answer, and raises requests.ConnectionError beyond that."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """The answer, read to its end; requests itself would read it without a bound."""
        try:
            return self._answer(request, *args, **kwargs)
        except requests.RequestException as error:
            found = _failed(error)
            _seen.unanswered = found if found.sent else None
            raise

    def _answer(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().send(request, *args, **{**kwargs, "stream": True})
        kept = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            kept += chunk
            if len(kept) > MOST_BYTES:
                response.close()
                raise requests.ConnectionError("its answer is too large")
        response._content = bytes(kept)  # noqa: SLF001 - where requests keeps what was read
        return response


def _failed(error: requests.RequestException) -> CallError:
    """What went wrong below requests, which only wraps it."""
    cause = error.args[0] if error.args else None
    cause = getattr(cause, "reason", None) or cause
    return failed(cause) if isinstance(cause, Exception) else CallError(Fault.BROKEN)


def forget_unanswered() -> None:
    """Begin anew with what `unanswered` tells of this thread."""
    _seen.unanswered = None


def unanswered() -> CallError | None:
    """How the last request of this thread that failed stayed without an answer.

    None if none did, or if it certainly did not arrive.
    """
    found: CallError | None = getattr(_seen, "unanswered", None)
    return found


def bind() -> None:
    """Let every session from now on read with that bound."""
    sessions.HTTPAdapter = BoundedAdapter  # type: ignore[attr-defined]
