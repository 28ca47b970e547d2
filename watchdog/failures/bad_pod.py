"""A pod that the node itself gave up: rejected on arrival, or lost with its node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import (
    Trouble,
    age,
    by_owner,
    fully_rolled_out,
    kubectl,
    owner_finding,
    sentence,
    unready,
)
from watchdog.detection.restarts import churn_line, fails_at_once
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import PodSummary

_LOST = {"NodeLost", "NodeShutdown", "Shutdown", "Terminated", "NodeNotReady"}


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    bad = [pod for pod in snapshot.pods if pod.deleted_at is None and _bad(pod)]
    for owner, pods in by_owner(bad).items():
        if owner.kind != "Pod" and not _lacks(snapshot, owner):
            continue
        pod = pods[0]
        reason = pod.reason or pod.phase
        line = f"pod {pod.ref.name}: {pod.phase} {reason}: {shorten(pod.message)}".rstrip(": ")
        facts = {"reason": reason, "message": shorten(pod.message), "node": pod.node or ""}
        lines = (line, churn_line(snapshot, owner))
        trouble = Trouble("pod was given up by its node", lines, pods[:3], facts=facts)
        yield owner_finding("bad_pod", snapshot, owner, trouble)


def _bad(pod: PodSummary) -> bool:
    if pod.phase == "Unknown" or pod.reason in _LOST:
        return True
    ran = any(item.state in {"terminated", "running"} for item in pod.containers)
    ends = {"Evicted", "DeadlineExceeded", ""}
    return pod.phase == "Failed" and not ran and pod.reason not in ends


def _lacks(snapshot: ClusterSnapshot, owner: ObjectRef) -> bool:
    """Whether a replacement is missing too, after the time that one may take."""
    if owner.kind in {"Job", "CronJob"} or fully_rolled_out(snapshot, owner):
        return False
    if fails_at_once(snapshot, owner):
        return True
    young = unready(snapshot, owner)
    fresh = [
        pod for pod in young if age(snapshot, pod.created_at) < snapshot.thresholds.pending_seconds
    ]
    return not fresh


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    node = f"Node {facts['node']}" if facts["node"] else "The node"
    if _lost(finding):
        return f"{node} of pod {finding.pods[0]} was shut down or no longer answers."
    said = f": {verbatim(facts['message'])}" if facts["message"] else ""
    return sentence(f"{node} refused to run pod {finding.pods[0]} ({facts['reason']}){said}")


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    name = finding.pods[0]
    describe = kubectl(snapshot, "describe", "pod", name)
    if finding.target.kind == "Pod":
        first = "" if _lost(finding) else "correct what the node refuses, then "
        text = f"No controller replaces pod {name}: {first}delete it and create it again."
        return Advice(text, describe)
    node = finding.facts["node"]
    if _lost(finding):
        which = f"node {node}" if node else "the node"
        text = (
            f"See whether {which} comes back, and why no other node has taken the pods of "
            f"{finding.target}."
        )
    else:
        text = f"Find out why the node refuses the pods of {finding.target}."
    return Advice(text, f"kubectl describe node {node}" if node else describe)


def _lost(finding: Finding) -> bool:
    return finding.facts["reason"] in {*_LOST, "Unknown"}


BAD_POD = FailureKind(
    name="bad_pod",
    summary="a pod was rejected by its node, or lost with it",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The pod's reason (OutOfcpu, UnexpectedAdmissionError, NodeLost) is the node's verdict.",
)
