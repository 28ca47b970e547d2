"""Reads sick workloads, the owners of sick pods, and the histories of Deployments."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from watchdog.kube.ports import Json, Listing
from watchdog.kube.resources import (
    BY_KIND,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    REPLICASETS,
    STATEFULSETS,
)
from watchdog.observation.gathered import MOST_REVISIONS, Gathered, disown, uid
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import mapping, objects
from watchdog.observation.label_selectors import label_selector
from watchdog.observation.translate import controller, reference
from watchdog.observation.triage import TriageResult
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import PARTS

# What is to have pods comes first: no number of Jobs takes its room.
WORKLOADS = (DEPLOYMENTS, STATEFULSETS, DAEMONSETS, REPLICASETS, JOBS, CRONJOBS)
JUDGED = {resource.kind for resource in WORKLOADS} | {"ReplicationController"}
"""What makes pods. Whatever else a pod names as its owner is not read for it."""
# With the labels of one workload. More than its own are there only if someone makes them.
_MOST_REPLICA_SETS = 2_000


def suspect_workloads(gatherer: Gatherer, seen: TriageResult, found: Gathered) -> None:
    """Read the workloads that do not look well."""
    _read(
        gatherer,
        (
            gatherer.ref(suspect.resource.kind, suspect.name)
            for resource in WORKLOADS
            for suspect in seen.of(resource)
        ),
        found,
    )


def owners(gatherer: Gatherer, pods: list[Json], found: Gathered) -> dict[ObjectRef, ObjectRef]:
    """The workload at the top for each pod; workloads read on the way are kept."""
    nearest = {reference("Pod", raw): gatherer.nearest(raw) for raw in pods}
    _read(gatherer, (ref for ref in nearest.values() if ref.kind in JUDGED), found)
    found_owners = {}
    for pod, ref in nearest.items():
        raw = found.workloads.get(ref)
        parent = controller(raw) if raw and ref.kind in {"Job", "ReplicaSet"} else None
        # Whatever made a ReplicaSet speaks for it; a Job that is not a CronJob's, for itself.
        known = parent is not None and (parent[0] in BY_KIND or ref.kind == "ReplicaSet")
        found_owners[pod] = gatherer.ref(parent[0], parent[1]) if known and parent else ref
    return found_owners


def prove_owners(gatherer: Gatherer, found: Gathered) -> None:
    """Read by which uids pods are their workloads', and leave every other pod to itself.

    What only looks like a workload's pod must not stand for it, nor take the room of its own.
    """
    _histories(gatherer, found)
    _owners_of_jobs(gatherer, found)
    disown(found)


def _owners_of_jobs(gatherer: Gatherer, found: Gathered) -> None:
    """Read the CronJobs of the Jobs that were read."""
    parents = [controller(raw) for ref, raw in found.workloads.items() if ref.kind == "Job"]
    _read(
        gatherer,
        (
            gatherer.ref(parent[0], parent[1])
            for parent in parents
            if parent and parent[0] == "CronJob"
        ),
        found,
    )


def _read(gatherer: Gatherer, refs: Iterable[ObjectRef], found: Gathered) -> None:
    missing = [ref for ref in dict.fromkeys(refs) if ref not in found.workloads]
    room = max(0, 2 * gatherer.settings.max_owners - len(found.workloads))
    gatherer.looking.cut("workloads that do not look well", room, len(missing))
    gatherer.may_hide(len(missing) - room)
    missing = missing[:room]
    raws = gatherer.named((BY_KIND[ref.kind], ref.name) for ref in missing)
    found.workloads.update(
        (ref, raw) for ref, raw in zip(missing, raws, strict=True) if raw is not None
    )


def forget_completed(gatherer: Gatherer, found: Gathered) -> None:
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
    found.pods = [pod for pod in found.pods if gatherer.nearest(pod.raw) not in done]
    for ref in done:
        parent = controller(found.workloads.pop(ref))
        if parent is not None:
            cron = gatherer.ref("CronJob", parent[1])
            owners = {pod.owner for pod in found.pods}
            jobs = [controller(raw) for key, raw in found.workloads.items() if key.kind == "Job"]
            if cron not in owners and all(job is None or job[1] != cron.name for job in jobs):
                found.workloads.pop(cron, None)


def _histories(gatherer: Gatherer, found: Gathered) -> None:
    """Read the ReplicaSets of the Deployments that were read."""
    deployments = [
        ref for ref in found.workloads if ref.kind == "Deployment" and ref not in found.histories
    ]
    results = gatherer.looking.side_by_side(
        [partial(_replica_sets, gatherer, found.workloads[ref]) for ref in deployments]
    )
    unread = any(spot.resource == REPLICASETS.plural for spot in gatherer.looking.blind_spots)
    for ref, listing in zip(deployments, results, strict=True):
        if not listing.more and (listing.items or not unread):
            found.made[ref] = frozenset(map(uid, listing.items))
        whole = not listing.more and len(listing.items) <= MOST_REVISIONS
        if not whole:
            # Of a part of them none is known to be the current one.
            gatherer.looking.cut(REPLICASETS.plural, 0, None)
        found.histories[ref] = listing.items if whole else []


def _replica_sets(gatherer: Gatherer, deployment: Json) -> Listing:
    """The ReplicaSets that a Deployment controls.

    Anyone may make others with its labels, and those must not crowd out its own.
    """
    selector = label_selector(mapping(deployment.get("spec")).get("selector"))
    top = uid(deployment)

    def own(raw: Json) -> bool:
        parent = controller(raw)
        return parent is not None and parent[2] == top

    listing = gatherer.listing(REPLICASETS, _MOST_REPLICA_SETS, own, label_selector=selector)
    if listing.more:
        why = f"more than {_MOST_REPLICA_SETS} ReplicaSets have its labels, so it is not changed"
        gatherer.looking.blind(PARTS, why, str(reference(DEPLOYMENTS.kind, deployment)))
    return listing
