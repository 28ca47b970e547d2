"""One HTTP call within bounds: time for all of it, bytes of the answer, no redirect.

All services beside the cluster and the model are called through here. What they send is hostile: an
answer may drip, never end, be a small file that unpacks to gigabytes, or lead elsewhere.
"""

from __future__ import annotations

import ipaddress
import ssl
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import urllib3
from urllib3.exceptions import (
    HTTPError,
)

from watchdog.clock import Budget, within
from watchdog.integrations.answers import CallError, Fault, Reply, decoded, failed, refuse
from watchdog.settings.services import ServiceSettings

MOST_BYTES = 8_000_000
_CHUNK_BYTES = 65_536
_PAUSE_SECONDS = 1.0
_SERVER_ERROR, _REDIRECT, _NO_CONTENT, _GOOD = 500, 300, 204, 200
_FRAMES = frozenset({"content-length", "transfer-encoding"})
_SAID_CHARS = 200
_CONNECT_SECONDS = 3.05


@dataclass(frozen=True)
class Access:
    """What one service asks for: headers (credentials among them) and a CA beside the system's."""

    headers: tuple[tuple[str, str], ...] = ()
    ca_file: str | None = None


def access_of(settings: ServiceSettings) -> Access:
    """Basic authentication, or a bearer token, and further headers such as a tenant's."""
    found = {name: value.get_secret_value() for name, value in settings.headers.items()}
    if settings.token:
        found.setdefault("Authorization", f"Bearer {settings.token.get_secret_value()}")
    elif settings.user:
        password = settings.password.get_secret_value() if settings.password else ""
        found.setdefault("Authorization", basic(settings.user, password))
    return Access(tuple(found.items()), settings.ca_file)


def basic(user: str, password: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


@dataclass(frozen=True)
class Call:
    """One request: at most `seconds` for all of it, from the name's lookup to the last byte."""

    url: str
    method: str = "GET"
    body: bytes | None = None
    content_type: str = "application/json"
    seconds: float = 5.0
    access: Access = Access()
    most_bytes: int = MOST_BYTES


def send(call: Call, budget: Budget) -> Reply:
    """The answer, whatever its status. Raises CallError, whose text never holds the address."""
    url, headers = _addressed(call)
    part = budget.part(call.seconds)

    def sent() -> Reply:
        with _pool(url, call.access) as pool:
            reply = pool.request(
                call.method,
                url,
                body=call.body,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(
                    connect=part.timeout(_CONNECT_SECONDS), read=part.timeout(call.seconds)
                ),
            )
            try:
                chunks = _chunks(reply, part)
                found = {str(name).lower(): str(value) for name, value in reply.headers.items()}
                body = decoded(chunks, found.get("content-encoding", ""), call.most_bytes)
                if not body and reply.status != _NO_CONTENT and _FRAMES.isdisjoint(found):
                    # Nothing tells an empty answer from one that ended in its headers.
                    raise CallError(Fault.BROKEN)
                return Reply(reply.status, found, body)
            finally:
                reply.close()

    try:
        return within(part, sent)
    except TimeoutError as error:
        raise CallError(Fault.TIMEOUT) from error
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        raise failed(error) from error


def ask(call: Call, budget: Budget) -> bytes:
    """The content of an answer that means success.

    The request must be safe to send twice: that is done where the connection was refused or the
    server failed, and time is left. Raises DeliveryError for any status but 2xx, and for a web page
    in place of an answer, which is what sign-in pages and proxies send with status 200.
    """
    try:
        reply = send(call, budget)
        again = reply.status >= _SERVER_ERROR
    except CallError as error:
        if error.fault is not Fault.REFUSED or budget.remaining() <= _PAUSE_SECONDS:
            raise
        again = True
    if again and budget.remaining() > _PAUSE_SECONDS:
        budget.clock.sleep(_PAUSE_SECONDS)
        reply = send(call, budget)
    refuse(reply)
    return reply.body


def _chunks(reply: urllib3.BaseHTTPResponse, part: Budget) -> Iterable[bytes]:
    while chunk := reply.read1(_CHUNK_BYTES, decode_content=False):
        yield chunk
        if not part.remaining():
            raise TimeoutError


def _addressed(call: Call) -> tuple[str, dict[str, str]]:
    """The address without user and password in it, which go into a header, as curl does."""
    try:
        parts = urlsplit(call.url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise CallError(Fault.ADDRESS) from None
    if parts.scheme not in {"http", "https"} or not host:
        raise CallError(Fault.ADDRESS)
    headers = {"User-Agent": "sre-watchdog", "Accept-Encoding": "identity"}
    if call.body is not None:
        headers["Content-Type"] = call.content_type
    if parts.username:
        headers["Authorization"] = basic(unquote(parts.username), unquote(parts.password or ""))
    # Given credentials win over those in the address.
    headers |= dict(call.access.headers)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), headers


def _pool(url: str, access: Access) -> urllib3.PoolManager:
    """Connections to that address, through a proxy where the environment names one."""
    context = _trust(access.ca_file) if url.startswith("https:") else None
    proxy = proxy_for(url)
    if proxy is None:
        return urllib3.PoolManager(ssl_context=context)
    parts = urlsplit(proxy)
    named = basic(unquote(parts.username), unquote(parts.password or "")) if parts.username else ""
    return urllib3.ProxyManager(
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(),
        proxy_headers={"Proxy-Authorization": named} if named else None,
        ssl_context=context,
    )


def _trust(ca_file: str | None) -> ssl.SSLContext:
    """The system's CAs (or SSL_CERT_FILE's), and one more where it is given."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise CallError(
                Fault.CERTIFICATE, f": the CA file cannot be used ({error.strerror or 'no PEM'})"
            ) from error
    return context


def proxy_for(url: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY (networks too) name for an address."""
    parts = urlsplit(url)
    proxies = getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    host = parts.hostname or ""
    if not proxy or proxy_bypass(parts.netloc, proxies):
        return None
    excepted = [each.strip() for each in proxies.get("no", "").split(",")]
    if any(_holds(each, host) for each in excepted):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _holds(network: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
