"""The way to the API server: one request at a time, and HTTP answers as our errors.

Of the Kubernetes client only configuration and transport are used: the typed models cost time and
memory, and refuse replies that we can read. See kube.py for the verbs.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError
from urllib3.exceptions import SSLError as TLSError

from watchdog.clock import Budget
from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    UnansweredError,
)
from watchdog.kube_credentials import ApiException, Credentials, RESTClientObject
from watchdog.observation.redact import redact

CONNECT_SECONDS = 3.05
READ_SECONDS = 20.0
# An API server that accepts and stays silent has to be noticed sooner.
FIRST_SECONDS = 8.0
TRIES = 3
LONGEST_WAIT_SECONDS = 10.0
_RETRIED = frozenset({429, 500, 502, 503, 504})


# A JSON patch whose `test` fails, or whose path is not there, says no more than this.
_PATCH_DOES_NOT_FIT = re.compile(r"server rejected our request due to an error|testing value")


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


class _UnreachableError(Exception):
    """No connection came about, so nothing was sent."""


class _LostError(Exception):
    """Something was sent and no whole reply came back."""


class Wire:
    """Sends requests. Reads are tried up to three times within the budget, writes once."""

    def __init__(self, load: Callable[[], Credentials], budget: Budget) -> None:
        self._load = load
        self._budget = budget
        self._lock = threading.Lock()
        self._generation = 0
        self.requests = 0
        self.received_bytes = 0
        self.server_time: datetime | None = None
        self._connect()

    def _connect(self) -> None:
        self.credentials = self._load()
        configuration = self.credentials.configuration
        # urllib3's own retries would send a DELETE four times.
        configuration.retries = False
        self.server = str(configuration.host)
        self._rest = RESTClientObject(configuration)

    def send(self, ask: Ask) -> Answer:
        """The answer, whose status is below 300; raises the error of errors.py that fits."""
        generation = self._generation
        answer = self._tried(ask)
        if answer.status == 401 and self._reloaded(generation):  # noqa: PLR2004 - HTTP
            answer = self._tried(ask)
        if answer.status >= 300:  # noqa: PLR2004 - HTTP
            raise _error(ask, answer)
        return answer

    def json(self, ask: Ask) -> dict[str, Any]:
        """The answer as a JSON object. One that cannot be read counts as no answer."""
        for last in (not ask.read_only, True):
            answer = self.send(ask)
            try:
                found = json.loads(answer.data)
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                return found
            if last:
                break
        raise UnansweredError(
            f"cannot {ask.what}: {self.server} answered with something that is not JSON",
            answer.status,
        )

    def _reloaded(self, generation: int) -> bool:
        """Whether there are fresh credentials; tokens rotate while a pass runs."""
        with self._lock:
            if self._generation == generation:
                self._generation += 1
                self._connect()
        return True

    def _tried(self, ask: Ask) -> Answer:
        try:
            answer = self._once(ask)
            if not ask.read_only or answer.status not in _RETRIED:
                return answer
            first: Answer | Exception = answer
        except (_UnreachableError, _LostError) as error:
            if not ask.read_only or isinstance(error.__cause__, ReadTimeoutError):
                raise self._silence(ask, error) from error
            first = error
        try:
            return self._again(ask, first)
        except (_UnreachableError, _LostError) as error:
            raise self._silence(ask, error) from error

    def _again(self, ask: Ask, first: Answer | Exception) -> Answer:
        # Imported here because a healthy pass never comes here.
        from tenacity import (
            RetryCallState,
            Retrying,
            retry_if_exception_type,
            retry_if_result,
        )

        outcomes: list[Answer | Exception] = [first]

        def attempt() -> Answer:
            before = outcomes.pop() if outcomes else None
            if isinstance(before, Exception):
                raise before
            return before or self._once(ask)

        def wait(state: RetryCallState) -> float:
            asked: float | None = None
            if state.outcome is not None and not state.outcome.failed:
                asked = _retry_after(state.outcome.result())
            backoff = 0.25 * 3 ** (state.attempt_number - 1)
            return min(backoff if asked is None else asked, LONGEST_WAIT_SECONDS)

        def done(state: RetryCallState) -> bool:
            return state.attempt_number >= TRIES or wait(state) >= self._budget.remaining()

        answer: Answer = Retrying(
            sleep=self._budget.clock.sleep,
            stop=done,
            wait=wait,
            retry=retry_if_exception_type((_UnreachableError, _LostError))
            | retry_if_result(lambda found: found.status in _RETRIED),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )(attempt)
        return answer

    def _once(self, ask: Ask) -> Answer:
        if self._budget.remaining() <= 0:
            if ask.read_only:
                raise UnansweredError(f"did not {ask.what}: the run budget is spent")
            raise ClusterError(f"did not {ask.what}: the run budget is spent")
        seconds = self._budget.timeout(ask.seconds if self.server_time else FIRST_SECONDS)
        deadline = self._budget.clock.monotonic() + seconds
        self.requests += 1
        rest = self._rest
        try:
            reply = rest.request(
                ask.method,
                _url(self.server, ask),
                headers=self._headers(ask),
                body=ask.body,
                _request_timeout=(CONNECT_SECONDS, seconds),
            )
            data = self._read(reply.response, deadline)
        except (ConnectTimeoutError, NewConnectionError, TLSError) as error:
            raise _UnreachableError(_connection_words(error)) from error
        except ApiException as error:
            # The transport turns TLS failures into an answer without a status.
            raise _UnreachableError(f"TLS: {_last_line(error.reason)}") from error
        except (HTTPError, OSError) as error:
            raise _LostError(_connection_words(error)) from error
        self._note_time(reply.headers.get("Date"))
        return Answer(reply.status, reply.headers, data)

    def _headers(self, ask: Ask) -> dict[str, str]:
        headers = {"Accept": ask.accept, "User-Agent": "sre-watchdog"}
        if ask.body is not None:
            headers["Content-Type"] = ask.content_type
        configuration = self.credentials.configuration
        token = configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if token:
            headers["Authorization"] = token
        return headers

    def _read(self, response: Any, deadline: float) -> bytes:
        """The body. A server that drips must not hold the pass beyond the call's own time."""
        chunks = []
        while chunk := response.read1(1 << 20):
            chunks.append(chunk)
            if self._budget.clock.monotonic() > deadline:
                response.close()
                raise ReadTimeoutError(None, None, "Read timed out.")  # type: ignore[arg-type]
        response.release_conn()
        data = b"".join(chunks)
        self.received_bytes += len(data)
        return data

    def _note_time(self, date: str | None) -> None:
        if date:
            try:
                self.server_time = parsedate_to_datetime(date)
            except ValueError:
                return

    def _silence(self, ask: Ask, error: Exception) -> ClusterError:
        if isinstance(error, _UnreachableError):
            return ClusterError(f"cannot reach the API server {self.server}: {error}")
        return UnansweredError(f"cannot {ask.what}: no answer from {self.server} ({error})")


def _url(server: str, ask: Ask) -> str:
    if not ask.query:
        return server + ask.path
    from urllib.parse import urlencode

    return f"{server}{ask.path}?{urlencode(ask.query)}"


def _retry_after(answer: Answer) -> float | None:
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


def _error(ask: Ask, answer: Answer) -> ClusterError:  # noqa: C901 - one line for each status
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


def _connection_words(error: Exception) -> str:
    """What went wrong, without addresses of Python objects."""
    if isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError):
        return "no connection within 3 seconds"
    if isinstance(error, ReadTimeoutError):
        return "no whole answer in time"
    cause = error.__cause__ or error.__context__
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return _last_line(str(error).rsplit(">: ", 1)[-1])


def _last_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[-1][:200] if lines else "unknown"
