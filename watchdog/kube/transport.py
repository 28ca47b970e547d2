"""The way to the API server: one request at a time, and HTTP answers as our errors.

Of the Kubernetes client only its reading of kubeconfigs is used: the typed models cost time and
memory, and refuse replies that we can read. See kube/client.py for the verbs.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)
from urllib3.exceptions import SSLError as TLSError
from urllib3.util.ssl_ import create_urllib3_context

from watchdog.clock import Budget, within
from watchdog.errors import ClusterError, SettingsError, TooLargeError, UnansweredError
from watchdog.kube import table_pages
from watchdog.kube.connection import Configuration
from watchdog.kube.credentials import Credentials, pool_behind_a_proxy
from watchdog.kube.rate_limit import AT_ONCE, RateLimit
from watchdog.kube.responses import Request, Response, refusal, retry_after
from watchdog.logs import log
from watchdog.settings.group import shown_address
from watchdog.text.json_parts import MOST_PARTS, parts

CONNECT_SECONDS = 3.05
# An API server that accepts and stays silent has to be noticed sooner.
FIRST_SECONDS = 8.0
TRIES = 3
_YEARS = range(2020, 2200)
SKEW = timedelta(seconds=30)
LONGEST_WAIT_SECONDS = 10.0
_SHORTEST_WAIT_SECONDS = 0.25
# Of one answer, several of which are read at once. The largest object takes less, and a page of a
# list that does not fit is asked for again in smaller ones.
MOST_BYTES = 8 * 2**20
_CHUNK_BYTES = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS
_BUSY = 429
_RETRIED = frozenset({_BUSY, 500, 502, 503, 504})


class _UnreachableError(Exception):
    """No connection came about, so nothing was sent."""


class _LostError(Exception):
    """Something was sent and no whole reply came back."""


class Transport:
    """Sends requests. Reads are tried up to three times within the budget, writes once."""

    def __init__(self, load: Callable[[], Credentials], budget: Budget) -> None:
        self._load = load
        self._budget = budget
        self._lock = threading.Lock()
        self._generation = 0
        self._manners = RateLimit()
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

    @property
    def _named(self) -> str:
        """The API server's address, without the user and password that may stand in it."""
        return shown_address(self.server)

    def _connect(self) -> None:
        self.credentials = self._load()
        configuration = self.credentials.configuration
        self.server = configuration.host
        _check_token(configuration)
        try:
            self._pool = _pool(configuration)
        except (HTTPError, ImportError) as error:
            raise SettingsError(
                f"the proxy on the way to the API server {self._named} cannot be used: proxy-url "
                "of the kubeconfig, or HTTPS_PROXY, must be http:// or https://, a host and a port "
                f"({type(error).__name__})"
            ) from error

    def send(self, ask: Request) -> Response:
        """The answer, whose status is below 300; raises the error of errors.py that fits."""
        generation = self._generation
        answer = self._tried(ask)
        if answer.status == 401 and self._reloaded(generation):  # noqa: PLR2004 - HTTP
            answer = self._tried(ask)
        if answer.status >= 300:  # noqa: PLR2004 - HTTP
            raise refusal(ask, answer)
        return answer

    def json(self, ask: Request) -> dict[str, Any]:
        """The answer as a JSON object. One that cannot be read counts as no answer."""
        for last in (not ask.read_only, True):
            answer = self.send(ask)
            # What is stepped over becomes no objects.
            if not ask.skim and parts(answer.data) > MOST_PARTS:
                raise TooLargeError(f"cannot {ask.what}: the answer has more values than are read")
            try:
                found = table_pages.page(answer.data) if ask.skim else json.loads(answer.data)
            except (ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                return found
            if last:
                break
        raise UnansweredError(
            f"cannot {ask.what}: {self._named} answered with something that is not JSON",
            answer.status,
        )

    def _reloaded(self, generation: int) -> bool:
        """Whether there are fresh credentials; tokens rotate while a pass runs."""
        with self._lock:
            if self._generation == generation:
                self._generation += 1
                try:
                    self._connect()
                except SettingsError as error:
                    raise ClusterError(f"the credentials cannot be renewed: {error}") from error
        return True

    def _tried(self, ask: Request) -> Response:
        try:
            answer = self._once(ask)
            if not ask.read_only or answer.status not in _RETRIED:
                return answer
            first: Response | Exception = answer
        except (_UnreachableError, _LostError) as error:
            if not ask.read_only or isinstance(error.__cause__, ReadTimeoutError):
                raise self._silence(ask, error) from error
            first = error
        try:
            return self._again(ask, first)
        except (_UnreachableError, _LostError) as error:
            raise self._silence(ask, error) from error

    def _again(self, ask: Request, first: Response | Exception) -> Response:
        # Imported here because a healthy pass never comes here.
        from tenacity import (
            RetryCallState,
            Retrying,
            retry_if_exception_type,
            retry_if_result,
        )

        outcomes: list[Response | Exception] = [first]

        def attempt() -> Response:
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
                found: Response = state.outcome.result()
                if found.status == _BUSY:
                    return not self._manners.wait(seconds, self._budget.clock.monotonic())
            return state.attempt_number >= TRIES

        answer: Response = Retrying(
            sleep=self._budget.clock.sleep,
            stop=done,
            wait=wait,
            retry=retry_if_exception_type((_UnreachableError, _LostError))
            | retry_if_result(lambda found: found.status in _RETRIED),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )(attempt)
        return answer

    def _once(self, ask: Request) -> Response:
        with self._manners.turn():
            answer = self._sent(ask)
        if answer.status == _BUSY and ask.read_only:
            self._manners.crowded()
        return answer

    def _sent(self, ask: Request) -> Response:
        if self._budget.remaining() <= 0:
            if ask.read_only:
                raise UnansweredError(f"did not {ask.what}: the run budget is spent")
            raise ClusterError(f"did not {ask.what}: the run budget is spent")
        seconds = self._budget.timeout(FIRST_SECONDS if self._since is None else ask.seconds)
        deadline = self._budget.clock.monotonic() + seconds
        with self._lock:
            self.requests += 1
        connections, headers = self._pool, self._headers(ask)

        def sent() -> Response:
            reply = connections.request(
                ask.method,
                _url(self.server, ask),
                headers=headers,
                body=None if ask.body is None else json.dumps(ask.body),
                timeout=Timeout(connect=CONNECT_SECONDS, read=seconds),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            return Response(reply.status, reply.headers, self._read(ask, reply, deadline))

        try:
            # A socket's timeout is for one read: a server that drips its headers would outlast it.
            answer = within(self._budget.part(seconds), sent)
        except TimeoutError:
            raise _LostError("no whole answer in time") from _late()
        except (ConnectTimeoutError, NewConnectionError) as error:
            raise _UnreachableError(_connection_words(error)) from error
        except TLSError as error:
            raise _UnreachableError(f"TLS: {_last_line(str(error))}") from error
        except (HTTPError, OSError) as error:
            raise _LostError(_connection_words(error)) from error
        self._note_time(answer.headers.get("Date"))
        with self._lock:
            self.received_bytes += len(answer.data)
        return answer

    def _headers(self, ask: Request) -> dict[str, str]:
        headers = {"Accept": ask.accept, "User-Agent": "sre-watchdog"}
        if ask.packed:
            headers["Accept-Encoding"] = "gzip"
        if ask.body is not None:
            headers["Content-Type"] = ask.content_type
        token = self.credentials.configuration.authorization
        if token:
            headers["Authorization"] = token
        return headers

    def _read(self, ask: Request, reply: Any, deadline: float) -> bytes:
        """The body. A server that drips must not hold the pass beyond the call's own time, and one
        that pours, or sends what unpacks to more, must not fill its memory.
        """
        encoding = reply.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in {"identity", "gzip" if ask.packed else ""}:
            reply.close()
            raise UnansweredError(f"cannot {ask.what}: the answer is compressed, unasked")
        unpacker = None if encoding == "identity" else zlib.decompressobj(_GZIP)
        data = bytearray()
        while chunk := reply.read1(_CHUNK_BYTES, decode_content=False):
            # One byte more than may be: what unpacks to more is never made whole.
            room = MOST_BYTES + 1 - len(data)
            data += chunk if unpacker is None else _unpacked(unpacker, chunk, room)
            if len(data) > MOST_BYTES:
                reply.close()
                most = f"{MOST_BYTES >> 20} MiB"
                raise TooLargeError(f"cannot {ask.what}: the answer is larger than {most}")
            if self._budget.clock.monotonic() > deadline:
                reply.close()
                raise _late()
        reply.release_conn()
        return bytes(data)

    def _note_time(self, date: str | None) -> None:
        if not date:
            return
        try:
            told = parsedate_to_datetime(date).replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return
        if told.year not in _YEARS:  # no clock of a server; times near the end of all cannot be
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

    def _silence(self, ask: Request, error: Exception) -> ClusterError:
        if isinstance(error, _UnreachableError):
            return ClusterError(f"cannot reach the API server {self._named}: {error}")
        return UnansweredError(f"cannot {ask.what}: no answer from {self._named} ({error})")


def _unpacked(unpacker: Any, chunk: bytes, room: int) -> bytes:
    try:
        return bytes(unpacker.decompress(chunk, room))
    except zlib.error as error:
        raise OSError(str(error)) from error


def _pool(configuration: Configuration) -> PoolManager:
    """Connections to that API server; neither redirects nor retries are followed."""
    if configuration.may_need_a_proxy:
        found: PoolManager = pool_behind_a_proxy(configuration)
        return found
    named = configuration.tls_server_name
    more: Any = {"server_hostname": named} if named else {}
    if configuration.host.startswith("https"):
        more["ssl_context"] = _tls(configuration)
    return PoolManager(maxsize=AT_ONCE, retries=False, **more)


def _tls(configuration: Configuration) -> ssl.SSLContext:
    """One for all connections: making it takes as long as a handshake."""
    context = create_urllib3_context()
    if not configuration.verify_ssl:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif configuration.ssl_ca_cert:
        with _usable("certificate authority", configuration):
            context.load_verify_locations(configuration.ssl_ca_cert)
    else:
        context.load_default_certs()
    if configuration.cert_file:
        with _usable("client certificate and key", configuration):
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


def _check_token(configuration: Configuration) -> None:
    """Raise SettingsError for a token that no request can carry."""
    token = configuration.authorization or ""
    if not (token.isascii() and token.isprintable()):
        raise SettingsError(
            f"the token for the API server {shown_address(configuration.host)} cannot be sent: it "
            "holds a line end or another character that is not plain ASCII; log in again"
        )


@contextmanager
def _usable(what: str, configuration: Configuration) -> Iterator[None]:
    """Raise SettingsError where that cannot be loaded; OpenSSL's own words name no file."""
    try:
        yield
    except OSError as error:
        said = re.sub(r"^\[[^]]*\] | \(_ssl\.c:\d+\)$", "", str(error))
        shown = shown_address(configuration.host)
        raise SettingsError(
            f"cannot use the {what} given for the API server {shown}: {said}"
        ) from error


def _late() -> ReadTimeoutError:
    return ReadTimeoutError(None, None, "Read timed out.")  # type: ignore[arg-type]


def _url(server: str, ask: Request) -> str:
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
    if isinstance(error, ProxyError):
        return "the proxy cannot be reached, or does not let this through"
    cause = error.__cause__ or error.__context__
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return _last_line(str(error).rsplit(">: ", 1)[-1])


def _last_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[-1][:200] if lines else "unknown"
