"""What changed since a workload was last available, and what taking that back would mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.actions import RolloutUndo

if TYPE_CHECKING:
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import (
        Change,
        ClusterSnapshot,
        DeploymentSummary,
        WorkloadSummary,
    )


def deployment_of(finding: Finding, snapshot: ClusterSnapshot) -> DeploymentSummary | None:
    """The Deployment that the finding is about, if it is about one."""
    return snapshot.deployment(finding.target)


def changes_of(
    deployment: DeploymentSummary | None, container: str | None, *fields: str
) -> list[Change]:
    """What the current revision changed since the last available one, in that container or the pod.

    `fields` are beginnings of Change.field (`env `, `limits.`); none given means any.
    """
    last = deployment.last_available if deployment else None
    return [
        change
        for change in (last.changes if last else ())
        if (change.container in {None, container} or container is None)
        and (not fields or change.field.startswith(fields))
    ]


def undo(
    finding: Finding, snapshot: ClusterSnapshot, *fields: str, container: str | None = None
) -> RolloutUndo | None:
    """A rollback to the last available revision, where one of these fields changed since.

    No fields given: whatever changed. None where no earlier revision is known to have worked.
    """
    deployment = deployment_of(finding, snapshot)
    last = deployment.last_available if deployment else None
    if last is None or not changes_of(deployment, container, *fields):
        return None
    return RolloutUndo(target=finding.target, to_revision=last.revision)


def permanent(workload: WorkloadSummary | None, what: str) -> str:
    """Where a person makes a change last: the chart's values, Git, or the manifest."""
    owner = workload.managed_by if workload else None
    if owner and owner.startswith("Helm"):
        return f"Put {what} into the chart's values ({owner}), or the next deploy undoes it."
    if owner:
        return f"Put {what} into Git, from where {owner} deploys it, or it will be undone."
    return f"Put {what} into the manifest it is deployed from, or the next deploy undoes it."
