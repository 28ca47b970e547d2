"""Pods that the node threw out: too little memory or disk on it, or a volume over its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.look import GRACE
from watchdog.failures.owners import (
    Trouble,
    age,
    alive,
    by_owner,
    count,
    kubectl,
    owner_finding,
    sentence,
    undo_unproven,
)
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from watchdog.actions import RemediationAction
    from watchdog.nouns import Finding
    from watchdog.observation.base import ObjectRef
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.observation.workloads import PodSummary

_VOLUME = regex(r'Usage of EmptyDir volume "([^"]+)" exceeds the limit "([^"]+)"')
_STORAGE = regex(r"(?:[Cc]ontainer (\S+) exceeded its|Pod ephemeral) local ephemeral storage")
_LOW = regex(r"node was low on resource: ([\w-]+(?:\.[\w-]+)*)")
_HOUR = 3600.0
_MANY = 3


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    gone = [p for p in snapshot.pods if p.reason == "Evicted" and p.phase == "Failed"]
    for owner, pods in by_owner(gone).items():
        newest = sorted(pods, key=lambda pod: age(snapshot, _when(pod)))
        fresh = [pod for pod in newest if age(snapshot, _when(pod)) <= _HOUR]
        if not (owner.kind == "Pod" or _lacking(snapshot, owner, fresh) or count(fresh) >= _MANY):
            continue
        message = shorten(newest[0].message)
        number = count(pods)
        what = "1 pod" if number == 1 else f"{number} pods"
        evidence = (f"pod {newest[0].ref.name} Evicted: {message}", f"{what} evicted")
        facts = {"message": message, "node": newest[0].node or ""}
        if found := _LOW.search(message):
            facts["cause"] = f"node {newest[0].node or ''} ran low on {found[1]}".replace("  ", " ")
        trouble = Trouble("pods are evicted", evidence, newest[:3], _when(newest[-1]), facts)
        yield owner_finding("evicted", snapshot, owner, trouble)


def _when(pod: PodSummary) -> datetime | None:
    ready = pod.condition("Ready")
    return (ready.since if ready else None) or pod.created_at


def _lacking(snapshot: ClusterSnapshot, owner: ObjectRef, fresh: list[PodSummary]) -> bool:
    """Whether the owner lacks pods because of it, and its new ones had their time to start."""
    workload = snapshot.workload(owner)
    if not fresh or workload is None or owner.kind in {"Job", "CronJob"}:
        return False
    if workload.ready >= workload.desired:
        return False
    young = [p for p in alive(snapshot) if p.owner == owner and not p.ready]
    waits = all(age(snapshot, pod.created_at) < GRACE.pending_seconds for pod in young)
    return count(fresh) > 1 or not waits


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    message, node = finding.facts["message"], finding.facts["node"]
    if found := _VOLUME.search(message):
        return (
            f"The pods are evicted because they write more into the emptyDir volume {found[1]} "
            f"than its limit of {found[2]}."
        )
    if found := _STORAGE.search(message):
        who = f"container {found[1]}" if found[1] else "they"
        return f"The pods are evicted because {who} used more local storage than the limit."
    if found := _LOW.search(message):
        where = f"node {node}" if node else "the node"
        return f"The pods were evicted because {where} ran low on {found[1]}."
    return sentence(f"The node evicted the pods: {message}")


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    message, node = finding.facts["message"], finding.facts["node"]
    describe = kubectl(snapshot, "describe", "pod", finding.pods[0])
    if found := _VOLUME.search(message):
        text = f"Make {finding.target} write less, or raise the sizeLimit of volume {found[1]}."
        return Advice(text, describe)
    if found := _LOW.search(message):
        text = f"Give {finding.target} requests that match its use of {found[1]}, or free the node."
        return Advice(text, f"kubectl describe node {node}" if node else describe)
    return Advice(f"Bring what {finding.target} uses and its limits together.", describe)


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    return undo_unproven(finding, snapshot)


def _examples() -> tuple[Example, ...]:
    message = 'Usage of EmptyDir volume "cache" exceeds the limit "5Mi". '
    gone = ex.pod(
        ex.ended(137), phase="Failed", status="Error", reason="Evicted", message=message, alike=4
    )
    low = gone.model_copy(
        update={"alike": 1, "message": "The node was low on resource: memory.", "node": "node-1"}
    )
    old = low.model_copy(update={"conditions": (), "created_at": ex.ago(90000)})
    return (
        Example("again and again", ex.snapshot_of(ex.deployment(ready=1), gone), "Deployment/web"),
        Example(
            "a bare pod",
            ex.snapshot_of(
                low.model_copy(update={"ref": ex.ref("Pod", "x"), "owner": ex.ref("Pod", "x")})
            ),
            "Pod/x",
        ),
        Example("was replaced", ex.snapshot_of(ex.deployment(ready=1), low), None),
        Example("long ago", ex.snapshot_of(ex.deployment(ready=0), old), None),
    )


EVICTED = FailureKind(
    name="evicted",
    summary="pods are evicted by their node: memory, disk, or a volume over its limit",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="The pod's own message names the resource or volume. Restarting does not help.",
    drill=Drill(
        manifest=manifest.deployment(
            "dd if=/dev/zero of=/cache/fill bs=1M count=30; sleep 3600",
            container="volumeMounts: [{name: cache, mountPath: /cache}]",
            pod="volumes: [{name: cache, emptyDir: {sizeLimit: 5Mi}}]",
        ),
        settle="evicted",
    ),
    examples=_examples,
)
