"""Restart a Deployment's pods, one after the other."""

from __future__ import annotations

from typing import ClassVar, Literal

from watchdog.actions.action import Action, Grant, Mode


class RolloutRestart(Action):
    """Restart as `kubectl rollout restart` does, by an annotation on the pod template."""

    kind: Literal["rollout_restart"] = "rollout_restart"

    default_mode: ClassVar[Mode] = "auto"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("apps", "deployments", "patch"),)

    @property
    def title(self) -> str:
        """`restart its pods`."""
        return "restart its pods"
