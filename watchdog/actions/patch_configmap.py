"""Set one key of a ConfigMap: a proposal for a person, never written by the watchdog."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr

from watchdog.actions.action import Action, Mode


class PatchConfigMap(Action):
    """Set `key` of the target ConfigMap; every workload that reads it would change with it."""

    kind: Literal["patch_configmap"] = "patch_configmap"
    key: Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]{1,253}$")]
    value: SecretStr | None = None

    default_mode: ClassVar[Mode] = "approve"
    target_kind: ClassVar[str] = "ConfigMap"

    @property
    def title(self) -> str:
        """`set key region of the ConfigMap`."""
        return f"set key {self.key} of the ConfigMap"
