"""A Service whose selector matches no pod: everything looks healthy and nothing answers."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.owners import ARRIVAL_SECONDS, Trouble, age, kubectl, listed, owner_finding
from watchdog.model.diagnosis import Finding, Impact
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ServiceSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.snapshot.snapshot import ClusterSnapshot

# A Service that resembles no workload may be waiting for one that is still to be deployed.
_ORPHAN_SECONDS = 600.0
_ALIKE = 0.6


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    if not _all_seen(snapshot):
        return
    for service in snapshot.services:
        if not service.selector or service.headless or service.ready_endpoints:
            continue
        if service.unready_endpoints or service.matching or _matched(snapshot, service.selector):
            continue
        meant = _meant(snapshot, service)
        if age(snapshot, service.created_at) < (ARRIVAL_SECONDS if meant else _ORPHAN_SECONDS):
            continue
        chosen = _pairs(service.selector)
        facts = {"selector": chosen}
        lines = [f"{service.ref} selects {chosen}; 0 endpoints"]
        if meant:
            name, labels = meant
            wrong = {key: labels.get(key) for key in service.selector}
            wrong = {k: v for k, v in wrong.items() if v != service.selector[k]}
            facts |= {"meant": str(name), "labels": _pairs(labels), "patch": json.dumps(wrong)}
            lines.append(f"{name}: its pods carry {_pairs(labels)}")
        # Since when is not known: the labels of the pods may have changed long after it was made.
        trouble = Trouble("no pod matches the selector", tuple(lines), facts=facts)
        finding = owner_finding("service_no_endpoints", snapshot, service.ref, trouble)
        yield finding.model_copy(update={"impact": Impact(words="no endpoint: nothing answers")})


def _all_seen(snapshot: ClusterSnapshot) -> bool:
    """Whether nothing that a Service might select was left unread."""
    needed = {"endpointslices", "services", "deployments", "statefulsets", "daemonsets"}
    if any(spot.resource in needed for spot in snapshot.blind_spots):
        return False
    return snapshot.objects.get("statefulsets", 0) <= len(snapshot.statefulsets) and (
        snapshot.objects.get("daemonsets", 0) <= len(snapshot.daemonsets)
    )


def _pairs(labels: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items())


def _pod_labels(snapshot: ClusterSnapshot) -> Iterator[tuple[ObjectRef, dict[str, str]]]:
    for workload in snapshot.workloads():
        yield workload.ref, workload.template.labels
    for pod in snapshot.pods:
        if pod.owner.kind == "Pod":
            yield pod.ref, pod.template.labels


def _matched(snapshot: ClusterSnapshot, selector: dict[str, str]) -> bool:
    return any(selector.items() <= labels.items() for _, labels in _pod_labels(snapshot))


def _meant(
    snapshot: ClusterSnapshot, service: ServiceSummary
) -> tuple[ObjectRef, dict[str, str]] | None:
    """The workload that the Service was most likely made for, with its pods' labels."""
    taken = {ref for other in snapshot.services if other.ready_endpoints for ref in other.matching}
    best: tuple[float, ObjectRef, dict[str, str]] | None = None
    for ref, labels in _pod_labels(snapshot):
        if not labels or ref.kind in {"Job", "CronJob"}:
            continue
        equal = len(service.selector.items() & labels.items())
        # The same key with another value, or the same value under another key.
        near = max(
            (
                _similar(wanted, value)
                for wanted in service.selector.values()
                for value in labels.values()
            ),
            default=0.0,
        )
        named = _similar(service.ref.name, ref.name)
        likeness = max(near, named) + equal
        if likeness < _ALIKE:
            continue
        score = likeness - (1 if ref in taken else 0)
        if best is None or score > best[0]:
            best = (score, ref, labels)
    return best[1:] if best else None


def _similar(one: str, other: str) -> float:
    if min(len(one), len(other)) > 2 and (one in other or other in one):  # noqa: PLR2004
        return 0.9
    return SequenceMatcher(None, one, other).ratio()


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts, name = finding.facts, finding.target.name
    chosen = facts["selector"]
    text = f"The selector of Service {name} ({chosen}) matches no pod, so it has no endpoints."
    if "meant" not in facts:
        return f"{text} No workload of this namespace carries such labels."
    wrong = json.loads(facts["patch"])
    differs = listed(
        f"the label {key}={value}" if value is not None else f"no label {key}"
        for key, value in wrong.items()
    )
    return f"{text} The pods of {facts['meant']} have {differs} (all: {facts['labels']})."


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts, name = finding.facts, finding.target.name
    if "meant" not in facts:
        text = f"Correct the selector of Service {name}, deploy what it is for, or delete it."
        return Advice(text, kubectl(snapshot, "get", "pods", "--show-labels"))
    wrong = json.loads(facts["patch"])
    labels = dict(pair.split("=", 1) for pair in facts["labels"].split(", "))
    if all(value is None for value in wrong.values()):
        wrong |= {key: labels[key] for key in list(labels)[:1]}
    patch = json.dumps({"spec": {"selector": wrong}})
    meant = facts["meant"]
    text = f"If Service {name} is for {meant}, let its selector match the labels of those pods."
    return Advice(text, kubectl(snapshot, "patch", "service", name, "--type=merge", "-p", patch))


SERVICE_NO_ENDPOINTS = FailureKind(
    name="service_no_endpoints",
    summary="a Service's selector matches no pod, so nothing answers",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="Compare the Service's selector with the labels in the pod templates, label by label.",
)
