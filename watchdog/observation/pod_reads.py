"""Chooses which sick pods are read, a few of each group that looks the same; and reads them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import partial

from watchdog.kube.ports import Json
from watchdog.kube.resources import PODS, REPLICASETS
from watchdog.observation.gathered import Gathered, PodRead, leads_to
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import created, mapping, pod_status
from watchdog.observation.label_selectors import label_selector
from watchdog.observation.pod_makers import Maker, makers
from watchdog.observation.translate import controller, reference
from watchdog.observation.triage import Suspect, TriageResult, family
from watchdog.observation.unready import is_unready, lacks_pods
from watchdog.observation.workload_reads import WORKLOADS, owners, prove_owners
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import POD_LOGS

# With the labels of one workload. More than its own are there only if someone makes them.
_MOST_PODS = 2_000
# Where many owners are sick, one pod of each has to speak for those that look like it.
_POLITE_PODS = 30


def suspect_pods(gatherer: Gatherer, seen: TriageResult, found: Gathered) -> None:
    """Read a few of the pods that do not look well, and their owners.

    Pods of a workload share a family of names. Those of what lacks pods come first, then the
    largest families.
    """
    families: dict[str, list[Suspect]] = defaultdict(list)
    for suspect in seen.of(PODS):
        families[suspect.family].append(suspect)
    lacking = {suspect.name for resource in WORKLOADS for suspect in seen.of(resource)}

    def rank(name: str) -> tuple[bool, int]:
        # A Deployment's pods are named after its ReplicaSet, other ones after their owner.
        wanted = not lacking.isdisjoint({name, family(name), name.rpartition("-")[0]})
        return not wanted, -len(families[name])

    groups = [families[name] for name in sorted(families, key=rank)]
    chosen = _few_of_each(gatherer, groups, "groups of pods that do not look well")
    gatherer.looking.cut("pods that do not look well", len(chosen), len(seen.of(PODS)))
    _read(gatherer, chosen, found)
    _count_alike(found, seen.of(PODS), {})


def crowded_out(gatherer: Gatherer, seen: TriageResult, found: Gathered) -> None:
    """Read pods of workloads in whose place pods of no one were read.

    Anyone may make pods of any name: so many families of them that there is no room for another, or
    enough with the names of a workload's own pods. Which are a workload's is asked only then.
    """
    read = {reference(PODS.kind, pod.raw).name for pod in found.pods}
    known = set(map(family, read))
    bare = {family(reference(PODS.kind, pod.raw).name) for pod in found.pods if found.is_bare(pod)}
    mixed = [item for item in seen.of(PODS) if item.family in bare or item.family not in known]
    unread = [item for item in mixed if item.name not in read]
    if not bare or not unread:
        return
    made_by = makers(gatherer, {item.name for item in mixed}, found.uids())
    own: dict[Maker, list[Suspect]] = defaultdict(list)
    for item in unread:
        if item.name in made_by:
            own[made_by[item.name]].append(item)
    groups = [own[maker] for maker in sorted(own, key=lambda one: (one.runs_once, -len(own[one])))]
    _read(gatherer, _few_of_each(gatherer, groups, "workloads beside pods of no one"), found)
    prove_owners(gatherer, found)
    _count_alike(found, mixed, made_by)


def _few_of_each(gatherer: Gatherer, groups: list[list[Suspect]], what: str) -> list[Suspect]:
    """A few pods of each status, of as many groups as there is room for."""
    bound = gatherer.settings.max_owners
    gatherer.looking.cut(what, bound, len(groups))
    gatherer.may_hide(len(groups) - bound)
    each, chosen = gatherer.settings.pods_per_owner, list[Suspect]()
    read = groups[:bound]
    for group in read:
        most = max(1, min(each, _POLITE_PODS // max(len(read), gatherer.sick_groups)))
        by_status: dict[str, list[Suspect]] = defaultdict(list)
        for suspect in group:
            by_status[suspect.status].append(suspect)
        for same in sorted(by_status.values(), key=len, reverse=True)[: 2 * each]:
            chosen += same[:most]
            most = 1
    return chosen


def _read(gatherer: Gatherer, chosen: list[Suspect], found: Gathered) -> None:
    raws = gatherer.named((PODS, suspect.name) for suspect in chosen)
    there = [raw for raw in raws if raw is not None]
    owner_of = owners(gatherer, there, found)
    found.pods += [PodRead(raw, owner_of[reference(PODS.kind, raw)]) for raw in there]


def _count_alike(
    found: Gathered, suspects: Iterable[Suspect], made_by: Mapping[str, Maker]
) -> None:
    """Count those that share maker and status with a pod that was read; or family and status."""
    groups = {item.name: (made_by.get(item.name), item.family, item.status) for item in suspects}
    sizes = Counter(groups.values())
    for pod in found.pods:
        group = groups.get(reference(PODS.kind, pod.raw).name)
        if group is not None:
            pod.alike = sizes[group]


def unlisted_pods(gatherer: Gatherer, found: Gathered) -> None:
    """Pods of workloads that lack some, though no cell of a pod says why.

    Of a node that does not answer they print as ready, and a label selector may hide them.
    """
    having = {pod.owner for pod in found.pods}
    known = {reference(PODS.kind, pod.raw).name for pod in found.pods}
    short = [
        (ref, raw)
        for ref, raw in found.workloads.items()
        if _top(gatherer, ref, raw) not in having and lacks_pods(ref.kind, raw)
    ]

    def read(ref: ObjectRef, raw: Json) -> list[Json]:
        selector = label_selector(mapping(raw.get("spec")).get("selector"))
        if not selector:
            return []  # which would select every pod

        def own(pod: Json) -> bool:
            new = reference(PODS.kind, pod).name not in known
            return new and is_unready(pod) and leads_to(ref, pod, found)

        listing = gatherer.listing(PODS, _MOST_PODS, own, label_selector=selector)
        if listing.more:
            gatherer.hides(f"more than {_MOST_PODS} pods have the labels of {ref}")
        return listing.items

    bound = gatherer.settings.max_owners
    gatherer.looking.cut("workloads whose pods were listed", bound, len(short))
    pods = gatherer.looking.side_by_side([partial(read, *item) for item in short[:bound]])
    for (ref, raw), items in zip(short[:bound], pods, strict=True):
        found.pods += _some_of_each(
            items, _top(gatherer, ref, raw), gatherer.settings.pods_per_owner
        )


def _some_of_each(items: list[Json], owner: ObjectRef, most: int) -> list[PodRead]:
    """A few pods of each reason why they are not ready."""
    groups: dict[str, list[Json]] = defaultdict(list)
    for raw in items:
        groups[f"{mapping(raw.get('status')).get('phase')} {pod_status(raw)}"].append(raw)
    return [
        PodRead(raw, owner, len(group))
        for group in sorted(groups.values(), key=len, reverse=True)[: 2 * most]
        for raw in group[:most]
    ]


def _top(gatherer: Gatherer, ref: ObjectRef, raw: Json) -> ObjectRef:
    parent = controller(raw) if ref.kind == REPLICASETS.kind else None
    return gatherer.ref(parent[0], parent[1]) if parent else ref


def healthy_pods(gatherer: Gatherer, seen: TriageResult, found: Gathered) -> None:
    """One pod that looks well of each sick Deployment, to compare with."""
    names = {}
    for ref, history in found.histories.items():
        for item in sorted(history, key=created, reverse=True):
            well = seen.well.get(reference("ReplicaSet", item).name)
            if well is not None:
                names[well] = ref
                break
    raws = gatherer.named((PODS, name) for name in names)
    for owner, raw in zip(names.values(), raws, strict=True):
        if raw is not None:
            found.pods.append(PodRead(raw, owner, sick=False))


def samples(gatherer: Gatherer, seen: TriageResult, found: Gathered) -> None:
    """Pods that look well, one of each workload, whose logs are to be read all the same."""
    known = {reference("Pod", pod.raw).name for pod in found.pods}
    workloads = {name for _, name in seen.scalable}

    def rank(stem: str) -> tuple[bool, str]:
        # A Deployment's pods are named after its ReplicaSet, other ones after their owner.
        return workloads.isdisjoint({stem, stem.rpartition("-")[0]}), stem

    names = [seen.well[stem] for stem in sorted(seen.well, key=rank)]
    bound = gatherer.settings.healthy_logs
    if bound:
        gatherer.looking.cut("logs of pods that look well", bound, len(names), POD_LOGS)
    raws = gatherer.named((PODS, name) for name in names[:bound] if name not in known)
    for raw in raws:
        if raw is not None:
            found.pods.append(PodRead(raw, gatherer.nearest(raw), sick=False))
