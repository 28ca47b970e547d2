"""Advice for the owner: no command that its tool puts back, or is refused because of."""

from __future__ import annotations

import shlex

from watchdog.detection.admission import injected
from watchdog.detection.kind import Advice
from watchdog.snapshot.deployer import conduct
from watchdog.snapshot.workloads import WorkloadSummary

_WRITES = frozenset({"edit", "patch", "scale", "set"})
_VERB = 3  # after `kubectl -n NAMESPACE`


def for_the_owner(
    advice: Advice, workload: WorkloadSummary | None, container: str | None = None
) -> Advice:
    """The advice without a command that changes the workload, if such a change does not stand.

    A container that admission added is not in the workload's template at all.

    A server-side apply is refused as long as someone else's kubectl holds a field with another
    value; a controller or a Git tool puts it back.
    """
    if workload is not None and injected(workload, container):
        text = (
            f"Container {container} is not in {workload.ref}: it is added to its pods at "
            "admission. Correct it where the injector is configured."
        )
        kept = None if _changes(advice.command, workload) else advice.command
        return Advice(text, kept)
    owner = workload.managed_by if workload else None
    row = conduct(owner)
    if workload is None or row.by_hand == "stands" or not _changes(advice.command, workload):
        return advice
    why = (
        f"{owner} would put a change made with kubectl back."
        if row.by_hand == "put_back"
        else "Change it there and not with kubectl, or the next deploy is refused."
    )
    return Advice(f"{advice.text} {why}")


def _changes(command: str | None, workload: WorkloadSummary) -> bool:
    words = shlex.split(command or "")
    kind, name = workload.ref.kind.lower(), workload.ref.name
    if len(words) <= _VERB or words[0] != "kubectl" or words[_VERB] not in _WRITES:
        return False
    return f"{kind}/{name}" in words or words[_VERB + 1 : _VERB + 3] == [kind, name]
