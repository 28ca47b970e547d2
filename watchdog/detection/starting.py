"""Which pods that are not ready may still be starting, and which rollouts go on well. Pure.

A program that warms up refuses connections, or answers 404 or 503, for minutes: what probes say of
it meanwhile tells nothing. What its owner allowed it, and what its history says, does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.containers import replaced
from watchdog.detection.owners import age
from watchdog.snapshot.workloads import DaemonSetSummary, DeploymentSummary, StatefulSetSummary

if TYPE_CHECKING:
    from watchdog.snapshot.pod_template import PodTemplate
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import PodSummary

# Neither a StatefulSet nor a DaemonSet has a deadline, and that of a Deployment that could not be
# read is not known; a Deployment's default one serves.
_ROLLOUT_SECONDS = 600.0
_ROLLED_OUT = {"Deployment", "StatefulSet", "DaemonSet"}
# A start of five minutes is nothing unusual; before it a node has to be found, and an image pulled.
_SLOW_START_SECONDS = 400.0
# A start may take somewhat longer than the ones before it: another node, more data, more load.
_LONGER = 1.5


def rolling_out_without_loss(snapshot: ClusterSnapshot, owner: ObjectRef) -> bool:
    """Whether a Deployment serves as its strategy promises, and its rollout is within its deadline.

    A rolling update may do without `maxUnavailable` of its pods, but never without all of them.
    """
    deployment = snapshot.deployment(owner)
    if deployment is None or not deployment.desired or _overdue(deployment):
        return False
    if deployment.ready >= deployment.desired:
        return True
    least = max(1, deployment.desired - deployment.max_unavailable)
    return _replaces_a_revision(deployment) and deployment.ready >= least


def on_top(snapshot: ClusterSnapshot, owner: ObjectRef) -> bool:
    """Whether the new pods of a rollout come on top of old ones that serve and have to go on.

    These may hold what the new ones lack: a host port, the only node that a rule allows, a quota.
    """
    deployment = snapshot.deployment(owner)
    if deployment is None or deployment.strategy == "Recreate" or deployment.max_unavailable:
        return False
    return any(item.ready_replicas for item in deployment.revisions if not item.current)


def costs_nothing(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether a pod belongs to a rollout that has lost nothing, or to one that may have lost none.

    If its workload could not be read in this pass, what it serves and allows is not known. Then the
    pod is given the time that a rollout has by default.
    """
    if rolling_out_without_loss(snapshot, pod.owner):
        return True
    return _unread(snapshot, pod) and age(snapshot, pod.created_at) < _ROLLOUT_SECONDS


def _unread(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether the pod's workload is of a kind that has rollouts, and could not be read."""
    return pod.owner.kind in _ROLLED_OUT and snapshot.workload(pod.owner) is None


def merely_starting(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether a pod that is not ready yet starts as it may, so that there is nothing to tell.

    Nothing of it has failed, and its rollout is within its deadline and took no more pods than its
    strategy may; or it took all of them as it may, and the pod is younger than a start may take; or
    its revision has completed, and the pod has run for less than that took. While nothing is lost,
    fewer restarts than count as a failure are a part of the start.
    """
    if any(state.exit_code for state in pod.containers):
        return False
    restarts = max((state.restarts for state in pod.containers), default=0)
    if costs_nothing(snapshot, pod):
        return restarts < snapshot.thresholds.restarts and not replaced(snapshot, pod)
    if restarts:
        return False
    workload = snapshot.workload(pod.owner)
    if isinstance(workload, DeploymentSummary):
        if _replaces_a_revision(workload):
            within = age(snapshot, pod.created_at) < start_seconds(workload)
            return within and _may_lose_all(workload) and may_be_starting(workload, [pod])
        return _starts_since(snapshot, pod) < _rollout_took(workload) * _LONGER
    if isinstance(workload, StatefulSetSummary | DaemonSetSummary):
        begun = age(snapshot, workload.created_at) - age(snapshot, pod.created_at)
        replaces = (
            begun > snapshot.thresholds.pending_seconds and workload.ready >= workload.desired - 1
        )
        return replaces and age(snapshot, pod.created_at) < _ROLLOUT_SECONDS
    return False


def start_seconds(deployment: DeploymentSummary) -> float:
    """Seconds that a new pod may take to become ready where the service is away meanwhile.

    As long as its probes and minReadySeconds let it take, but no less than a slow start takes. The
    progress deadline says when a rollout has failed; people want to know of an outage before that.
    """
    by_probes = sum(
        spec.startup.initial_delay_seconds
        + spec.startup.period_seconds * spec.startup.failure_threshold
        for spec in deployment.template.containers
        if spec.startup
    )
    # Of a readiness probe only the first question has a time: it may say no for ever.
    asked = [spec.readiness for spec in deployment.template.containers if spec.readiness]
    by_probes += max(
        (probe.initial_delay_seconds + probe.period_seconds for probe in asked), default=0
    )
    most = max(_SLOW_START_SECONDS, by_probes + deployment.min_ready_seconds)
    return min(most, float(deployment.progress_deadline_seconds))


def may_be_starting(deployment: DeploymentSummary, pods: list[PodSummary]) -> bool:
    """Whether these pods of a new revision lack nothing but time, as far as one can see.

    Its rollout is within its deadline, their containers run and none has ended, and the revision
    asks by its probes what the one before asked: else the question may be what is wrong.
    """
    return (
        _replaces_a_revision(deployment)
        and bool(pods)
        and all(_runs(pod) for pod in pods)
        and not _asks_otherwise(deployment)
    )


def _runs(pod: PodSummary) -> bool:
    """Whether each container runs and never ended, or is an init container that is done."""
    running = [item for item in pod.containers if item.state == "running"]
    waits_for_init = any(item.init for item in running)
    return bool(running) and all(
        (item.state == "running" and not item.restarts)
        or (item.init and item.state == "terminated" and item.exit_code == 0)
        or (item.state == "waiting" and item.reason == "PodInitializing" and waits_for_init)
        for item in pod.containers
    )


def _asks_otherwise(deployment: DeploymentSummary) -> bool:
    """Whether probes of the current revision ask what those before it did not ask.

    Without a revision that is known to have worked, the newest one before it is compared.
    """
    current = deployment.current
    older = (item for item in deployment.revisions if not item.current)
    before = deployment.last_available or next(older, None)
    if current is None or before is None:
        return False
    now, then = _asked(current.template), _asked(before.template)
    return any(now[name] != then[name] for name in now.keys() & then.keys())


def _asked(template: PodTemplate) -> dict[str, object]:
    """What the probes of each container ask, and its ports."""
    return {
        spec.name: (
            spec.readiness.asks if spec.readiness else "",
            spec.startup.asks if spec.startup and spec.readiness is None else "",
            spec.ports,
        )
        for spec in template.containers
    }


def _may_lose_all(deployment: DeploymentSummary) -> bool:
    """Whether its strategy lets a rollout take all pods, or its old pods serve beside it."""
    serving = any(item.ready_replicas for item in deployment.revisions if not item.current)
    all_of_them = deployment.max_unavailable >= deployment.desired
    return deployment.strategy == "Recreate" or all_of_them or serving


def _rollout_took(deployment: DeploymentSummary) -> float:
    """Seconds that the current revision took to complete, at most its deadline; 0 if unknown."""
    current = deployment.current
    if current is None or current.completed_at is None or current.created_at is None:
        return 0.0
    took = (current.completed_at - current.created_at).total_seconds()
    return min(took, float(deployment.progress_deadline_seconds))


def _starts_since(snapshot: ClusterSnapshot, pod: PodSummary) -> float:
    """Seconds since the last of its containers began to run; since the pod was made, if one waits.

    A node that was long in starting it, as one is that pulls for many, is not the program's doing.
    """
    states = [item for item in pod.containers if not (item.init and item.state == "terminated")]
    if any(item.state != "running" for item in states):
        return age(snapshot, pod.created_at)
    return min((age(snapshot, item.started_at) for item in states), default=0.0)


def _overdue(deployment: DeploymentSummary) -> bool:
    progressing = deployment.condition("Progressing")
    return progressing is not None and progressing.status == "False"


def _replaces_a_revision(deployment: DeploymentSummary) -> bool:
    """Whether the rollout of a revision goes on that is not the first one."""
    progressing = deployment.condition("Progressing")
    if progressing is None or len(deployment.revisions) == 1:  # none if they could not be read
        return False
    return progressing.status == "True" and progressing.reason != "NewReplicaSetAvailable"
