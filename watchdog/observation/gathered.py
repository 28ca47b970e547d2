"""What was read of a namespace, and which pods belong to which workload: by uid, never by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from watchdog.kube.ports import Json
from watchdog.kube.resources import CRONJOBS
from watchdog.observation.kubectl_columns import mapping
from watchdog.observation.translate import controller, reference
from watchdog.snapshot.refs import ObjectRef

MOST_REVISIONS = 50


@dataclass
class PodRead:
    """A pod read in full, its owner at the top, and how many pods look like it."""

    raw: Json
    owner: ObjectRef
    alike: int = 1
    sick: bool = True


@dataclass
class Gathered:
    """What was read. `workloads` are by reference, `histories` are ReplicaSets by Deployment.

    `made` has the uids of all ReplicaSets of a Deployment, also where they are too many to be its
    history; none for a Deployment of which not all could be read.
    """

    pods: list[PodRead] = field(default_factory=list)
    workloads: dict[ObjectRef, Json] = field(default_factory=dict)
    histories: dict[ObjectRef, list[Json]] = field(default_factory=dict)
    made: dict[ObjectRef, frozenset[str]] = field(default_factory=dict)
    claims: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    events_cut: bool = False
    """There were more than are read: they hold what is about the sick, and some others."""

    def is_bare(self, pod: PodRead) -> bool:
        """Whether no workload that was read stands behind it, whatever it names as its owner."""
        if pod.owner in self.workloads:
            return False
        parent = controller(pod.raw)
        return parent is None or parent[2] not in self.uids()

    def uids(self) -> set[str]:
        """Of all workloads that were read, and of the ReplicaSets of Deployments."""
        sets = (item for history in self.histories.values() for item in history)
        return {uid(raw) for raw in (*self.workloads.values(), *sets)}

    def templates(self) -> Iterable[Json]:
        """Everything read that carries a pod spec."""
        yield from (pod.raw for pod in self.pods)
        for ref, raw in self.workloads.items():
            spec = mapping(raw.get("spec"))
            if ref.kind == CRONJOBS.kind:
                spec = mapping(mapping(spec.get("jobTemplate")).get("spec"))
            yield mapping(spec.get("template"))
        for history in self.histories.values():
            yield from (mapping(mapping(item.get("spec")).get("template")) for item in history)


def disown(found: Gathered) -> None:
    """Leave a pod to itself unless its owners' uids, and not only their names, lead to its owner.

    Anyone who may make pods may give them any name and any label.
    """
    for pod in found.pods:
        if pod.owner in found.workloads and not leads_to(pod.owner, pod.raw, found):
            pod.owner = reference("Pod", pod.raw)


def leads_to(owner: ObjectRef, pod: Json, found: Gathered) -> bool:
    """Whether the uids of the pod's owners lead to that workload, which was read."""
    parent, top = controller(pod), uid(found.workloads[owner])
    if parent is None:
        return False
    if owner.kind == "Deployment":
        made = found.made.get(owner)
        # Where not all could be read, nothing shows that it is another's; that one is not changed.
        return made is None or parent[2] in made
    if owner.kind == CRONJOBS.kind:
        jobs = (raw for ref, raw in found.workloads.items() if ref.kind == "Job")
        return any(uid(raw) == parent[2] and _controlled_by(raw, top) for raw in jobs)
    return parent[2] == top


def _controlled_by(raw: Json, top: str) -> bool:
    above = controller(raw)
    return above is not None and above[2] == top


def uid(raw: Json) -> str:
    """The uid of an object."""
    return str(mapping(raw.get("metadata")).get("uid") or "")
