"""A pod whose sandbox (its network and namespaces) the node cannot make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import (
    Trouble,
    age,
    alive,
    by_owner,
    creating,
    event_text,
    kubectl,
    owner_finding,
    recent,
    sentence,
)
from watchdog.detection.rollback import undo
from watchdog.detection.starting import costs_nothing
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RemediationAction
    from watchdog.model.diagnosis import Finding, Origin
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary
    from watchdog.snapshot.workloads import PodSummary

_REASONS = {"FailedCreatePodSandBox", "FailedCreatePodSandbox", "NetworkNotReady"}
_NETWORK = regex(r"cni|network|ipam|plugin type|NetworkNotReady", re.IGNORECASE)
_SETTING = regex(r"/proc/sys/([\w./-]{1,200}):")
# A node that is busy, or restarts its network plugin, fails a few sandboxes and then makes them.
_GIVEN_SECONDS, _TRIES = 30.0, 2


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    failing = {
        pod.ref.name: event
        for pod in alive(snapshot)
        if creating(pod) and age(snapshot, pod.created_at) >= _GIVEN_SECONDS
        if (event := _failure(snapshot, pod))
    }
    stuck = [pod for pod in snapshot.pods if pod.ref.name in failing]
    for owner, pods in by_owner(stuck).items():
        event = failing[pods[0].ref.name]
        facts = {"message": shorten(event.message, 800), "node": pods[0].node or ""}
        origin: Origin = "workload" if _SETTING.search(event.message) else "outside"
        said = (event_text(event),)
        trouble = Trouble("pod sandbox cannot be made", said, pods, facts=facts, origin=origin)
        yield owner_finding("sandbox_failed", snapshot, owner, trouble)


def _failure(snapshot: ClusterSnapshot, pod: PodSummary) -> EventSummary | None:
    about = snapshot.events_about(pod.ref)
    found = [e for e in about if e.reason in _REASONS and recent(snapshot, e, 300)]
    if not found or _SETTING.search(found[-1].message):
        return found[-1] if found else None
    # The next node, or the next moment, may do while nothing is lost.
    waits = costs_nothing(snapshot, pod) or sum(event.count for event in found) < _TRIES
    return None if waits else found[-1]


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    message = finding.facts["message"]
    where = f"Node {finding.facts['node']}" if finding.facts["node"] else "The node"
    if found := _SETTING.search(message):
        name = found[1].replace("/", ".")
        pod = finding.pods[0]
        return (
            f"{where} cannot make the sandbox of pod {pod}: it refuses the value of sysctl {name}."
        )
    what = "network" if _NETWORK.search(message) else "sandbox"
    return sentence(
        f"{where} cannot make the {what} of pod {finding.pods[0]}, so no container starts: "
        f"{verbatim(shorten(message))}"
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    message, node = finding.facts["message"], finding.facts["node"]
    if _SETTING.search(message):
        text = f"Correct the sysctls in the security context of {finding.target}."
        return Advice(text, kubectl(snapshot, "describe", "pod", finding.pods[0]))
    return Advice(
        "Look at the network plugin and the container runtime of the node.",
        f"kubectl describe node {node}" if node else None,
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    return undo(finding, snapshot)


SANDBOX_FAILED = FailureKind(
    name="sandbox_failed",
    summary="the node cannot make the pod's sandbox or network",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="FailedCreatePodSandBox tells whether the network plugin or a setting of the pod fails.",
)
