"""A Service that sends to a port on which its pods do not listen."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.owners import ARRIVAL_SECONDS, Trouble, age, kubectl, listed, owner_finding
from watchdog.model.diagnosis import Finding, Impact
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ServicePort, ServiceSummary
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.snapshot.pod_template import ContainerSpec
    from watchdog.snapshot.snapshot import ClusterSnapshot

# What programs say, and how they are set, about the port that they listen on.
_LISTENS = regex(
    r"listen\w*\s+(?:on|at)\s+(?:port\s+|tcp\s+)?(?:https?://)?(?:[\w.\[\]*:]*:)?(\d{2,5})\b"
    r"(?!\s*(?:thread|worker|core|second|conn))"
    r"|(?:httpd|nc|serve|server)\b[^;&|]*?\s-l?p[ =]?(\d{2,5})\b"
    r"|http\.server (\d{2,5})\b|--(?:http-)?port[ =](\d{2,5})\b",
    re.IGNORECASE,
)


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for service in snapshot.services:
        if age(snapshot, service.created_at) < ARRIVAL_SECONDS or not service.selector:
            continue
        selected = list(_templates(snapshot, service))
        verdicts = [_wrong(snapshot, service, template) for _, template in selected]
        # Where some of the pods answer, as in a change of ports, the Service is not to blame.
        if wrong := next((found for found in verdicts if all(verdicts)), None):
            owner = selected[0][0]
            port, known = wrong
            facts = {
                "port": str(port.number),
                "target": port.target,
                "index": str(service.ports.index(port)),
                "known": ", ".join(known),
                "pods": str(owner),
            }
            lines = (
                f"{service.ref}: port {port.number} goes to targetPort {port.target}",
                f"{owner}: its containers listen on {listed(known) or 'no declared port'}",
            )
            trouble = Trouble("Service sends to the wrong port", lines, facts=facts)
            finding = owner_finding("service_wrong_port", snapshot, service.ref, trouble)
            impact = Impact(words=f"port {port.number} does not answer")
            yield finding.model_copy(update={"impact": impact})


def _templates(
    snapshot: ClusterSnapshot, service: ServiceSummary
) -> Iterator[tuple[ObjectRef, PodTemplate]]:
    for workload in snapshot.workloads():
        if workload.desired and service.selector.items() <= workload.template.labels.items():
            yield workload.ref, workload.template
    for pod in snapshot.pods:
        own = pod.owner.kind == "Pod" and pod.phase == "Running"
        if own and service.selector.items() <= pod.template.labels.items():
            yield pod.ref, pod.template


def _wrong(
    snapshot: ClusterSnapshot, service: ServiceSummary, template: PodTemplate
) -> tuple[ServicePort, list[str]] | None:
    """The port that leads nowhere, and those that the pods are known to listen on."""
    steady = [item for item in template.containers if not item.init or item.sidecar]
    names = {port.name for item in steady for port in item.ports if port.name}
    known = _known(snapshot, template, steady)
    for port in service.ports:
        if not port.target.isdigit() and port.target not in names:
            return port, known
    # A declared port is documentation: an undeclared one may well be listened on. So a number is
    # wrong only where none of the Service's targets is known, others are, and nothing names it.
    numbers = [port for port in service.ports if port.target.isdigit() and port.protocol == "TCP"]
    targets = {port.target for port in numbers}
    if not known or len(numbers) < len(service.ports) or targets & set(known):
        return None
    if any(_mentions(item, target) for item in steady for target in targets):
        return None
    return (numbers[0], known) if numbers else None


def _known(
    snapshot: ClusterSnapshot, template: PodTemplate, steady: list[ContainerSpec]
) -> list[str]:
    found = [str(port.number) for item in steady for port in item.ports if port.protocol == "TCP"]
    told = [" ".join((*item.command, *item.args)) for item in steady]
    pods = {pod.ref.name for pod in snapshot.pods if pod.template.labels == template.labels}
    told += [tail.text for tail in snapshot.logs if tail.pod in pods and not tail.previous]
    for text in told:
        found += [number for groups in _LISTENS.findall(text) for number in groups if number]
    return list(dict.fromkeys(found))


def _mentions(item: ContainerSpec, target: str) -> bool:
    probes = (item.liveness, item.readiness, item.startup)
    if any(probe is not None and probe.port == target for probe in probes):
        return True
    return re.search(rf"(?<!\d){target}(?!\d)", " ".join((*item.command, *item.args))) is not None


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    named = not facts["target"].isdigit()
    nowhere = "a name that none of their ports has" if named else "where nothing is known to listen"
    known = f"; they declare, or say they listen on, {facts['known']}" if facts["known"] else ""
    return (
        f"Port {facts['port']} of Service {finding.target.name} goes to targetPort "
        f"{facts['target']} of the pods of {facts['pods']}, {nowhere}{known}."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts, name = finding.facts, finding.target.name
    known = facts["known"].split(", ") if facts["known"] else []
    if len(known) != 1:
        choice = f" (one of {facts['known']})" if known else ""
        text = f"Correct targetPort of Service {name} to a port of its pods{choice}."
        return Advice(text, kubectl(snapshot, "edit", "service", name))
    patch = [
        {
            "op": "replace",
            "path": f"/spec/ports/{facts['index']}/targetPort",
            "value": int(known[0]),
        }
    ]
    words = ("patch", "service", name, "--type=json", "-p", json.dumps(patch))
    return Advice(f"Set targetPort of Service {name} to {known[0]}.", kubectl(snapshot, *words))


SERVICE_WRONG_PORT = FailureKind(
    name="service_wrong_port",
    summary="a Service's targetPort is one on which its pods do not listen",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="Compare targetPort with the ports that the containers declare and say they listen on.",
)
