"""Set one key of a ConfigMap that policy names."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import SecretStr

from watchdog.actions.action import Action, Grant, Mode


class PatchConfigMap(Action):
    """Set `key` of the target ConfigMap; `value` is a suggestion that needs an approval."""

    kind: Literal["patch_configmap"] = "patch_configmap"
    key: str
    value: SecretStr | None = None

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("", "configmaps", "patch"),)

    @property
    def title(self) -> str:
        """`set key region of the ConfigMap`."""
        return f"set key {self.key} of the ConfigMap"
