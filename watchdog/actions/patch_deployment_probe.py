"""Correct a probe that asks the wrong thing or too impatiently."""

from __future__ import annotations

import copy
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

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


class PatchDeploymentProbe(Action):
    """Change fields of one probe of `container`; None leaves a field as it is.

    A probe is never removed.
    """

    kind: Literal["patch_deployment_probe"] = "patch_deployment_probe"
    container: ContainerName
    probe: Literal["liveness", "readiness", "startup"]
    path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/-]{0,127}$")] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    initial_delay_seconds: Annotated[int, Field(ge=0, le=1800)] | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] | None = None
    failure_threshold: Annotated[int, Field(ge=1, le=100)] | None = None

    default_mode: ClassVar[Mode] = "approve"
    grants: ClassVar[tuple[Grant, ...]] = TEMPLATE_GRANTS
    changes_template: ClassVar[bool] = True

    @property
    def title(self) -> str:
        """`correct the readiness probe of container main`."""
        return f"correct the {self.probe} probe of container {self.container}"

    def restored(self, live: Object, template: Object, /) -> Any:
        """The probe of the earlier revision, where it was another one."""
        found = container_path(live, self.container)
        before = (container_in(template, self.container) or {}).get(self._field)
        return before if found and before and before != found[1].get(self._field) else None

    def suggested(self, live: Object, /) -> Any:
        """The live probe with the proposed fields; None where there is no such probe."""
        found = container_path(live, self.container)
        probe = copy.deepcopy(found[1].get(self._field)) if found else None
        if not probe:
            return None
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

    def operations(self, live: Object, value: Any, /) -> Operations:
        """Replace the probe."""
        found = container_path(live, self.container)
        if found is None or found[1].get(self._field) == value:
            return []
        return [{"op": "add", "path": f"{found[0]}/{self._field}", "value": value}]

    @property
    def _field(self) -> str:
        return f"{self.probe}Probe"
