"""The HTTP client under the OpenAI client: no redirect, and answers of bounded size.

The OpenAI client follows redirects with the prompt in hand and reads whatever comes, unpacked.
"""

from __future__ import annotations

import ssl

import httpx2

from watchdog.integrations.answers import decoded
from watchdog.integrations.http import proxy_for

_OWN = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class _Bounded(httpx2.BaseTransport):
    """Reads each answer to its end, up to so many bytes once unpacked."""

    def __init__(self, url: str, most_bytes: int) -> None:
        # The system's CAs or SSL_CERT_FILE's, and the proxy of the environment, as for all else.
        self._inner = httpx2.HTTPTransport(
            verify=ssl.create_default_context(), proxy=proxy_for(url)
        )
        self._most_bytes = most_bytes

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer with its whole body. Raises CallError for a body that cannot be used."""
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx2.SyncByteStream)  # as every transport's is
        try:
            encoding = response.headers.get("content-encoding", "")
            body = decoded(response.stream, encoding, self._most_bytes)
        finally:
            response.close()
        kept = [(name, value) for name, value in response.headers.raw if _kept(name)]
        return httpx2.Response(
            response.status_code, headers=kept, content=body, extensions=response.extensions
        )

    def close(self) -> None:
        """Close its connections."""
        self._inner.close()


def _kept(name: bytes) -> bool:
    return name.decode("ascii", "replace").lower() not in _OWN


def bounded_client(url: str, most_bytes: int) -> httpx2.Client:
    """A client for that server."""
    return httpx2.Client(
        transport=_Bounded(url, most_bytes),
        follow_redirects=False,
        headers={"Accept-Encoding": "identity"},
    )
