"""A PersistentVolumeClaim that gets no volume, is lost, or is not there at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.look import GRACE
from watchdog.failures.owners import (
    ARRIVAL_SECONDS,
    Trouble,
    age,
    alive,
    by_owner,
    event_text,
    kubectl,
    owner_finding,
    undo_unproven,
    word,
)
from watchdog.observation.base import Condition, ObjectRef
from watchdog.observation.pod_template import PodTemplate, Reference
from watchdog.observation.snapshot import ClaimSummary
from watchdog.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.actions import RemediationAction
    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot, EventSummary
    from watchdog.observation.workloads import PodSummary

_ABSENT = regex(r'persistentvolumeclaim "([^"]+)" not found')
_NO_CLASS = regex(r'storageclass\S* "([^"]+)" not found')
_UNSET = "no storage class is set"
_NO_VOLUME = regex(r"find available persistent volumes to bind|unbound immediate")
# What a provisioner outside the cluster is still given, once it was asked.
_PROVISION_SECONDS = 120.0


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
    reasons = {"ProvisioningFailed", "FailedBinding", "ClaimLost"}
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
        if waited >= GRACE.pending_seconds:
            return {**facts, "why": "refused", "message": shorten(event.message)}
    asked = any(e.reason == "ExternalProvisioning" for e in snapshot.events_about(claim.ref))
    if waited >= _PROVISION_SECONDS and (waits or asked):
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
    }.get(facts["why"], "volume claim is not bound")


def _evidence(snapshot: ClusterSnapshot, claim: ClaimSummary) -> tuple[str, ...]:
    event = _complaint(snapshot, claim)
    state = f"PersistentVolumeClaim {claim.ref.name}: {claim.phase}"
    storage = f", storage class {claim.storage_class}" if claim.storage_class else ""
    return (state + storage, *([event_text(event)] if event else []))


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    claim = f"PersistentVolumeClaim {facts['claim']}"
    waits = ", so the pods that mount it cannot be scheduled" if finding.pods else ""
    match facts["why"]:
        case "absent":
            return f"The pod mounts {claim}, which does not exist in this namespace."
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
        case "refused":
            return f"No volume could be made for {claim}: {facts['message']}{waits}."
    provisioner = f" of storage class {facts['class']}" if facts["class"] else ""
    return f"{claim} is not bound: the provisioner{provisioner} has not made a volume{waits}."


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts, claim = finding.facts, finding.facts["claim"]
    look = kubectl(snapshot, "describe", "persistentvolumeclaim", claim)
    match facts["why"]:
        case "absent":
            text = f"Create the claim {claim}, or correct claimName in {word(finding.target)}."
            return Advice(text, kubectl(snapshot, "get", "persistentvolumeclaims"))
        case "lost":
            text = f"Restore the volume or its data from a backup, then create {claim} anew."
            return Advice(text, look)
        case "no_class":
            text = (
                f"Create the storage class {facts['class']}, or create the claim {claim} anew with "
                "one that exists (storageClassName of a claim cannot be changed)."
            )
            return Advice(text, "kubectl get storageclasses")
        case "unset":
            text = (
                f"Name a storage class in the claim {claim}, make one the default, or provide a "
                "persistent volume that fits."
            )
            return Advice(text, "kubectl get storageclasses")
    return Advice(f"Find out why the provisioner makes no volume for {claim}.", look)


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    return undo_unproven(finding, snapshot, "volume")


def _pod(message: str, created: float = 300) -> PodSummary:
    placed = Condition(type="PodScheduled", status="False", reason="Unschedulable", message=message)
    mounts = Reference(kind="PersistentVolumeClaim", name="data", via="volume data")
    return ex.pod(
        phase="Pending",
        created_at=ex.ago(created),
        conditions=(placed,),
        template=PodTemplate(containers=(ex.spec(),), references=(mounts,)),
    )


def _examples() -> tuple[Example, ...]:
    data = ObjectRef(kind="PersistentVolumeClaim", namespace=ex.NAMESPACE, name="data")
    claim = ClaimSummary(ref=data, phase="Pending", storage_class="fast", created_at=ex.ago(300))
    unbound = _pod("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
    absent = _pod('0/1 nodes are available: persistentvolumeclaim "data" not found. not found')
    failed = ex.event(
        "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', about=data
    )
    first_use = ex.event(
        "WaitForFirstConsumer", "waiting for first consumer", about=data, type="Normal"
    )
    mounted = ex.earlier(ex.change("volumes", None, "data", container=None))
    return (
        Example(
            "no such storage class",
            ex.snapshot_of(ex.deployment(), unbound, claim, failed),
            "Deployment/web",
        ),
        Example("no pod waits", ex.snapshot_of(claim, failed), "PersistentVolumeClaim/data"),
        Example(
            "the revision mounts a claim that is not there",
            ex.snapshot_of(ex.deployment(last=mounted), absent),
            "Deployment/web",
            "rollout_undo",
        ),
        Example("waits for its first consumer", ex.snapshot_of(claim, first_use), None),
        Example("bound", ex.snapshot_of(claim.model_copy(update={"phase": "Bound"}), failed), None),
    )


_DRILL = Drill(
    manifest="""
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: archive}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: cold-storage
  resources: {requests: {storage: 1Gi}}
---
"""
    + manifest.deployment(
        ["sleep", "3600"],
        container="volumeMounts: [{name: data, mountPath: /data}]",
        pod="volumes: [{name: data, persistentVolumeClaim: {claimName: archive}}]",
    ),
    settle="pending",
)

VOLUME_CLAIM = FailureKind(
    name="volume_claim",
    summary="a volume claim is missing, lost, or gets no volume",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo",),
    hint="Name the claim and its storage class. Data is never touched: this is work for a person.",
    drill=_DRILL,
    examples=_examples,
)
