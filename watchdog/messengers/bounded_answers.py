"""Bounds what Apprise reads of an answer: it takes whatever a server sends, of any length.

Apprise calls `requests` without a session that could be given to it, and each new session takes the
adapter that stands in `requests.sessions`. Nothing else in a pass uses `requests`.
"""

from __future__ import annotations

from typing import Any

import requests
from requests import sessions
from requests.adapters import HTTPAdapter

MOST_BYTES = 1_000_000
_CHUNK_BYTES = 16_384


class BoundedAdapter(HTTPAdapter):
    """Reads at most MOST_BYTES of an answer, and raises requests.ConnectionError beyond that."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """The answer, read to its end; requests itself would read it without a bound."""
        response = super().send(request, *args, **{**kwargs, "stream": True})
        kept = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            kept += chunk
            if len(kept) > MOST_BYTES:
                response.close()
                raise requests.ConnectionError("its answer is too large")
        response._content = bytes(kept)  # noqa: SLF001 - where requests keeps what was read
        return response


def bind() -> None:
    """Let every session from now on read with that bound."""
    sessions.HTTPAdapter = BoundedAdapter  # type: ignore[attr-defined]
