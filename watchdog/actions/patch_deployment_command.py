"""Restore a container's command and args."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from watchdog.actions.action import (
    TEMPLATE_GRANTS,
    Action,
    ContainerName,
    Grant,
    Mode,
    Object,
    Operations,
    container_in,
    container_path,
)

_FIELDS = ("command", "args")


class PatchDeploymentCommand(Action):
    """Restore command and args of `container` from a revision that was available.

    There is no parameter for the command itself: a suggested one is never taken.
    """

    kind: Literal["patch_deployment_command"] = "patch_deployment_command"
    container: ContainerName

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = TEMPLATE_GRANTS
    changes_template: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """`restore the command of container main`."""
        return f"restore the command of container {self.container}"

    def restored(self, _live: Object, template: Object, /) -> Any:
        """Command and args of the earlier revision; None for one that it did not set."""
        before = container_in(template, self.container)
        return None if before is None else {field: before.get(field) for field in _FIELDS}

    def operations(self, live: Object, value: Any, /) -> Operations:
        """Set or remove both fields."""
        found = container_path(live, self.container)
        if found is None:
            return []
        path, container = found
        operations: Operations = []
        for field in _FIELDS:
            if value[field] and container.get(field) != value[field]:
                operations.append({"op": "add", "path": f"{path}/{field}", "value": value[field]})
            elif not value[field] and container.get(field):
                operations.append({"op": "remove", "path": f"{path}/{field}"})
        return operations
