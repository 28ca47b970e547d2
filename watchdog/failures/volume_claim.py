"""A PersistentVolumeClaim that gets no volume, is lost, is not there at all, or cannot grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.message_names import OBJECT, QUALIFIED
from watchdog.detection.owners import (
    ARRIVAL_SECONDS,
    Trouble,
    age,
    alive,
    by_owner,
    event_text,
    kubectl,
    owner_finding,
)
from watchdog.detection.rollback import undo
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClaimSummary
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from watchdog.actions import RemediationAction
    from watchdog.model.diagnosis import Evidence, Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary
    from watchdog.snapshot.workloads import PodSummary

_ABSENT = regex(rf'persistentvolumeclaim "({OBJECT})" not found')
_NO_CLASS = regex(rf'storageclass\S* "({OBJECT})" not found')
_UNSET = "no storage class is set"
_PROVISIONER = regex(rf"external provisioner '({QUALIFIED})'")
_NO_VOLUME = regex(r"find available persistent volumes to bind|unbound immediate")
# What a provisioner outside the cluster is still given, once it was asked.
_PROVISION_SECONDS = 120.0
# A claim of which nothing is said. One that waits for its first pod is said to, every minute.
_SILENT_SECONDS = 600.0
# A volume that grows while it is mounted takes minutes; what says that it failed is tried again.
_RESIZE_SECONDS = 600.0
_PATIENT = {"WaitForFirstConsumer", "WaitForPodScheduled"}


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    pods = [pod for pod in alive(snapshot) if pod.phase == "Pending"]
    told: set[ObjectRef] = set()
    for owner, waiting in by_owner(pods).items():
        for pod in waiting:
            trouble = _of_pod(snapshot, pod)
            if trouble:
                told.add(owner)
                yield owner_finding("volume_claim", snapshot, owner, trouble)
                break
    used = {name for pod in snapshot.pods for name in _claims_of(pod)}
    for claim in snapshot.claims:
        facts = _wrong(snapshot, claim, waits=False)
        if facts and claim.ref.name not in used:
            start, shared = claim.created_at, {**facts, "cause": _shared(facts)}
            trouble = Trouble(_summary(facts), _evidence(snapshot, claim), (), start, shared)
            yield owner_finding("volume_claim", snapshot, claim.ref, trouble)
    for claim in snapshot.claims:
        if found := _cannot_grow(snapshot, claim, mounted=claim.ref.name in used):
            facts, since = found
            trouble = Trouble(_summary(facts), _evidence(snapshot, claim), (), since, facts)
            yield owner_finding("volume_claim", snapshot, claim.ref, trouble)


def _cannot_grow(
    snapshot: ClusterSnapshot, claim: ClaimSummary, *, mounted: bool
) -> tuple[dict[str, str], datetime | None] | None:
    """Why the bound claim is not enlarged, and since when; None if it is, or may still be."""
    if claim.phase != "Bound":
        return None
    size = f"{claim.requested or '?'} and still has {claim.capacity or '?'}"
    facts = {"claim": claim.ref.name, "class": claim.storage_class or "", "size": size}
    says = {item.type: item for item in claim.conditions if item.status == "True"}
    failed = says.get("ControllerResizeError") or says.get("NodeResizeError")
    event = _last(snapshot, claim, "VolumeResizeFailed", "FileSystemResizeFailed")
    grows = failed or says.get("Resizing") or claim.resize.endswith(("Infeasible", "Failed"))
    if failed or (event is not None and grows):
        said = failed.message if failed else event.message if event else ""
        since = failed.since if failed else None
        return {**facts, "why": "no_growth", "message": shorten(said)}, since
    if claim.resize.endswith(("Infeasible", "Failed")):
        return {**facts, "why": "no_growth", "message": claim.resize}, None
    waits = says.get("FileSystemResizePending")
    if waits and mounted and age(snapshot, waits.since) >= _RESIZE_SECONDS:
        return {**facts, "why": "not_mounted_anew"}, waits.since
    busy = says.get("Resizing")
    if busy and not waits and age(snapshot, busy.since) >= _RESIZE_SECONDS:
        return {**facts, "why": "no_growth", "message": ""}, busy.since
    return None


def _of_pod(snapshot: ClusterSnapshot, pod: PodSummary) -> Trouble | None:
    placed = pod.condition("PodScheduled")
    message = placed.message if placed and placed.status == "False" else ""
    said = f"pod {pod.ref.name} {pod.status or 'Pending'}: {shorten(message)}" if message else None
    absent = _ABSENT.search(message)
    if absent and age(snapshot, pod.created_at) >= ARRIVAL_SECONDS:
        facts = {"claim": absent[1], "why": "absent"}
        return Trouble(_summary(facts), (said,), (pod,), facts={**facts, "cause": _shared(facts)})
    for claim in snapshot.claims:
        if claim.ref.name not in _claims_of(pod):
            continue
        facts = _wrong(snapshot, claim, waits=bool(_NO_VOLUME.search(message)))
        if facts:
            evidence = (said, *_evidence(snapshot, claim))
            return Trouble(
                _summary(facts), evidence, (pod,), facts={**facts, "cause": _shared(facts)}
            )
    return None


def _claims_of(pod: PodSummary) -> set[str]:
    kind = "PersistentVolumeClaim"
    return {item.name for item in pod.template.references if item.kind == kind}


def _complaint(snapshot: ClusterSnapshot, claim: ClaimSummary) -> EventSummary | None:
    return _last(snapshot, claim, "ProvisioningFailed", "FailedBinding", "ClaimLost")


def _last(snapshot: ClusterSnapshot, claim: ClaimSummary, *reasons: str) -> EventSummary | None:
    """The newest event of these reasons about the claim."""
    found = [item for item in snapshot.events_about(claim.ref) if item.reason in reasons]
    return found[-1] if found else None


def _wrong(snapshot: ClusterSnapshot, claim: ClaimSummary, *, waits: bool) -> dict[str, str]:
    """What keeps the claim from its volume; empty where it may still get one."""
    facts = {"claim": claim.ref.name, "class": claim.storage_class or ""}
    if claim.phase == "Lost":
        return {**facts, "why": "lost", "volume": claim.volume or ""}
    waited = age(snapshot, claim.created_at)
    if claim.phase != "Pending" or waited < ARRIVAL_SECONDS:
        return {}
    event = _complaint(snapshot, claim)
    if event is not None:
        if found := _NO_CLASS.search(event.message):
            return {**facts, "why": "no_class", "class": found[1]}
        if _UNSET in event.message:
            return {**facts, "why": "unset"}
        if waited >= snapshot.thresholds.pending_seconds:
            return {**facts, "why": "refused", "message": shorten(event.message)}
    asked = _last(snapshot, claim, "ExternalProvisioning")
    if waited >= _PROVISION_SECONDS and (waits or asked):
        named = _PROVISIONER.search(asked.message) if asked else None
        return {**facts, "why": "unanswered", "provisioner": named[1] if named else ""}
    reasons = {event.reason for event in snapshot.events_about(claim.ref)}
    if waited >= _SILENT_SECONDS and not reasons & _PATIENT:
        return {**facts, "why": "unanswered"}
    return {}


def _shared(facts: dict[str, str]) -> str:
    """What keeps other claims and pods from starting too."""
    if facts["why"] == "no_class":
        return f"storage class {facts['class']} does not exist"
    if facts["why"] == "unset":
        return "the cluster has no default storage class"
    return f"PersistentVolumeClaim {facts['claim']}: {_summary(facts)}"


def _summary(facts: dict[str, str]) -> str:
    return {
        "absent": "volume claim does not exist",
        "lost": "volume of the claim is lost",
        "no_class": "storage class does not exist",
        "unset": "no volume and no storage class for the claim",
        "no_growth": "volume claim cannot grow",
        "not_mounted_anew": "volume claim waits to grow",
    }.get(facts["why"], "volume claim is not bound")


def _evidence(snapshot: ClusterSnapshot, claim: ClaimSummary) -> tuple[Evidence | str, ...]:
    grows = ("VolumeResizeFailed", "FileSystemResizeFailed", "FileSystemResizeRequired")
    event = _complaint(snapshot, claim) or _last(snapshot, claim, "ExternalProvisioning", *grows)
    state = f"PersistentVolumeClaim {claim.ref.name}: {claim.phase}"
    storage = f", storage class {claim.storage_class}" if claim.storage_class else ""
    return (state + storage, *([event_text(event)] if event else []))


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    claim = f"PersistentVolumeClaim {facts['claim']}"
    waits = ", so the pods that mount it cannot be scheduled" if finding.pods else ""
    match facts["why"]:
        case "absent":
            return f"Pod {finding.pods[0]} mounts {claim}, which does not exist in this namespace."
        case "lost":
            volume = f" {facts['volume']}" if facts["volume"] else ""
            return f"{claim} is Lost: the persistent volume{volume} it was bound to is gone."
        case "no_class":
            name = facts["class"]
            return f"{claim} asks for the storage class {name}, which does not exist{waits}."
        case "unset":
            return (
                f"{claim} names no storage class, the cluster has no default one, and no "
                f"persistent volume fits it{waits}."
            )
        case "no_growth":
            why = f": {verbatim(facts['message'])}" if facts["message"] else ""
            return f"{claim} asks for {facts['size']}, as its volume is not enlarged{why}."
        case "not_mounted_anew":
            return (
                f"{claim} asks for {facts['size']}: its volume was enlarged, but the file system "
                "on it grows only when a pod mounts it anew."
            )
        case "refused":
            return f"No volume could be made for {claim}: {verbatim(facts['message'])}{waits}."
    name = f" {facts['provisioner']}" if facts.get("provisioner") else ""
    provisioner = f"{name} of storage class {facts['class']}" if facts["class"] else name
    asked = "was asked and does not answer" if name else "has not made a volume"
    return f"{claim} is not bound: the provisioner{provisioner} {asked}{waits}."


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts, claim = finding.facts, finding.facts["claim"]
    look = kubectl(snapshot, "describe", "persistentvolumeclaim", claim)
    match facts["why"]:
        case "absent":
            text = f"Create the claim {claim}, or correct claimName in {finding.target}."
            return Advice(text, kubectl(snapshot, "get", "persistentvolumeclaims"))
        case "lost":
            text = f"Restore the volume or its data from a backup, then create {claim} again."
            return Advice(text, look)
        case "no_class":
            text = (
                f"Create the storage class {facts['class']}, or create the claim {claim} again "
                "with one that exists (storageClassName of a claim cannot be changed)."
            )
            return Advice(text, "kubectl get storageclasses")
        case "unset":
            text = (
                f"Name a storage class in the claim {claim}, make one the default, or provide a "
                "persistent volume that fits."
            )
            return Advice(text, "kubectl get storageclasses")
        case "no_growth":
            text = (
                f"Find out in the events of the claim {claim} and in the log of its driver why the "
                "volume cannot grow; its storage class needs allowVolumeExpansion: true."
            )
            return Advice(text, look)
        case "not_mounted_anew":
            return Advice(f"Restart the pods that mount the claim {claim}.", look)
    if name := facts.get("provisioner"):
        text = f"Check that the driver {name} is installed and that its controller runs."
        return Advice(text, "kubectl get csidrivers")
    return Advice(
        f"Find out in the provisioner's log why it makes no volume for the claim {claim}.", look
    )


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    return undo(finding, snapshot, "volume")


VOLUME_CLAIM = FailureKind(
    name="volume_claim",
    summary="a volume claim is missing, lost, gets no volume, or cannot grow",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="Name the claim and its storage class. Data is never touched: this is work for a person.",
)
