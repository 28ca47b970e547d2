"""Reads, in full, what triage found suspect and what explains it; keeps plain JSON.

Requests grow with the sick owners, not with their pods: pods that look alike are read a few at a
time, and every such bound is stated. What the JSON means is collector.py's business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from watchdog.errors import ForbiddenError
from watchdog.kube.ports import Json, Listing, Reader
from watchdog.kube.resources import (
    BY_KIND,
    CLAIMS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    OPTIONAL,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Resource,
)
from watchdog.observation.allowance import Allowance, Part
from watchdog.observation.gathered import MOST_REVISIONS, Gathered, PodRead, disown, leads_to
from watchdog.observation.kubectl_columns import mapping, moment, number, objects, pod_status
from watchdog.observation.reads import Reads
from watchdog.observation.translate import controller, reference
from watchdog.observation.triage import Suspect, TriageResult, family
from watchdog.settings.schema import ObserveSettings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import BEYOND_BOUND, PARTS, POD_LOGS

WORKLOADS = (DEPLOYMENTS, STATEFULSETS, DAEMONSETS, JOBS, CRONJOBS, REPLICASETS)
_HASH = "pod-template-hash"
_EVENT_PAGES = 4
# A pod that was not ready for so long when it was deleted was missed before.
_LONG_UNREADY_SECONDS = 60
# With the labels of one workload. More than its own are there only if someone makes them.
_MOST_REPLICA_SETS = 2_000
_MOST_PODS = 2_000
# What every start, stop and scaling leaves behind. All other reasons are read, whatever their type:
# a failed liveness probe, a node on its way and a claim without a class are of type Normal.
_NOT_CHATTER = ",".join(
    (
        "type!=Warning",
        *(
            f"reason!={reason}"
            for reason in (
                "Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate",
                "SuccessfulDelete", "ScalingReplicaSet", "SuccessfulRescale", "Completed",
                "SawCompletedJob", "LeaderElection",
            )
        ),
    )
)  # fmt: skip
# Said of a claim by the controller that resizes volumes, and by the kubelet.
_RESIZE_FAILED = {"VolumeResizeFailed", "FileSystemResizeFailed"}
# Where many owners are sick, one pod of each has to speak for those that look like it.
_POLITE_PODS = 30


@dataclass
class Gatherer:
    """Reads one namespace; see `gather`."""

    reader: Reader
    namespace: str
    settings: ObserveSettings
    looking: Reads
    sick_groups: int = 0
    """Groups of sick pods in all namespaces that this pass looks at, if that is known."""
    _allowance: Allowance = field(default_factory=Allowance)

    def gather(self, seen: TriageResult) -> Gathered:
        """The suspect pods, their owners up to the top, and the suspect workloads and claims."""
        found = Gathered()
        # First what lacks pods: no number of bare pods may crowd it out.
        self._suspect_workloads(seen, found)
        self._pods(seen, found)
        self._histories(found)
        # What only looks like a workload's pod must not stand for it, nor take the room of its own.
        disown(found)
        self._unlisted_pods(found)
        self._owners_of_jobs(found)
        self._forget_completed(found)
        self._healthy_pods(seen, found)
        self._claims(seen, found)
        if found.pods or found.workloads or found.claims:
            found.events = self.events()
            self._claims_that_cannot_grow(found)
        self._samples(seen, found)
        disown(found)  # the Jobs of CronJobs, and pods that look well, were not known before
        return found

    def one(self, resource: Resource, name: str) -> Json | None:
        """One object, None where it is gone or unreadable."""
        raw = self.looking.find(
            resource.plural, partial(self.reader.get, resource, self.namespace, name)
        )
        return None if raw is None else self._kept(raw, resource)

    def _kept(self, raw: Json, resource: Resource) -> Json:
        """The object, as far as there is room for it; what is left out is stated, by its owner."""
        kept = self._allowance.kept(raw)
        if isinstance(kept, Part):
            parent = controller(raw) if resource in {PODS, REPLICASETS} else None
            ref = reference(resource.kind, raw)
            if resource == PODS:
                ref = self.nearest(raw)
            elif parent:
                ref = self._ref(parent[0], parent[1])
            self.looking.blind(
                PARTS,
                "it is larger than is read whole, so no log of it is read and it is not changed",
                str(ref),
            )
        return kept

    def _if_installed(self, resource: Resource, read: Callable[[], Listing]) -> Listing:
        """What is read. A refusal of what is not installed says nothing: it comes before that."""
        try:
            return read()
        except ForbiddenError:
            if self.reader.served(resource.group, (resource.plural,)):
                raise
            return Listing([])

    def every(
        self,
        resource: Resource,
        limit: int | None = None,
        wanted: Callable[[Json], bool] = lambda _: True,
        **selectors: str,
    ) -> list[Json]:
        """Of a list, cut at the limit, what is `wanted`.

        Empty, with a blind spot, where it cannot be read. What is not installed is no blind spot.
        """

        def keep(raw: Json) -> Json | None:
            return self._kept(raw, resource) if wanted(raw) else None

        read: Callable[[], Listing] = partial(
            self.reader.list,
            resource,
            self.namespace,
            limit=limit,
            keep=keep,
            **selectors,
        )
        if resource in OPTIONAL:
            listing = self.looking.find(
                resource.plural, partial(self._if_installed, resource, read)
            )
        else:
            listing = self.looking.attempt(resource.plural, read)
        if listing is None:
            return []
        if listing.more:
            count = len(listing.items)
            total = None if listing.remaining is None else count + listing.remaining
            self.looking.cut(resource.plural, count, total, resource.plural)
        return listing.items

    def _all(self, wanted: Iterable[tuple[Resource, str]]) -> list[Json | None]:
        return self.looking.side_by_side([partial(self.one, *item) for item in wanted])

    def _pods(self, seen: TriageResult, found: Gathered) -> None:
        chosen = self._representatives(seen)
        groups = seen.groups()
        raws = self._all((PODS, suspect.name) for suspect in chosen)
        owners = self._owners([raw for raw in raws if raw is not None], found)
        for suspect, raw in zip(chosen, raws, strict=True):
            if raw is not None:
                alike = groups[suspect.family, suspect.status]
                found.pods.append(PodRead(raw, owners[reference("Pod", raw)], alike))

    def _representatives(self, seen: TriageResult) -> list[Suspect]:
        """A few pods of each group that looks the same, of the largest families first."""
        families: dict[str, dict[str, list[Suspect]]] = defaultdict(lambda: defaultdict(list))
        for suspect in seen.of(PODS):
            families[suspect.family][suspect.status].append(suspect)
        bound = self.settings.max_owners
        self.looking.cut("groups of pods that do not look well", bound, len(families))
        self._may_hide(len(families) - bound)
        chosen: list[Suspect] = []
        lacking = {suspect.name for resource in WORKLOADS for suspect in seen.of(resource)}

        def rank(name: str) -> tuple[bool, int]:
            # A Deployment's pods are named after its ReplicaSet, other ones after their owner.
            wanted = name in lacking or family(name) in lacking
            return not wanted, -sum(map(len, families[name].values()))

        read = [families[name] for name in sorted(families, key=rank)[:bound]]
        each = self.settings.pods_per_owner
        for groups in read:
            most = max(1, min(each, _POLITE_PODS // max(len(read), self.sick_groups)))
            for group in sorted(groups.values(), key=len, reverse=True)[: 2 * each]:
                chosen += group[:most]
                most = 1
        self.looking.cut("pods that do not look well", len(chosen), len(seen.of(PODS)))
        return chosen

    def _owners(self, pods: list[Json], found: Gathered) -> dict[ObjectRef, ObjectRef]:
        """The workload at the top for each pod; workloads read on the way are kept."""
        nearest = {reference("Pod", raw): self.nearest(raw) for raw in pods}
        wanted = [ref for ref in dict.fromkeys(nearest.values()) if ref.kind in BY_KIND]
        self._read_workloads([ref for ref in wanted if ref.kind != PODS.kind], found)
        owners = {}
        for pod, ref in nearest.items():
            raw = found.workloads.get(ref)
            parent = controller(raw) if raw and ref.kind in {"Job", "ReplicaSet"} else None
            # Whatever made a ReplicaSet speaks for it; a Job that is not a CronJob's, for itself.
            known = parent is not None and (parent[0] in BY_KIND or ref.kind == "ReplicaSet")
            owners[pod] = self._ref(parent[0], parent[1]) if known and parent else ref
        return owners

    def nearest(self, raw: Json) -> ObjectRef:
        """The pod's controller; for a ReplicaSet of a Deployment, the Deployment.

        That follows from the names (ReplicaSet = Deployment and hash), which saves a read for each.
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
        self._may_hide(len(missing) - room)
        missing = missing[:room]
        raws = self._all((BY_KIND[ref.kind], ref.name) for ref in missing)
        found.workloads.update(
            (ref, raw) for ref, raw in zip(missing, raws, strict=True) if raw is not None
        )

    def _suspect_workloads(self, seen: TriageResult, found: Gathered) -> None:
        self._read_workloads(
            (
                self._ref(suspect.resource.kind, suspect.name)
                for resource in WORKLOADS
                for suspect in seen.of(resource)
            ),
            found,
        )

    def _unlisted_pods(self, found: Gathered) -> None:
        """Pods of workloads that lack some, though no cell of a pod says why.

        Of a node that does not answer they print as ready, and a label selector may hide them.
        """
        having = {pod.owner for pod in found.pods}
        known = {reference(PODS.kind, pod.raw).name for pod in found.pods}
        short = [
            (ref, raw)
            for ref, raw in found.workloads.items()
            if self._top(ref, raw) not in having and lacks_pods(ref.kind, raw)
        ]

        def read(ref: ObjectRef, raw: Json) -> list[Json]:
            selector = label_selector(mapping(raw.get("spec")).get("selector"))
            if not selector:
                return []  # which would select every pod

            def own(pod: Json) -> bool:
                new = reference(PODS.kind, pod).name not in known
                return new and is_unready(pod) and leads_to(ref, pod, found)

            return self.every(PODS, _MOST_PODS, own, label_selector=selector)

        bound = self.settings.max_owners
        self.looking.cut("workloads whose pods were listed", bound, len(short))
        pods = self.looking.side_by_side([partial(read, *item) for item in short[:bound]])
        for (ref, raw), items in zip(short[:bound], pods, strict=True):
            found.pods += some_of_each(items, self._top(ref, raw), self.settings.pods_per_owner)

    def _top(self, ref: ObjectRef, raw: Json) -> ObjectRef:
        parent = controller(raw) if ref.kind == REPLICASETS.kind else None
        return self._ref(parent[0], parent[1]) if parent else ref

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
        found.pods = [pod for pod in found.pods if self.nearest(pod.raw) not in done]
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
        results = self.looking.side_by_side(
            [partial(self._history, found.workloads[ref]) for ref in deployments]
        )
        found.histories.update(zip(deployments, results, strict=True))

    def _history(self, deployment: Json) -> list[Json]:
        """The ReplicaSets that a Deployment controls; none where there may be others.

        Of a part of them none is known to be the current one. Anyone may make others with its
        labels, and those must not crowd out its own.
        """
        selector = label_selector(mapping(deployment.get("spec")).get("selector"))
        uid = mapping(deployment.get("metadata")).get("uid")

        def keep(raw: Json) -> Json | None:
            parent = controller(raw)
            return self._kept(raw, REPLICASETS) if parent and parent[2] == str(uid) else None

        read = partial(
            self.reader.list,
            REPLICASETS,
            self.namespace,
            label_selector=selector,
            limit=_MOST_REPLICA_SETS,
            keep=keep,
        )
        listing = self.looking.attempt(REPLICASETS.plural, read)
        if listing is None:
            return []
        if listing.more or len(listing.items) > MOST_REVISIONS:
            self.looking.cut(REPLICASETS.plural, 0, None)
            return []
        return listing.items

    def _may_hide(self, left_out: int) -> None:
        """State that a sick workload may be among what there was no room for: a degraded pass."""
        if left_out > 0:
            self.looking.blind(
                BEYOND_BOUND,
                f"{left_out} more look sick than are read (observe.max_owners)",
            )

    def _healthy_pods(self, seen: TriageResult, found: Gathered) -> None:
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

    def _samples(self, seen: TriageResult, found: Gathered) -> None:
        """Pods that look well, one of each workload, whose logs are to be read all the same."""
        known = {reference("Pod", pod.raw).name for pod in found.pods}
        names = [seen.well[family] for family in sorted(seen.well)]
        bound = self.settings.healthy_logs
        if bound:
            self.looking.cut("logs of pods that look well", bound, len(names), POD_LOGS)
        raws = self._all((PODS, name) for name in names[:bound] if name not in known)
        for raw in raws:
            if raw is not None:
                found.pods.append(PodRead(raw, self.nearest(raw), sick=False))

    def _claims(self, seen: TriageResult, found: Gathered) -> None:
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

    def _claims_that_cannot_grow(self, found: Gathered) -> None:
        """Claims of which events say so: no column of a Table does."""
        known = {reference(CLAIMS.kind, raw).name for raw in found.claims}
        about = [
            str(mapping(raw.get("involvedObject")).get("name"))
            for raw in found.events
            if mapping(raw.get("involvedObject")).get("kind") == CLAIMS.kind
            and raw.get("reason") in _RESIZE_FAILED
        ]
        names = [name for name in dict.fromkeys(about) if name not in known]
        raws = self._all((CLAIMS, name) for name in names[: self.settings.max_owners])
        found.claims += [raw for raw in raws if raw is not None]

    def events(self) -> list[Json]:
        """Warnings; and what else tells of trouble, as many of its writers call it Normal."""
        most = _EVENT_PAGES * self.settings.page_size
        warnings, others = self.looking.side_by_side(
            [
                partial(self.every, EVENTS, most, field_selector=selector)
                for selector in ("type=Warning", _NOT_CHATTER)
            ]
        )
        return [*warnings, *others]


def lacks_pods(kind: str, raw: Json) -> bool:
    """Whether the status of a workload that is to have pods running says that some are missing."""
    spec, status = mapping(raw.get("spec")), mapping(raw.get("status"))
    if kind == DAEMONSETS.kind:
        return number(status.get("numberReady")) < number(status.get("desiredNumberScheduled"))
    if kind in {JOBS.kind, CRONJOBS.kind}:
        return False
    return number(status.get("readyReplicas")) < number(spec.get("replicas"), 1)


def is_unready(pod: Json) -> bool:
    """Whether a pod that is to stay is not ready, or was not for long when it was deleted."""
    status = mapping(pod.get("status"))
    if status.get("phase") == "Succeeded" or mapping(_ready(pod)).get("status") == "True":
        return False
    return not mapping(pod.get("metadata")).get("deletionTimestamp") or was_missed(pod)


def was_missed(pod: Json) -> bool:
    """Whether a deleted pod had not been ready for long before: its node may be away.

    The pods of a node that is away are deleted after some minutes, and nothing ends them.
    """
    metadata, ready = mapping(pod.get("metadata")), mapping(_ready(pod))
    gone, since = moment(metadata.get("deletionTimestamp")), moment(ready.get("lastTransitionTime"))
    if gone is None or since is None or ready.get("status") == "True":
        return False
    asked = gone.timestamp() - number(metadata.get("deletionGracePeriodSeconds"))
    return asked - since.timestamp() >= _LONG_UNREADY_SECONDS


def _ready(pod: Json) -> Json | None:
    conditions = objects(mapping(pod.get("status")).get("conditions"))
    return next((item for item in conditions if item.get("type") == "Ready"), None)


def some_of_each(items: list[Json], owner: ObjectRef, most: int) -> list[PodRead]:
    """A few pods of each reason why they are not ready."""
    groups: dict[str, list[Json]] = defaultdict(list)
    for raw in items:
        groups[f"{mapping(raw.get('status')).get('phase')} {pod_status(raw)}"].append(raw)
    return [
        PodRead(raw, owner, len(group))
        for group in sorted(groups.values(), key=len, reverse=True)[: 2 * most]
        for raw in group[:most]
    ]


def label_selector(raw: object) -> str:
    """A selector of the API as the query parameter spells it."""
    selector = mapping(raw)
    labels = selector.get("matchLabels")
    if labels is None and "matchExpressions" not in selector:
        labels = selector  # as a ReplicationController has it
    parts = [f"{key}={value}" for key, value in mapping(labels).items()]
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
