"""A rollout that has passed its progress deadline, for no reason that another kind knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.owners import Trouble, kubectl, owner_finding, undo_unproven, word
from watchdog.observation.base import Condition
from watchdog.observation.workloads import RevisionSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RemediationAction
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.observation.workloads import DeploymentSummary


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for deployment in snapshot.deployments:
        progress = deployment.condition("Progressing")
        if progress is None or progress.status != "False" or _done(deployment):
            continue
        pods = [pod for pod in snapshot.pods_of(deployment.ref) if not pod.ready]
        reason = f"Progressing=False ({progress.reason}): {shorten(progress.message)}"
        trouble = Trouble("rollout is stuck", (reason,), pods[:3], progress.since)
        yield owner_finding("rollout_stuck", snapshot, deployment.ref, trouble)


def _done(deployment: DeploymentSummary) -> bool:
    wanted = deployment.desired
    # The Deployment counts the ready pods of all its revisions.
    new = deployment.current.ready_replicas if deployment.current else deployment.ready
    return deployment.paused or not wanted or (deployment.updated >= wanted and new >= wanted)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    deployment = snapshot.deployment(finding.target)
    if deployment is None:
        return "The rollout does not finish."
    current = deployment.current
    revision = f" of revision {current.revision}" if current else ""
    ready = current.ready_replicas if current else min(deployment.ready, deployment.updated)
    serving = deployment.ready - ready
    old = f"; of the earlier revision {serving} still serve" if serving > 0 else ""
    return (
        f"The rollout{revision} has not finished within its progress deadline of "
        f"{deployment.progress_deadline_seconds} s: {ready} of {deployment.desired} new pods are "
        f"ready{old}."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    name = word(finding.target)
    return Advice(
        f"Find out why the new pods of {name} do not become available, or roll it back.",
        kubectl(snapshot, "rollout", "status", name, "--timeout=10s"),
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    return undo_unproven(finding, snapshot)


def _examples() -> tuple[Example, ...]:
    late = Condition(
        type="Progressing",
        status="False",
        reason="ProgressDeadlineExceeded",
        message='ReplicaSet "web-7d9f" has timed out progressing.',
        since=ex.ago(120),
    )
    on_time = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
    done = RevisionSummary(revision=7, replica_set=ex.CURRENT, current=True, ready_replicas=1)
    image = ex.earlier(ex.change("image", "shop/web:1.4", "shop/web:1.5"))
    new_pod = ex.pod(ex.running(ready=False, for_seconds=40))
    return (
        Example(
            "past its deadline while the old pods serve",
            ex.snapshot_of(
                ex.deployment(ready=2, desired=2, updated=1, conditions=(late,), last=image),
                new_pod,
            ),
            "Deployment/web",
            "rollout_undo",
        ),
        Example(
            "the first revision never became available",
            ex.snapshot_of(ex.deployment(conditions=(late,)), new_pod),
            "Deployment/web",
        ),
        Example(
            "within its deadline",
            ex.snapshot_of(
                ex.deployment(ready=2, desired=2, updated=1, conditions=(on_time,), last=image),
                new_pod,
            ),
            None,
        ),
        Example(
            "late, but done",
            ex.snapshot_of(ex.deployment(ready=1, conditions=(late,), revisions=(done,))),
            None,
        ),
    )


_GATE = "readinessGates: [{conditionType: example.com/registered}]"


def _patient(**more: str) -> str:
    made = manifest.deployment(["sleep", "3600"], **more)
    return made.replace("  selector:", "  progressDeadlineSeconds: 15\n  selector:", 1)


ROLLOUT_STUCK = FailureKind(
    name="rollout_stuck",
    summary="a rollout passed its progress deadline and is not done",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="Look at the pods of the newest revision; roll back if it never became available.",
    drill=Drill(before=_patient(), manifest=_patient(pod=_GATE), ends="healed", settle="deadline"),
    examples=_examples,
)
