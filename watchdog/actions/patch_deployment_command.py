"""Restore a container's command and args."""

import json
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from watchdog.actions.action import ContainerAction, container_in, container_path
from watchdog.actions.rights import Mode, Object, Operations

_FIELDS = ("command", "args")
# Anyone who approves a suggested command has to see all of it.
_SHOWN_CHARS = 400
_Words = Annotated[tuple[Annotated[str, Field(max_length=_SHOWN_CHARS)], ...], Field(max_length=20)]


class PatchDeploymentCommand(ContainerAction):
    """Restore command and args of `container`; both are a suggestion where no revision has them.

    A suggested one is written only once a person approved that very text.
    """

    kind: Literal["patch_deployment_command"] = "patch_deployment_command"
    command: _Words | None = None
    args: _Words | None = None

    default_mode: ClassVar[Mode] = "approve"

    @model_validator(mode="after")
    def _can_be_shown_whole(self) -> Self:
        # As the diff has it: it may hold what no eye sees, or what ends a line for some readers.
        text = json.dumps([self.command, self.args], ensure_ascii=False)
        if len(text) > _SHOWN_CHARS:
            raise ValueError(f"a command of more than {_SHOWN_CHARS} characters is not readable")
        if not text.isprintable():
            raise ValueError("a command with invisible characters cannot be shown as it is")
        return self

    @property
    def title(self) -> str:
        """`restore the command of container main`."""
        verb = "set" if self.command or self.args else "restore"
        return f"{verb} the command of container {self.container}"

    def restored(self, _live: Object, template: Object, /) -> Any:
        """Command and args of the earlier revision; None for one that it did not set."""
        before = container_in(template, self.container)
        return None if before is None else {field: before.get(field) for field in _FIELDS}

    def suggested(self, live: Object, /) -> Any:
        """The proposed command and args; what is left out stays as it is."""
        found = container_path(live, self.container)
        if found is None or not (self.command or self.args):
            return None
        asked = {"command": list(self.command or ()), "args": list(self.args or ())}
        return {field: asked[field] or found[1].get(field) for field in _FIELDS}

    def change(self, path: str, container: Object, value: Any, /) -> Operations:
        """Set or remove both fields."""
        operations: Operations = []
        for field in _FIELDS:
            if value[field] and container.get(field) != value[field]:
                operations.append({"op": "add", "path": f"{path}/{field}", "value": value[field]})
            elif not value[field] and container.get(field):
                operations.append({"op": "remove", "path": f"{path}/{field}"})
        return operations
