"""Raise (or, where nothing runs, lower) a container's requests and limits."""

from __future__ import annotations

from typing import ClassVar, Literal

from watchdog.actions.action import Action, Grant, Mode


class PatchDeploymentResources(Action):
    """Set requests and limits of `container`, as Kubernetes quantities; None leaves one as it is."""

    kind: Literal["patch_deployment_resources"] = "patch_deployment_resources"
    container: str
    memory_limit: str | None = None
    memory_request: str | None = None
    cpu_limit: str | None = None
    cpu_request: str | None = None

    default_mode: ClassVar[Mode] = "auto"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("apps", "deployments", "patch"),)

    @property
    def title(self) -> str:
        """`set memory limit 256Mi on container main`."""
        wanted = {
            "memory limit": self.memory_limit,
            "memory request": self.memory_request,
            "CPU limit": self.cpu_limit,
            "CPU request": self.cpu_request,
        }
        parts = [f"{name} {quantity}" for name, quantity in wanted.items() if quantity]
        return f"set {', '.join(parts) or 'nothing'} on container {self.container}"
