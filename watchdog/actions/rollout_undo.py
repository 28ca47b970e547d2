"""Take a Deployment back to the template of a revision that was available."""

from __future__ import annotations

from typing import ClassVar, Literal

from watchdog.actions.action import Action, Grant, Mode


class RolloutUndo(Action):
    """Put back the template of `to_revision`, or of the last revision that was available."""

    kind: Literal["rollout_undo"] = "rollout_undo"
    to_revision: int | None = None

    default_mode: ClassVar[Mode] = "auto"
    grants: ClassVar[tuple[Grant, ...]] = (Grant("apps", "deployments", "patch"),)

    @property
    def title(self) -> str:
        """`roll back to revision 6`."""
        return f"roll back to revision {self.to_revision or 'that was last available'}"
