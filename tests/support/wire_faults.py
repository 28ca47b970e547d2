"""A server on a bare socket that breaks HTTP at any point of an exchange."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

Fault = Callable[["Exchange"], None]

DRIP_SECONDS = 0.02
_HANDSHAKE = b"\x16"
BOMB = gzip.compress(b" " * 200_000_000, 9)


class Exchange:
    """One connection: what a fault may do to it."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        self._connection = connection
        self._over = over
        self.sent_bytes = 0

    def read(self) -> bytes:
        """The whole request. To close with a part of it unread is a reset, which may overtake the
        answer: the client sends head and body in two pieces.
        """
        request = b""
        while len(request) < _length(request) and (piece := self._connection.recv(1 << 20)):
            request += piece
        return request

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)
        self.sent_bytes += len(data)

    def reset(self) -> None:
        """End with RST in place of FIN."""
        linger = struct.pack("ii", 1, 0)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._connection.close()

    def stall(self) -> None:
        """Say nothing more, and keep the connection."""
        self._over.wait(30)

    def drip(self, data: bytes) -> None:
        """One byte at a time, each well within any timeout of a socket."""
        for byte in data:
            self.send(bytes([byte]))
            if self._over.wait(DRIP_SECONDS):
                return

    def pour(self, data: bytes) -> None:
        """The same again, for as long as the other side takes it."""
        while not self._over.is_set():
            self.send(data)


def _length(request: bytes) -> int:
    """How many bytes the request has; one more than there are while its head is not whole.

    The first message of TLS has no such head: its client waits for an answer to it.
    """
    if request.startswith(_HANDSHAKE):
        return len(request)
    head, end, _ = request.partition(b"\r\n\r\n")
    if not end:
        return len(request) + 1
    told = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return len(head) + len(end) + (int(told[1]) if told else 0)


class FaultServer:
    """Does the same to every connection; use it as a context manager."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.exchanges: list[Exchange] = []

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def url(self, path: str = "", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            # Closing alone would not wake the thread that accepts.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        exchange = Exchange(connection, self._over)
        self.exchanges.append(exchange)
        with contextlib.suppress(OSError), connection:
            self._fault(exchange)


def head(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


def answers(data: bytes) -> Fault:
    """A whole answer of these bytes."""

    def fault(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(data)

    return fault


def whole(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    return head(status, f"Content-Type: {kind}", f"Content-Length: {len(body)}") + body


def _reset_at(data: bytes) -> Fault:
    def fault(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(data)
        # The other side has to read what came before the reset discards it.
        time.sleep(DRIP_SECONDS)
        exchange.reset()

    return fault


def _stall_at(data: bytes) -> Fault:
    def fault(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(data)
        exchange.stall()

    return fault


def _close_at(data: bytes) -> Fault:
    return answers(data)


def _without_reading(exchange: Exchange) -> None:
    exchange.send(whole(b"no", "400 Bad Request"))
    exchange.reset()


def _drip(data: bytes) -> Fault:
    def fault(exchange: Exchange) -> None:
        exchange.read()
        exchange.drip(data)

    return fault


def _pour(first: bytes, more: bytes) -> Fault:
    def fault(exchange: Exchange) -> None:
        exchange.read()
        exchange.send(first)
        exchange.pour(more)

    return fault


POINTS = {
    "before anything": b"",
    "in the status line": b"HTTP/1.1 2",
    "in the headers": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "before the body": head("200 OK", "Content-Length: 40"),
    "in the body": head("200 OK", "Content-Length: 40") + b'{"status": ',
    "in a chunk": head("200 OK", "Transfer-Encoding: chunked") + b"20\r\n{",
    "before an error's body": head("502 Bad Gateway", "Content-Length: 40"),
    "in an error's body": head("400 Bad Request", "Content-Length: 40") + b"no,",
}
WAYS = {"reset": _reset_at, "stall": _stall_at, "close": _close_at}
SHAPES = {
    "nothing": b"",
    "null": b"null",
    "a number": b"3",
    "a text": b'"ok"',
    "an empty list": b"[]",
    "a list": b'[{"ok": true}]',
    "an empty object": b"{}",
    "parts of another type": b'{"status": 3, "data": [], "ok": 1, "error": {}, "choices": {},'
    b' "usage": [], "model": 7, "versionInfo": null}',
    "parts within of another type": b'{"status": "success", "data": {"result": [3],'
    b' "resultType": "vector"}, "ok": false, "error": ["a"], "choices": [{"message": [3]}]}',
    "nested without end": b"[" * 200_000,
    "objects without end": b'{"a":' * 100_000,
    "values without end": b"[" + b"[[]]," * 1_300_000 + b"0]",
    "no UTF-8": b"\xff\xfe{}",
    "half": b'{"status": "success", "da',
    "a page": b"<!doctype html><html><title>Sign in</title></html>",
}


def cases() -> Iterator[tuple[str, Fault]]:
    """Every fault with its name: way x point, and answers that are whole and wrong."""
    for way, make in WAYS.items():
        for point, data in POINTS.items():
            yield f"{way} {point}", make(data)
    yield "answered and reset without reading", _without_reading
    yield "drips its headers", _drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000)
    yield "drips its body", _drip(head("200 OK", "Content-Length: 9000") + b" " * 9000)
    yield "pours headers", _pour(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 100)
    yield "pours one header", _pour(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65_536)
    yield "pours a body", _pour(head("200 OK"), b" " * 65_536)
    yield "pours an error's body", _pour(head("500 Failed"), b"x" * 65_536)
    yield (
        "sends a bomb",
        answers(head("200 OK", "Content-Encoding: gzip", f"Content-Length: {len(BOMB)}") + BOMB),
    )
    yield (
        "says gzip of what is none",
        answers(head("200 OK", "Content-Encoding: gzip", "Content-Length: 2") + b"{}"),
    )
    yield (
        "uses an encoding that was not asked for",
        answers(head("200 OK", "Content-Encoding: br", "Content-Length: 2") + b"{}"),
    )
    yield "speaks TLS", _close_at(b"\x15\x03\x03\x00\x02\x02\x46")
    yield "speaks no HTTP", answers(b"SSH-2.0-OpenSSH_9.6\r\n" * 10)
    yield (
        "lies about its length",
        answers(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\nContent-Length: x\r\n\r\n{}"),
    )
    yield "fails in a page", answers(whole(SHAPES["a page"], "503 Failed", "text/html"))
    for name, body in SHAPES.items():
        yield f"answers with {name}", answers(whole(body))


def redirects(to: str) -> Iterator[tuple[str, Fault]]:
    for status in (301, 302, 303, 307, 308):
        yield str(status), answers(head(f"{status} Moved", f"Location: {to}", "Content-Length: 0"))
