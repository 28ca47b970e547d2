"""The way to the API server: one request at a time, and HTTP answers as our errors.

Of the Kubernetes client only configuration and transport are used: the typed models cost time and
memory, and refuse replies that we can read. See kube.py for the verbs.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError
from urllib3.exceptions import SSLError as TLSError

from watchdog.clock import Budget
from watchdog.errors import ClusterError, UnansweredError
from watchdog.kube_answers import Answer, Ask, refusal, retry_after
from watchdog.kube_credentials import ApiException, Credentials, RESTClientObject
from watchdog.kube_manners import AT_ONCE, Manners
from watchdog.logs import log

CONNECT_SECONDS = 3.05
# An API server that accepts and stays silent has to be noticed sooner.
FIRST_SECONDS = 8.0
TRIES = 3
SKEW = timedelta(seconds=30)
LONGEST_WAIT_SECONDS = 10.0
_SHORTEST_WAIT_SECONDS = 0.25
# Hundreds of times what a page of cells takes; beyond, something else than an API server talks.
MOST_BYTES = 64 * 2**20
_BUSY = 429
_RETRIED = frozenset({_BUSY, 500, 502, 503, 504})


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
        self._manners = Manners()
        self.requests = 0
        self.received_bytes = 0
        self.ahead = timedelta()
        self._since: float | None = None
        self._connect()

    @property
    def server_time(self) -> datetime | None:
        """The API server's clock now, up to a second late; None before its first answer."""
        if self._since is None:
            return None
        return datetime.fromtimestamp(self._since + self._budget.clock.monotonic(), UTC)

    def _connect(self) -> None:
        self.credentials = self._load()
        configuration = self.credentials.configuration
        # urllib3's own retries would send a DELETE four times.
        configuration.retries = False
        configuration.connection_pool_maxsize = AT_ONCE
        self.server = str(configuration.host)
        self._rest = RESTClientObject(configuration)

    def send(self, ask: Ask) -> Answer:
        """The answer, whose status is below 300; raises the error of errors.py that fits."""
        generation = self._generation
        answer = self._tried(ask)
        if answer.status == 401 and self._reloaded(generation):  # noqa: PLR2004 - HTTP
            answer = self._tried(ask)
        if answer.status >= 300:  # noqa: PLR2004 - HTTP
            raise refusal(ask, answer)
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
                asked = retry_after(state.outcome.result())
            backoff = _SHORTEST_WAIT_SECONDS * 3 ** (state.attempt_number - 1)
            # Zero says nothing: asked again at once, a busy server would be asked without end.
            wanted = max(asked, _SHORTEST_WAIT_SECONDS) if asked else backoff
            return min(wanted, LONGEST_WAIT_SECONDS)

        def done(state: RetryCallState) -> bool:
            seconds = wait(state)
            if seconds >= self._budget.remaining():
                return True
            if state.outcome is not None and not state.outcome.failed:
                found: Answer = state.outcome.result()
                if found.status == _BUSY:
                    return not self._manners.wait(seconds, self._budget.clock.monotonic())
            return state.attempt_number >= TRIES

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
        with self._manners.turn():
            answer = self._sent(ask)
        if answer.status == _BUSY and ask.read_only:
            self._manners.crowded()
        return answer

    def _sent(self, ask: Ask) -> Answer:
        if self._budget.remaining() <= 0:
            if ask.read_only:
                raise UnansweredError(f"did not {ask.what}: the run budget is spent")
            raise ClusterError(f"did not {ask.what}: the run budget is spent")
        seconds = self._budget.timeout(FIRST_SECONDS if self._since is None else ask.seconds)
        deadline = self._budget.clock.monotonic() + seconds
        with self._lock:
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
            data = self._read(ask, reply.response, deadline)
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

    def _read(self, ask: Ask, response: Any, deadline: float) -> bytes:
        """The body. A server that drips must not hold the pass beyond the call's own time, and one
        that pours must not fill its memory.
        """
        chunks, size = [], 0
        while chunk := response.read1(1 << 20):
            chunks.append(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                response.close()
                most = f"{MOST_BYTES >> 20} MiB"
                raise UnansweredError(f"cannot {ask.what}: the answer is larger than {most}")
            if self._budget.clock.monotonic() > deadline:
                response.close()
                raise ReadTimeoutError(None, None, "Read timed out.")  # type: ignore[arg-type]
        response.release_conn()
        data = b"".join(chunks)
        with self._lock:
            self.received_bytes += len(data)
        return data

    def _note_time(self, date: str | None) -> None:
        if not date:
            return
        try:
            told = parsedate_to_datetime(date).replace(tzinfo=UTC)
        except ValueError:
            return
        # Whole seconds, and the answer took its time: the truth is later, never earlier.
        since = told.timestamp() - self._budget.clock.monotonic()
        if self._since is None:
            self._note_skew(told - datetime.now(UTC))
        # Of several API servers' clocks the fastest stays: the next one's would set time back.
        self._since = max(since, self._since or since)

    def _note_skew(self, ahead: timedelta) -> None:
        if abs(ahead) < SKEW:
            return
        self.ahead = ahead
        seconds = round(abs(ahead).total_seconds())
        log.warning(
            "this machine's clock is %s %s the API server's, by which all times are judged",
            f"{seconds} s" if seconds < 120 else f"{seconds / 60:.0f} min",  # noqa: PLR2004 - minutes
            "behind" if ahead > timedelta() else "ahead of",
        )

    def _silence(self, ask: Ask, error: Exception) -> ClusterError:
        if isinstance(error, _UnreachableError):
            return ClusterError(f"cannot reach the API server {self.server}: {error}")
        return UnansweredError(f"cannot {ask.what}: no answer from {self.server} ({error})")


def _url(server: str, ask: Ask) -> str:
    if not ask.query:
        return server + ask.path
    from urllib.parse import urlencode

    return f"{server}{ask.path}?{urlencode(ask.query)}"


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
