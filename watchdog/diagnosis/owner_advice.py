"""Advice for the owner: no command that its tool puts back, or is refused because of."""

from __future__ import annotations

import shlex

from watchdog.actions import PatchDeploymentEnv, RolloutUndo
from watchdog.detection.admission import injected
from watchdog.detection.kind import Advice
from watchdog.snapshot.deployer import conduct, where
from watchdog.snapshot.workloads import WorkloadSummary

_WRITES = frozenset({"edit", "patch", "rollout", "scale", "set"})
_READS = frozenset({"history", "status"})  # of a rollout
_BY_HAND = {
    "put_back": "that is put back",
    "refused": "the next deploy would be refused",
    "stands": "the next upgrade may take that back",  # Helm 3
}
_VERB = 3  # after `kubectl -n NAMESPACE`


def for_the_owner(
    advice: Advice, workload: WorkloadSummary | None, container: str | None = None
) -> Advice:
    """The advice without a command that changes the workload, if such a change does not stand.

    A container that admission added is not in the workload's template at all.

    A server-side apply is refused as long as someone else's kubectl holds a field with another
    value; a controller or a Git tool puts it back; an upgrade by Helm 3 puts its own value back,
    or never knows of ours. For a Helm release the command shows the values that it has.
    """
    if workload is not None and injected(workload, container):
        text = (
            f"Container {container} is not in {workload.ref}: it is added to its pods at "
            "admission. Correct it where the injector is configured."
        )
        kept = None if _changes(advice.command, workload) else advice.command
        return Advice(text, kept)
    owner = workload.managed_by if workload else None
    row, release = conduct(owner), owner.release if owner else None
    stands = row.by_hand == "stands" and not release
    if workload is None or stands or not _changes(advice.command, workload):
        return advice
    place = where(owner)
    there = (
        "Not with kubectl" if place in advice.text else f"Change it in {place}, not with kubectl"
    )
    values = ("helm", "-n", workload.ref.namespace, "get", "values", release or "")
    text = f"{advice.text} {there}: {_BY_HAND[row.by_hand]}."
    return Advice(text, shlex.join(values) if release else None)


def going_back(fix: RolloutUndo, workload: WorkloadSummary) -> Advice:
    """How a person goes back to the revision that worked, by what deploys the workload."""
    target, owner = fix.target, workload.managed_by
    worked = f"revision {fix.to_revision}, which was available"
    if owner and (release := owner.release):
        text = (
            f"Roll Helm release {release} back to the release that made revision "
            f"{fix.to_revision} of {target}, which was available: its history tells which."
        )
        return Advice(text, shlex.join(("helm", "-n", target.namespace, "history", release)))
    if conduct(owner).by_hand != "stands":
        return Advice(f"Take {target} back to {worked}: change it in {where(owner)}.")
    undo = ("rollout", "undo", f"deployment/{target.name}", f"--to-revision={fix.to_revision}")
    command = shlex.join(("kubectl", "-n", target.namespace, *undo))
    return Advice(f"Take {target} back to {worked}.", command)


def reading(fix: PatchDeploymentEnv, revision: str) -> Advice:
    """How a person reads the value that a revision had."""
    target = fix.target
    words = ("kubectl", "-n", target.namespace, "rollout", "history", f"deployment/{target.name}")
    command = shlex.join((*words, f"--revision={revision}"))
    return Advice(f"Read {fix.name} in revision {revision}, which was available.", command)


def _changes(command: str | None, workload: WorkloadSummary) -> bool:
    words = shlex.split(command or "")
    kind, name = workload.ref.kind.lower(), workload.ref.name
    if len(words) <= _VERB or words[0] != "kubectl" or words[_VERB] not in _WRITES:
        return False
    if words[_VERB] == "rollout" and words[_VERB + 1] in _READS:
        return False
    return f"{kind}/{name}" in words or words[_VERB + 1 : _VERB + 3] == [kind, name]
