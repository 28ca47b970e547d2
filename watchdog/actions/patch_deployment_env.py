"""Set one environment variable that a container misses."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, SecretStr

from watchdog.actions.action import ContainerAction, container_in
from watchdog.actions.rights import Mode, Object, Operations


class PatchDeploymentEnv(ContainerAction):
    """Set env `name` on `container`; `value` is a suggestion, if there is nothing stronger."""

    kind: Literal["patch_deployment_env"] = "patch_deployment_env"
    name: Annotated[str, Field(pattern=r"^[A-Za-z_][-._A-Za-z0-9]{0,252}$")]
    value: SecretStr | None = None

    default_mode: ClassVar[Mode] = "auto"

    @property
    def title(self) -> str:
        """`set env REGION on container main`."""
        return f"set env {self.name} on container {self.container}"

    def restored(self, _live: Object, template: Object, /) -> Any:
        """The whole entry as the earlier revision has it, a reference to a Secret included."""
        return _entry(container_in(template, self.container), self.name)

    def suggested(self, _live: Object, /) -> Any:
        """The proposed value as an env entry."""
        if self.value is None:
            return None
        return {"name": self.name, "value": self.value.get_secret_value()}

    def change(self, path: str, container: Object, value: Any, /) -> Operations:
        """Replace the entry of that name, or append it."""
        held = container.get("env") or []
        if not held:
            return [{"op": "add", "path": f"{path}/env", "value": [value]}]
        # Of two entries with one name the last one counts.
        at = max((i for i, entry in enumerate(held) if entry["name"] == self.name), default=None)
        if at is None:
            return [{"op": "add", "path": f"{path}/env/{len(held)}", "value": value}]
        if held[at] == value:
            return []
        return [{"op": "replace", "path": f"{path}/env/{at}", "value": value}]


def _entry(container: Object | None, name: str) -> Object | None:
    held = (container or {}).get("env") or []
    return next((entry for entry in reversed(held) if entry["name"] == name), None)
