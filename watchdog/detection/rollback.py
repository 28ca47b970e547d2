"""What changed since a workload was last available, and what taking that back would mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.actions import RolloutUndo
from watchdog.detection.blame import adds, blame
from watchdog.snapshot.deployer import conduct, where

if TYPE_CHECKING:
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import Change, DeploymentSummary


ON_TOP = "The new pod comes on top of the old ones, which serve and have it"
"""What a rollout lacks whose revision is not to blame; see `starting.on_top`."""
ONE_FIRST = (
    "Let a rollout take an old pod away first (strategy RollingUpdate with maxSurge 0 and "
    "maxUnavailable 1, or Recreate)"
)
"""What is done about that, as `now_and_for_good` takes it."""


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
        and (not fields or change.field.startswith(fields) or adds(change, container))
    ]


def undo(
    finding: Finding, snapshot: ClusterSnapshot, *fields: str, container: str | None = None
) -> RolloutUndo | None:
    """A rollback to the last revision that worked, if the current one is to blame; see `blame`."""
    found = blame(finding, snapshot, *fields, container=container)
    if not found.to_blame:
        return None
    return RolloutUndo(target=finding.target, to_revision=found.back_to)


def changed_words(finding: Finding, snapshot: ClusterSnapshot, *fields: str) -> str:
    """`" This came with revision 7."`, where that changed one of these fields, else nothing."""
    deployment = deployment_of(finding, snapshot)
    changes = changes_of(deployment, finding.container, *fields)
    if not changes or deployment is None or deployment.current is None:
        return ""
    if not blame(finding, snapshot, *fields).to_blame:
        return ""
    return f" This came with revision {deployment.current.revision}."


def logs_command(finding: Finding, snapshot: ClusterSnapshot, *, running: bool = False) -> str:
    """The command that shows the log of the run that ended, or of the one that goes on."""
    command = f"kubectl -n {snapshot.namespace} logs {finding.pods[0]} -c {finding.container}"
    return f"{command} --previous" if finding.facts.get("again") and not running else command


def run_again(finding: Finding, snapshot: ClusterSnapshot) -> str:
    """What is left to do if no controller starts the pod again; empty if another owner made it."""
    ref = finding.target
    ours = ref.kind in {"Job", "Pod"} and not finding.facts.get("again")
    return made_anew(ref, snapshot) if ours else ""


def made_anew(ref: ObjectRef, snapshot: ClusterSnapshot) -> str:
    """What is left to do once a manifest is changed of which no new pods are made."""
    workload = snapshot.workload(ref)
    if workload and conduct(workload.managed_by).left_alone:
        return ""
    if ref.kind in {"ReplicaSet", "ReplicationController"}:
        return f" Then delete the pods of {ref}: it makes others."
    return f" Then create {ref} again." if ref.kind in {"Job", "Pod"} else ""


def place(ref: ObjectRef, snapshot: ClusterSnapshot) -> str:
    """Where a change of the workload lasts: `the values of Helm release shop`; empty if unknown."""
    workload = snapshot.workload(ref)
    if workload is None and "." in ref.kind:
        # The kind of a custom resource carries its group; what makes that one was not read.
        return f"{ref}, which makes its pods"
    return where(workload.managed_by) if workload else ""


def permanent(ref: ObjectRef, snapshot: ClusterSnapshot, what: str) -> str:
    """What a person does so that the change lasts."""
    return f"Put {what} into {lasting(ref, snapshot)}, so that every deploy has it."


def now_and_for_good(ref: ObjectRef, snapshot: ClusterSnapshot, change: str) -> str:
    """The same where a command makes the change at once, unless such a change does not stand.

    `change` begins the sentence: `Set REGION on container main`.
    """
    workload = snapshot.workload(ref)
    owner, where_ = workload.managed_by if workload else None, lasting(ref, snapshot)
    if owner and (owner.release or conduct(owner).by_hand != "stands"):
        return f"{change}, in {where_}."
    return f"{change}, and put that into {where_}, so that every deploy has it."


def lasting(ref: ObjectRef, snapshot: ClusterSnapshot) -> str:
    """Where a change of the workload lasts; in general words if nothing tells."""
    return place(ref, snapshot) or "the manifest it is deployed from"
