"""A pod that was deleted and does not go: a finalizer, or a node that no longer answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.look import GRACE
from watchdog.failures.owners import Trouble, age, by_owner, kubectl, listed, owner_finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    # deletionTimestamp already lies the grace period after the request.
    late = [
        pod
        for pod in snapshot.pods
        if pod.deleted_at is not None and age(snapshot, pod.deleted_at) > GRACE.terminating_seconds
    ]
    for owner, pods in by_owner(late).items():
        pod = pods[0]
        minutes = int(age(snapshot, pod.deleted_at) // 60)
        held = f", finalizers {listed(pod.finalizers)}" if pod.finalizers else ""
        line = f"pod {pod.ref.name} Terminating, {minutes} min past its grace period{held}"
        facts = {"finalizers": listed(pod.finalizers), "node": pod.node or ""}
        trouble = Trouble("pod does not terminate", (line,), pods[:3], pod.deleted_at, facts)
        yield owner_finding("stuck_terminating", snapshot, owner, trouble)


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    name = finding.pods[0]
    if held := finding.facts["finalizers"]:
        return (
            f"Pod {name} was deleted but stays, because the controller behind the finalizer {held} "
            "has not removed it."
        )
    where = f" {finding.facts['node']}" if finding.facts["node"] else ""
    return (
        f"Pod {name} was deleted, but its node{where} has not confirmed that its containers ended: "
        "the node may be down, or a volume or process hangs."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    if held := finding.facts["finalizers"]:
        return Advice(
            f"Bring back the controller that owns the finalizer {held}; remove the finalizer by "
            "hand only if what it guards is already cleaned up.",
            kubectl(snapshot, "get", "pod", finding.pods[0], "-o", "yaml"),
        )
    return Advice(
        "Check the node; delete the pod by force only when the node is certainly gone, as its "
        "containers may still run.",
        f"kubectl get node {finding.facts['node']}" if finding.facts["node"] else None,
    )


def _examples() -> tuple[Example, ...]:
    stays = ex.pod(ex.running(), deleted_at=ex.ago(400), finalizers=("example.com/hold",))
    lost = ex.pod(ex.running(), deleted_at=ex.ago(400), node="node-2")
    leaving = ex.pod(ex.running(), deleted_at=ex.ago(60))
    web = ex.deployment(ready=1)
    return (
        Example("held by a finalizer", ex.snapshot_of(web, stays), "Deployment/web"),
        Example("its node does not answer", ex.snapshot_of(web, lost), "Deployment/web"),
        Example("on its way out", ex.snapshot_of(web, leaving), None),
    )


def _held(shell: str) -> str:
    made = manifest.deployment(shell)
    label = "metadata: {labels: {app: drill}}"
    return made.replace(label, "metadata: {labels: {app: drill}, finalizers: [example.com/hold]}")


STUCK_TERMINATING = FailureKind(
    name="stuck_terminating",
    summary="a deleted pod stays: a finalizer holds it, or its node does not answer",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="Name the finalizer or the node. Never force a deletion.",
    drill=Drill(
        before=_held("sleep 3600"),
        manifest=_held("sleep 7200"),
        settle="terminating",
    ),
    examples=_examples,
)
