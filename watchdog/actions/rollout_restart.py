"""Restart a Deployment's pods, one after the other."""

from typing import Any, ClassVar, Literal

from watchdog.actions.action import TEMPLATE_GRANTS, Action
from watchdog.actions.rights import Grant, Mode, Object, Operations

ANNOTATION = "kubectl.kubernetes.io/restartedAt"


class RolloutRestart(Action):
    """Restart as `kubectl rollout restart` does, by an annotation on the pod template."""

    kind: Literal["rollout_restart"] = "rollout_restart"

    default_mode: ClassVar[Mode] = "auto"
    grants: ClassVar[tuple[Grant, ...]] = TEMPLATE_GRANTS
    changes_template: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """`restart its pods`."""
        return "restart its pods"

    def operations(self, live: Object, value: Any, /) -> Operations:
        """Set kubectl's own annotation to `value`, the time of the restart as text."""
        metadata = live["spec"]["template"].get("metadata") or {}
        path = "/spec/template/metadata"
        if "metadata" not in live["spec"]["template"]:
            return [{"op": "add", "path": path, "value": {"annotations": {ANNOTATION: value}}}]
        path += "/annotations"
        if not metadata.get("annotations"):
            return [{"op": "add", "path": path, "value": {ANNOTATION: value}}]
        return [{"op": "add", "path": f"{path}/{ANNOTATION.replace('/', '~1')}", "value": value}]
