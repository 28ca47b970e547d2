"""Correct a probe that asks the wrong thing or too impatiently."""

import copy
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from watchdog.actions.action import ContainerAction, container_in, container_path
from watchdog.actions.rights import Mode, Object, Operations

_PROBES = ("liveness", "readiness", "startup")


class PatchDeploymentProbe(ContainerAction):
    """Change fields of a probe of `container`, or of all it has; None leaves a field as it is.

    A probe is never removed.
    """

    kind: Literal["patch_deployment_probe"] = "patch_deployment_probe"
    probe: Literal["liveness", "readiness", "startup", "all"]
    path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/-]{0,127}$")] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    initial_delay_seconds: Annotated[int, Field(ge=0, le=1800)] | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] | None = None
    failure_threshold: Annotated[int, Field(ge=1, le=100)] | None = None

    default_mode: ClassVar[Mode] = "approve"

    @property
    def title(self) -> str:
        """`correct the readiness probe of container main`."""
        probes = "probes" if self.probe == "all" else f"{self.probe} probe"
        return f"correct the {probes} of container {self.container}"

    def restored(self, live: Object, template: Object, /) -> Any:
        """The probes of the earlier revision, by their fields, where they were other ones."""
        found = container_path(live, self.container)
        before = container_in(template, self.container) or {}
        probes = {field: before[field] for field in self._fields if before.get(field)}
        changed = {f: p for f, p in probes.items() if found and p != found[1].get(f)}
        return changed or None

    def suggested(self, live: Object, /) -> Any:
        """The live probes with the proposed fields; None where there is no such probe."""
        found = container_path(live, self.container)
        held = {f: found[1][f] for f in self._fields if found[1].get(f)} if found else {}
        return {field: self._corrected(probe) for field, probe in held.items()} or None

    def change(self, path: str, container: Object, value: Any, /) -> Operations:
        """Replace the probes."""
        return [
            {"op": "add", "path": f"{path}/{field}", "value": probe}
            for field, probe in value.items()
            if container.get(field) != probe
        ]

    @property
    def _fields(self) -> tuple[str, ...]:
        return tuple(f"{name}Probe" for name in _PROBES if self.probe in {name, "all"})

    def _corrected(self, before: Object) -> Object:
        probe = copy.deepcopy(before)
        for field, value in (("path", self.path), ("port", self.port)):
            if value is not None and "httpGet" in probe:
                probe["httpGet"][field] = value
        if self.port is not None and "tcpSocket" in probe:
            probe["tcpSocket"]["port"] = self.port
        timing = {
            "initialDelaySeconds": self.initial_delay_seconds,
            "timeoutSeconds": self.timeout_seconds,
            "failureThreshold": self.failure_threshold,
        }
        return {**probe, **{key: value for key, value in timing.items() if value is not None}}
