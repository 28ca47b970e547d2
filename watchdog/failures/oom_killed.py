"""The kernel kills a container that uses more memory than its limit."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from watchdog.actions import PatchDeploymentResources, RolloutUndo
from watchdog.detection.admission import asked_limit, most_allowed
from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import (
    exit_message,
    exit_reason,
    make_finding,
    matching,
    with_evidence,
)
from watchdog.detection.fitting import Part, no_room
from watchdog.detection.kind import TRIED, Advice, FailureKind
from watchdog.detection.log_lines import event_line, quotes
from watchdog.detection.owners import SETTABLE, editing, kubectl, word
from watchdog.detection.rollback import (
    changed_words,
    changes_of,
    deployment_of,
    made_anew,
    now_and_for_good,
    permanent,
    undo,
)
from watchdog.kube.quantity import parse, write
from watchdog.text.format import shorten
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from watchdog.detection.admission import Allowed
    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot, QuotaSummary

NAME = "oom_killed"
SUMMARY = "out of memory"
_STARTING = regex(r"OOM-?killed|memory limit too low|cannot allocate memory", re.IGNORECASE)
_MEBIBYTE = Decimal(1024**2)
_SMALL, _ROOMY = 32 * _MEBIBYTE, 64 * _MEBIBYTE


def _oom(item: ContainerView, snapshot: ClusterSnapshot) -> bool:
    state = item.state
    if _STARTING.search(exit_message(state)) and state.state != "running":
        return True
    if exit_reason(state) == "OOMKilled":
        finished = state.finished_at if state.state == "terminated" else state.last_finished_at
        return state.state != "running" or _recent(finished, snapshot)
    return False


def _recent(moment: datetime | None, snapshot: ClusterSnapshot) -> bool:
    return not moment or snapshot.taken_at - moment <= snapshot.thresholds.restart_window


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    def killed(item: ContainerView) -> bool:
        return _oom(item, snapshot)

    for _owner, seen in matching(snapshot, killed):
        first = seen[0]
        starting = exit_reason(first.state) != "OOMKilled" and _STARTING.search(
            exit_message(first.state)
        )
        pods = [item.pod for item in seen]
        finding = make_finding(
            NAME,
            SUMMARY,
            snapshot,
            seen,
            resource="memory",
            limit=first.spec.limits.get("memory"),
            asked=asked_limit(first, snapshot, "memory"),
            pod_limit=first.pod.template.memory_limit,
            when="while it was started" if starting else None,
        )
        backoff = event_line(snapshot, pods, "BackOff")
        # The state alone says RunContainerError: that it was memory stands in the runtime's words.
        said = f'runtime: "{shorten(exit_message(first.state), 240)}"' if starting else ""
        yield with_evidence(finding, said, *quotes(snapshot, first), backoff)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    when = f" {facts['when']}" if "when" in facts else ""
    if "limit" not in facts and "pod_limit" in facts:
        return (
            f"{facts['who']} was OOMKilled{when}: the pod uses more memory than its own limit of "
            f"{facts['pod_limit']} (spec.resources.limits.memory of the pod) allows."
            + changed_words(finding, snapshot, "resources", "image", "command", "args")
        )
    if "limit" not in facts:
        return (
            f"{facts['who']} was OOMKilled{when}: the node ran out of memory, and the container "
            "has no memory limit of its own."
        )
    if "asked" in facts:
        return (
            f"{facts['who']} was OOMKilled{when}: it uses more memory than its memory limit of "
            f"{facts['limit']} allows. {finding.target} asks for {facts['asked']}: a "
            "VerticalPodAutoscaler, a LimitRange or a webhook gave its pods another limit."
        )
    return (
        f"{facts['who']} was OOMKilled{when}: it uses more memory than its memory limit of "
        f"{facts['limit']} allows (files in memory-backed volumes count too)."
        + changed_words(finding, snapshot, "limits.memory", "image", "command", "args")
    )


def _raised(limit: str, factor: float) -> str:
    """Twice the limit; more for the tiny ones, within the factor that policy allows."""
    now = parse(limit)
    wanted = max(2 * now, _ROOMY) if now < _SMALL else 2 * now
    return write(min(wanted, now * Decimal(str(factor))), "memory")


def _was(finding: Finding, snapshot: ClusterSnapshot) -> str | None:
    """The higher limit of the last available revision, if it had one."""
    changes = changes_of(deployment_of(finding, snapshot), finding.container, "limits.memory")
    for item in changes:
        if item.was and item.now and parse(item.was) > parse(item.now):
            return item.was
    return None


def _fix(
    finding: Finding, snapshot: ClusterSnapshot
) -> PatchDeploymentResources | RolloutUndo | None:
    limit = finding.facts.get("limit")
    if deployment_of(finding, snapshot) is None or limit is None or finding.container is None:
        return None
    if "asked" in finding.facts:
        return None  # What set the limit sets it again on each new pod.
    changes = changes_of(deployment_of(finding, snapshot), finding.container, "limits.memory")
    if any(item.was is None for item in changes):
        found = undo(finding, snapshot, "limits.memory", container=finding.container)
        if found:
            return found
    wanted = _wanted(finding, snapshot, limit)
    if parse(wanted) <= parse(limit):
        return None  # A LimitRange allows no more.
    if _full(finding, snapshot, wanted):
        return None  # New pods would be refused.
    return PatchDeploymentResources(
        target=finding.target, container=finding.container, memory_limit=wanted
    )


def _most(finding: Finding, snapshot: ClusterSnapshot) -> Allowed | None:
    """The most that LimitRanges allow the container, with the request that it has."""
    workload = snapshot.workload(finding.target)
    spec = workload.template.container(finding.container or "") if workload else None
    return most_allowed(snapshot, "memory", spec.requests.get("memory") if spec else None)


def _wanted(finding: Finding, snapshot: ClusterSnapshot, limit: str) -> str:
    """The limit to set: what worked before or twice as much, as far as LimitRanges allow it."""
    wanted = _was(finding, snapshot) or _raised(limit, snapshot.thresholds.memory_factor)
    most = _most(finding, snapshot)
    return most.amount if most and parse(most.amount) < parse(wanted) else wanted


def _full(finding: Finding, snapshot: ClusterSnapshot, wanted: str) -> QuotaSummary | None:
    """The quota that has no room for pods with that limit, if one has not."""
    deployment = deployment_of(finding, snapshot)
    if deployment is None or finding.container is None:
        return None
    return no_room(snapshot, deployment, finding.container, {Part("limits", "memory"): wanted})


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    limit = finding.facts.get("limit")
    if limit is None and (whole := finding.facts.get("pod_limit")):
        return Advice(
            f"Find out whether the memory is needed or leaks. If it is needed, raise the memory "
            f"limit of the pod itself ({whole} now, under resources of the pod template), not of a "
            "container.",
            editing(snapshot, finding.target),
        )
    if limit is None:
        pods = (pod.node for pod in snapshot.pods if pod.ref.name in finding.pods)
        node = next(filter(None, pods), None)
        return Advice(
            f"Give container {finding.container} a memory request and limit that fit what it uses, "
            "and look at what else fills the node.",
            f"kubectl describe node {node}" if node else None,
        )
    if "asked" in finding.facts:
        return Advice(
            f"Raise the memory limit where it is set: in the VerticalPodAutoscaler, LimitRange or "
            f"webhook that gives the pods of {finding.target} {limit} of memory.",
            kubectl(snapshot, "get", "pod", finding.pods[0], "-o", "yaml"),
        )
    wanted, most = _wanted(finding, snapshot, limit), _most(finding, snapshot)
    if most and parse(wanted) <= parse(limit):
        return Advice(
            f"Find out whether the memory is needed or leaks. LimitRange {most.name} allows the "
            f"container no more than {most.amount}: change that first if it is needed.",
            kubectl(snapshot, "describe", "limitrange", most.name),
        )
    if quota := _full(finding, snapshot, wanted):
        return Advice(
            f"Find out whether the memory is needed or leaks. Quota {quota.name} has no room for "
            f"pods with a memory limit of {wanted}: raise it first, or free some of it.",
            kubectl(snapshot, "describe", "resourcequota", quota.name),
        )
    at_most = most is not None and parse(wanted) >= parse(most.amount)
    if TRIED in finding.facts:
        return _beyond(finding, snapshot, wanted, most if at_most else None)
    up_to = f"{wanted} or more"
    if most and at_most:
        up_to = f"{wanted} (LimitRange {most.name} allows no more)"
    change = f"if it is needed, set the memory limit of container {finding.container} to {up_to}"
    text = (
        "Find out whether the memory is needed or leaks; "
        f"{now_and_for_good(finding.target, snapshot, change)}"
    )
    if finding.target.kind in SETTABLE:
        name = ("set", "resources", word(finding.target), "-c", finding.container or "")
        return Advice(text, kubectl(snapshot, *name, f"--limits=memory={wanted}"))
    return Advice(f"{text}{made_anew(finding.target, snapshot)}")


def _beyond(
    finding: Finding, snapshot: ClusterSnapshot, wanted: str, most: Allowed | None
) -> Advice:
    """What is left once the limit was raised to `wanted` in vain; `most` if no more is allowed."""
    if most:
        return Advice(
            f"Find out whether the memory is needed or leaks. A memory limit of {wanted} was tried "
            f"and did not help, and LimitRange {most.name} allows no more: raise its maximum first "
            "if it is needed.",
            kubectl(snapshot, "describe", "limitrange", most.name),
        )
    limit = permanent(finding.target, snapshot, f"a memory limit above {wanted}")
    return Advice(
        "Find out whether the memory is needed or leaks. A memory limit of "
        f"{wanted} was tried and did not help. If more is needed: {limit[0].lower()}{limit[1:]}"
    )


OOM_KILLED = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The kernel killed the container at its memory limit. Raise the limit to what the log or "
        "the requests say that it needs, at least to twice of what it has."
    ),
    fix=_fix,
    actions=("patch_deployment_resources", "rollout_undo"),
)
