"""Raise (or, where nothing runs, lower) a container's requests and limits."""

import copy
from typing import Any, ClassVar, Literal

from pydantic import field_validator

from watchdog.actions.action import ContainerAction, container_in, container_path
from watchdog.actions.rights import Mode, Object, Operations
from watchdog.kube import quantity

Quantities = dict[tuple[str, str], str]


class PatchDeploymentResources(ContainerAction):
    """Set requests and limits of `container` as quantities; None leaves one as it is."""

    kind: Literal["patch_deployment_resources"] = "patch_deployment_resources"
    memory_limit: str | None = None
    memory_request: str | None = None
    cpu_limit: str | None = None
    cpu_request: str | None = None

    default_mode: ClassVar[Mode] = "auto"

    @field_validator("memory_limit", "memory_request", "cpu_limit", "cpu_request")
    @classmethod
    def _is_a_quantity(cls, text: str | None) -> str | None:
        if text is not None and not quantity.parse(text):
            raise ValueError("a container cannot run with nothing")
        return text

    @property
    def title(self) -> str:
        """`set memory limit 256Mi on container main`."""
        return f"set {self.amounts or 'nothing'} on container {self.container}"

    @property
    def amounts(self) -> str:
        """`memory limit 256Mi, CPU request 100m`."""
        wanted = {
            "memory limit": self.memory_limit,
            "memory request": self.memory_request,
            "CPU limit": self.cpu_limit,
            "CPU request": self.cpu_request,
        }
        return ", ".join(f"{name} {quantity}" for name, quantity in wanted.items() if quantity)

    @property
    def wanted(self) -> Quantities:
        """The quantities asked for, by `("limits", "memory")` and so on."""
        asked = {
            ("limits", "memory"): self.memory_limit,
            ("requests", "memory"): self.memory_request,
            ("limits", "cpu"): self.cpu_limit,
            ("requests", "cpu"): self.cpu_request,
        }
        return {where: text for where, text in asked.items() if text is not None}

    def restored(self, live: Object, template: Object, /) -> Any:
        """What the earlier revision had of those asked for, where that was more than now."""
        now = held(container_path(live, self.container), self.wanted)
        before = held(("", container_in(template, self.container)), self.wanted)
        more = {
            where: text
            for where, text in before.items()
            if where in now and quantity.parse(text) > quantity.parse(now[where])
        }
        return {**self.wanted, **more} if more else None

    def suggested(self, _live: Object, /) -> Any:
        """The quantities asked for; policy/values.py bounds them."""
        return self.wanted or None

    def change(self, path: str, container: Object, value: Any, /) -> Operations:
        """Replace the container's resources, keeping what was not asked for."""
        resources = copy.deepcopy(container.get("resources") or {})
        for (group, resource), text in value.items():
            resources.setdefault(group, {})[resource] = text
        if resources == (container.get("resources") or {}):
            return []
        return [{"op": "add", "path": f"{path}/resources", "value": resources}]


def held(found: tuple[str, Object | None] | None, which: Quantities) -> Quantities:
    """Those quantities as a container has them; absent ones are left out."""
    resources = ((found[1] if found else None) or {}).get("resources") or {}
    have = {(group, name): (resources.get(group) or {}).get(name) for group, name in which}
    return {where: str(text) for where, text in have.items() if text is not None}
