"""Reads, in full, what triage found suspect and what explains it; keeps plain JSON.

Requests grow with the sick owners, not with their pods: pods that look alike are read a few at a
time, and every such bound is stated. What the JSON means is collector.py's business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from watchdog.observation.base import ObjectRef
from watchdog.observation.looking import Looking
from watchdog.observation.printed import mapping, moment, objects
from watchdog.observation.reader import Json, Listing, Reader
from watchdog.observation.translate import controller, reference
from watchdog.observation.triage import Glance, Suspect
from watchdog.resources import (
    BY_KIND,
    CLAIMS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Resource,
)
from watchdog.settings import ObserveSettings

WORKLOADS = (DEPLOYMENTS, STATEFULSETS, DAEMONSETS, JOBS, CRONJOBS)
_HASH = "pod-template-hash"
_MOST_REVISIONS = 50
_EVENT_PAGES = 4
# Where many owners are sick, one pod of each has to speak for those that look like it.
_POLITE_PODS = 30


@dataclass
class PodRead:
    """A pod read in full, its owner at the top, and how many pods look like it."""

    raw: Json
    owner: ObjectRef
    alike: int = 1
    sick: bool = True


@dataclass
class Gathered:
    """What was read. `workloads` are by reference, `histories` are ReplicaSets by Deployment."""

    pods: list[PodRead] = field(default_factory=list)
    workloads: dict[ObjectRef, Json] = field(default_factory=dict)
    histories: dict[ObjectRef, list[Json]] = field(default_factory=dict)
    claims: list[Json] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)
    stops: list[Json] = field(default_factory=list)

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


@dataclass
class Gatherer:
    """Reads one namespace; see `gather`."""

    reader: Reader
    namespace: str
    settings: ObserveSettings
    looking: Looking

    def gather(self, seen: Glance) -> Gathered:
        """The suspect pods, their owners up to the top, and the suspect workloads and claims."""
        found = Gathered()
        self._pods(seen, found)
        self._suspect_workloads(seen, found)
        self._owners_of_jobs(found)
        self._forget_completed(found)
        self._histories(found)
        self._healthy_pods(seen, found)
        self._claims(seen, found)
        if found.pods or found.workloads or found.claims:
            self._events(found)
        self._samples(seen, found)
        return found

    def one(self, resource: Resource, name: str) -> Json | None:
        """One object, None where it is gone or unreadable."""
        return self.looking.find(
            resource.plural, partial(self.reader.get, resource, self.namespace, name)
        )

    def every(self, resource: Resource, limit: int | None = None, **selectors: str) -> list[Json]:
        """A list, cut at the limit; empty, with a blind spot, where it cannot be read."""
        read: Callable[[], Listing] = partial(
            self.reader.list, resource, self.namespace, limit=limit, **selectors
        )
        listing = self.looking.attempt(resource.plural, read)
        if listing is None:
            return []
        if listing.more:
            count = len(listing.items)
            total = None if listing.remaining is None else count + listing.remaining
            self.looking.cut(resource.plural, count, total)
        return listing.items

    def _all(self, wanted: Iterable[tuple[Resource, str]]) -> list[Json | None]:
        return self.looking.side_by_side([partial(self.one, *item) for item in wanted])

    def _pods(self, seen: Glance, found: Gathered) -> None:
        chosen = self._representatives(seen)
        groups = seen.groups()
        raws = self._all((PODS, suspect.name) for suspect in chosen)
        owners = self._owners([raw for raw in raws if raw is not None], found)
        for suspect, raw in zip(chosen, raws, strict=True):
            if raw is not None:
                alike = groups[suspect.family, suspect.status]
                found.pods.append(PodRead(raw, owners[reference("Pod", raw)], alike))

    def _representatives(self, seen: Glance) -> list[Suspect]:
        """A few pods of each group that looks the same, of the largest families first."""
        families: dict[str, dict[str, list[Suspect]]] = defaultdict(lambda: defaultdict(list))
        for suspect in seen.of(PODS):
            families[suspect.family][suspect.status].append(suspect)
        bound = self.settings.max_owners
        self.looking.cut("groups of pods that do not look well", bound, len(families))
        chosen: list[Suspect] = []
        read = list(families.values())[:bound]
        each = self.settings.pods_per_owner
        for groups in read:
            most = max(1, min(each, _POLITE_PODS // len(read)))
            for group in sorted(groups.values(), key=len, reverse=True)[: 2 * each]:
                chosen += group[:most]
                most = 1
        self.looking.cut("pods that do not look well", len(chosen), len(seen.of(PODS)))
        return chosen

    def _owners(self, pods: list[Json], found: Gathered) -> dict[ObjectRef, ObjectRef]:
        """The workload at the top for each pod; workloads read on the way are kept."""
        nearest = {reference("Pod", raw): self._nearest(raw) for raw in pods}
        wanted = [ref for ref in dict.fromkeys(nearest.values()) if ref.kind in BY_KIND]
        self._read_workloads([ref for ref in wanted if ref.kind != PODS.kind], found)
        owners = {}
        for pod, ref in nearest.items():
            raw = found.workloads.get(ref)
            parent = controller(raw) if raw and ref.kind in {"Job", "ReplicaSet"} else None
            known = parent is not None and parent[0] in BY_KIND
            owners[pod] = self._ref(parent[0], parent[1]) if known and parent else ref
        return owners

    def _nearest(self, raw: Json) -> ObjectRef:
        """The pod's controller; for a ReplicaSet of a Deployment, the Deployment.

        That is told from the names (ReplicaSet = Deployment and hash), which saves a read for each.
        """
        parent = controller(raw)
        if parent is None or parent[0] == "Node":
            return reference("Pod", raw)
        kind, name, _ = parent
        labels = mapping(mapping(raw.get("metadata")).get("labels"))
        ending = f"-{labels.get(_HASH)}"
        if kind == "ReplicaSet" and name.endswith(ending):
            return self._ref("Deployment", name.removesuffix(ending))
        return self._ref(kind, name)

    def _ref(self, kind: str, name: str) -> ObjectRef:
        return ObjectRef(kind=kind, namespace=self.namespace, name=name)

    def _read_workloads(self, refs: Iterable[ObjectRef], found: Gathered) -> None:
        missing = [ref for ref in dict.fromkeys(refs) if ref not in found.workloads]
        room = max(0, 2 * self.settings.max_owners - len(found.workloads))
        self.looking.cut("workloads that do not look well", room, len(missing))
        missing = missing[:room]
        raws = self._all((BY_KIND[ref.kind], ref.name) for ref in missing)
        found.workloads.update(
            (ref, raw) for ref, raw in zip(missing, raws, strict=True) if raw is not None
        )

    def _suspect_workloads(self, seen: Glance, found: Gathered) -> None:
        self._read_workloads(
            (
                self._ref(suspect.resource.kind, suspect.name)
                for resource in WORKLOADS
                for suspect in seen.of(resource)
            ),
            found,
        )

    def _owners_of_jobs(self, found: Gathered) -> None:
        parents = [controller(raw) for ref, raw in found.workloads.items() if ref.kind == "Job"]
        self._read_workloads(
            (
                self._ref(parent[0], parent[1])
                for parent in parents
                if parent and parent[0] == "CronJob"
            ),
            found,
        )

    def _forget_completed(self, found: Gathered) -> None:
        """Failed pods of a Job that completed in the end are history."""
        done = {
            ref
            for ref, raw in found.workloads.items()
            if ref.kind == "Job"
            and any(
                item.get("type") == "Complete" and item.get("status") == "True"
                for item in objects(mapping(raw.get("status")).get("conditions"))
            )
        }
        found.pods = [pod for pod in found.pods if self._nearest(pod.raw) not in done]
        for ref in done:
            parent = controller(found.workloads.pop(ref))
            if parent is not None:
                cron = self._ref("CronJob", parent[1])
                owners = {pod.owner for pod in found.pods}
                jobs = [
                    controller(raw) for key, raw in found.workloads.items() if key.kind == "Job"
                ]
                if cron not in owners and all(job is None or job[1] != cron.name for job in jobs):
                    found.workloads.pop(cron, None)

    def _histories(self, found: Gathered) -> None:
        deployments = [ref for ref in found.workloads if ref.kind == "Deployment"]

        def read(ref: ObjectRef) -> list[Json]:
            selector = label_selector(mapping(found.workloads[ref].get("spec")).get("selector"))
            return self.every(REPLICASETS, _MOST_REVISIONS, label_selector=selector)

        results = self.looking.side_by_side([partial(read, ref) for ref in deployments])
        found.histories.update(zip(deployments, results, strict=True))

    def _healthy_pods(self, seen: Glance, found: Gathered) -> None:
        """One pod that looks well of each sick Deployment, to compare with."""
        names = {}
        for ref, history in found.histories.items():
            for item in sorted(history, key=_created, reverse=True):
                well = seen.well.get(reference("ReplicaSet", item).name)
                if well is not None:
                    names[well] = ref
                    break
        raws = self._all((PODS, name) for name in names)
        for owner, raw in zip(names.values(), raws, strict=True):
            if raw is not None:
                found.pods.append(PodRead(raw, owner, sick=False))

    def _samples(self, seen: Glance, found: Gathered) -> None:
        """Pods that look well, one of each workload, whose logs are to be read all the same."""
        known = {reference("Pod", pod.raw).name for pod in found.pods}
        names = [seen.well[family] for family in sorted(seen.well)]
        bound = self.settings.healthy_logs
        if bound:
            self.looking.cut("logs of pods that look well", bound, len(names))
        raws = self._all((PODS, name) for name in names[:bound] if name not in known)
        for raw in raws:
            if raw is not None:
                found.pods.append(PodRead(raw, self._nearest(raw), sick=False))

    def _claims(self, seen: Glance, found: Gathered) -> None:
        names = [suspect.name for suspect in seen.of(CLAIMS)]
        for pod in found.pods:
            if pod.sick:
                for volume in objects(mapping(pod.raw.get("spec")).get("volumes")):
                    claim = mapping(volume.get("persistentVolumeClaim")).get("claimName")
                    names += [str(claim)] if claim else []
        names = list(dict.fromkeys(names))
        self.looking.cut("claims", self.settings.max_owners, len(names))
        raws = self._all((CLAIMS, name) for name in names[: self.settings.max_owners])
        found.claims = [raw for raw in raws if raw is not None]

    def _events(self, found: Gathered) -> None:
        """Warnings; and, where there are earlier revisions, which containers were stopped."""
        most = _EVENT_PAGES * self.settings.page_size
        found.events = self.every(EVENTS, most, field_selector="type=Warning")
        if any(len(history) > 1 for history in found.histories.values()):
            selector = "reason=Killing,involvedObject.kind=Pod"
            found.stops = self.every(EVENTS, most, field_selector=selector)


def label_selector(raw: object) -> str:
    """A selector of the API as the query parameter spells it."""
    selector = mapping(raw)
    parts = [f"{key}={value}" for key, value in mapping(selector.get("matchLabels")).items()]
    for item in objects(selector.get("matchExpressions")):
        key, values = item.get("key"), ",".join(map(str, item.get("values") or ()))
        match item.get("operator"):
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(f"{key}")
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)


def _created(raw: Json) -> float:
    made = moment(mapping(raw.get("metadata")).get("creationTimestamp"))
    return made.timestamp() if made else 0.0
