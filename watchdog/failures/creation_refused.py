"""Pods that the API server refuses to create: quota, limit range, service account, admission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.owners import (
    ARRIVAL_SECONDS,
    Trouble,
    age,
    event_text,
    introduced,
    kubectl,
    owner_finding,
    recent,
    rolling_well,
    sentence,
    undo_unproven,
    word,
)
from watchdog.failures.refusals import REFUSALS, Refusal, read
from watchdog.observation.base import Condition, ObjectRef
from watchdog.observation.workloads import (
    CronJobSummary,
    DeploymentSummary,
    JobSummary,
    StatefulSetSummary,
    WorkloadSummary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from watchdog.actions import RemediationAction
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot, EventSummary

# A controller that is refused waits ever longer between two tries, at most about 17 minutes.
_RETRY_SECONDS = 1100.0


# What stands in the way of other workloads too.
_SHARED = {
    "quota": "quota {name} is used up",
    "service_account": "service account {name} does not exist",
    "webhook_down": "admission webhook {name} does not answer",
    "priority": "priority class {name} does not exist",
    "runtime": "runtime class {name} does not exist",
}


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for workload in snapshot.workloads():
        owner = _top(workload)
        refused = _refused(snapshot, workload)
        if refused is None or _lacks_nothing(workload):
            continue
        message, start, line = refused
        refusal, names = read(message)
        if age(snapshot, start) < ARRIVAL_SECONDS:
            continue
        if refusal.name == "quota" and rolling_well(snapshot, owner):
            continue
        facts = {"refusal": refusal.name, **names}
        if shared := _SHARED.get(refusal.name):
            facts["cause"] = shared.format(**names)
        trouble = Trouble(refusal.summary, (line,), (), start, facts)
        yield owner_finding("creation_refused", snapshot, owner, trouble)


def _top(workload: WorkloadSummary) -> ObjectRef:
    if isinstance(workload, JobSummary) and workload.cron_job:
        return ObjectRef(kind="CronJob", namespace=workload.ref.namespace, name=workload.cron_job)
    return workload.ref


def _refused(
    snapshot: ClusterSnapshot, workload: WorkloadSummary
) -> tuple[str, datetime | None, str] | None:
    """The refusal's message, since when, and the line that shows it."""
    found = [e for e in _events(snapshot, workload) if recent(snapshot, e, _RETRY_SECONDS)]
    failure = workload.condition("ReplicaFailure")
    if failure is not None and failure.status == "True":
        if found:
            return found[-1].message, failure.since, event_text(found[-1])
        return failure.message, failure.since, f"ReplicaFailure: {shorten(failure.message)}"
    if isinstance(workload, DeploymentSummary) or not found:
        return None
    start = min((e.first_seen for e in found if e.first_seen), default=None)
    return found[-1].message, start, event_text(found[-1])


def _events(snapshot: ClusterSnapshot, workload: WorkloadSummary) -> list[EventSummary]:
    refs = [workload.ref]
    if isinstance(workload, DeploymentSummary):
        refs += [
            ObjectRef(kind="ReplicaSet", namespace=snapshot.namespace, name=item.replica_set)
            for item in workload.revisions
            if item.current
        ]
    about = snapshot.events_about(*refs)
    return [e for e in about if e.type == "Warning" and e.reason == "FailedCreate"]


def _lacks_nothing(workload: WorkloadSummary) -> bool:
    if isinstance(workload, JobSummary):
        return bool(workload.succeeded or workload.active or workload.suspended)
    if isinstance(workload, CronJobSummary):
        return workload.suspended
    if isinstance(workload, DeploymentSummary):
        return workload.ready >= workload.desired and workload.updated >= workload.desired
    return workload.ready >= workload.desired


def _refusal(finding: Finding) -> Refusal:
    return next(item for item in REFUSALS if item.name == finding.facts["refusal"])


def _fill(words: str, finding: Finding) -> str:
    names = {"name": "", "asked": "", "used": "", "hard": "", "target": word(finding.target)}
    return words.format(**{**names, **finding.facts})


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    return sentence(_fill(_refusal(finding).why, finding))


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    refusal, name = _refusal(finding), finding.facts.get("name", "")
    commands = {
        "quota": ("describe", "resourcequota", name),
        "quota_unset": ("describe", "resourcequota", name),
        "limit_range": ("describe", "limitranges"),
        "service_account": ("create", "serviceaccount", name),
    }
    words = commands.get(
        refusal.name, ("describe", finding.target.kind.lower(), finding.target.name)
    )
    command = kubectl(snapshot, *words)
    if refusal.name == "priority":
        command = "kubectl get priorityclasses"
    return Advice(_fill(refusal.to_do, finding), command)


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    refusal = _refusal(finding)
    if refusal.name == "service_account" and introduced(
        snapshot, finding.target, lambda template: template.service_account
    ):
        return undo_unproven(finding, snapshot)
    return undo_unproven(finding, snapshot, *refusal.fields) if refusal.fields else None


def _refusing(message: str, **more: Any) -> DeploymentSummary:
    failure = Condition(
        type="ReplicaFailure",
        status="True",
        reason="FailedCreate",
        message=f'pods "web-7d9f-" is forbidden: {message}',
        since=ex.ago(300),
    )
    values: dict[str, Any] = {"updated": 0, "conditions": (failure,), **more}
    return ex.deployment(**values)


def _examples() -> tuple[Example, ...]:
    account = 'error looking up service account shop/ledger: serviceaccount "ledger" not found'
    quota = (
        "exceeded quota: team, requested: requests.cpu=1, used: requests.cpu=1, "
        "limited: requests.cpu=1500m"
    )
    named = ex.earlier(ex.change("serviceAccountName", "default", "ledger", container=None))
    stateful = StatefulSetSummary(ref=ex.ref("StatefulSet", "db"), desired=1)
    event = ex.event("FailedCreate", f'pods "db-0" is forbidden: {quota}', about=stateful.ref)
    job = JobSummary(ref=ex.ref("Job", "report-1"), cron_job="report")
    unborn = ex.event("FailedCreate", f"Error creating: {account}", about=job.ref)
    served = _refusing(
        quota,
        ready=1,
        conditions=(
            *_refusing(quota).conditions,
            Condition(type="Progressing", status="True", reason="ReplicaSetUpdated"),
        ),
    )
    return (
        Example("no service account", ex.snapshot_of(_refusing(account)), "Deployment/web"),
        Example(
            "the revision named another service account",
            ex.snapshot_of(_refusing(account, last=named)),
            "Deployment/web",
            "rollout_undo",
        ),
        Example("quota of a StatefulSet", ex.snapshot_of(stateful, event), "StatefulSet/db"),
        Example("a CronJob's Job", ex.snapshot_of(job, unborn), "CronJob/report"),
        Example("the quota is tight while a rollout goes on", ex.snapshot_of(served), None),
        Example(
            "refused once, then made",
            ex.snapshot_of(stateful.model_copy(update={"ready": 1}), event),
            None,
        ),
    )


CREATION_REFUSED = FailureKind(
    name="creation_refused",
    summary="the API server refuses the pods: quota, limit range, service account or admission",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="No pod exists: read the FailedCreate event and name the quota, account or webhook in it.",
    drill=Drill(
        manifest="""\
apiVersion: v1
kind: ResourceQuota
metadata: {name: team}
spec: {hard: {requests.memory: 64Mi}}
---
"""
        + manifest.deployment(["sleep", "3600"], container="resources: {requests: {memory: 1Gi}}"),
        settle="no_pods",
    ),
    examples=_examples,
)
