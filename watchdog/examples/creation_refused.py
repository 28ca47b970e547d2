"""A drill and examples of `creation_refused`."""

from __future__ import annotations

from typing import Any

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import LimitRangeSummary, QuotaSummary
from watchdog.snapshot.workloads import (
    DeploymentSummary,
    JobSummary,
    StatefulSetSummary,
)


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


def examples() -> tuple[Example, ...]:
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
    unset = "failed quota: team: must specify requests.cpu for: main; requests.memory for: main"
    hard = QuotaSummary(name="team", hard={"requests.cpu": "2", "requests.memory": "2Gi"})
    tight = hard.model_copy(update={"used": {"requests.cpu": "1900m"}})
    too_large = "exceeded quota: team, requested: requests.cpu=8, used: requests.cpu=0, "
    too_large += "limited: requests.cpu=2"
    over = "maximum memory usage per Container is 1Gi, but limit is 4Gi"
    lr = LimitRangeSummary(name="range", max={"memory": "1Gi"})
    plain = PodTemplate(containers=(ex.spec(requests={}, limits={}),))
    large = PodTemplate(containers=(ex.spec(requests={"cpu": "8"}, limits={}),))
    fat = PodTemplate(containers=(ex.spec(requests={}, limits={"memory": "4Gi"}),))
    first = {"revisions": (ex.earlier(available=False, current=True, replica_set=ex.CURRENT),)}
    return (
        Example(
            "a quota demands requests, and the usual ones fit",
            ex.snapshot_of(_refusing(unset, template=plain, **first), hard),
            "Deployment/web",
            "patch_deployment_resources",
        ),
        Example(
            "a quota demands requests, and the usual ones do not fit",
            ex.snapshot_of(_refusing(unset, template=plain, **first), tight),
            "Deployment/web",
        ),
        Example(
            "it asks for more than the quota could ever hold",
            ex.snapshot_of(_refusing(too_large, template=large, **first), hard),
            "Deployment/web",
            "patch_deployment_resources",
        ),
        Example(
            "its limit is above the LimitRange's maximum",
            ex.snapshot_of(_refusing(over, template=fat, **first), lr),
            "Deployment/web",
            "patch_deployment_resources",
        ),
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


DRILL = Drill(
    manifest="""\
apiVersion: v1
kind: ResourceQuota
metadata: {name: team}
spec: {hard: {requests.memory: 64Mi}}
---
"""
    + drill_manifest.deployment(
        ["sleep", "3600"], container="resources: {requests: {memory: 1Gi}}"
    ),
    settle="no_pods",
)
