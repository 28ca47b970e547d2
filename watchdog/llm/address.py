"""Where a prompt may be sent: over TLS, or to a server that is near."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from watchdog.errors import ModelError, ModelFault
from watchdog.text.sanitize import clean


def check_address(url: str, *, plain_http: bool) -> None:
    """Raise ModelError if the prompt would travel readable beyond this cluster."""
    try:
        parts = urlsplit(url)
        host, scheme, _ = parts.hostname or "", parts.scheme, parts.port
    except ValueError:
        why = "SRE_AGENT_LLM__BASE_URL is no usable address"
        raise ModelError(why, ModelFault.ADDRESS, sent=False) from None
    if scheme not in {"http", "https"} or not host:
        why = "SRE_AGENT_LLM__BASE_URL must start with https:// or http://"
        raise ModelError(why, ModelFault.ADDRESS, sent=False)
    if scheme == "http" and not plain_http and not _is_near(host):
        raise ModelError(
            f"http:// to {clean(host, 80)} would send the prompt in the clear: use https://, "
            "or set SRE_AGENT_LLM__ALLOW_PLAIN_HTTP=true",
            ModelFault.ADDRESS,
            sent=False,
        )


def _is_near(host: str) -> bool:
    """Whether the host is this machine, inside the cluster or on a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".svc", ".svc.cluster.local", ".localhost"))
    # Link-local is where clouds keep their metadata service, not where models live.
    return address.is_private and not (address.is_link_local or address.is_unspecified)
