"""A volume that cannot be attached or mounted, for another reason than a missing ConfigMap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.detection.bearing import brings_volume, compared
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.message_names import OBJECT, PATH, QUALIFIED
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
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RemediationAction
    from watchdog.model.diagnosis import Finding, Origin
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary
    from watchdog.snapshot.workloads import PodSummary

_REASONS = {"FailedMount", "FailedAttachVolume", "FailedMapVolume"}
_CONFIG = regex(
    r"(configmap|secret)s? \"[^\"]+\" not found|non-existent (config|secret) key"
    r"|not registered|timed out waiting for the condition",
    re.IGNORECASE,
)
_VOLUME = regex(rf'for volume "({OBJECT})"')
_DRIVER = regex(rf"driver name ({QUALIFIED}) not found")
_NOT_THERE = regex(rf"hostPath type check failed: ({PATH}) is not an? ([a-z ]{{1,30}})(?!\w)")
_UNMOUNTED = regex(r"unmounted volumes=\[([\w. -]{1,2000})\]")
# What else of a pod decides whether its volumes can be mounted: its node, and its user.
_DECIDE = frozenset(
    {"nodeSelector", "affinity", "tolerations", "nodeName", "securityContext", "hostUsers"}
    | {"serviceAccountName", "runtimeClassName"}
)
# A volume is handed from node to node within minutes; the kubelet tries a mount again at once.
_MULTI_ATTACH_SECONDS = 420.0
_TRIES = 3


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    failing = {
        pod.ref.name: event
        for pod in alive(snapshot)
        if creating(pod) and (event := _failure(snapshot, pod))
    }
    stuck = [pod for pod in snapshot.pods if pod.ref.name in failing]
    for owner, pods in by_owner(stuck).items():
        event = failing[pods[0].ref.name]
        facts = {"message": shorten(event.message, 600)}
        trouble = Trouble(
            "volume cannot be mounted",
            (event_text(event),),
            pods,
            facts=facts,
            origin=_origin(snapshot, owner, event.message),
        )
        yield owner_finding("volume_mount", snapshot, owner, trouble)


def _failure(snapshot: ClusterSnapshot, pod: PodSummary) -> EventSummary | None:
    found = [
        event
        for event in snapshot.events_about(pod.ref)
        if event.reason in _REASONS
        and not _CONFIG.search(event.message)
        and recent(snapshot, event, 600)
    ]
    if not found:
        return None
    last = found[-1]
    if "Multi-Attach" in last.message:
        return last if age(snapshot, pod.created_at) >= _MULTI_ATTACH_SECONDS else None
    tried = sum(event.count for event in found)
    return last if tried >= _TRIES else None


def _origin(snapshot: ClusterSnapshot, owner: ObjectRef, message: str) -> Origin:
    """`outside`, if an earlier revision worked that has the same volume on the same nodes."""
    changes = compared(snapshot, owner)
    if changes is None or any(change.field in _DECIDE for change in changes):
        return "workload"
    unmounted = _UNMOUNTED.search(message)
    names = {*_VOLUME.findall(message), *(unmounted[1].split() if unmounted else ())}
    return "workload" if brings_volume(snapshot, owner, names) else "outside"


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    message = finding.facts["message"]
    volume = f"volume {found[1]}" if (found := _VOLUME.search(message)) else "a volume"
    waits = f"Pod {finding.pods[0]} waits for {volume}"
    if driver := _DRIVER.search(message):
        return f"{waits}: the node has no CSI driver called {driver[1]}."
    if path := _NOT_THERE.search(message):
        return f"{waits}: on the node {path[1]} is not there, or is no {path[2].strip()}."
    if "Multi-Attach" in message:
        return f"{waits}, which is still attached to another node."
    return sentence(f"{waits}, which the node cannot mount: {verbatim(message)}")


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    message = finding.facts["message"]
    command = kubectl(snapshot, "describe", "pod", finding.pods[0])
    if driver := _DRIVER.search(message):
        return Advice(f"Install the CSI driver {driver[1]}, or use another volume.", command)
    if "Multi-Attach" in message:
        text = (
            "Find the pod or node that still holds the volume. Do not detach it by force while "
            "something may still write to it."
        )
        return Advice(text, command)
    return Advice(f"Correct the volume of {finding.target}, or what it points at.", command)


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    return undo(finding, snapshot, "volume")


VOLUME_MOUNT = FailureKind(
    name="volume_mount",
    summary="a volume cannot be attached or mounted",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="The newest FailedMount or FailedAttachVolume event says why. Data is never touched.",
)
