"""Whatever is not healthy beyond its grace, and no other kind explains. The last of the kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.containers import gated, replaced, unready_for, within_grace
from watchdog.detection.kept_open import KeptOpen, kept_open
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.owners import (
    Trouble,
    age,
    by_owner,
    editing,
    event_text,
    kubectl,
    owner_finding,
    sentence,
    unready,
    word,
)
from watchdog.detection.passing import may_pass
from watchdog.detection.restarts import ended_for_good, fails_at_once
from watchdog.detection.rollback import lasting
from watchdog.detection.standby import stands_by
from watchdog.detection.starting import (
    merely_starting,
    rolling_out_without_loss,
    start_seconds,
)
from watchdog.kube.resources import PODS
from watchdog.snapshot.workloads import (
    DaemonSetSummary,
    DeploymentSummary,
    ReplicaSetSummary,
    StatefulSetSummary,
)
from watchdog.text.format import one_line, verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from watchdog.model.diagnosis import Evidence, Finding
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import ContainerState, PodSummary, WorkloadSummary

_FAILED_SECONDS = 30.0
_STARTING = {"", "ContainerCreating", "PodInitializing"}


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    told: set[ObjectRef] = set()
    for workload in _running(snapshot):
        if _has(workload) < workload.desired and _over_time(snapshot, workload):
            told.add(workload.ref)
            pods = unready(snapshot, workload.ref)
            pods += _lost(snapshot, workload.ref)
            yield _finding(snapshot, workload.ref, pods)
    for owner, pods in by_owner(_sick_alone(snapshot)).items():
        if owner not in told:
            yield _finding(snapshot, owner, pods)


def _running(snapshot: ClusterSnapshot) -> tuple[WorkloadSummary, ...]:
    """The workloads that are to have pods running all the time."""
    return (
        *snapshot.deployments,
        *snapshot.statefulsets,
        *snapshot.daemonsets,
        *snapshot.replicasets,
    )


def _has(workload: WorkloadSummary) -> int:
    """How many of its pods serve: of a Deployment, those that were ready for long enough."""
    if isinstance(workload, DeploymentSummary):
        return min(workload.ready, workload.available)
    return workload.ready


def _finding(snapshot: ClusterSnapshot, owner: ObjectRef, pods: list[PodSummary]) -> Finding:
    workload = snapshot.workload(owner)
    lines: list[Evidence | str] = [_line(pod) for pod in pods[:3]]
    if workload is not None and not pods:
        unread = any(spot.resource == PODS.plural for spot in snapshot.blind_spots)
        count = f"{_has(workload)} of {workload.desired} pods available"
        lines.append(f"{owner}: {count}{'' if unread else ', none starting'}")
    if workload is not None and 0 < workload.observed_generation < workload.generation:
        lines.append(
            f"{owner}: generation {workload.generation}, of which the controller has seen "
            f"{workload.observed_generation}"
        )
    warnings = [e for pod in pods for e in snapshot.events_about(pod.ref) if e.type == "Warning"]
    if workload is not None:
        own = [e for e in snapshot.events_about(owner) if e.type == "Warning"]
        failing = [c for c in workload.conditions if c.status == "False" and c.message]
        warnings += own
        lines += [
            f"{c.type}=False ({c.reason}): {verbatim(one_line(c.message, 240))}"
            for c in failing[:1]
        ]
    lines += [event_text(event) for event in warnings[-2:]]
    trouble = Trouble("not healthy", tuple(lines), pods[:3])
    return owner_finding("unhealthy_workload", snapshot, owner, trouble)


def _line(pod: PodSummary) -> str:
    waits = [c for c in pod.containers if not c.ready and not (c.init and c.exit_code == 0)]
    status = pod.status or pod.phase
    if not waits:
        return f"pod {pod.ref.name}: {status}"
    state = _state(waits[0])
    says = "" if state == status or state.startswith(status.lower()) else f"{status}: "
    return f"pod {pod.ref.name}: {says}container {waits[0].name} {state}"


def _state(state: ContainerState) -> str:
    return state.reason or ("running, not ready" if state.state == "running" else state.state)


# --- what is given time ----------------------------------------------------------------------


def _over_time(snapshot: ClusterSnapshot, workload: WorkloadSummary) -> bool:
    """Whether the workload's own status has lacked pods for longer than it may."""
    pods = unready(snapshot, workload.ref)
    if any(_failed(snapshot, pod) for pod in pods) or _lost(snapshot, workload.ref):
        return True
    if any(gated(pod) is not None and _late(snapshot, pod) for pod in pods):
        return True
    waiting = [p for p in pods if not (merely_starting(snapshot, p) or stands_by(snapshot, p))]
    if pods and not waiting and not fails_at_once(snapshot, workload.ref):
        return False
    pods = waiting
    grace = snapshot.thresholds.unready_seconds
    available = workload.condition("Available")
    lacking = age(snapshot, available.since) if available and available.status == "False" else 0.0
    if isinstance(workload, DeploymentSummary):
        progress = workload.condition("Progressing")
        if progress is not None and progress.status == "False":
            return True
        grace += workload.min_ready_seconds
        if progress is not None and progress.reason != "NewReplicaSetAvailable":
            # Pods that fail at once count as progress too, so the deadline never comes.
            keeps = rolling_out_without_loss(snapshot, workload.ref)
            given = workload.progress_deadline_seconds if keeps else start_seconds(workload)
            return (lacking or _steady_seconds(snapshot, workload)) >= max(given, grace)
    if fails_at_once(snapshot, workload.ref) or any(_late(snapshot, pod) for pod in pods):
        return True
    if available is not None and available.status == "False":
        return lacking >= grace
    # Between two pods of a restart, and just after it was scaled up, a workload lacks pods too.
    # Its status may have been read before its pods, and be of before the last of these came.
    steady = (_steady_seconds(snapshot, workload), *_since_changes(snapshot, workload.ref))
    return not pods and min(steady) >= grace


def _lost(snapshot: ClusterSnapshot, owner: ObjectRef) -> list[PodSummary]:
    """Pods that had not been ready for long when they were deleted, and are still there.

    So it is on a node that is gone: its pods count as not ready, whatever the kubelet said last of
    their containers, are deleted after five minutes and stay, and nothing takes the place of a
    StatefulSet's. Of those that the kubelet called unready, as standbys are, the end is near.
    """
    return [
        pod
        for pod in snapshot.pods
        if pod.owner == owner
        and pod.phase not in {"Succeeded", "Failed"}
        and all(item.ready for item in pod.containers if not item.init)
        and _unready_before_deletion(pod) >= snapshot.thresholds.unready_seconds
        and not replaced(snapshot, pod)
    ]


def _unready_before_deletion(pod: PodSummary) -> float:
    """For how many seconds a pod had not been ready when it was deleted; 0 if it was not."""
    ready = pod.condition("Ready")
    if pod.deleted_at is None or pod.ready or ready is None or ready.since is None:
        return 0.0
    # The time of deletion is when the pod's grace for that ends.
    lasted = (pod.deleted_at - ready.since).total_seconds()
    return lasted - (pod.deletion_grace_seconds or 0)


def _steady_seconds(snapshot: ClusterSnapshot, workload: WorkloadSummary) -> float:
    """For how long the workload's status has been as it is."""
    return age(snapshot, workload.status_changed_at or workload.created_at)


def _since_changes(snapshot: ClusterSnapshot, owner: ObjectRef) -> Iterator[float]:
    """For how many seconds each of its pods that was seen has been there, and ready or not."""
    for pod in snapshot.pods:
        if pod.owner == owner:
            ready = pod.condition("Ready")
            yield age(snapshot, ready.since if ready and ready.since else pod.created_at)


def _late(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    if pod.phase == "Pending":
        return age(snapshot, pod.created_at) >= snapshot.thresholds.pending_seconds
    return (
        unready_for(pod, snapshot.taken_at).total_seconds() >= snapshot.thresholds.unready_seconds
    )


def _failed(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether something about the pod has failed, which no waiting mends."""
    if pod.phase == "Unknown":
        return True
    # The kinds that know the failure decide first how often it may happen.
    return age(snapshot, pod.created_at) >= _FAILED_SECONDS and any(
        ended_for_good(pod, item)
        or (
            item.state == "waiting"
            and item.reason not in _STARTING
            and not may_pass(snapshot, pod, item)
        )
        or (item.restarts >= snapshot.thresholds.restarts and not item.ready)
        for item in pod.containers
    )


def _sick_alone(snapshot: ClusterSnapshot) -> list[PodSummary]:
    """Sick pods that no count of ready replicas covers: bare ones and those of Jobs."""
    counted = (DeploymentSummary, StatefulSetSummary, DaemonSetSummary, ReplicaSetSummary)
    found = []
    for pod in snapshot.pods:
        if not pod.sick or pod.ready or pod.deleted_at is not None or pod.phase == "Succeeded":
            continue
        if isinstance(snapshot.workload(pod.owner), counted):
            continue
        if pod.phase == "Failed":
            if not within_grace(snapshot, pod):
                found.append(pod)
        elif _failed(snapshot, pod) or _waits_too_long(snapshot, pod):
            found.append(pod)
    return found


def _waits_too_long(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    partly_done = _partly_done(pod) and kept_open(snapshot, pod) is None
    given = partly_done or merely_starting(snapshot, pod)
    return _late(snapshot, pod) and not given


def _partly_done(pod: PodSummary) -> bool:
    """Whether the pod is not Ready only because some of its containers have done their work."""
    steady = [item for item in pod.containers if not item.init]
    done = [item for item in steady if item.state == "terminated" and item.exit_code == 0]
    return bool(done) and all(item in done or item.ready for item in steady)


def _ended_for_good(snapshot: ClusterSnapshot, pods: Sequence[str]) -> str | None:
    """The container that has ended with 0, is not started again, and keeps its pod unready."""
    for pod in snapshot.pods:
        for state in pod.containers if pod.ref.name in pods else ():
            if ended_for_good(pod, state) and state.exit_code == 0:
                return state.name
    return None


def _kept_open(snapshot: ClusterSnapshot, pods: Sequence[str]) -> KeptOpen | None:
    """What keeps the first of these pods from ending."""
    pod = next((pod for pod in snapshot.pods if pod.ref.name in pods), None)
    return kept_open(snapshot, pod) if pod else None


def _gate(snapshot: ClusterSnapshot, pods: Sequence[str]) -> str | None:
    """The readiness gate that keeps the first of these pods from being ready; see `gated`."""
    pod = next((pod for pod in snapshot.pods if pod.ref.name in pods), None)
    return gated(pod) if pod else None


def _waits_for_old_pods(finding: Finding, snapshot: ClusterSnapshot) -> bool:
    """Whether a Deployment that replaces all pods at once has made none of its new revision yet."""
    seen = snapshot.deployment(finding.target)
    return seen is not None and seen.strategy == "Recreate" and not (seen.updated or finding.pods)


def _paused_without_pods(finding: Finding, snapshot: ClusterSnapshot) -> bool:
    """Whether a paused Deployment lacks pods that its controller does not make while it is."""
    deployment = snapshot.deployment(finding.target)
    return deployment is not None and deployment.paused and not finding.pods


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    if name := _ended_for_good(snapshot, finding.pods):
        return (
            f"Container {name} has ended (exit code 0), and its own restartPolicy keeps it so: "
            f"a pod is ready only while all its containers run, so {finding.target} never is."
        )
    if kept := _kept_open(snapshot, finding.pods):
        return (
            f"Container {kept.done} has ended (exit code 0) hours ago, but container {kept.runs} "
            f"beside it still runs: {finding.target} ends only when all containers of its pod do."
        )
    if (gate := _gate(snapshot, finding.pods)) is not None:
        name = f"readiness gate {gate} is" if gate else "readiness gates are"
        return (
            f"All containers of pod {finding.pods[0]} are ready, but its {name} not true, so "
            f"{finding.target} does not count it as ready."
        )
    if _waits_for_old_pods(finding, snapshot):
        return (
            f"{finding.target} has no pod of its current revision: with strategy Recreate it makes "
            "none before all its old pods are gone, however long these take to stop."
        )
    if _paused_without_pods(finding, snapshot):
        return (
            f"{finding.target} is paused (spec.paused), so no pods are made of its current "
            f"template: {sentence(str(finding.evidence[0]).partition(': ')[2])}"
        )
    shown = str(finding.evidence[0]) if finding.evidence else "it has no ready pod"
    more = [line for line in finding.evidence if line.kind == "event"]
    last = f" The newest warning: {verbatim(more[-1].text)}." if more else ""
    text = f"{finding.target} is not healthy, and no known failure explains it: {sentence(shown)}"
    return text + last


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    if done := _ended_for_good(snapshot, finding.pods):
        return Advice(
            f"Make container {done} an init container (a native sidecar, restartPolicy Always, if "
            "it is to stay), or run it as a Job.",
            editing(snapshot, finding.target),
        )
    if kept := _kept_open(snapshot, finding.pods):
        return Advice(
            f"Make container {kept.runs} a native sidecar (an init container with restartPolicy "
            "Always), which is stopped when the others have ended, or let it end by itself.",
            kubectl(snapshot, "describe", "pod", finding.pods[0]),
        )
    if (gate := _gate(snapshot, finding.pods)) is not None:
        name = f"gate {gate}" if gate else "gates"
        return Advice(
            f"Find the controller that should set the readiness {name} of pod {finding.pods[0]}, "
            "and why it does not.",
            kubectl(snapshot, "describe", "pod", finding.pods[0]),
        )
    if _waits_for_old_pods(finding, snapshot):
        return Advice(
            "See which old pod is still Terminating: wait for it, or find out in its log why it "
            "does not end on SIGTERM. If that has to take so long, use strategy RollingUpdate.",
            kubectl(snapshot, "get", "pods"),
        )
    if _paused_without_pods(finding, snapshot):
        return Advice(
            f"Resume {finding.target} if what waits is wanted, and take paused out of "
            f"{lasting(finding.target, snapshot)}.",
            kubectl(snapshot, "rollout", "resume", word(finding.target)),
        )
    if finding.pods:
        name = finding.pods[0]
        return Advice(
            f"Look at pod {name}: its conditions, its events and its log.",
            kubectl(snapshot, "describe", "pod", name),
        )
    return Advice(
        f"Look at the events of {finding.target}.",
        kubectl(snapshot, "describe", *word(finding.target).split("/")),
    )


UNHEALTHY_WORKLOAD = FailureKind(
    name="unhealthy_workload",
    summary="not healthy for longer than its grace, for no reason that is known",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    actions=("rollout_undo",),
    hint="No rule explains it: reason from the pod's state, its events and its log.",
)
