"""Decide whether the current revision of a Deployment is to blame for what fails, and why.

This is the only place that decides it: the kinds ask it before they propose to go back, policy asks
it again no matter who proposes that, and the report says its reason. Pure.

The facts come from the cluster: `observation/revisions.py` says which revisions completed their
rollout, and each kind says in `Finding.origin` whether what fails lies outside the workload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.starting import may_be_starting
from watchdog.kube.quantity import parse
from watchdog.model.blame import Blame, BlameReason

if TYPE_CHECKING:
    from datetime import datetime

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary
    from watchdog.snapshot.workloads import (
        Change,
        ContainerState,
        DeploymentSummary,
        PodSummary,
        RevisionSummary,
    )

# What begins so long after a revision was made has another cause; the progress deadline counts
# where that is longer.
_SOON_SECONDS = 600
# What no container fails by once its pod has a node: how it is found, ranked and stopped there.
_NEVER_FAILS_BY = frozenset(
    {"labels", "terminationGracePeriodSeconds", "priorityClassName", "topologySpreadConstraints"}
    | {"preemptionPolicy", "schedulerName"}
)
_AMOUNTS = ("requests.", "limits.")
# What concerns one container alone, and no other one of its pod.
_OWN_AFFAIRS = (*_AMOUNTS, "readinessProbe", "livenessProbe", "startupProbe")


def blame(
    finding: Finding, snapshot: ClusterSnapshot, *fields: str, container: str | None = None
) -> Blame:
    """Say whether going back to the last revision that worked is justified by this finding.

    `fields` are beginnings of Change.field (`env `, `limits.`): only a revision that changed one of
    them, of `container` if given, or that added the container that fails, can be to blame. Without
    fields any change will do.
    """
    deployment = snapshot.deployment(finding.target)
    current = deployment.current if deployment else None
    last = deployment.last_available if deployment else None
    if deployment is None or current is None or last is None:
        return Blame(reason=BlameReason.NONE_WORKED)
    because = _reason(
        finding, snapshot, deployment, _bearing(finding, last, *fields, container=container)
    )
    return Blame(
        reason=because,
        revision=current.revision,
        back_to=last.revision,
        completed_at=current.completed_at,
    )


def _bearing(
    finding: Finding, last: RevisionSummary | None, *fields: str, container: str | None = None
) -> list[Change]:
    """What the current revision changed since `last` that bears on these fields; see `blame`."""
    failing = container or finding.container
    return [
        change
        for change in (last.changes if last else ())
        if adds(change, failing)
        or (
            (container is None or change.container in {None, container})
            and (not fields or change.field.startswith(fields))
        )
    ]


def adds(change: Change, container: str | None) -> bool:
    """Whether the revision added that container, in whatever form."""
    added = change.field == "container" and change.was is None
    return added and container is not None and change.container == container


def began_with_revision(finding: Finding, deployment: DeploymentSummary) -> bool:
    """Whether the trouble is about as old as the current revision.

    One that ran well for days and then broke was broken by something else: going back is no cure.
    """
    current = deployment.current
    if finding.since is None or current is None or current.created_at is None:
        return True
    patience = max(deployment.progress_deadline_seconds, _SOON_SECONDS)
    return (finding.since - current.created_at).total_seconds() <= patience


def _reason(
    finding: Finding,
    snapshot: ClusterSnapshot,
    deployment: DeploymentSummary,
    changes: list[Change],
) -> BlameReason:
    current, last = deployment.current, deployment.last_available
    assert current is not None
    assert last is not None
    if not any(_may_cause(change, finding, deployment) for change in changes):
        return BlameReason.NOT_CHANGED
    if finding.origin == "outside" or finding.suffers:
        return BlameReason.FROM_OUTSIDE
    if _fails_as_well(snapshot, deployment, last):
        return BlameReason.EARLIER_FAILS_TOO
    if not began_with_revision(finding, deployment):
        return BlameReason.BEGAN_LATER
    if _runs_again(finding, snapshot):
        return BlameReason.RUNS_AGAIN
    pods = [pod for pod in snapshot.pods_of(finding.target) if pod.ref.name in finding.pods]
    if may_be_starting(deployment, pods):
        return BlameReason.STILL_STARTING
    if not current.available:
        return BlameReason.NEVER_COMPLETED
    if finding.fails and any(change.field.startswith(finding.fails) for change in changes):
        return BlameReason.CHANGED_WHAT_FAILS
    return BlameReason.PROVEN


def _may_cause(change: Change, finding: Finding, deployment: DeploymentSummary) -> bool:
    """Whether what fails may come of this change at all, as far as Kubernetes' own rules say.

    Labels never make a pod fail, unless a rule of the cluster asks for them. Nor does a container
    fail by more resources, by what another one alone is given or asked, or by one that is started
    only after it has ended.
    """
    if finding.fails and change.field.startswith(finding.fails):
        return True
    if finding.container is None or adds(change, finding.container):
        return change.field != "labels"
    if change.field in _NEVER_FAILS_BY:
        return False
    if change.container in {None, finding.container}:
        return not _gives_more(change)
    if change.field.startswith(_OWN_AFFAIRS):
        return False
    return not _starts_later(change.container, finding.container, deployment)


def _gives_more(change: Change) -> bool:
    """Whether a request, or a limit, was raised, or a limit taken away."""
    if not change.field.startswith(_AMOUNTS):
        return False
    if change.was is None or change.now is None:
        return change.field.startswith("requests.") == (change.was is None)
    try:
        return parse(change.now) > parse(change.was)
    except ValueError:
        return False


def _starts_later(other: str | None, failing: str, deployment: DeploymentSummary) -> bool:
    """Whether a container is started only once the init container that fails has ended."""
    containers = deployment.template.containers
    places = {spec.name: place for place, spec in enumerate(containers)}
    spec = deployment.template.container(failing)
    if spec is None or other not in places or not spec.init or spec.sidecar:
        return False
    return places[other] > places[failing]


def _runs_again(finding: Finding, snapshot: ClusterSnapshot) -> bool:
    """Whether what crashed runs now, for longer than the time before: it may be over.

    A pass that looks just after an outage ended sees crashes, but their cause is gone.
    """
    pods = (pod for pod in snapshot.pods_of(finding.target) if pod.ref.name in finding.pods)
    states = [(pod, s) for pod in pods for s in pod.containers if s.name == finding.container]
    return bool(states) and all(_outlasts(pod, state, snapshot) for pod, state in states)


def _outlasts(pod: PodSummary, state: ContainerState, snapshot: ClusterSnapshot) -> bool:
    if state.state != "running" or state.started_at is None or not state.started:
        return False
    if state.last_started_at is None or state.last_finished_at is None:
        return False
    if any(_fails_since(event, state.started_at) for event in snapshot.events_about(pod.ref)):
        return False
    return snapshot.taken_at - state.started_at > state.last_finished_at - state.last_started_at


def _fails_since(event: EventSummary, moment: datetime) -> bool:
    """Whether a probe that ends the container has failed since then: it is about to be ended."""
    when = event.last_seen or event.first_seen
    ends = event.message.startswith(("Liveness probe", "Startup probe"))
    return event.reason == "Unhealthy" and ends and when is not None and when > moment


def _fails_as_well(
    snapshot: ClusterSnapshot, deployment: DeploymentSummary, last: RevisionSummary
) -> bool:
    """Whether most pods of the revision that worked fail now too: then no revision is the cause."""
    failing = [
        pod
        for pod in snapshot.pods_of(deployment.ref)
        if pod.replica_set == last.replica_set
        and pod.sick
        and pod.deleted_at is None
        and pod.phase in {"Running", "Pending"}
        and not pod.ready
    ]
    return max((pod.alike for pod in failing), default=0) > last.ready_replicas
