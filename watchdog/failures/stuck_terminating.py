"""A pod or the namespace was deleted and does not go: a finalizer, a node or an API holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import (
    Trouble,
    age,
    by_owner,
    kubectl,
    listed,
    owner_finding,
    sentence,
)
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

# The conditions of a namespace that is being deleted, the most telling first.
_TELLING = {
    "NamespaceDeletionDiscoveryFailure": 0,
    "NamespaceDeletionContentFailure": 1,
    "NamespaceDeletionGroupVersionParsingFailure": 2,
    "NamespaceFinalizersRemaining": 3,
    "NamespaceContentRemaining": 4,
}


def _of_namespace(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    """The namespace itself; its conditions say what is left in it."""
    gone = snapshot.deletion
    if gone is None or age(snapshot, gone.since) <= snapshot.thresholds.terminating_seconds:
        return
    # That an API does not answer is the reason; what remains, and its finalizers, follow from it.
    held = sorted(gone.held, key=lambda item: _TELLING.get(item.type, len(_TELLING)))
    minutes = int(age(snapshot, gone.since) // 60)
    lines = [f"{item.type}: {shorten(item.message)}" for item in held]
    ref = ObjectRef(kind="Namespace", namespace=snapshot.namespace, name=snapshot.namespace)
    facts = {"held": shorten(held[0].message) if held else "", "why": held[0].type if held else ""}
    evidence = (f"namespace {ref.name} Terminating for {minutes} min", *lines)
    trouble = Trouble("namespace does not terminate", evidence, (), gone.since, facts)
    yield owner_finding("stuck_terminating", snapshot, ref, trouble)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    yield from _of_namespace(snapshot)
    # deletionTimestamp already lies the grace period after the request.
    late = [
        pod
        for pod in snapshot.pods
        if pod.deleted_at is not None
        and age(snapshot, pod.deleted_at) > snapshot.thresholds.terminating_seconds
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
    if finding.target.kind == "Namespace":
        held = finding.facts["held"]
        return sentence(
            f"Namespace {finding.target.name} was deleted but stays"
            + (f": {verbatim(held)}" if held else ", and its status does not say what keeps it")
        )
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
    if finding.target.kind == "Namespace":
        if finding.facts["why"] == "NamespaceDeletionDiscoveryFailure":
            return Advice(
                "Bring back the API that does not answer, or delete its APIService if what served "
                "it is gone for good; the namespace goes by itself then.",
                "kubectl get apiservices",
            )
        return Advice(
            "Bring back the controllers whose finalizers are left; remove a finalizer by hand only "
            "if what it guards is already cleaned up.",
            f"kubectl get namespace {finding.target.name} -o yaml",
        )
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


STUCK_TERMINATING = FailureKind(
    name="stuck_terminating",
    summary="a deleted pod or namespace stays: a finalizer, a node or an API is in the way",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="Name the finalizer or the node. Never force a deletion.",
)
