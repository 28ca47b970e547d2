"""HTTP calls to what has no client library here: Alertmanager; and how a call failed, in words."""

from __future__ import annotations

import json
import urllib.request
from email.message import Message
from http.client import HTTPException
from typing import IO, Any
from urllib.error import HTTPError, URLError

from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.report.phrases import one_line

_LIMIT_BYTES = 8_000_000
_CHUNK_BYTES = 65_536
_PAUSE_SECONDS = 1.0
_SERVER_ERROR = 500


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET, and could lead anywhere."""

    def redirect_request(
        self,
        _request: urllib.request.Request,
        _file: IO[bytes],
        _code: int,
        _words: str,
        _headers: Message,
        _url: str,
    ) -> urllib.request.Request | None:
        return None


def call(url: str, budget: Budget, timeout_seconds: float, body: Any = None) -> bytes:
    """GET, or POST with a body as JSON, which must be safe to send twice; the answer's content.

    Tried a second time where the connection was refused or the server failed, and time is left.
    Raises DeliveryError in few words and without the address, which may carry a secret.
    """
    if not url.startswith(("http://", "https://")):
        raise DeliveryError("its address is neither http nor https")
    try:
        try:
            return _once(url, budget, timeout_seconds, body)
        except (OSError, HTTPException) as error:
            if not _passes(error) or budget.remaining() <= _PAUSE_SECONDS:
                raise
            if isinstance(error, HTTPError):
                error.close()
            budget.clock.sleep(_PAUSE_SECONDS)
            return _once(url, budget, timeout_seconds, body)
    except (OSError, HTTPException, ValueError) as error:
        raise DeliveryError(in_words(error)) from error


def _once(url: str, budget: Budget, timeout_seconds: float, body: Any) -> bytes:
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = urllib.request.Request(url, content, headers)  # noqa: S310 -- checked by the caller
    opener = urllib.request.build_opener(_NoRedirect)
    # The timeout is for each read: an answer that trickles in is bounded by the whole.
    part = budget.part(timeout_seconds)
    with opener.open(request, timeout=part.timeout(timeout_seconds)) as reply:
        read = b""
        while chunk := reply.read1(_CHUNK_BYTES):
            read += chunk
            if len(read) > _LIMIT_BYTES:
                raise ValueError
            if not part.remaining():
                raise TimeoutError
    return read


def _passes(error: Exception) -> bool:
    """Whether it may well be over in a moment."""
    if isinstance(error, HTTPError):
        return error.code >= _SERVER_ERROR
    return isinstance(_cause(error), ConnectionRefusedError)


def in_words(error: Exception) -> str:
    """What went wrong, in few words and without the address."""
    cause = _cause(error)
    if isinstance(cause, HTTPError):
        with cause:
            said = one_line(cause.read(300).decode("utf-8", "replace"), 200) if cause.fp else ""
        return f"answered HTTP {cause.code}" + (f": {said}" if said else "")
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    return f"cannot be reached ({type(cause).__name__})"


def _cause(error: Exception) -> BaseException | str:
    if isinstance(error, URLError) and not isinstance(error, HTTPError):
        return error.reason
    return error
