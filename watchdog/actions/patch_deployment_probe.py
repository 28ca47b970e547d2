"""Correct a probe that asks the wrong thing or too impatiently."""

from __future__ import annotations

from typing import ClassVar, Literal

from watchdog.actions.action import Action, Grant, Mode


class PatchDeploymentProbe(Action):
    """Change fields of one probe of `container`; None leaves a field as it is. Never removes a probe."""

    kind: Literal["patch_deployment_probe"] = "patch_deployment_probe"
    container: str
    probe: Literal["liveness", "readiness", "startup"]
    path: str | None = None
    port: int | None = None
    initial_delay_seconds: int | None = None
    timeout_seconds: int | None = None
    failure_threshold: int | None = None

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("apps", "deployments", "patch"),)

    @property
    def title(self) -> str:
        """`correct the readiness probe of container main`."""
        return f"correct the {self.probe} probe of container {self.container}"
