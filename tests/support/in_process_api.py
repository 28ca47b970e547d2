"""A fake API server that remembers what each write did, spoken to without a socket.

`Witness` is wire.py's cluster, whose `written` is what harm_checker.py judges. `connected`
gives the real client of it: requests and answers are the bytes that would cross the wire, but
thousands of passes take no sockets.
"""

from __future__ import annotations

import copy
import io
import json
import threading
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from urllib3.exceptions import ProtocolError, ReadTimeoutError
from urllib3.util.timeout import Timeout

from tests.support.harm_checker import Written
from tests.support.wire import Wire
from watchdog.clock import Budget
from watchdog.demo import Request, Response
from watchdog.demo.api_resources import named, route
from watchdog.demo.http_messages import parse_body
from watchdog.demo.object_store import StoredWrite
from watchdog.demo.selectors import label_test
from watchdog.kube import transport
from watchdog.kube.client import ApiServer
from watchdog.kube.connection import Configuration
from watchdog.kube.credentials import Credentials

Object = dict[str, Any]
SILENT = Response(status=0, dropped=True)


class Witness(Wire):
    """The embedded cluster with faults, which time alone does not move."""

    def __init__(self) -> None:
        super().__init__(ticking=False, behind_seconds=7200)
        self.written: list[Written] = []

    def answer(self, request: Request) -> Response:
        """Answer as the API server, and keep what a write found and left."""
        if request.method == "GET":
            return super().answer(request)
        with self.store.lock:
            before, pods = self._object(request.path), self._pods(request.path)
            response = super().answer(request)
            after = self._object(request.path)
        self.written.append(
            Written(request.method, request.path, request.body, _dry(request), before, after, pods)
        )
        return response

    def hang(self, verb: str, resource: str) -> None:
        """Accept such requests and never answer."""
        self.on(verb, resource, lambda _: SILENT)

    def copy(self) -> Self:
        """Another cluster, the same in everything until one of them is changed."""
        known: dict[int, Any] = {id(item): item for _, item in self.store.everything()}
        # Locks cannot be copied, and stored objects are never changed in place.
        known[id(self.store.lock)] = threading.RLock()
        known |= {id(event): threading.Event() for event in (self._released, self._stopped)}
        return copy.deepcopy(self, known)

    def edit(self, kind: str, namespace: str, name: str, change: Callable[[Object], None]) -> None:
        """Change an object as someone else would."""
        with self.store.lock:
            item = copy.deepcopy(self.get(kind, namespace, name))
            self.store.change(named(kind), item, change, StoredWrite("kubectl"))

    def _object(self, path: str) -> Object | None:
        where = route(path)
        if where is None or not where.name:
            return None
        return self.store.find(where.resource.kind, where.namespace, where.name)

    def _pods(self, path: str) -> tuple[Object, ...]:
        selector = ((self._object(path) or {}).get("spec") or {}).get("selector") or {}
        labels = selector.get("matchLabels") or {}
        where = route(path)
        if where is None or not labels:
            return ()
        test = label_test(",".join(f"{key}={value}" for key, value in labels.items()))
        return tuple(pod for pod in self.store.all("Pod", where.namespace) if test(pod))


def connected(box: Witness, budget: Budget) -> ApiServer:
    """The real client, whose requests reach the cluster in this process."""
    return ApiServer(_InMemory(box, budget))


class _InMemory(transport.Transport):
    """The way to the API server, but for the socket."""

    def __init__(self, box: Witness, budget: Budget) -> None:
        self._box = box
        super().__init__(lambda: Credentials(_CONFIGURATION, "test", "default"), budget)

    def _connect(self) -> None:
        self.credentials = self._load()
        self.server = str(self.credentials.configuration.host)
        self._pool: Any = _Connections(self._box)


class _Connections:
    """What urllib3's pool is to transport.py: one method."""

    def __init__(self, box: Witness) -> None:
        self._box = box

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        body: str | None,
        timeout: Timeout,
        **_manner: bool,
    ) -> _Reply:
        split = urlsplit(url)
        names = {name.lower(): value for name, value in headers.items()}
        request = Request(
            method,
            unquote(split.path),
            dict(parse_qsl(split.query, keep_blank_values=True)),
            parse_body((body or "").encode(), names.get("content-type", "")),
            names,
        )
        self._box.requests.append(request)
        response = self._box.intercept(request) or self._box.answer(request)
        if response is SILENT:
            self._box.advance(float(timeout.read_timeout or 0))
            raise ReadTimeoutError(None, url, "Read timed out.")  # type: ignore[arg-type]
        if response.dropped:
            raise ProtocolError("Connection aborted.", ConnectionResetError(104, "reset"))
        return _Reply(response, self._box.now())


class _Reply(io.BytesIO):
    """An HTTP answer as urllib3 hands it out."""

    def __init__(self, response: Response, now: float) -> None:
        body = response.body
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = json.dumps(body, separators=(",", ":")).encode()
        super().__init__(body)
        self.status = response.status
        self.headers = {"Date": formatdate(now, usegmt=True), **response.headers}

    def read1(self, size: int | None = -1, *, decode_content: bool = False) -> bytes:
        """As urllib3 reads; nothing here is encoded."""
        del decode_content
        return super().read1(size)

    def release_conn(self) -> None:
        """There is no connection to give back."""


def _dry(request: Request) -> bool:
    """Whether nothing is to be stored; an eviction says so inside of its options."""
    options = request.body.get("deleteOptions") if isinstance(request.body, dict) else None
    return request.dry_run or "All" in ((options or {}).get("dryRun") or [])


_CONFIGURATION = Configuration(host="http://sandbox.invalid")
