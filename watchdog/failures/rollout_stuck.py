"""A rollout that has passed its progress deadline, for no reason that another kind knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import Trouble, kubectl, owner_finding
from watchdog.detection.rollback import undo
from watchdog.detection.standby import stands_by
from watchdog.text.format import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RemediationAction
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import DeploymentSummary


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for deployment in snapshot.deployments:
        progress = deployment.condition("Progressing")
        if progress is None or progress.status != "False" or _done(deployment):
            continue
        pods = [pod for pod in snapshot.pods_of(deployment.ref) if not pod.ready]
        if pods and all(stands_by(snapshot, pod) for pod in pods):
            continue
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
    still = "still serves" if serving == 1 else "still serve"
    old = f"; {serving} of the earlier revision {still}" if serving > 0 else ""
    return (
        f"The rollout{revision} has not finished within its progress deadline of "
        f"{duration(deployment.progress_deadline_seconds)}: {ready} of {deployment.desired} new "
        f"pods are ready{old}."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    words = ("pod", finding.pods[0]) if finding.pods else ("deployment", finding.target.name)
    return Advice(
        f"Find out why the new pods of {finding.target} do not become available.",
        kubectl(snapshot, "describe", *words),
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    return undo(finding, snapshot)


ROLLOUT_STUCK = FailureKind(
    name="rollout_stuck",
    summary="a rollout passed its progress deadline and is not done",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="Look at the pods of the newest revision; roll back if it never became available.",
)
