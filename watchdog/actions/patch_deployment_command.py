"""Restore a container's command and args."""

from __future__ import annotations

from typing import ClassVar, Literal

from watchdog.actions.action import Action, Grant, Mode


class PatchDeploymentCommand(Action):
    """Restore command and args of `container` from a revision that was available, or as approved.

    There is no parameter for the command itself: a suggested one is never taken.
    """

    kind: Literal["patch_deployment_command"] = "patch_deployment_command"
    container: str

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("apps", "deployments", "patch"),)

    @property
    def title(self) -> str:
        """`restore the command of container main`."""
        return f"restore the command of container {self.container}"
