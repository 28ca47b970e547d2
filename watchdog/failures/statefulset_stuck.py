"""A StatefulSet that goes no further: one pod holds up those after it, or its own replacement."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.actions import DeletePod, RemediationAction
from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import gated, unready_for
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import told_by
from watchdog.detection.outside import origin_of_log
from watchdog.detection.owners import Trouble, kubectl, owner_finding, unready
from watchdog.snapshot.pod_template import ContainerSpec
from watchdog.snapshot.workloads import StatefulSetSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import PodSummary


# A pod that turned unready so long after it was made had been ready before.
_FIRST_READY = timedelta(seconds=90)
_MADE_FROM = "controller-revision-hash"


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    wait = snapshot.thresholds.unready_seconds
    for workload in snapshot.statefulsets:
        if not workload.ordered or workload.ready >= workload.desired:
            continue
        pods = unready(snapshot, workload.ref)
        pods = [p for p in pods if unready_for(p, snapshot.taken_at).total_seconds() >= wait]
        for pod in sorted(pods, key=_ordinal)[:1]:
            why = _why(snapshot, workload, pod)
            if why:
                line = f"pod {pod.ref.name}: {pod.status or pod.phase}, not ready"
                facts = {"why": why, "gate": gated(pod) or ""}
                trouble = Trouble("StatefulSet is stuck", (line,), (pod,), facts=facts)
                yield owner_finding("statefulset_stuck", snapshot, workload.ref, trouble)


def _ordinal(pod: PodSummary) -> int:
    tail = pod.ref.name.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


def _why(snapshot: ClusterSnapshot, workload: StatefulSetSummary, pod: PodSummary) -> str:
    behind = workload.updated < workload.desired and not _held_back(workload, pod)
    if behind and _outdated(workload, pod):
        return "" if _fails_by_something_else(snapshot, pod) else "outdated"
    # The kind that knows what a container does wrong reports it.
    fine = bool(pod.containers) and all(
        item.init or (item.state == "running" and item.ready) for item in pod.containers
    )
    return "gate" if fine and pod.phase == "Running" else ""


def _held_back(workload: StatefulSetSummary, pod: PodSummary) -> bool:
    """Whether its owner keeps the pod at the earlier revision: to delete it would roll it out."""
    return workload.on_delete or _ordinal(pod) < workload.partition


def _fails_by_something_else(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether the earlier revision did work in this pod, or the cause lies outside of it."""
    ready = pod.condition("Ready")
    restarts = any(item.restarts for item in pod.containers)
    if ready and ready.since and pod.created_at and not restarts and pod.phase == "Running":
        return ready.since - pod.created_at > _FIRST_READY
    views = (
        ContainerView(pod, item, pod.template.container(item.name) or ContainerSpec(name=item.name))
        for item in pod.containers
        if not item.ready
    )
    return any(
        origin_of_log(snapshot, view, told.line) == "outside"
        for view in views
        if (told := told_by(snapshot, view))
    )


def _outdated(workload: StatefulSetSummary, pod: PodSummary) -> bool:
    """Whether the pod was made from another template.

    Kubernetes says so. Without its words it is judged by what no one adds on the way.
    """
    made_from = pod.template.labels.get(_MADE_FROM)
    if made_from and workload.update_revision:
        return made_from != workload.update_revision
    return any(
        (have.image, have.command, have.args) != (spec.image, spec.command, spec.args)
        or not {item.name for item in spec.env} <= {item.name for item in have.env}
        for spec in workload.template.containers
        if (have := pod.template.container(spec.name)) is not None
    )


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    pod = finding.pods[0]
    if finding.facts["why"] == "outdated":
        return (
            f"Pod {pod} still runs an earlier revision of {finding.target} and never became ready. "
            "An ordered StatefulSet waits for it, so the newer revision is not rolled out."
        )
    name = finding.facts["gate"]
    gate = f": its readiness gate {name} is not true" if name else ""
    return (
        f"All containers of pod {pod} run, but the pod is not Ready{gate}. An ordered StatefulSet "
        "waits for it before it makes or updates the next pod."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    pod = finding.pods[0]
    if finding.facts["why"] == "outdated":
        text = f"Delete pod {pod}: {finding.target} creates it again from the newer revision."
        return Advice(text, kubectl(snapshot, "delete", "pod", pod))
    gate = f"readiness gate {name}" if (name := finding.facts["gate"]) else "readiness gates"
    text = f"Find the controller that should set the {gate} of pod {pod}, and why it does not."
    return Advice(text, kubectl(snapshot, "describe", "pod", pod))


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    if finding.facts["why"] != "outdated":
        return None
    pod = next(item for item in snapshot.pods if item.ref.name == finding.pods[0])
    return DeletePod(target=pod.ref)


STATEFULSET_STUCK = FailureKind(
    name="statefulset_stuck",
    summary="an ordered StatefulSet waits for one pod that cannot become ready",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("delete_pod",),
    hint="A broken pod of an earlier revision is not replaced by itself; its data stays.",
)
