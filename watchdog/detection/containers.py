"""What detectors ask of a snapshot: which containers fail, since when, and which lines tell it.

Pure questions about a ClusterSnapshot, shared by the kinds beside this module; no kind is known
here. Times are compared with the moment at which the snapshot was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from watchdog.detection.container_view import ContainerView
from watchdog.detection.log_lines import event_line_about
from watchdog.detection.message_names import QUALIFIED
from watchdog.detection.restarts import (
    churn_line,
    fails_at_once,
    resized,
    restarted_by_rule,
    slowly,
)
from watchdog.model.diagnosis import Evidence, Finding, Impact
from watchdog.snapshot.pod_template import ContainerSpec
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import ContainerState, JobSummary, PodSummary
from watchdog.text.format import duration
from watchdog.text.regex import regex

# After that a failed run of a custom resource, which may be kept for ever, is history.
_RUN_COUNTS_FOR = timedelta(days=1)
# The kubelet waits at most five minutes between two starts, so a container that has run for longer
# than that, and for longer than before, has got over what made it crash.
RECOVERED = timedelta(minutes=5)
CALM = timedelta(seconds=20)
# Of shorter runs the number of restarts says enough.
_LONG_RUN = timedelta(minutes=10)
_FIRST_YEAR = 2000
_GATE = regex(rf'readiness gate "({QUALIFIED})"')
_GATES_UNMET = "ReadinessGatesNotReady"


# --- which pods and containers count ---------------------------------------------------------


def sick_pods(snapshot: ClusterSnapshot) -> Iterator[PodSummary]:
    """The sick pods that a container-level kind may judge.

    Left out: pods on their way out, evicted ones, those of a revision that is being replaced, and
    failed runs of a Job that succeeded or is still within its first retry.
    """
    for pod in snapshot.pods:
        gone = pod.deleted_at is not None or pod.phase == "Succeeded"
        if pod.sick and not gone and not _ended_by_node(pod) and not replaced(snapshot, pod):
            if pod.phase == "Failed" and within_grace(snapshot, pod):
                continue
            yield pod


def containers(snapshot: ClusterSnapshot) -> Iterator[ContainerView]:
    """Every container of the pods that `sick_pods` yields, init containers first.

    Left out are those of owners that a more specific kind has claimed.
    """
    for pod in sick_pods(snapshot):
        if pod.owner in snapshot.claimed:
            continue
        for state in sorted(pod.containers, key=lambda item: not item.init):
            spec = pod.template.container(state.name)
            yield ContainerView(pod, state, spec or ContainerSpec(name=state.name, init=state.init))


def by_owner(seen: Iterable[ContainerView]) -> dict[ObjectRef, list[ContainerView]]:
    """The same containers, grouped by the workload that owns them."""
    owners: dict[ObjectRef, list[ContainerView]] = {}
    for item in seen:
        owners.setdefault(item.pod.owner, []).append(item)
    return owners


def matching(
    snapshot: ClusterSnapshot, wanted: Callable[[ContainerView], bool]
) -> Iterator[tuple[ObjectRef, list[ContainerView]]]:
    """For each owner the containers that fail in the wanted way, where there are any."""
    yield from by_owner(item for item in containers(snapshot) if wanted(item)).items()


def replaced(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether the pod belongs to an earlier revision of its Deployment."""
    deployment = snapshot.deployment(pod.owner)
    current = deployment.current if deployment else None
    return bool(current and pod.replica_set and pod.replica_set != current.replica_set)


def job_of(snapshot: ClusterSnapshot, pod: PodSummary) -> JobSummary | None:
    """The Job that made the pod, also where a CronJob stands above it."""
    for job in snapshot.jobs:
        made = job.cron_job == pod.owner.name and pod.ref.name.startswith(f"{job.ref.name}-")
        if job.ref == pod.owner or (pod.owner.kind == "CronJob" and made):
            return job
    return None


def within_grace(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether a failed pod is no failure of its owner: a retry will come or has succeeded.

    A controller replaces the failed pods of a Deployment, so those are no failure either.
    """
    if pod.owner.kind == "Pod":
        return False
    if "." in pod.owner.kind:
        return _run_is_over(snapshot, pod)
    if pod.owner.kind not in {"Job", "CronJob"}:
        return not fails_at_once(snapshot, pod.owner)
    job = job_of(snapshot, pod)
    if job is None:
        return False
    failed = job.condition("Failed")
    if failed is not None and failed.status == "True":
        return _later_run_succeeded(snapshot, job)
    if job.failed_indexes:
        return False  # An index that has used up its own retries is not tried again.
    return job.succeeded > 0 or job.failed < snapshot.thresholds.restarts


def _run_is_over(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether a failed pod of a custom resource (a workflow, a Spark driver) is history.

    A pod that is never restarted is one run: it failed, unless a later pod of its owner is there.
    """
    age = snapshot.taken_at - pod.created_at if pod.created_at else timedelta(0)
    if pod.template.restart_policy == "Always" or age > _RUN_COUNTS_FOR:
        return True
    born = pod.created_at or snapshot.taken_at
    others = (p for p in snapshot.pods_of(pod.owner) if p.phase != "Failed")
    return any(p.created_at and p.created_at > born for p in others)


def _later_run_succeeded(snapshot: ClusterSnapshot, job: JobSummary) -> bool:
    owner = ObjectRef(kind="CronJob", namespace=snapshot.namespace, name=job.cron_job or "")
    cron = next((item for item in snapshot.cronjobs if item.ref == owner), None)
    if cron is None or cron.last_succeeded_at is None or job.started_at is None:
        return False
    return cron.last_succeeded_at > job.started_at


def _ended_by_node(pod: PodSummary) -> bool:
    """Evicted, preempted or lost with its node: nothing that a container did."""
    return pod.reason in {
        "Evicted",
        "NodeLost",
        "Terminated",
        "Shutdown",
        "Preempting",
        "NodeShutdown",
    }


def has_sandbox(pod: PodSummary) -> bool:
    """Whether the node has mounted the pod's volumes and made its sandbox.

    The kubelet does it in this order and says so (PodReadyToStartContainers, since Kubernetes
    1.29). What Events say of earlier attempts is history then.
    """
    made = pod.condition("PodReadyToStartContainers")
    ran = any(item.state in {"running", "terminated"} or item.restarts for item in pod.containers)
    return ran or (made is not None and made.status == "True")


# --- how a container fails -------------------------------------------------------------------


def waiting_for(item: ContainerView, *reasons: str) -> bool:
    """Whether the container waits for one of these reasons."""
    return item.state.state == "waiting" and item.state.reason in reasons


def exit_code(state: ContainerState) -> int | None:
    """The exit code of the run that ended last, if any ended."""
    return state.exit_code if state.state == "terminated" else state.last_exit_code


def exit_reason(state: ContainerState) -> str:
    """The reason of the run that ended last: `Error`, `OOMKilled`, `StartError`, `Completed`."""
    return state.reason if state.state == "terminated" else state.last_reason


def exit_message(state: ContainerState) -> str:
    """The termination message, or the runtime's words on why the container could not start."""
    # What CrashLoopBackOff says is only how long it will wait.
    speaks = state.state in {"terminated", "waiting"} and state.reason != "CrashLoopBackOff"
    own = state.message if speaks else ""
    return "\n".join(part for part in (state.last_message, own) if part)


def restarts_often(item: ContainerView, snapshot: ClusterSnapshot) -> bool:
    """Whether the container restarted too often in the restart window and has not recovered."""
    state, now, thresholds = item.state, snapshot.taken_at, snapshot.thresholds
    if state.restarts < thresholds.restarts or resized(item, snapshot):
        return False
    if state.last_finished_at is None:
        # A rule that restarts all containers of the pod leaves no times of the runs it ended.
        began = state.started_at if state.state == "running" else now
        return restarted_by_rule(state) and began is not None and now - began <= RECOVERED
    last_start = last_started(state) or state.last_finished_at
    window = thresholds.restart_window
    if now - last_start > window and not slowly(item, now, last_start, window):
        return False
    if state.state == "running" and state.started_at is not None:
        before = state.last_finished_at - last_start
        return now - state.started_at <= max(RECOVERED, 2 * before)
    return True


def last_started(state: ContainerState) -> datetime | None:
    """When the run that ended last had started; the kubelet says 1970 where it never did."""
    moment = state.last_started_at if state.last_finished_at else state.started_at
    return None if moment is None or moment.year < _FIRST_YEAR else moment


def crashes(item: ContainerView, snapshot: ClusterSnapshot) -> bool:
    """Whether the container ends again and again, whatever its exit code.

    One crash is forgiven where the pod is restarted: CrashLoopBackOff begins with the second.
    A container that ended with 0 in a pod that is not restarted is done, not crashed.
    """
    state = item.state
    if waiting_for(item, "CrashLoopBackOff"):
        return True
    if state.state == "terminated":
        # A container's own policy goes before its pod's (1.35).
        policy = item.spec.restart_policy or item.pod.template.restart_policy
        if policy != "Always" or state.init:
            again = policy != "Never" and state.restarts == 0
            return bool(state.exit_code) and not (again and item.pod.phase != "Failed")
        return state.restarts > 0
    if restarted_by_rule(state):
        return False
    return restarts_often(item, snapshot) and not stopped_crashing(state, snapshot.taken_at)


def stopped_crashing(state: ContainerState, now: datetime) -> bool:
    """Whether the container is ready and has run for clearly longer than the time before."""
    if state.state != "running" or not state.ready or state.started_at is None:
        return False
    start = last_started(state)
    before = state.last_finished_at - start if start and state.last_finished_at else timedelta(0)
    return now - state.started_at > max(CALM, 2 * before)


def crashes_by_itself(item: ContainerView, snapshot: ClusterSnapshot) -> bool:
    """`crashes`, with a run that ended by the program's own doing and not by a kill for memory."""
    return crashes(item, snapshot) and exit_reason(item.state) != "OOMKilled"


def gated(pod: PodSummary) -> str | None:
    """The readiness gate that keeps a pod from being ready whose containers all are.

    Empty if the pod does not name it, None if something else keeps it.
    """
    steady = [item for item in pod.containers if not item.init]
    if pod.phase != "Running" or not steady or not all(item.ready for item in steady):
        return None
    ready = pod.condition("Ready")
    found = _GATE.search(ready.message) if ready else None
    return found[1] if found else "" if ready and ready.reason == _GATES_UNMET else None


def unready_for(pod: PodSummary, now: datetime) -> timedelta:
    """How long the pod has not been ready; zero when it is."""
    condition = pod.condition("Ready")
    if condition is not None and condition.status == "True":
        return timedelta(0)
    start = (condition.since if condition else None) or pod.created_at
    return now - start if start else timedelta(0)


# --- what tells it ---------------------------------------------------------------------------


def impact(snapshot: ClusterSnapshot, owner: ObjectRef) -> Impact:
    """How badly the owner is broken: `0 of 2 pods ready`."""
    workload = snapshot.workload(owner)
    if isinstance(workload, JobSummary):
        failed = f"failed {times(workload.failed)}" if workload.failed else "not completed"
        return Impact(words=failed)
    if workload is None or owner.kind == "CronJob":
        unready = owner.kind == "Pod" and not any(p.ready for p in snapshot.pods_of(owner))
        return Impact(words="the pod is not ready" if unready else "")
    return Impact(ready=workload.ready, wanted=workload.desired)


def times(count: int) -> str:
    """`once`, `twice`, `7 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def since(
    snapshot: ClusterSnapshot, owner: ObjectRef, pods: Iterable[PodSummary]
) -> datetime | None:
    """Since when the owner is broken, as far as the snapshot can tell."""
    workload = snapshot.workload(owner)
    condition = workload.condition("Available") if workload else None
    down = condition.since if condition and condition.status == "False" else None
    found: list[datetime] = [down] if down else []
    for pod in pods:
        warned = [
            event.first_seen
            for event in snapshot.events_about(pod.ref)
            if event.type == "Warning" and event.first_seen
        ]
        ready = pod.condition("Ready")
        unready = ready.since if ready and ready.status != "True" else None
        found += warned or [moment for moment in (unready or pod.created_at,) if moment]
    return min(found, default=None)


def state_line(item: ContainerView) -> str:
    """`pod web-7d9f-x2k4p: container main CrashLoopBackOff, exit code 1, 5 restarts`."""
    state = item.state
    code, ended = exit_code(state), exit_reason(state)
    words = [state.reason or state.state]
    if code is not None:
        because = f" ({ended})" if ended and ended not in {state.reason, "Error"} else ""
        words.append(f"exit code {code}{because}")
    if state.restarts:
        words.append("1 restart" if state.restarts == 1 else f"{state.restarts} restarts")
    start, end = last_started(state), state.last_finished_at
    if start and end and end - start >= _LONG_RUN:
        words.append(f"its last run took {duration((end - start).total_seconds())}")
    role = "init container" if state.init else "container"
    return f"pod {item.pod.ref.name}: {role} {state.name} {', '.join(words)}"


def who(item: ContainerView) -> str:
    """`Container main`, `Init container wait-for-db`: how an explanation starts."""
    role = "Sidecar" if item.spec.sidecar else "Init container" if item.state.init else "Container"
    return f"{role} {item.state.name}"


def make_finding(
    kind: str,
    summary: str,
    snapshot: ClusterSnapshot,
    seen: list[ContainerView],
    **facts: str | None,
) -> Finding:
    """A finding on the owner of these containers; the first of them is the one that it shows.

    Its evidence starts with the container's state; add log lines and events with `with_evidence`.
    """
    first = seen[0]
    owner = first.pod.owner
    pods = list({item.pod.ref.name: item.pod for item in seen}.values())
    job = job_of(snapshot, first.pod)
    churn = churn_line(snapshot, owner) if first.pod.phase == "Failed" else None
    given_up = event_line_about(snapshot, [job.ref], "BackoffLimitExceeded") if job else None
    return Finding(
        kind=kind,
        target=owner,
        container=first.state.name,
        summary=summary,
        impact=impact(snapshot, owner),
        evidence=distinct((state_line(first), churn, given_up)),
        since=since(snapshot, owner, pods),
        pods=tuple(pod.ref.name for pod in pods),
        facts={
            "who": who(first),
            "again": "yes" if first.state.restarts else "",
            **{name: value for name, value in facts.items() if value},
        },
    )


def distinct(lines: Iterable[Evidence | str | None]) -> tuple[Evidence, ...]:
    """These lines as evidence, each once; None and empty ones are left out."""
    known = (Evidence(text=line) if isinstance(line, str) else line for line in lines if line)
    return tuple(dict.fromkeys(known))


def with_evidence(finding: Finding, *lines: Evidence | str | None) -> Finding:
    """The finding with these lines added; None and what it already quotes are left out."""
    return finding.model_copy(update={"evidence": distinct((*finding.evidence, *lines))})
