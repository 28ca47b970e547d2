"""Put back one key that a ConfigMap lacks, with the value that was approved for it."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from watchdog.actions.action import Action
from watchdog.actions.rights import Grant, Mode, Object, Operations


class PatchConfigMap(Action):
    """Set `key` of the target ConfigMap, which policy must name, to its approved value.

    There is no parameter for the value: a suggested one is never taken. A key that is there is
    never replaced, so nothing that reads the ConfigMap now changes; the pods that wait for the key
    are started by the kubelet itself, without a restart.
    """

    kind: Literal["patch_configmap"] = "patch_configmap"
    key: Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]{1,253}$")]

    default_mode: ClassVar[Mode] = "approve"
    target_kind: ClassVar[str] = "ConfigMap"

    @classmethod
    def grants_on(cls, names: tuple[str, ...]) -> tuple[Grant, ...]:
        """What a Role must hold for the ConfigMaps of these names, and for no other."""
        return tuple(Grant("", "configmaps", verb, name) for name in names for verb in _VERBS)

    @property
    def title(self) -> str:
        """`set key region of the ConfigMap`."""
        return f"set key {self.key} of the ConfigMap"

    def operations(self, live: Object, value: Any, /) -> Operations:
        """Add the key; nothing where it is there already."""
        if self.key in held_keys(live):
            return []
        if not live.get("data"):
            return [{"op": "add", "path": "/data", "value": {self.key: value}}]
        return [{"op": "add", "path": f"/data/{self.key}", "value": value}]


_VERBS = ("get", "patch")


def held_keys(live: Object) -> set[str]:
    """The keys that a ConfigMap has, of text and of bytes."""
    return {*(live.get("data") or {}), *(live.get("binaryData") or {})}
