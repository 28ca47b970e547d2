"""Take a Deployment back to the template of a revision that was available."""

import copy
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from watchdog.actions.action import TEMPLATE_GRANTS, Action
from watchdog.actions.rights import Grant, Mode, Object, Operations

HASH_LABEL = "pod-template-hash"


class RolloutUndo(Action):
    """Put back the template of `to_revision`, or of the last revision that was available."""

    kind: Literal["rollout_undo"] = "rollout_undo"
    to_revision: Annotated[int, Field(ge=1)] | None = None

    default_mode: ClassVar[Mode] = "auto"
    grants: ClassVar[tuple[Grant, ...]] = TEMPLATE_GRANTS
    changes_template: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """`roll back to revision 6`."""
        if self.to_revision is None:
            return "roll back to the last revision that was available"
        return f"roll back to revision {self.to_revision}"

    def restored(self, _live: Object, template: Object, /) -> Any:
        """The whole template, without the label that the Deployment controller adds to it."""
        clean = copy.deepcopy(template)
        metadata = clean.get("metadata") or {}
        metadata.pop("creationTimestamp", None)
        (metadata.get("labels") or {}).pop(HASH_LABEL, None)
        return clean

    def operations(self, live: Object, value: Any, /) -> Operations:
        """Replace the pod template."""
        now = copy.deepcopy(live["spec"]["template"])
        (now.get("metadata") or {}).pop("creationTimestamp", None)
        if now == value:
            return []
        return [{"op": "replace", "path": "/spec/template", "value": value}]
