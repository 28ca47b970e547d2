"""A pod that the node itself gave up: rejected on arrival, or lost with its node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.look import GRACE
from watchdog.failures.owners import (
    Trouble,
    age,
    alive,
    by_owner,
    kubectl,
    owner_finding,
    sentence,
    settled,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.base import ObjectRef
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.observation.workloads import PodSummary

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
        trouble = Trouble("pod was given up by its node", (line,), pods[:3], facts=facts)
        yield owner_finding("bad_pod", snapshot, owner, trouble)


def _bad(pod: PodSummary) -> bool:
    if pod.phase == "Unknown" or pod.reason in _LOST:
        return True
    ran = any(item.state in {"terminated", "running"} for item in pod.containers)
    ends = {"Evicted", "DeadlineExceeded", ""}
    return pod.phase == "Failed" and not ran and pod.reason not in ends


def _lacks(snapshot: ClusterSnapshot, owner: ObjectRef) -> bool:
    """Whether a replacement is missing too, after the time that one may take."""
    if owner.kind in {"Job", "CronJob"} or settled(snapshot, owner):
        return False
    young = [pod for pod in alive(snapshot) if pod.owner == owner and not pod.ready]
    fresh = [pod for pod in young if age(snapshot, pod.created_at) < GRACE.pending_seconds]
    return not fresh


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    node = f" {facts['node']}" if facts["node"] else ""
    if facts["reason"] in _LOST or facts["reason"] == "Unknown":
        return f"The node{node} of pod {finding.pods[0]} was shut down or no longer answers."
    said = f": {facts['message']}" if facts["message"] else ""
    return sentence(
        f"The node{node} refused to run pod {finding.pods[0]} ({facts['reason']}){said}"
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    name = finding.pods[0]
    describe = kubectl(snapshot, "describe", "pod", name)
    if finding.target.kind == "Pod":
        text = f"Nothing replaces the bare pod {name}: correct it and create it anew."
        return Advice(text, describe)
    node = finding.facts["node"]
    text = f"Find out why the node takes no pod of {word(finding.target)}."
    return Advice(text, f"kubectl describe node {node}" if node else describe)


def _examples() -> tuple[Example, ...]:
    message = "Pod was rejected: Node didn't have enough resource: cpu"
    refused = ex.bare_pod(phase="Failed", reason="OutOfcpu", message=message)
    left = ex.pod(phase="Failed", reason="UnexpectedAdmissionError", message="no device")
    return (
        Example("rejected by its node", ex.snapshot_of(refused), "Pod/task"),
        Example("lost with its node", ex.snapshot_of(ex.bare_pod(phase="Unknown")), "Pod/task"),
        Example("no replacement runs", ex.snapshot_of(ex.deployment(), left), "Deployment/web"),
        Example("was replaced", ex.snapshot_of(ex.deployment(ready=1), left), None),
        Example("completed", ex.snapshot_of(ex.bare_pod(ex.ended(0), phase="Succeeded")), None),
    )


BAD_POD = FailureKind(
    name="bad_pod",
    summary="a pod was rejected by its node, or lost with it",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The pod's reason (OutOfcpu, UnexpectedAdmissionError, NodeLost) is the node's verdict.",
    drill=Drill(
        manifest="""\
apiVersion: v1
kind: Pod
metadata: {name: strict}
spec:
  securityContext: {sysctls: [{name: kernel.msgmax, value: "1"}]}
  containers:
  - {name: main, image: "busybox:1.36", command: [sleep, "3600"]}
""",
        settle="failed",
    ),
    examples=_examples,
)
