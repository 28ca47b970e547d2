"""What the kinds ask that judge pods and workloads as a whole, not their containers.

Which pods count for which owner, how old things are, and the finding and the commands that come of
it. Pure, as look.py is.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from watchdog.failures.lines import shorten
from watchdog.failures.look import impact, replaced, since
from watchdog.failures.repair import undo
from watchdog.nouns import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from watchdog.actions import RolloutUndo
    from watchdog.observation.base import ObjectRef
    from watchdog.observation.pod_template import PodTemplate
    from watchdog.observation.snapshot import ClusterSnapshot, EventSummary
    from watchdog.observation.workloads import PodSummary

# A state that cannot heal by itself still gets a moment: objects of one deploy arrive in any order.
ARRIVAL_SECONDS = 10.0


def age(snapshot: ClusterSnapshot, moment: datetime | None) -> float:
    """Seconds from that moment to the snapshot; infinite where the moment is not known."""
    return (snapshot.taken_at - moment).total_seconds() if moment else float("inf")


def recent(snapshot: ClusterSnapshot, event: EventSummary, seconds: float) -> bool:
    """Whether the event was last seen within so many seconds."""
    return age(snapshot, event.last_seen or event.first_seen) <= seconds


def alive(snapshot: ClusterSnapshot) -> list[PodSummary]:
    """The pods that are neither done, nor on their way out, nor of a revision being replaced."""
    return [
        pod
        for pod in snapshot.pods
        if pod.deleted_at is None
        and pod.phase not in {"Succeeded", "Failed"}
        and not replaced(snapshot, pod)
    ]


def by_owner(pods: Iterable[PodSummary]) -> dict[ObjectRef, list[PodSummary]]:
    """The same pods, grouped by the workload at the top."""
    owners: dict[ObjectRef, list[PodSummary]] = {}
    for pod in pods:
        owners.setdefault(pod.owner, []).append(pod)
    return owners


def creating(pod: PodSummary) -> bool:
    """Whether the pod has a node and none of its containers has run yet."""
    placed = pod.condition("PodScheduled")
    waits = {"", "ContainerCreating", "PodInitializing"}
    return (
        pod.phase == "Pending"
        and (pod.node is not None or (placed is not None and placed.status == "True"))
        and all(
            item.state in {"waiting", "unknown"} and item.reason in waits and not item.restarts
            for item in pod.containers
        )
    )


def count(pods: Iterable[PodSummary]) -> int:
    """How many pods these stand for."""
    return sum(pod.alike for pod in pods)


def rolling_well(snapshot: ClusterSnapshot, owner: ObjectRef) -> bool:
    """Whether a Deployment still has all its pods while a new revision is within its deadline."""
    deployment = snapshot.deployment(owner)
    if deployment is None or not deployment.desired or deployment.ready < deployment.desired:
        return False
    progressing = deployment.condition("Progressing")
    return progressing is None or progressing.status != "False"


def settled(snapshot: ClusterSnapshot, owner: ObjectRef) -> bool:
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
    evidence: tuple[str | None, ...] = ()
    pods: Sequence[PodSummary] = ()
    start: datetime | None = None
    facts: dict[str, str] = field(default_factory=dict)


def owner_finding(
    kind: str, snapshot: ClusterSnapshot, owner: ObjectRef, trouble: Trouble
) -> Finding:
    """The finding of that kind on that owner."""
    return Finding(
        kind=kind,
        target=owner,
        summary=trouble.summary,
        impact=impact(snapshot, owner),
        evidence=tuple(dict.fromkeys(line for line in trouble.evidence if line)),
        since=trouble.start or since(snapshot, owner, trouble.pods),
        pods=tuple(pod.ref.name for pod in trouble.pods),
        facts=trouble.facts,
    )


def undo_unproven(finding: Finding, snapshot: ClusterSnapshot, *fields: str) -> RolloutUndo | None:
    """`repair.undo`, unless the current revision itself was available: then it is not to blame."""
    deployment = snapshot.deployment(finding.target)
    current = deployment.current if deployment else None
    return None if current is None or current.available else undo(finding, snapshot, *fields)


def event_text(event: EventSummary) -> str:
    """`event FailedMount ×6: MountVolume.SetUp failed ...`."""
    times = f" ×{event.count}" if event.count > 1 else ""
    return f"event {event.reason}{times}: {shorten(event.message)}"


def sentence(text: str) -> str:
    """The text with a full stop, where what it quotes did not bring one."""
    return f"{text.rstrip(' .:;')}."


def word(ref: ObjectRef) -> str:
    """`deployment/web`, as kubectl takes it."""
    return f"{ref.kind.lower()}/{ref.name}"


def kubectl(snapshot: ClusterSnapshot, *words: str) -> str:
    """One whole kubectl command in the snapshot's namespace, quoted for a shell."""
    return shlex.join(("kubectl", "-n", snapshot.namespace, *words))


def listed(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    names = list(dict.fromkeys(items))
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
