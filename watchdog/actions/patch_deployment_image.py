"""Give a container another image of the same repository."""

from __future__ import annotations

from typing import ClassVar, Literal

from watchdog.actions.action import Action, Grant, Mode


class PatchDeploymentImage(Action):
    """Set the image of `container`; `image` is a suggestion where no revision or approval has one."""

    kind: Literal["patch_deployment_image"] = "patch_deployment_image"
    container: str
    image: str

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("apps", "deployments", "patch"),)

    @property
    def title(self) -> str:
        """`set image nginx:1.27 on container main`."""
        return f"set image {self.image} on container {self.container}"
