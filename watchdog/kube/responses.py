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
from watchdog.text.redact import redact
from watchdog.text.regex import regex

READ_SECONDS = 20.0
# A JSON patch whose `test` fails, or whose path is not there, says no more than this.
_PATCH_DOES_NOT_FIT = regex(r"server rejected our request due to an error|testing value")


# Of what failed only words in these forms are shown: what stands behind the API server, such as an
# extension or a runtime, may quote anything, and no one knows here which values are secret.
_KNOWN_CAUSE = regex(
    r"dial tcp [\w.:\[\]-]{1,80}: (?:connect: )?(?:connection refused|i/o timeout|no route to host"
    r"|network is unreachable)|context deadline exceeded|TLS handshake timeout"
    r'|(?:previous terminated )?container "[a-z0-9-]{1,63}" in pod "[a-z0-9.-]{1,253}" '
    r"(?:is (?:waiting to start: \w{1,40}|terminated|not available)|not found)"
    r"|This pod has more than one PodDisruptionBudget"
)
_SAY_NOTHING = frozenset({401, 404, 409})


class Request(NamedTuple):
    """One request, with the words for its errors: `what` is "list pods in namespace shop".

    `packed`: the answer may come compressed, which makes a list a tenth as large. `skim`: it is a
    page of a Table with metadata, and kube/table_pages.py keeps little of it.
    """

    method: str
    path: str
    what: str
    grant: str
    query: Mapping[str, str] = {}
    body: Any = None
    content_type: str = "application/json"
    accept: str = "application/json"
    read_only: bool = True
    skim: bool = False
    packed: bool = False
    seconds: float = READ_SECONDS


class Response(NamedTuple):
    """An HTTP reply, read to its end."""

    status: int
    headers: Mapping[str, str]
    data: bytes


def retry_after(answer: Response) -> float | None:
    """Seconds that the server asks us to wait, if it says so in seconds."""
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return None


def status_message(answer: Response) -> str:
    """The words of a Kubernetes Status, in one line; empty for anything else."""
    try:
        status = json.loads(answer.data)
        causes = (status.get("details") or {}).get("causes") or []
        parts = [status.get("message"), *(cause.get("message") for cause in causes)]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ""
    words = dict.fromkeys(" ".join(str(part).split()) for part in parts if part)
    kept = [word for word in words if not any(word != other and word in other for other in words)]
    # A webhook says what it likes, the values that it refused included.
    return redact("; ".join(kept))[:600]


def _known_cause(words: str) -> str:
    """Why a request failed, if it is said in words that hold nothing but names; else nothing."""
    found = _KNOWN_CAUSE.search(words)
    return f": {found[0]}" if found else ""


def refusal(ask: Request, answer: Response) -> ClusterError:  # noqa: C901 - one line for each status
    """What to raise for an answer that is not below 300."""
    status = answer.status
    # Making the words safe takes longer than a healthy pass needs for the rest; here none are used.
    words = "" if status in _SAY_NOTHING else status_message(answer)
    said = f": {words}" if words else ""
    match status:
        case 401:
            return ClusterError(
                f"cannot {ask.what}: the API server does not accept these credentials: "
                "they are wrong or have expired, so log in again",
                status,
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
            said = _known_cause(words)
            return UnansweredError(
                f"cannot {ask.what}: the API server failed ({status}){said}", status
            )
        case _ if ask.read_only:
            said = _known_cause(words)
            return ClusterError(f"cannot {ask.what}: unexpected answer {status}{said}", status)
        case _:
            return RejectedError(f"the API server refused to {ask.what}{said}", status)
