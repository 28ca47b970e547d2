"""A container as detectors see it: its pod, its state and its spec."""

from __future__ import annotations

from typing import NamedTuple

from watchdog.snapshot.pod_template import ContainerSpec
from watchdog.snapshot.workloads import ContainerState, PodSummary


class ContainerView(NamedTuple):
    """One container of one pod: its state and its spec."""

    pod: PodSummary
    state: ContainerState
    spec: ContainerSpec

    @property
    def where(self) -> str:
        """`ledger-7d9f-x2k4p/main`."""
        return f"{self.pod.ref.name}/{self.state.name}"
