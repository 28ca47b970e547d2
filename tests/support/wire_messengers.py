"""Stand-ins for messengers that keep the limits that their makers publish, behind one TLS proxy.

Most have fixed addresses, so a client is led here by HTTPS_PROXY and trusts the certificate that is
made for them. Limits (from the makers' pages, 2026): Discord takes 2000 characters of content and
30 posts a minute; Teams Workflows 28 KB; Google Chat 4096 characters; PagerDuty 1024 of a summary,
255 of a key and 512 KB; Mattermost 16383 characters; Opsgenie 130 of a message, 512 of an alias.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

HOSTS = (
    "discord.com",
    "chat.googleapis.com",
    "events.pagerduty.com",
    "api.opsgenie.com",
    "prod-1.westus.logic.azure.com",
)
URLS = {
    "discord": "discord://1234567890/abcdefghijklmnop?overflow=upstream",
    "googlechat": "gchat://workspace/key12345678/token12345678",
    "pagerduty": f"pagerduty://{'a' * 32}@apikey12345",
    "opsgenie": "opsgenie://8e8ec7f0-1111-4222-8333-444455556666",
    "teams": "workflows://prod-1.westus.logic.azure.com/643e69f83c8944438d68/KODuebWbDGYFr0z0",
}


@dataclass
class Got:
    """One request that was taken."""

    host: str
    path: str
    body: dict[str, Any]


@dataclass
class Messengers:
    """What was taken and refused, by host. `down` hosts answer 500, `silent` ones never."""

    ca: Path
    port: int = 0
    taken: list[Got] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    go_on: threading.Event = field(default_factory=threading.Event)
    counted: Counter[str] = field(default_factory=Counter)

    @property
    def proxy(self) -> str:
        """What HTTPS_PROXY is set to."""
        return f"http://127.0.0.1:{self.port}"

    def of(self, host: str) -> list[dict[str, Any]]:
        """The content that one of them took."""
        return [got.body for got in self.taken if got.host == host]

    def status(self, host: str, path: str, raw: bytes) -> int:
        """What is answered; anything beyond the limits is refused as its maker does."""
        self.counted[host] += 1
        if host in self.silent:
            self.go_on.wait(60)
        if host in self.down:
            return 500
        body = json.loads(raw)
        problem = _problem(host, body, raw, self.counted[host])
        if problem:
            self.refused.append(f"{host}: {problem}")
            return 429 if problem == "rate" else 400
        self.taken.append(Got(host, path, body))
        return {"discord.com": 204, "chat.googleapis.com": 200}.get(host, 202)


def _problem(host: str, body: dict[str, Any], raw: bytes, number: int) -> str:
    checks: dict[str, list[tuple[str, bool]]] = {
        "discord.com": [
            ("content", len(body.get("content") or "") > 2000),
            ("embeds", sum(len(str(e)) for e in body.get("embeds") or []) > 6000),
            ("rate", number > 30),
            ("empty", not (body.get("content") or body.get("embeds"))),
        ],
        "chat.googleapis.com": [("text", len(body.get("text", "")) > 4096)],
        "events.pagerduty.com": [
            ("summary", len((body.get("payload") or {}).get("summary", "")) > 1024),
            ("dedup_key", not 1 <= len(body.get("dedup_key", "")) <= 255),
            ("size", len(raw) > 512 * 1024),
        ],
        "api.opsgenie.com": [
            ("message", len(body.get("message", "")) > 130),
            ("description", len(body.get("description", "")) > 15000),
            ("alias", len(body.get("alias", "")) > 512),
        ],
        "prod-1.westus.logic.azure.com": [("size", len(raw) > 28 * 1024)],
    }
    return next((what for what, wrong in checks.get(host, []) if wrong), "")


def serve(folder: Path) -> tuple[Messengers, ThreadingHTTPServer]:
    """Start the proxy with a certificate of its own in that folder."""
    openssl = shutil.which("openssl")
    assert openssl, "openssl is needed to make a certificate"
    key, cert = folder / "key.pem", folder / "cert.pem"
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=stand-ins", "-addext", f"subjectAltName={names}"]
    subprocess.run(
        [*made, "-keyout", str(key), "-out", str(cert), *subject], check=True, capture_output=True
    )
    there = Messengers(cert)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(cert, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(there, tls))
    server.daemon_threads = True
    there.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return there, server


def _handler(there: Messengers, tls: ssl.SSLContext) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        host = ""

        def do_CONNECT(self) -> None:
            self.host = self.path.partition(":")[0]
            self.send_response(200, "Connection established")
            self.end_headers()
            self.wfile.flush()
            sock = tls.wrap_socket(self.connection, server_side=True)
            self.connection = cast("Any", sock)
            self.rfile = sock.makefile("rb")
            self.wfile = cast("Any", sock.makefile("wb", buffering=0))
            with sock:
                self.handle_one_request()
            self.close_connection = True

        def finish(self) -> None:
            """The tunnel closed its streams itself."""
            if not self.host:
                super().finish()

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            status = there.status(self.host, self.path, raw)
            answer = b'{"requestId": "r-1"}' if status != 204 else b""
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            """Nothing is printed."""

    return Handler
