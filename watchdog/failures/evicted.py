"""Pods that the node threw out: too little memory or disk on it, or a volume over its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.containers import replaced
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.message_names import OBJECT, QUANTITY
from watchdog.detection.owners import (
    Trouble,
    age,
    by_owner,
    count,
    kubectl,
    owner_finding,
    sentence,
    unready,
)
from watchdog.detection.rollback import permanent, undo
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from watchdog.actions import RemediationAction
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import PodSummary

_VOLUME = regex(rf'Usage of EmptyDir volume "({OBJECT})" exceeds the limit "({QUANTITY})"')
_STORAGE = regex(
    rf'Container ({OBJECT}) exceeded its local ephemeral storage limit "({QUANTITY})"'
    rf"|Pod ephemeral local storage usage exceeds the total limit of containers ({QUANTITY})"
)
_LOW = regex(r"node was low on resource: ([\w-]+(?:\.[\w-]+)*)")
_REQUESTED = ("memory", "ephemeral-storage")
_HOUR = 3600.0
_MANY = 3


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    evicted = [p for p in snapshot.pods if p.reason == "Evicted" and p.phase == "Failed"]
    # Those of an earlier revision stay until someone deletes them, and are what it was about.
    gone = [pod for pod in evicted if not replaced(snapshot, pod)]
    for owner, pods in by_owner(gone).items():
        newest = sorted(pods, key=lambda pod: age(snapshot, _when(pod)))
        fresh = [pod for pod in newest if age(snapshot, _when(pod)) <= _HOUR]
        many = count(fresh) >= _MANY or _again(fresh)
        if not (owner.kind == "Pod" or many or _lacking(snapshot, owner, fresh)):
            continue
        message = shorten(newest[0].message)
        number = count(pods)
        what = "1 pod" if number == 1 else f"{number} pods"
        evidence = (f"pod {newest[0].ref.name} Evicted: {message}", f"{what} evicted")
        facts = {"message": message, "node": newest[0].node or ""}
        found = _LOW.search(message)
        if found:
            facts["cause"] = f"node {newest[0].node or ''} ran low on {found[1]}".replace("  ", " ")
        trouble = Trouble(
            "pods are evicted",
            evidence,
            newest[:3],
            _when(newest[-1]),
            facts,
            origin="outside" if found else "workload",
            fails=("volumes",) if _VOLUME.search(message) else ("limits.ephemeral-storage",),
        )
        yield owner_finding("evicted", snapshot, owner, trouble)


def _when(pod: PodSummary) -> datetime | None:
    ready = pod.condition("Ready")
    return (ready.since if ready else None) or pod.created_at


def _again(pods: list[PodSummary]) -> bool:
    """Whether one of them was made after another was evicted: what replaces it is evicted too."""
    ends = [end for pod in pods if (end := _when(pod))]
    starts = [pod.created_at for pod in pods if pod.created_at]
    return bool(ends and starts) and max(starts) >= min(ends)


def _lacking(snapshot: ClusterSnapshot, owner: ObjectRef, fresh: list[PodSummary]) -> bool:
    """Whether the owner lacks pods because of it, and its new ones had their time to start."""
    workload = snapshot.workload(owner)
    if not fresh or workload is None or owner.kind in {"Job", "CronJob"}:
        return False
    if workload.ready >= workload.desired:
        return False
    young = unready(snapshot, owner)
    waits = all(
        age(snapshot, pod.created_at) < snapshot.thresholds.pending_seconds for pod in young
    )
    return count(fresh) > 1 or not waits


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    message, node = finding.facts["message"], finding.facts["node"]
    where = f"node {node}" if node else "the node"
    evicted = f"{_whose(finding)} evicted"
    if found := _VOLUME.search(message):
        return (
            f"{evicted} for writing more into the emptyDir volume {found[1]} than its limit of "
            f"{found[2]}."
        )
    if found := _STORAGE.search(message):
        limit = f"container {found[1]} wrote more than its limit of {found[2]}"
        if not found[1]:
            limit = f"they wrote more than {found[3]}, which their containers may together"
        return (
            f"{evicted} because {limit} (limits.ephemeral-storage: what is written "
            "outside of volumes, to emptyDir volumes and to the log)."
        )
    if found := _LOW.search(message):
        return f"{evicted} because {where} ran low on {found[1]}."
    return sentence(f"{evicted} by {where}: {verbatim(message)}")


def _whose(finding: Finding) -> str:
    """`Pod task was`, `Pods of Deployment/web were`: how each explanation starts."""
    target = finding.target
    return f"Pod {target.name} was" if target.kind == "Pod" else f"Pods of {target} were"


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    message, node = finding.facts["message"], finding.facts["node"]
    describe = kubectl(snapshot, "describe", "pod", finding.pods[0])
    if found := _VOLUME.search(message):
        text = f"Make {finding.target} write less, or raise the sizeLimit of volume {found[1]}."
        return Advice(text, describe)
    if found := _LOW.search(message):
        low, who = found[1], finding.target
        free = f"find out what uses up the {low} of the node"
        asked = f"Give {who} requests that match its use of {low}, or {free}."
        # Nothing else of a node can be requested (`pids`).
        text = asked if low in _REQUESTED else f"{free[0].upper()}{free[1:]}."
        return Advice(text, f"kubectl describe node {node}" if node else describe)
    if found := _STORAGE.search(message):
        whose = f"container {found[1]}" if found[1] else "its containers"
        limit = found[2] or found[3]
        text = (
            f"Make {whose} write less, or raise limits.ephemeral-storage ({limit} now) of {whose}. "
        )
        more = f"a limit that fits what {finding.target} writes"
        return Advice(f"{text}{permanent(finding.target, snapshot, more)}", describe)
    return Advice(f"Make {finding.target} use less, or raise its limits.", describe)


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    return undo(finding, snapshot)


EVICTED = FailureKind(
    name="evicted",
    summary="pods are evicted by their node: memory, disk, or a volume over its limit",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="The pod's own message names the resource or volume. Restarting does not help.",
)
