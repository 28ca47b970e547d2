"""Change how many replicas a Deployment wants."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from watchdog.actions.action import Action
from watchdog.actions.rights import Grant, Mode, Object, Operations


class ScaleDeployment(Action):
    """Set the number of replicas, within the range of the settings."""

    kind: Literal["scale_deployment"] = "scale_deployment"
    replicas: Annotated[int, Field(ge=0, le=10_000, strict=True)]

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = (
        Grant("apps", "deployments", "get"),
        Grant("apps", "replicasets", "list"),
        Grant("apps", "deployments/scale", "patch"),
    )
    subresource: ClassVar[str] = "scale"

    @property
    def title(self) -> str:
        """`scale to 3 replicas`."""
        return f"scale to {self.replicas} replica{'' if self.replicas == 1 else 's'}"

    def suggested(self, _live: Object, /) -> Any:
        """The proposed number."""
        return self.replicas

    def operations(self, live: Object, value: Any, /) -> Operations:
        """Replace the number, in a patch for the scale subresource."""
        if live["spec"].get("replicas", 1) == value:
            return []
        return [{"op": "replace", "path": "/spec/replicas", "value": value}]
