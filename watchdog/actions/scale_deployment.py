"""Change how many replicas a Deployment wants."""

from __future__ import annotations

from typing import ClassVar, Literal

from watchdog.actions.action import Action, Grant, Mode


class ScaleDeployment(Action):
    """Set the number of replicas, within the range of the settings."""

    kind: Literal["scale_deployment"] = "scale_deployment"
    replicas: int

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("apps", "deployments/scale", "patch"),)

    @property
    def title(self) -> str:
        """`scale to 3 replicas`."""
        return f"scale to {self.replicas} replicas"
