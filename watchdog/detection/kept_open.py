"""A pod that is to end, and is kept open by a container beside the one that has done the work."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import PodSummary

# Several containers of one pod may share a long work; a proxy beside them runs for ever.
_SHARED_WORK = timedelta(hours=6)


class KeptOpen(NamedTuple):
    """The container that has ended with 0 since long, and the one that still runs."""

    done: str
    runs: str


def kept_open(snapshot: ClusterSnapshot, pod: PodSummary) -> KeptOpen | None:
    """Which container keeps the pod from ending; None if none does, or not for long."""
    if pod.template.restart_policy == "Always":
        return None
    steady = [item for item in pod.containers if not item.init]
    done = [item for item in steady if item.state == "terminated" and item.exit_code == 0]
    runs = [item for item in steady if item.state == "running"]
    ended = [item.finished_at for item in done if item.finished_at is not None]
    if not runs or not ended or snapshot.taken_at - max(ended) < _SHARED_WORK:
        return None
    return KeptOpen(done[0].name, runs[0].name)
