"""A stand-in kubelet, so that the API server has logs to give: nothing else runs on its node."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.cluster.plane import ApiRefusalError, Plane


@contextlib.contextmanager
def node(plane: Plane, name: str, log_of: Callable[[str], str]) -> Iterator[list[str]]:
    """A node of that name, which serves the logs that `log_of` gives for the name of a pod.

    Yields the pods whose logs were read, one for each read.
    """
    read: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(log_of, read))
    server.daemon_threads = True
    pki = plane.kubeconfig.parent / "pki"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "server.crt", pki / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        _register(plane, name, server.server_port)
        yield read
    finally:
        plane.api.request("DELETE", f"/api/v1/nodes/{name}")
        server.shutdown()
        thread.join()
        server.server_close()


def _register(plane: Plane, name: str, port: int) -> None:
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
    with contextlib.suppress(ApiRefusalError):
        plane.create(body)
    plane.status(
        {
            **body,
            "status": {
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
    )


def _handler(log_of: Callable[[str], str], read: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet, as a kubelet sends them: two would wait 40 ms for each other.
        wbufsize = -1

        def do_GET(self) -> None:
            pod = self.path.split("/")[3]
            read.append(pod)
            data = log_of(pod).encode()
            self.send_response_only(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    return Handler
