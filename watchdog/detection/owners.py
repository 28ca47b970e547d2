"""What the kinds ask that judge pods and workloads as a whole, not their containers.

Which pods count for which owner, how old things are, and the finding and the commands that come of
it. Pure, as look.py is.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from watchdog.detection.containers import distinct, has_sandbox, impact, replaced, since
from watchdog.detection.log_lines import shorten
from watchdog.model.diagnosis import Evidence, Finding, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from watchdog.snapshot.pod_template import PodTemplate
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary
    from watchdog.snapshot.workloads import PodSummary

# A state that cannot heal by itself still gets a moment: objects of one deploy arrive in any order.
ARRIVAL_SECONDS = 10.0
# What `kubectl set` changes in place; the pods of others are made by something else, or only once.
SETTABLE = ("Deployment", "StatefulSet", "DaemonSet")
_MOST_NAMED = 3


def age(snapshot: ClusterSnapshot, moment: datetime | None) -> float:
    """Seconds from that moment to the snapshot; infinite where the moment is not known."""
    return (snapshot.taken_at - moment).total_seconds() if moment else float("inf")


def recent(snapshot: ClusterSnapshot, event: EventSummary, seconds: float) -> bool:
    """Whether the event was last seen within so many seconds."""
    return age(snapshot, event.last_seen or event.first_seen) <= seconds


def alive(snapshot: ClusterSnapshot) -> list[PodSummary]:
    """The pods that are neither done, nor on their way out, nor of a revision being replaced."""
    return [pod for pod in snapshot.pods if _is_alive(snapshot, pod)]


def unready(snapshot: ClusterSnapshot, owner: ObjectRef) -> list[PodSummary]:
    """Those of them that are this workload's and not ready."""
    return [
        pod
        for pod in snapshot.pods
        if pod.owner == owner and not pod.ready and _is_alive(snapshot, pod)
    ]


def _is_alive(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    done = pod.deleted_at is not None or pod.phase in {"Succeeded", "Failed"}
    return not done and not replaced(snapshot, pod)


def by_owner(pods: Iterable[PodSummary]) -> dict[ObjectRef, list[PodSummary]]:
    """The same pods, grouped by the workload at the top."""
    owners: dict[ObjectRef, list[PodSummary]] = {}
    for pod in pods:
        owners.setdefault(pod.owner, []).append(pod)
    return owners


def creating(pod: PodSummary) -> bool:
    """Whether the pod has a node, which has not made its sandbox yet."""
    placed = pod.condition("PodScheduled")
    waits = {"", "ContainerCreating", "PodInitializing"}
    return (
        pod.phase == "Pending"
        and (pod.node is not None or (placed is not None and placed.status == "True"))
        and not has_sandbox(pod)
        and all(
            item.state in {"waiting", "unknown"} and item.reason in waits and not item.restarts
            for item in pod.containers
        )
    )


def count(pods: Iterable[PodSummary]) -> int:
    """How many pods these stand for: each of a few that look alike has the number of them all."""
    groups: dict[tuple[str, str | None, str, str], list[int]] = {}
    for pod in pods:
        look = (pod.owner.name, pod.replica_set, pod.phase, pod.status)
        groups.setdefault(look, []).append(pod.alike)
    return sum(max(len(alike), *alike) for alike in groups.values())


def fully_rolled_out(snapshot: ClusterSnapshot, owner: ObjectRef) -> bool:
    """Whether the workload has all the pods it wants, ready, and nothing left to roll out."""
    workload = snapshot.workload(owner)
    if workload is None or owner.kind in {"Job", "CronJob"}:
        return False
    return workload.ready >= workload.desired and workload.updated >= workload.desired


def introduced(
    snapshot: ClusterSnapshot, owner: ObjectRef, what: Callable[[PodTemplate], object]
) -> bool:
    """Whether the current revision changed `what` since the last that was available."""
    deployment = snapshot.deployment(owner)
    if deployment is None or deployment.last_available is None:
        return False
    current = deployment.current.template if deployment.current else deployment.template
    return what(deployment.last_available.template) != what(current)


@dataclass(frozen=True)
class Trouble:
    """What a finding says of its owner; `start` says since when where the owner itself cannot."""

    summary: str
    evidence: tuple[Evidence | str | None, ...] = ()
    pods: Sequence[PodSummary] = ()
    start: datetime | None = None
    facts: dict[str, str] = field(default_factory=dict)
    origin: Origin = "workload"
    fails: tuple[str, ...] = ()


def owner_finding(
    kind: str, snapshot: ClusterSnapshot, owner: ObjectRef, trouble: Trouble
) -> Finding:
    """The finding of that kind on that owner."""
    return Finding(
        kind=kind,
        target=owner,
        summary=trouble.summary,
        impact=impact(snapshot, owner),
        evidence=distinct(trouble.evidence),
        since=trouble.start or since(snapshot, owner, trouble.pods),
        pods=tuple(pod.ref.name for pod in trouble.pods),
        facts=trouble.facts,
        origin=trouble.origin,
        fails=trouble.fails,
    )


def event_text(event: EventSummary) -> Evidence:
    """`event FailedMount ×6: MountVolume.SetUp failed ...`."""
    times = f" ×{event.count}" if event.count > 1 else ""
    return Evidence(kind="event", object=f"{event.reason}{times}", text=shorten(event.message))


def sentence(text: str) -> str:
    """The text with a full stop, where what it quotes did not bring one."""
    return f"{text.rstrip(' .:;')}."


def word(ref: ObjectRef) -> str:
    """`deployment/web`, as kubectl takes it."""
    return f"{ref.kind.lower()}/{ref.name}"


def kubectl(snapshot: ClusterSnapshot, *words: str) -> str:
    """One whole kubectl command in the snapshot's namespace, quoted for a shell."""
    return shlex.join(("kubectl", "-n", snapshot.namespace, *words))


def editing(snapshot: ClusterSnapshot, ref: ObjectRef) -> str | None:
    """The command that edits the workload; None where pods are not made anew of what is edited."""
    return kubectl(snapshot, "edit", word(ref)) if ref.kind in (*SETTABLE, "CronJob") else None


def pods_named(names: Sequence[str], many: int | None = None) -> str:
    """`pod a`, `pods a and b`, or `17 pods (a, b, c and others)` where more look like these."""
    names = tuple(dict.fromkeys(names))
    number = max(many or 0, len(names))
    if number > _MOST_NAMED or number > len(names):
        return f"{number} pods ({', '.join(names[:_MOST_NAMED])} and others)"
    return f"pod{'s' if number > 1 else ''} {listed(names)}"


def listed(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    names = list(dict.fromkeys(items))
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
