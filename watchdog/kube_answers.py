"""Requests and answers of the API server, and which of our errors an answer is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    UnansweredError,
)
from watchdog.observation.redact import redact
from watchdog.regex import regex

READ_SECONDS = 20.0
# A JSON patch whose `test` fails, or whose path is not there, says no more than this.
_PATCH_DOES_NOT_FIT = regex(r"server rejected our request due to an error|testing value")


class Ask(NamedTuple):
    """One request, with the words for its errors: `what` is "list pods in namespace shop"."""

    method: str
    path: str
    what: str
    grant: str
    query: Mapping[str, str] = {}
    body: Any = None
    content_type: str = "application/json"
    accept: str = "application/json"
    read_only: bool = True
    seconds: float = READ_SECONDS


class Answer(NamedTuple):
    """An HTTP reply, read to its end."""

    status: int
    headers: Mapping[str, str]
    data: bytes


def retry_after(answer: Answer) -> float | None:
    """Seconds that the server asks us to wait, if it says so in seconds."""
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return None


def status_message(answer: Answer) -> str:
    """The words of a Kubernetes Status, in one line; empty for anything else."""
    try:
        status = json.loads(answer.data)
        causes = (status.get("details") or {}).get("causes") or []
        parts = [status.get("message"), *(cause.get("message") for cause in causes)]
    except (ValueError, AttributeError, TypeError):
        return ""
    words = dict.fromkeys(" ".join(str(part).split()) for part in parts if part)
    kept = [word for word in words if not any(word != other and word in other for other in words)]
    # A webhook says what it likes, the values that it refused included.
    return redact("; ".join(kept))[:600]


def refusal(ask: Ask, answer: Answer) -> ClusterError:  # noqa: C901 - one line for each status
    """What to raise for an answer that is not below 300."""
    status, words = answer.status, status_message(answer)
    said = f": {words}" if words else ""
    match status:
        case 401:
            return ClusterError(
                f"cannot {ask.what}: the API server does not accept these credentials", status
            )
        case 403 if not ask.read_only and words and "cannot " not in words:
            return RejectedError(f"the API server refused to {ask.what}{said}", status)
        case 403:
            return ForbiddenError(f"cannot {ask.what}: forbidden; grant {ask.grant}", status)
        case 404:
            return NotFoundError(f"cannot {ask.what}: not found", status)
        case 409:
            return ConflictError(f"cannot {ask.what}: it was changed meanwhile", status)
        case 422 if _PATCH_DOES_NOT_FIT.search(words):
            return ConflictError(f"cannot {ask.what}: it was changed meanwhile", status)
        case 429 if not ask.read_only:
            return RejectedError(f"the API server refused to {ask.what}{said}", status)
        case 429:
            return UnansweredError(f"cannot {ask.what}: the API server is too busy", status)
        case _ if status >= 500:  # noqa: PLR2004 - HTTP
            return UnansweredError(f"cannot {ask.what}: the API server failed ({status})", status)
        case _ if ask.read_only:
            return ClusterError(f"cannot {ask.what}: unexpected answer {status}", status)
        case _:
            return RejectedError(f"the API server refused to {ask.what}{said}", status)
