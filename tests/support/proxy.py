"""A plain-HTTP door to a real API server that keeps what went through it, request by request.

`before` sees each request before it goes on and `after` once it was answered, but before the answer
is passed on; both may stop a pass at that very request, and either may raise `DroppedError` to
close the connection instead. `ahead` moves the clock that the server tells of forward.
"""

from __future__ import annotations

import base64
import contextlib
import email.utils
import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.cluster.handle import Cluster
from tests.support.wire import verb_and_resource
from watchdog.demo import Request

Hook = Callable[[Request], None]
NOT_FORWARDED = frozenset({"connection", "host", "transfer-encoding", "content-length"})
ABOUT_NO_WORKLOAD = frozenset({"events", "leases", "configmaps", "selfsubjectaccessreviews"})


class DroppedError(Exception):
    """Raised by a hook: close the connection without an answer."""


class Proxy:
    """Forwards to one API server with an administrator's credentials, or with the caller's token.

    `requests` keeps every request in order of arrival, dropped ones included.
    """

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        config = json.loads(
            cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
        )
        there, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urlsplit(there["server"])
        self._tls = _tls(there, user, folder)
        self._token = user.get("token")
        self._folder = folder
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.before: Hook = lambda _: None
        self.after: Hook = lambda _: None
        self.ahead = timedelta()
        self._server = _Server(("127.0.0.1", 0), _handler(self))

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig whose server is this proxy."""
        url = f"http://127.0.0.1:{self._server.server_port}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": url}}],
            "users": [{"name": "test", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "current-context": "test",
        }
        path = self._folder / "proxy.kubeconfig"
        path.write_text(json.dumps(config))
        return path

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Verb and resource of every request so far."""
        return [verb_and_resource(request) for request in self.requests]

    @property
    def workload_writes(self) -> list[Request]:
        """The writes, but those about an Event, the watchdog's own memory or a permission."""
        writes = (request for request in self.requests if request.method not in {"GET", "HEAD"})
        return [
            request for request in writes if verb_and_resource(request)[1] not in ABOUT_NO_WORKLOAD
        ]

    @contextlib.contextmanager
    def serving(self) -> Iterator[Self]:
        """Answer requests until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def forward(
        self, request: Request, target: str, data: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Send a request on; returns the answer's status, headers and body."""
        with self._lock:
            self.requests.append(request)
        self.before(request)
        headers = {k: v for k, v in request.headers.items() if k not in NOT_FORWARDED}
        status, answered, body = self._exchange(request.method, target, data, headers)
        self.after(request)
        return status, [(k, self._later(k, v)) for k, v in answered], body

    def ask(self, method: str, target: str, body: Any = None) -> Any:
        """The test's own request to the API server, unrecorded; AssertionError where it fails."""
        kind = "merge-patch+json" if method == "PATCH" else "json"
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": f"application/{kind}"}
        status, _, answer = self._exchange(method, target, data, headers)
        assert status < HTTPStatus.BAD_REQUEST, f"{method} {target}: {status} {answer[:500]!r}"
        return json.loads(answer)

    def _exchange(
        self, method: str, target: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._token:
            headers.setdefault("authorization", f"Bearer {self._token}")
        host, port = self._address.hostname or "", self._address.port
        connection = http.client.HTTPSConnection(host, port, timeout=60, context=self._tls)
        with contextlib.closing(connection):
            connection.request(method, target, data, headers)
            reply = connection.getresponse()
            body = reply.read()
        answered = [(k, v) for k, v in reply.getheaders() if k.lower() not in NOT_FORWARDED]
        return reply.status, answered, body

    def _later(self, header: str, value: str) -> str:
        if header.lower() != "date" or not self.ahead:
            return value
        moment = email.utils.parsedate_to_datetime(value) + self.ahead
        return email.utils.format_datetime(moment, usegmt=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Ten passes may connect at once, and a busy machine accepts late: who finds the queue full is
    # not heard for a second or more, and gives up after three.
    request_queue_size = 128


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length) if length else None
            try:
                status, headers, body = proxy.forward(self._request(data), self.path, data)
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except (DroppedError, ConnectionError):
                self.close_connection = True

        def _request(self, data: bytes | None) -> Request:
            url = urlsplit(self.path)
            body: Any = None
            with contextlib.suppress(ValueError):
                body = json.loads(data or b"null")
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Request(self.command, url.path, dict(parse_qsl(url.query)), body, headers)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815

    return Handler


def _tls(there: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    authority = base64.b64decode(there["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    if "client-certificate-data" in user:
        pair = [folder / "client.crt", folder / "client.key"]
        for path, key in zip(pair, ("client-certificate-data", "client-key-data"), strict=True):
            path.write_bytes(base64.b64decode(user[key]))
        context.load_cert_chain(pair[0], pair[1])
    return context
