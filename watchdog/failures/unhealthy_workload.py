"""Whatever is not healthy beyond its grace, and no other kind explains. The last of the kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.look import GRACE, forgiven, unready_for
from watchdog.failures.owners import (
    Trouble,
    age,
    alive,
    by_owner,
    event_text,
    kubectl,
    owner_finding,
    recent,
    sentence,
    word,
)
from watchdog.observation.base import Condition
from watchdog.observation.workloads import (
    DaemonSetSummary,
    DeploymentSummary,
    JobSummary,
    StatefulSetSummary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.base import ObjectRef
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.observation.workloads import ContainerState, PodSummary, WorkloadSummary

_FAILED_SECONDS = 30.0
_COMPLAINT_SECONDS = 600.0
_STARTING = {"", "ContainerCreating", "PodInitializing"}


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    told: set[ObjectRef] = set()
    for workload in (*snapshot.deployments, *snapshot.statefulsets, *snapshot.daemonsets):
        if workload.ready < workload.desired and _over_time(snapshot, workload):
            told.add(workload.ref)
            pods = [pod for pod in alive(snapshot) if pod.owner == workload.ref and not pod.ready]
            yield _finding(snapshot, workload.ref, pods)
    for owner, pods in by_owner(_sick_alone(snapshot)).items():
        if owner not in told:
            yield _finding(snapshot, owner, pods)


def _finding(snapshot: ClusterSnapshot, owner: ObjectRef, pods: list[PodSummary]) -> Finding:
    workload = snapshot.workload(owner)
    lines = [_line(pod) for pod in pods[:3]]
    if workload is not None and not pods:
        lines.append(f"{owner}: {workload.ready} of {workload.desired} pods ready, none starting")
    warnings = [e for pod in pods for e in snapshot.events_about(pod.ref) if e.type == "Warning"]
    if workload is not None:
        own = [e for e in snapshot.events_about(owner) if e.type == "Warning"]
        failing = [c for c in workload.conditions if c.status == "False" and c.message]
        warnings += own
        lines += [f"{c.type}=False ({c.reason}): {c.message}" for c in failing[:1]]
    lines += [event_text(event) for event in warnings[-2:]]
    trouble = Trouble("not healthy", tuple(lines), pods[:3])
    return owner_finding("unhealthy_workload", snapshot, owner, trouble)


def _line(pod: PodSummary) -> str:
    waits = [c for c in pod.containers if not c.ready and not (c.init and c.exit_code == 0)]
    state = f": container {waits[0].name} {_state(waits[0])}" if waits else ""
    return f"pod {pod.ref.name}: {pod.status or pod.phase}{state}"


def _state(state: ContainerState) -> str:
    return state.reason or ("running, not ready" if state.state == "running" else state.state)


# --- what is given time ----------------------------------------------------------------------


def _over_time(snapshot: ClusterSnapshot, workload: WorkloadSummary) -> bool:
    pods = [pod for pod in alive(snapshot) if pod.owner == workload.ref and not pod.ready]
    if any(_failed(snapshot, pod) for pod in pods):
        return True
    if isinstance(workload, DeploymentSummary):
        progress = workload.condition("Progressing")
        if progress is not None and progress.status == "False":
            return True
        if progress is not None and progress.reason != "NewReplicaSetAvailable":
            return False
    if pods:
        return any(_late(snapshot, pod) for pod in pods)
    # No pod at all: judged by how long the workload itself has been so.
    available = workload.condition("Available")
    if available is None:
        # A StatefulSet or DaemonSet does not say since when it lacks pods. Between two pods of a
        # restart, and just after it was scaled up, it has none either: only a complaint tells.
        own = [e for e in snapshot.events_about(workload.ref) if e.type == "Warning"]
        return any(recent(snapshot, event, _COMPLAINT_SECONDS) for event in own)
    if available.status == "True":
        return False
    return age(snapshot, available.since or workload.created_at) >= GRACE.unready_seconds


def _late(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    if pod.phase == "Pending":
        return age(snapshot, pod.created_at) >= GRACE.pending_seconds
    return unready_for(pod, snapshot.taken_at).total_seconds() >= GRACE.unready_seconds


def _failed(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether something about the pod has failed, which no waiting mends."""
    if pod.phase == "Unknown":
        return True
    # The kinds that know the failure decide first how often it may happen.
    return age(snapshot, pod.created_at) >= _FAILED_SECONDS and any(
        (item.state == "waiting" and item.reason not in _STARTING)
        or (item.restarts >= GRACE.restarts and not item.ready)
        for item in pod.containers
    )


def _sick_alone(snapshot: ClusterSnapshot) -> list[PodSummary]:
    """Sick pods that no count of ready replicas covers: bare ones and those of Jobs."""
    counted = (DeploymentSummary, StatefulSetSummary, DaemonSetSummary)
    found = []
    for pod in snapshot.pods:
        if not pod.sick or pod.ready or pod.deleted_at is not None or pod.phase == "Succeeded":
            continue
        if isinstance(snapshot.workload(pod.owner), counted):
            continue
        if pod.phase == "Failed":
            if not forgiven(snapshot, pod):
                found.append(pod)
        elif _failed(snapshot, pod) or (_late(snapshot, pod) and not _partly_done(pod)):
            found.append(pod)
    return found


def _partly_done(pod: PodSummary) -> bool:
    """Whether the pod is not Ready only because some of its containers have done their work."""
    steady = [item for item in pod.containers if not item.init]
    done = [item for item in steady if item.state == "terminated" and item.exit_code == 0]
    return bool(done) and all(item in done or item.ready for item in steady)


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    shown = finding.evidence[0] if finding.evidence else "it has no ready pod"
    more = [line for line in finding.evidence if line.startswith("event ")]
    last = f" The newest warning: {sentence(more[-1].partition(': ')[2])}" if more else ""
    text = f"{finding.target} is not healthy, and no known failure explains it: {sentence(shown)}"
    return text + last


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
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


def _examples() -> tuple[Example, ...]:
    done = Condition(type="Progressing", status="True", reason="NewReplicaSetAvailable")
    rolling = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
    slow = ex.pod(ex.running(ready=False))
    young = slow.model_copy(
        update={"conditions": (Condition(type="Ready", status="False", since=ex.ago(20)),)}
    )
    pulling = ex.pod(ex.waiting("ContainerCreating"), phase="Pending", created_at=ex.ago(40))
    job = JobSummary(ref=ex.ref("Job", "report"), active=1, desired=1)
    stuck = ex.pod(
        ex.waiting("ContainerCreating"),
        phase="Pending",
        ref=ex.ref("Pod", "report-1"),
        owner=job.ref,
        replica_set=None,
    )
    store = StatefulSetSummary(ref=ex.ref("StatefulSet", "db"), desired=1, created_at=ex.ago(900))
    complaint = ex.event("RecreatingFailedPod", "is recreating failed Pod db-0", about=store.ref)
    return (
        Example(
            "unready for long",
            ex.snapshot_of(ex.deployment(conditions=(done,)), slow),
            "Deployment/web",
        ),
        Example("a bare pod", ex.snapshot_of(ex.bare_pod(ex.running(ready=False))), "Pod/task"),
        Example("a Job's pod does not start", ex.snapshot_of(job, stuck), "Job/report"),
        Example("no pods, and a complaint", ex.snapshot_of(store, complaint), "StatefulSet/db"),
        Example("between two pods of a restart", ex.snapshot_of(store), None),
        Example(
            "within its progress deadline",
            ex.snapshot_of(ex.deployment(conditions=(rolling,)), slow),
            None,
        ),
        Example(
            "unready for a moment", ex.snapshot_of(ex.deployment(conditions=(done,)), young), None
        ),
        Example(
            "a bare pod that starts",
            ex.snapshot_of(pulling.model_copy(update={"owner": pulling.ref})),
            None,
        ),
        Example(
            "a completed pod", ex.snapshot_of(ex.bare_pod(ex.ended(0), phase="Succeeded")), None
        ),
    )


_GATE = "readinessGates: [{conditionType: example.com/registered}]"

UNHEALTHY_WORKLOAD = FailureKind(
    name="unhealthy_workload",
    summary="not healthy for longer than its grace, for no reason that is known",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    actions=("rollout_undo",),
    hint="No rule explains it: reason from the pod's state, its events and its log.",
    drill=Drill(
        manifest=f"""\
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  selector: {{matchLabels: {{app: agent}}}}
  template:
    metadata: {{labels: {{app: agent}}}}
    spec:
{manifest.pod_spec(["sleep", "3600"], pod=_GATE)}
""",
        settle="unready",
    ),
    examples=_examples,
)
