"""Whether pods crash again and again, and whether a moment comes at which none of them runs.

Not by the word CrashLoopBackOff: since Kubernetes 1.35 the kubelet shows the run that ended for a
part of the time that a container waits for its next start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Object = dict[str, Any]
EATS_MEMORY = (
    "dd if=/dev/zero of=/dev/shm/fill bs=1M count=40 || "
    "{ code=$?; : > /dev/shm/fill; sleep 2; exit $code; }; sleep 86400"
)
"""Needs 40 MiB. The runtime may learn of a kill for memory later than of the end of the container.
Then the status says `Error` until the next start, so this one ends two seconds after the kill."""
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


def out_of_memory(status: Object) -> bool:
    """Whether the run that ended last was killed for its memory, and the status says so."""
    ended = status["state"].get("terminated") or status["lastState"].get("terminated") or {}
    return bool(ended.get("reason") == "OOMKilled")


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
