"""What changed since a workload was last available, and what taking that back would mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.actions import RolloutUndo

_SOON_SECONDS = 600

if TYPE_CHECKING:
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.observation.workloads import Change, DeploymentSummary, WorkloadSummary


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
    changes = changes_of(deployment, container, *fields)
    if deployment is None or last is None or all(item.field == "labels" for item in changes):
        return None
    if not began_with_revision(finding, deployment):
        return None
    return RolloutUndo(target=finding.target, to_revision=last.revision)


def began_with_revision(finding: Finding, deployment: DeploymentSummary) -> bool:
    """Whether the trouble is about as old as the current revision.

    One that ran well for days and then broke was broken by something else: going back is no cure.
    """
    current = deployment.current
    if finding.since is None or current is None or current.created_at is None:
        return True
    patience = max(deployment.progress_deadline_seconds, _SOON_SECONDS)
    return (finding.since - current.created_at).total_seconds() <= patience


def changed_words(finding: Finding, snapshot: ClusterSnapshot, *fields: str) -> str:
    """`" This came with revision 7."`, where that changed one of these fields, else nothing."""
    deployment = deployment_of(finding, snapshot)
    changes = changes_of(deployment, finding.container, *fields)
    if not changes or deployment is None or deployment.current is None:
        return ""
    if not began_with_revision(finding, deployment):
        return ""
    return f" This came with revision {deployment.current.revision}."


def logs_command(finding: Finding, snapshot: ClusterSnapshot) -> str:
    """The command that shows the log of the run that ended."""
    command = f"kubectl -n {snapshot.namespace} logs {finding.pods[0]} -c {finding.container}"
    return f"{command} --previous" if finding.facts.get("again") else command


def run_again(finding: Finding) -> str:
    """What is left to do where no controller starts the pod again."""
    created = finding.target.kind in {"Job", "Pod"} and not finding.facts.get("again")
    return f" Then create {finding.target} again." if created else ""


def place(workload: WorkloadSummary | None) -> str:
    """Where a change of the workload lasts: `the values of Helm release shop`; empty if unknown."""
    owner = workload.managed_by if workload else None
    if owner and owner.startswith("Helm"):
        return f"the values of Helm release {owner.removeprefix('Helm').strip() or 'it came with'}"
    return f"Git, from where {owner} deploys it" if owner else ""


def permanent(workload: WorkloadSummary | None, what: str) -> str:
    """What a person does so that the change lasts."""
    where = place(workload) or "the manifest it is deployed from"
    return f"Put {what} into {where}, so that every deploy has it."
