"""A Service whose selector matches no pod: everything looks healthy and nothing answers."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.owners import (
    ARRIVAL_SECONDS,
    Trouble,
    age,
    kubectl,
    listed,
    owner_finding,
)
from watchdog.observation.base import ObjectRef
from watchdog.observation.pod_template import PodTemplate
from watchdog.observation.snapshot import ServicePort, ServiceSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

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
        trouble = Trouble(
            "no pod matches the selector", tuple(lines), (), service.created_at, facts
        )
        finding = owner_finding("service_no_endpoints", snapshot, service.ref, trouble)
        yield finding.model_copy(update={"impact": "no endpoint: nothing answers"})


def _all_seen(snapshot: ClusterSnapshot) -> bool:
    """Whether nothing that a Service might select was left unread."""
    blind = ("endpointslices", "services", "deployments", "statefulsets", "daemonsets")
    if any(name in spot.what for spot in snapshot.blind_spots for name in blind):
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
        f"label {key} is {value}" if value is not None else f"label {key} is not there"
        for key, value in wrong.items()
    )
    return f"{text} On the pods of {facts['meant']} {differs} ({facts['labels']})."


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
    text = f"Let Service {name} select the labels of {facts['meant']}, if that is what it is for."
    return Advice(text, kubectl(snapshot, "patch", "service", name, "--type=merge", "-p", patch))


def _service(**more: object) -> ServiceSummary:
    values = {
        "ref": ex.ref("Service", "web"),
        "selector": {"app": "wbe"},
        "ports": (ServicePort(number=80, target="8080"),),
        "created_at": ex.ago(3600),
    }
    return ServiceSummary.model_validate({**values, **more})


def _examples() -> tuple[Example, ...]:
    web = ex.deployment(ready=1, template=PodTemplate(labels={"app": "web", "tier": "front"}))
    stopped = ex.deployment(desired=0, template=PodTemplate(labels={"app": "wbe"}))
    return (
        Example("a label is mistyped", ex.snapshot_of(web, _service()), "Service/web"),
        Example(
            "nothing resembles it",
            ex.snapshot_of(_service(selector={"a": "zz"}, ref=ex.ref("Service", "qqq"))),
            "Service/qqq",
        ),
        Example("it has endpoints", ex.snapshot_of(web, _service(ready_endpoints=1)), None),
        Example("its pods are not ready", ex.snapshot_of(web, _service(unready_endpoints=1)), None),
        Example("its workload is scaled to zero", ex.snapshot_of(stopped, _service()), None),
        Example(
            "a StatefulSet was not read that it may select",
            ex.snapshot_of(web, _service()).model_copy(update={"objects": {"statefulsets": 1}}),
            None,
        ),
        Example("headless", ex.snapshot_of(web, _service(headless=True)), None),
        Example("just created", ex.snapshot_of(web, _service(created_at=ex.ago(3))), None),
    )


SERVICE_NO_ENDPOINTS = FailureKind(
    name="service_no_endpoints",
    summary="a Service's selector matches no pod, so nothing answers",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="Compare the Service's selector with the labels in the pod templates, label by label.",
    drill=Drill(
        manifest=f"""\
apiVersion: v1
kind: Service
metadata: {{name: drill}}
spec: {{selector: {{app: dril}}, ports: [{{port: 80}}]}}
---
{manifest.deployment(["sleep", "3600"])}""",
        settle="endpoints",
    ),
    examples=_examples,
)
