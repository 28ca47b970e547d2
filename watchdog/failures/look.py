"""What detectors ask of a snapshot: which containers fail, since when, and which lines tell it.

Pure questions about a ClusterSnapshot, shared by the kinds beside this module; no kind is known
here. Times are compared with the moment at which the snapshot was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from watchdog.failures.lines import event_line_about
from watchdog.nouns import Finding
from watchdog.observation.base import ObjectRef
from watchdog.observation.pod_template import ContainerSpec
from watchdog.observation.snapshot import ClusterSnapshot
from watchdog.observation.workloads import ContainerState, JobSummary, PodSummary
from watchdog.settings import GraceSettings, ObserveSettings

GRACE = GraceSettings()
RESTART_WINDOW = timedelta(seconds=ObserveSettings().restart_window_seconds)
# The kubelet waits at most five minutes between two starts, so a container that has run for longer
# than that, and for longer than before, has got over what made it crash.
RECOVERED = timedelta(minutes=5)
CALM = timedelta(seconds=20)
_FIRST_YEAR = 2000


class Seen(NamedTuple):
    """One container of one pod: how it is doing and what it was told to be."""

    pod: PodSummary
    state: ContainerState
    spec: ContainerSpec

    @property
    def where(self) -> str:
        """`ledger-7d9f-x2k4p/main`."""
        return f"{self.pod.ref.name}/{self.state.name}"


# --- which pods and containers count ---------------------------------------------------------


def sick_pods(snapshot: ClusterSnapshot) -> Iterator[PodSummary]:
    """The sick pods that a container-level kind may judge.

    Left out: pods on their way out, evicted ones, those of a revision that is being replaced, and
    failed runs of a Job that succeeded or is still within its first retry.
    """
    for pod in snapshot.pods:
        gone = pod.deleted_at is not None or pod.phase == "Succeeded"
        if pod.sick and not gone and not _ended_by_node(pod) and not replaced(snapshot, pod):
            if pod.phase == "Failed" and forgiven(snapshot, pod):
                continue
            yield pod


def containers(snapshot: ClusterSnapshot) -> Iterator[Seen]:
    """Every container of the pods that `sick_pods` yields, init containers first."""
    for pod in sick_pods(snapshot):
        for state in sorted(pod.containers, key=lambda item: not item.init):
            spec = pod.template.container(state.name)
            yield Seen(pod, state, spec or ContainerSpec(name=state.name, init=state.init))


def by_owner(seen: Iterable[Seen]) -> dict[ObjectRef, list[Seen]]:
    """The same containers, grouped by the workload that owns them."""
    owners: dict[ObjectRef, list[Seen]] = {}
    for item in seen:
        owners.setdefault(item.pod.owner, []).append(item)
    return owners


def matching(
    snapshot: ClusterSnapshot, wanted: Callable[[Seen], bool]
) -> Iterator[tuple[ObjectRef, list[Seen]]]:
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


def forgiven(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether a failed pod is no failure of its owner: a retry will come or has succeeded.

    A controller replaces the failed pods of a Deployment, so those are no failure either.
    """
    if pod.owner.kind == "Pod":
        return False
    if pod.owner.kind not in {"Job", "CronJob"}:
        return True
    job = job_of(snapshot, pod)
    if job is None:
        return False
    failed = job.condition("Failed")
    if failed is not None and failed.status == "True":
        return _later_run_succeeded(snapshot, job)
    return job.succeeded > 0 or job.failed < GRACE.restarts


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


# --- how a container fails -------------------------------------------------------------------


def waiting_for(item: Seen, *reasons: str) -> bool:
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


def restarts_often(item: Seen, now: datetime) -> bool:
    """Whether the container restarted at least twice in the window and has not recovered."""
    state = item.state
    if state.restarts < GRACE.restarts or state.last_finished_at is None:
        return False
    last_start = last_started(state) or state.last_finished_at
    if now - last_start > RESTART_WINDOW:
        return False
    if state.state == "running" and state.started_at is not None:
        before = state.last_finished_at - last_start
        return now - state.started_at <= max(RECOVERED, 2 * before)
    return True


def last_started(state: ContainerState) -> datetime | None:
    """When the run that ended last had started; the kubelet says 1970 where it never did."""
    moment = state.last_started_at if state.last_finished_at else state.started_at
    return None if moment is None or moment.year < _FIRST_YEAR else moment


def crashes(item: Seen, now: datetime) -> bool:
    """Whether the container ends again and again, whatever its exit code.

    One crash is forgiven where the pod is restarted: CrashLoopBackOff begins with the second.
    A container that ended with 0 in a pod that is not restarted is done, not crashed.
    """
    state = item.state
    if waiting_for(item, "CrashLoopBackOff"):
        return True
    if state.state == "terminated":
        if item.pod.template.restart_policy != "Always" or state.init:
            again = item.pod.template.restart_policy != "Never" and state.restarts == 0
            return bool(state.exit_code) and not (again and item.pod.phase != "Failed")
        return state.restarts > 0
    return restarts_often(item, now) and not calmed(state, now)


def calmed(state: ContainerState, now: datetime) -> bool:
    """Whether the container is ready and has run for clearly longer than the time before."""
    if state.state != "running" or not state.ready or state.started_at is None:
        return False
    start = last_started(state)
    before = state.last_finished_at - start if start and state.last_finished_at else timedelta(0)
    return now - state.started_at > max(CALM, 2 * before)


def crashes_by_itself(item: Seen, now: datetime) -> bool:
    """`crashes`, with a run that ended by the program's own doing and not by a kill for memory."""
    return crashes(item, now) and exit_reason(item.state) != "OOMKilled"


def unready_for(pod: PodSummary, now: datetime) -> timedelta:
    """How long the pod has not been ready; zero when it is."""
    condition = pod.condition("Ready")
    if condition is not None and condition.status == "True":
        return timedelta(0)
    start = (condition.since if condition else None) or pod.created_at
    return now - start if start else timedelta(0)


# --- what tells it ---------------------------------------------------------------------------


def impact(snapshot: ClusterSnapshot, owner: ObjectRef) -> str:
    """How badly the owner is broken: `0 of 2 pods ready`."""
    workload = snapshot.workload(owner)
    if isinstance(workload, JobSummary):
        return f"failed {times(workload.failed)}" if workload.failed else "not completed"
    if workload is None or owner.kind == "CronJob":
        pods = snapshot.pods_of(owner)
        return (
            "the pod is not ready" if owner.kind == "Pod" and not any(p.ready for p in pods) else ""
        )
    return f"{workload.ready} of {workload.desired} pods ready"


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


def state_line(item: Seen) -> str:
    """`pod web-7d9f-x2k4p: container main CrashLoopBackOff, exit code 1, 5 restarts`."""
    state = item.state
    code, ended = exit_code(state), exit_reason(state)
    words = [state.reason or state.state]
    if code is not None:
        because = f" ({ended})" if ended and ended not in {state.reason, "Error"} else ""
        words.append(f"exit code {code}{because}")
    if state.restarts:
        words.append("1 restart" if state.restarts == 1 else f"{state.restarts} restarts")
    role = "init container" if state.init else "container"
    return f"pod {item.pod.ref.name}: {role} {state.name} {', '.join(words)}"


def who(item: Seen) -> str:
    """`Container main`, `Init container wait-for-db`: how an explanation starts."""
    role = "Sidecar" if item.spec.sidecar else "Init container" if item.state.init else "Container"
    return f"{role} {item.state.name}"


def make_finding(
    kind: str, summary: str, snapshot: ClusterSnapshot, seen: list[Seen], **facts: str | None
) -> Finding:
    """A finding on the owner of these containers; the first of them is the one that it shows.

    Its evidence starts with the container's state; add log lines and events with `with_evidence`.
    """
    first = seen[0]
    owner = first.pod.owner
    pods = list({item.pod.ref.name: item.pod for item in seen}.values())
    job = job_of(snapshot, first.pod)
    given_up = event_line_about(snapshot, [job.ref], "BackoffLimitExceeded") if job else None
    return Finding(
        kind=kind,
        target=owner,
        container=first.state.name,
        summary=summary,
        impact=impact(snapshot, owner),
        evidence=(state_line(first), *([given_up] if given_up else [])),
        since=since(snapshot, owner, pods),
        pods=tuple(pod.ref.name for pod in pods),
        facts={
            "who": who(first),
            "again": "yes" if first.state.restarts else "",
            **{name: value for name, value in facts.items() if value},
        },
    )


def with_evidence(finding: Finding, *lines: str | None) -> Finding:
    """The finding with these lines added; None and what it already quotes are left out."""
    wanted = [line for line in lines if line]
    return finding.model_copy(
        update={"evidence": tuple(dict.fromkeys((*finding.evidence, *wanted)))}
    )
