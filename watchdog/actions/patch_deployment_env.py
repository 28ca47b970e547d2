"""Set one environment variable that a container misses."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import SecretStr

from watchdog.actions.action import Action, Grant, Mode


class PatchDeploymentEnv(Action):
    """Set env `name` on `container`; `value` is a suggestion, used only where nothing stronger is known."""

    kind: Literal["patch_deployment_env"] = "patch_deployment_env"
    container: str
    name: str
    value: SecretStr | None = None

    default_mode: ClassVar[Mode] = "auto"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("apps", "deployments", "patch"),)

    @property
    def title(self) -> str:
        """`set env REGION on container main`."""
        return f"set env {self.name} on container {self.container}"
