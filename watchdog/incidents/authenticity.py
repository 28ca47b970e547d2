"""Tells a memory that this product wrote from one that was edited: an HMAC with a key of its own.

The ConfigMap lies in the watched namespace, so its tenants can write it. The key lies in the pod
alone. Signed are the namespace, the ConfigMap's uid and the text, which names the cluster: a text
of another place does not count. An older text of the same ConfigMap shows by the seal in the
Lease (store.py).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

from watchdog.settings.schema import Settings

_VERSION = "v1"

Verdict = Literal["signed", "unsigned", "foreign", "forged"]


@dataclass(frozen=True)
class Keys:
    """The keys that are believed; the last one signs. There may be none."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)

    def sign(self, *parts: str) -> str:
        """The signature of these parts; empty without a key."""
        return _signature(self.keys[-1], parts) if self.keys else ""

    def verdict(self, signature: str, *parts: str) -> Verdict:
        """Whether that is the signature of these parts; `foreign` if there is no key to tell by."""
        if not signature:
            return "unsigned"
        if not self.keys:
            return "foreign"
        given = signature.encode("utf-8", "surrogatepass")
        # All are asked, so that the time it takes tells nothing about which one it was.
        held = [hmac.compare_digest(_signature(key, parts).encode(), given) for key in self.keys]
        return "signed" if any(held) else "forged"


def keys_of(settings: Settings) -> Keys:
    """The keys of the settings.

    If there are none, one is made from the bot token or the webhook's address: no tenant has it.
    """
    if settings.memory.keys:
        return Keys(tuple(key.encode() for key in settings.memory.keys))
    secret = settings.slack.bot_token or settings.slack.webhook_url
    if secret is None:
        return Keys()
    return Keys((hashlib.sha256(b"memory of " + secret.get_secret_value().encode()).digest(),))


def _signature(key: bytes, parts: tuple[str, ...]) -> str:
    said = "\0".join((_VERSION, *(f"{len(part)}:{part}" for part in parts)))
    mac = hmac.new(key, said.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"{_VERSION}:{mac.hexdigest()}"
