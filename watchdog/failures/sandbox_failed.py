"""A pod whose sandbox (its network and namespaces) the node cannot make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.owners import (
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
    undo_unproven,
)
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RemediationAction
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot, EventSummary
    from watchdog.observation.workloads import PodSummary

_REASONS = {"FailedCreatePodSandBox", "FailedCreatePodSandbox", "NetworkNotReady"}
_NETWORK = regex(r"cni|network|ipam|plugin type|NetworkNotReady", re.IGNORECASE)
_SETTING = regex(r"/proc/sys/(\S+):")
# A node that restarts its network plugin fails a few sandboxes and then makes them.
_GIVEN_SECONDS = 30.0


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
        trouble = Trouble("pod sandbox cannot be made", (event_text(event),), pods, facts=facts)
        yield owner_finding("sandbox_failed", snapshot, owner, trouble)


def _failure(snapshot: ClusterSnapshot, pod: PodSummary) -> EventSummary | None:
    about = snapshot.events_about(pod.ref)
    found = [e for e in about if e.reason in _REASONS and recent(snapshot, e, 300)]
    return found[-1] if found else None


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    message = finding.facts["message"]
    where = f"Node {finding.facts['node']}" if finding.facts["node"] else "The node"
    if found := _SETTING.search(message):
        name = found[1].replace("/", ".")
        return f"{where} cannot make the pod's sandbox: it refuses the value of sysctl {name}."
    what = "network" if _NETWORK.search(message) else "sandbox"
    return sentence(
        f"{where} cannot make the pod's {what}, so no container starts: {shorten(message)}"
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
    # Only what the pod itself asks for can be taken back; a broken node is no revision's fault.
    if not _SETTING.search(finding.facts["message"]):
        return None
    return undo_unproven(finding, snapshot)


def _examples() -> tuple[Example, ...]:
    starting = ex.pod(ex.waiting("ContainerCreating"), phase="Pending", node="node-1")
    network = ex.event(
        "FailedCreatePodSandBox",
        'Failed to create pod sandbox: plugin type="bridge" failed (add): no IP addresses left',
    )
    setting = ex.event(
        "FailedCreatePodSandBox",
        "Failed to create pod sandbox: write /proc/sys/net/ipv4/ping_group_range: invalid argument",
    )
    rolled = ex.deployment(last=ex.earlier(ex.change("securityContext", None, "…", container=None)))
    web = ex.deployment()
    return (
        Example("no address left", ex.snapshot_of(web, starting, network), "Deployment/web"),
        Example(
            "the revision set a sysctl",
            ex.snapshot_of(rolled, starting, setting),
            "Deployment/web",
            "rollout_undo",
        ),
        Example(
            "failed once, then started",
            ex.snapshot_of(ex.deployment(ready=1), ex.pod(ex.running()), network),
            None,
        ),
    )


_SYSCTL = 'securityContext: {sysctls: [{name: net.ipv4.ping_group_range, value: "nonsense"}]}'

SANDBOX_FAILED = FailureKind(
    name="sandbox_failed",
    summary="the node cannot make the pod's sandbox or network",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="FailedCreatePodSandBox tells whether the network plugin or a setting of the pod fails.",
    drill=Drill(manifest=manifest.deployment(["sleep", "3600"], pod=_SYSCTL), settle="pending"),
    examples=_examples,
)
