"""Whether pods crash again and again, and whether a moment comes at which none of them runs.

Not by the word CrashLoopBackOff: since Kubernetes 1.35 the kubelet shows the run that ended for a
part of the time that a container waits for its next start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Object = dict[str, Any]
AT_ANY_MOMENT = 2
"""Restarts after which a look finds a container crashing also while it runs for a moment."""


def staying(pods: Iterable[Object]) -> list[Object]:
    """The pods that are not being deleted."""
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def statuses(pods: Iterable[Object]) -> Iterator[Object]:
    """The status of each container, init containers first, as far as there is one."""
    for pod in pods:
        yield from pod["status"].get("initContainerStatuses", ())
        yield from pod["status"].get("containerStatuses", ())


def waits_for(status: Object, *reasons: str) -> bool:
    """Whether a container waits for one of these reasons."""
    return status["state"].get("waiting", {}).get("reason") in reasons


def waits_to_restart(status: Object, restarts: int = 1) -> bool:
    """Whether a container that was restarted that often has ended and waits for its next start."""
    ended = "terminated" in status["state"] or waits_for(status, "CrashLoopBackOff")
    return ended and status["restartCount"] >= restarts


def crash_loop(pods: Iterable[Object]) -> bool:
    """Whether each pod that stays crashes, and is found crashing at any later moment."""
    found = [list(statuses([pod])) for pod in staying(pods)]
    return bool(found) and all(
        any(status["restartCount"] >= AT_ANY_MOMENT for status in each) for each in found
    )
