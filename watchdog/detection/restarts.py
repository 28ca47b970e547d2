"""Restarts and failures that say more than a crash: slow ones, those by a rule, pods that churn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from watchdog.detection.container_view import ContainerView
from watchdog.model.diagnosis import Finding
from watchdog.observation.row_health import SLOW_RESTARTS, SLOW_SECONDS
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import ContainerState, PodSummary

# How a container ends that the kubelet stops: by SIGTERM, by SIGKILL after it, or in good order.
_STOPPED = (0, 137, 143)
_MANY_FAILED = 3
_REPLACES_FAILED = frozenset({"FailedDaemonPod", "RecreatingFailedPod"})
_EVERY_SECONDS = 60


def slowly(item: ContainerView, now: datetime, last_start: datetime, window: timedelta) -> bool:
    """Whether runs end again and again though each lasts for longer than the restart window.

    A few crashes in a pod's long life are none of that: they have to be hours apart on average.
    """
    state, born = item.state, item.pod.created_at
    if state.restarts < SLOW_RESTARTS or born is None or state.last_finished_at is None:
        return False
    usual = (now - born).total_seconds() / state.restarts
    last_run = (state.last_finished_at - last_start).total_seconds()
    # After a shorter run the container has recovered before the window is over.
    return 2 * last_run > window.total_seconds() and max(usual, last_run) <= SLOW_SECONDS


def restarted_by_rule(state: ContainerState) -> bool:
    """Whether a container's own rule ended the last run of all containers of its pod (1.36)."""
    return state.last_reason == "RestartingAllContainers"


def ended_for_good(pod: PodSummary, state: ContainerState) -> bool:
    """Whether a container has ended and its own policy (1.35) keeps it so, though its pod stays.

    A pod is ready only while all its containers run.
    """
    spec = pod.template.container(state.name)
    policy = spec.restart_policy if spec else None
    if state.init or state.state != "terminated" or pod.template.restart_policy != "Always":
        return False
    return policy == "Never" or (policy == "OnFailure" and state.exit_code == 0)


def stays_ended(finding: Finding, snapshot: ClusterSnapshot) -> tuple[str, str]:
    """What follows if the container of a finding has ended for good, and what then is to be done.

    Both are empty if it is started again, or if it ended well: that is a failure of its own.
    """
    shown = (
        (pod, state)
        for pod in snapshot.pods
        if pod.ref.name in finding.pods
        for state in pod.containers
        if state.name == finding.container
    )
    if not any(ended_for_good(pod, state) and state.exit_code for pod, state in shown):
        return "", ""
    why = (
        "It is not started again (its own restartPolicy is Never), and a pod is ready only while "
        f"all its containers run, so {finding.target} never is."
    )
    to_do = (
        f"If it has to run, let it be started again (restartPolicy Always of container "
        f"{finding.container}); if it is meant to end, make it an init container, or run it as a "
        "Job."
    )
    return why, to_do


def resized(item: ContainerView, snapshot: ClusterSnapshot) -> bool:
    """Whether its last run was ended by a change of its resources in place: that is no crash."""
    state = item.state
    if not item.spec.resize_restarts or not state.ready or state.last_reason == "OOMKilled":
        return False
    asked = f"Container {state.name} resize requires restart"
    said = any(
        event.reason == "Killing" and event.message.startswith(asked)
        for event in snapshot.events_about(item.pod.ref)
    )
    return said or state.last_exit_code in _STOPPED


def fails_at_once(snapshot: ClusterSnapshot, owner: ObjectRef) -> bool:
    """Whether a workload lacks pods while those that its controller makes fail one after another.

    Their restart policy is Always, so they fail before it counts: on arrival, or in an init
    container that is not restarted. Nothing slows the controller down.
    """
    workload = snapshot.workload(owner)
    if workload is None or workload.ready >= workload.desired:
        return False
    failed = [p for p in snapshot.pods if p.owner == owner and p.phase == "Failed"]
    return max(failed_pods(failed), _deleted(snapshot, owner)) >= _MANY_FAILED


def _deleted(snapshot: ClusterSnapshot, owner: ObjectRef) -> int:
    """How many failed pods its controller has deleted before it made the next ones."""
    about = snapshot.events_about(owner)
    return sum(event.count for event in about if event.reason in _REPLACES_FAILED)


def failed_pods(pods: Iterable[PodSummary]) -> int:
    """How many pods these stand for: each of a few that look alike has the number of them all."""
    groups: dict[tuple[str | None, str], int] = {}
    for pod in pods:
        look = (pod.replica_set, pod.status)
        groups[look] = max(groups.get(look, 0), pod.alike)
    return sum(groups.values())


def churn_line(snapshot: ClusterSnapshot, owner: ObjectRef) -> str | None:
    """`33 pods of Deployment/web have failed, one every 2.5 s`; None if they do not pile up."""
    if not fails_at_once(snapshot, owner):
        return None
    failed = [p for p in snapshot.pods if p.owner == owner and p.phase == "Failed"]
    made = sorted(pod.created_at for pod in failed if pod.created_at)
    number = failed_pods(failed)
    line = f"{max(number, _deleted(snapshot, owner))} pods of {owner} have failed"
    if not made or number <= len(failed):
        return line
    every = (snapshot.taken_at - made[0]).total_seconds() / number
    return f"{line}, one every {every:.1f} s" if every < _EVERY_SECONDS else line
