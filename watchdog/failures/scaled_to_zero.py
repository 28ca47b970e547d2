"""A Deployment with no replicas while something plainly needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten, unreachable_service
from watchdog.detection.owners import Trouble, kubectl, owner_finding
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import DeploymentSummary


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for deployment in snapshot.deployments:
        # Most Deployments without replicas are meant to be so: only what misses it tells.
        if deployment.desired or deployment.paused or deployment.ready:
            continue
        missed = _missed(snapshot, deployment)
        if missed:
            lines = (f"{deployment.ref}: 0 replicas wanted", missed)
            trouble = Trouble("scaled to zero, but needed", lines, (), None, {"missed": missed})
            yield owner_finding("scaled_to_zero", snapshot, deployment.ref, trouble)


def _missed(snapshot: ClusterSnapshot, deployment: DeploymentSummary) -> str:
    """What shows that someone needs the Deployment; empty where nothing does."""
    labels = deployment.template.labels
    for service in snapshot.services:
        if not service.selector or not service.selector.items() <= labels.items():
            continue
        if service.ready_endpoints or service.unready_endpoints:
            continue
        for tail in snapshot.logs:
            for line in reversed(tail.lines):
                if unreachable_service(line, service.ref.name):
                    return f"log {tail.pod}/{tail.container}: {verbatim(shorten(line))}"
    return ""


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    return f"{finding.target} is scaled to 0 replicas, but is needed: {finding.facts['missed']}."


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    scaler = next((a for a in snapshot.autoscalers if a.target == finding.target), None)
    replicas = scaler.min_replicas if scaler else 1
    name = f"deployment/{finding.target.name}"
    return Advice(
        f"Scale {finding.target} up again, if no one scaled it down on purpose.",
        kubectl(snapshot, "scale", name, f"--replicas={max(1, replicas)}"),
    )


SCALED_TO_ZERO = FailureKind(
    name="scaled_to_zero",
    summary="a Deployment has no replicas while others fail without it",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    actions=("scale_deployment",),
    hint="Zero replicas are often a wish: name who needs it, and let a person decide.",
)
