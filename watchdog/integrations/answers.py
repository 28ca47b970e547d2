"""What comes back from a service, all of it hostile: its answer, or why there is none."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from watchdog.errors import DeliveryError
from watchdog.text.format import one_line
from watchdog.text.json_parts import MOST_PARTS, parts
from watchdog.text.model_text import defused
from watchdog.text.redact import redact

_REDIRECT, _GOOD = 300, 200
_SAID_CHARS = 200


class Fault(StrEnum):
    """How a call can fail to bring an answer."""

    ADDRESS = "its address is neither http nor https"
    REFUSED = "connection refused"
    NAME = "its name cannot be resolved"
    CERTIFICATE = "its certificate is not trusted"
    TLS = "no TLS connection"
    NO_CONNECTION = "no connection"
    TIMEOUT = "no answer in time"
    BROKEN = "the connection broke"
    TOO_LARGE = "its answer is too large"
    ENCODING = "its answer cannot be decompressed"


_NEVER_SENT = frozenset(
    {Fault.ADDRESS, Fault.REFUSED, Fault.NAME, Fault.CERTIFICATE, Fault.TLS, Fault.NO_CONNECTION}
)


class CallError(DeliveryError):
    """No usable answer; `fault` says how, the text adds what to do about it."""

    def __init__(self, fault: Fault, more: str = "") -> None:
        super().__init__(f"{fault}{more}")
        self.fault = fault

    @property
    def sent(self) -> bool:
        """Whether the request may have arrived."""
        return self.fault not in _NEVER_SENT


class Reply(NamedTuple):
    """An answer, read to its end and decompressed; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def refuse(reply: Reply) -> None:
    """Raise DeliveryError for an answer that is no success, with the service's own words."""
    if _GOOD <= reply.status < _REDIRECT:
        if is_page(reply):
            raise DeliveryError("answered with a web page: its address or a sign-in is missing")
        return
    if _REDIRECT <= reply.status < 400 and reply.headers.get("location"):  # noqa: PLR2004 - HTTP
        raise DeliveryError(
            f"answered HTTP {reply.status}, a redirect, which is not followed: "
            "set the address that it leads to"
        )
    said = words(reply.body)
    raise DeliveryError(f"answered HTTP {reply.status}" + (f": {said}" if said else ""))


def words(body: bytes) -> str:
    """What a service says in an error's body, in one harmless line; nothing for a web page."""
    text = body[:2_000].decode("utf-8", "replace")
    if text.lstrip("\ufeff \r\n\t")[:1] == "<":
        return ""
    return harmless(text, _SAID_CHARS)


def harmless(text: str, limit: int) -> str:
    """What another service says in one line: no secret, nothing to click or to paste."""
    return one_line(defused(one_line(redact(text))), limit)


def is_page(reply: Reply) -> bool:
    """Whether this is HTML, by its type or its first character."""
    return "html" in reply.headers.get("content-type", "").lower() or (
        reply.body[:200].lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"
    )


def parsed(content: bytes) -> Any:
    """The JSON in an answer; DeliveryError where it is none, or nested or large beyond sense."""
    if parts(content) > MOST_PARTS:
        raise CallError(Fault.TOO_LARGE, f" (more than {MOST_PARTS:,} values)")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DeliveryError("its answer makes no sense") from error


def decoded(chunks: Iterable[bytes], encoding: str, most_bytes: int) -> bytes:
    """The body of at most `most_bytes`, unpacked as it comes so that no bomb goes off.

    Raises CallError for a larger one and for an encoding that was not asked for.
    """
    unpack = _unpacker(encoding)
    found = bytearray()
    for chunk in chunks:
        left = most_bytes - len(found) + 1
        try:
            found += unpack.decompress(chunk, left) if unpack else chunk
        except zlib.error as error:
            raise CallError(Fault.ENCODING) from error
        if len(found) > most_bytes:
            raise CallError(Fault.TOO_LARGE, f" (more than {most_bytes / 1e6:g} MB)")
    return bytes(found)


def _unpacker(encoding: str) -> Any:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 32)  # finds out which of the two it is
        case _:
            raise CallError(Fault.ENCODING)


def failed(error: Exception) -> CallError:
    """What went wrong, by type and never with the address."""
    if isinstance(error, ProxyError) and isinstance(error.original_error, Exception):
        inner = failed(error.original_error)
        return CallError(inner.fault, " (at the proxy)")
    match error:
        case NameResolutionError():
            return CallError(Fault.NAME)
        case NewConnectionError():
            refused = isinstance(error.__cause__ or error.__context__, ConnectionRefusedError)
            return CallError(Fault.REFUSED if refused else Fault.NO_CONNECTION)
        case ConnectTimeoutError():
            return CallError(Fault.NO_CONNECTION)
        case ReadTimeoutError() | TimeoutError():
            return CallError(Fault.TIMEOUT)
        case SSLError():
            return tls_failed(error)
        case _:
            return CallError(Fault.BROKEN)


def tls_failed(error: BaseException) -> CallError:
    """A failure of TLS, called one, with what to set."""
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said or "certificate verify failed" in said:
        reason = said.rpartition("verify failed: ")[2].partition(" (_ssl")[0]
        return CallError(
            Fault.CERTIFICATE,
            f" ({one_line(reason, 80)}): name its CA with SSL_CERT_FILE, or with CA_FILE if this "
            "service has that setting",
        )
    if "WRONG_VERSION_NUMBER" in said or "wrong version number" in said.lower():
        return CallError(Fault.TLS, ": it speaks no TLS; is it http://?")
    return CallError(Fault.TLS)
