"""How to reach an API server.

The Kubernetes client loads sixty modules for what these few fields say.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_TOKEN = "BearerToken"  # noqa: S105 - the name under which the Kubernetes client keeps it


@dataclass
class Configuration:
    """One API server and one account, with the names that the Kubernetes client has for them.

    `refresh_api_key_hook` is called with this before each request, as a token may rotate.
    """

    host: str = "http://localhost"
    api_key: dict[str, str] = field(default_factory=dict, repr=False)
    ssl_ca_cert: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify_ssl: bool = True
    tls_server_name: str | None = None
    proxy: str | None = None
    refresh_api_key_hook: Callable[[Any], None] | None = None

    def get_api_key_with_prefix(self, identifier: str, alias: str | None = None) -> str | None:
        """The whole value of the Authorization header; None for an account without a token."""
        if self.refresh_api_key_hook is not None:
            self.refresh_api_key_hook(self)
        return self.api_key.get(identifier) or self.api_key.get(alias or "")

    @property
    def may_need_a_proxy(self) -> bool:
        """Whether the kubeconfig or the environment names one."""
        return bool(self.proxy) or any(name.lower().endswith("_proxy") for name in os.environ)

    @property
    def authorization(self) -> str | None:
        """The same, for the only identifier that there is."""
        return self.get_api_key_with_prefix(_TOKEN, alias="authorization")
