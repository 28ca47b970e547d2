"""Where the memory of a watched namespace lies: in its own ConfigMap, or in one of the release's.

A namespace that binds no rights is only observed. What is remembered of it lies in the release's
own namespace, in a ConfigMap that it shares with others (observed.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from watchdog.errors import ClusterError
from watchdog.incidents.memory import MAX_BYTES
from watchdog.kube.ports import Json
from watchdog.kube.rbac import OWN_NAME
from watchdog.kube.resources import CONFIGMAPS

KEY = "memory.json"
SIGNATURE_KEY = "signature"
ASIDE_KEY = "set-aside.txt"
ASIDE_BYTES = 100 * 1024


@dataclass(frozen=True)
class Place:
    """ConfigMap and keys of the memory of the namespace `watched`.

    `max_bytes` is what that memory may take. A `shared` ConfigMap holds those of other namespaces
    too: each has keys of its own, and a write leaves theirs alone.
    """

    watched: str
    namespace: str
    name: str = OWN_NAME
    key: str = KEY
    signature_key: str = SIGNATURE_KEY
    aside_key: str = ASIDE_KEY
    max_bytes: int = MAX_BYTES
    shared: bool = False

    def __str__(self) -> str:
        return f"ConfigMap {self.name} in namespace {self.namespace}"

    def text(self, found: Json) -> str:
        """What stands under the key; bytes are given as they were encoded."""
        for part in ("data", "binaryData"):
            if text := (found.get(part) or {}).get(self.key):
                return str(text)
        return ""

    def signature(self, found: Json) -> str:
        """The signature beside it; empty if there is none."""
        return str((found.get("data") or {}).get(self.signature_key) or "")

    def signed(self, found: Json, text: str) -> tuple[str, ...]:
        """What a signature is about; the text names the cluster."""
        return self.watched, str((found.get("metadata") or {}).get("uid") or ""), text

    def version(self, found: Json) -> str:
        """The resourceVersion; ClusterError where the answer is no ConfigMap."""
        metadata = found.get("metadata")
        version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
        parts = (found.get(part) for part in ("data", "binaryData"))
        if not version or not all(isinstance(part, dict | None) for part in parts):
            raise ClusterError(f"the answer for ConfigMap {self.name} is not a ConfigMap")
        return str(version)

    def body(self, found: Json, text: str, signature: str, aside: str = "") -> Json:
        """The ConfigMap with the new text, and all else that it holds left alone.

        An empty text takes the memory out. `aside` is a text that was no memory.
        """
        metadata = {**found.get("metadata", {}), "name": self.name, "namespace": self.namespace}
        metadata.pop("managedFields", None)
        data: dict[str, Any] = dict(found.get("data") or {})
        for key, value in ((self.key, text), (self.signature_key, signature)):
            data.pop(key, None)
            if value:
                data[key] = value
        if aside:
            data[self.aside_key] = aside.encode()[:ASIDE_BYTES].decode(errors="ignore")
        body = {
            **found,
            "apiVersion": "v1",
            "kind": CONFIGMAPS.kind,
            "metadata": metadata,
            "data": data,
        }
        # A key is either text or bytes.
        bytes_ = found.get("binaryData") or {}
        if kept := {k: v for k, v in bytes_.items() if k not in data and k != self.key}:
            return {**body, "binaryData": kept}
        body.pop("binaryData", None)
        return body


def own_place(namespace: str) -> Place:
    """The ConfigMap `sre-watchdog` of the namespace itself."""
    return Place(namespace, namespace)
