"""HTTP for the embedded cluster: a threading server on the loopback, JSON over keep-alive."""

import json
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from watchdog.demo.http_messages import Request, Response, parse_body
from watchdog.demo.status_errors import ApiFailure

_SHORT_POLL_SECONDS = 0.02


class ApiServer:
    """The wire side: listens, records what came, and asks `intercept` before `answer`.

    Subclass it to script faults: `intercept` may return a Response of its own, or None to let the
    request through. It runs on the connection's thread, so it may also wait.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._http: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where the server listens."""
        if self._http is None:
            raise RuntimeError("the sandbox is not started: use it as a context manager")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def writes(self) -> list[Request]:
        """The requests that were no reads; access reviews count as reads."""
        return [
            request
            for request in self.requests
            if request.method != "GET" and "/authorization.k8s.io/" not in request.path
        ]

    def intercept(self, request: Request) -> Response | None:
        """Answer a request before the API server sees it; None lets it through."""
        del request
        return None

    def answer(self, request: Request) -> Response:
        """Answer a request as the API server; overridden by the sandbox."""
        raise NotImplementedError(request)

    def now(self) -> float:
        """The time of the `Date` header."""
        return time.time()

    def listen(self) -> None:
        """Begin to answer on a free port of the loopback."""
        self._http = _Server(("127.0.0.1", 0), _handler(self))
        threading.Thread(
            target=self._http.serve_forever, args=(_SHORT_POLL_SECONDS,), daemon=True
        ).start()

    def hang_up(self) -> None:
        """Stop listening and close what is open."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


def _handler(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length) if length else b""
            split = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(split.query, keep_blank_values=True))
            try:
                body = parse_body(data, headers.get("content-type", ""))
            except ApiFailure as failure:
                request = Request(self.command, unquote(split.path), query, None, headers)
                server.requests.append(request)
                self._send(Response(failure.code, failure.status))
                return
            request = Request(self.command, unquote(split.path), query, body, headers)
            server.requests.append(request)
            self._send(server.intercept(request) or server.answer(request))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815  names of the base class

        def _send(self, response: Response) -> None:
            if response.dropped:
                self.close_connection = True
                return
            body = response.body
            if isinstance(body, str):
                body = body.encode()
            elif not isinstance(body, bytes):
                body = json.dumps(body, separators=(",", ":")).encode()
            headers = {
                "Content-Type": response.content_type,
                "Content-Length": str(len(body)),
                "Date": formatdate(server.now(), usegmt=True),
                **response.headers,
            }
            self.send_response_only(response.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
            """Requests are recorded, not printed."""

    return Handler
