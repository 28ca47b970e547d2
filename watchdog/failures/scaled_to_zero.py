"""A Deployment with no replicas while something plainly needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten, unreachable_service
from watchdog.detection.outside import NO_ERROR
from watchdog.detection.owners import Trouble, kubectl, owner_finding
from watchdog.text.format import verbatim
from watchdog.text.log_line import read_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import AutoscalerSummary, ClusterSnapshot
    from watchdog.snapshot.workloads import DeploymentSummary


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for deployment in snapshot.deployments:
        # Most Deployments without replicas are meant to be so: only what misses it tells.
        if deployment.desired or deployment.paused or deployment.ready:
            continue
        missed = _missed(snapshot, deployment)
        if missed:
            pod, container, said = missed
            lines = (f"{deployment.ref}: 0 replicas wanted", f"log {pod}/{container}: {said}")
            facts = {"pod": pod, "missed": said}
            trouble = Trouble("scaled to zero, but needed", lines, (), None, facts)
            yield owner_finding("scaled_to_zero", snapshot, deployment.ref, trouble)


def _missed(
    snapshot: ClusterSnapshot, deployment: DeploymentSummary
) -> tuple[str, str, str] | None:
    """Pod, container and line of log that show who needs the Deployment; None if none does."""
    labels = deployment.template.labels
    for service in snapshot.services:
        if not service.selector or not service.selector.items() <= labels.items():
            continue
        if service.ready_endpoints or service.unready_endpoints:
            continue
        for tail in snapshot.logs:
            for line in reversed(tail.lines):
                if read_line(line).level in NO_ERROR:
                    continue  # It goes on without it.
                if unreachable_service(line, service.ref):
                    return tail.pod, tail.container, verbatim(shorten(line))
    return None


def _scaler(finding: Finding, snapshot: ClusterSnapshot) -> AutoscalerSummary | None:
    return next((a for a in snapshot.autoscalers if a.target == finding.target), None)


def _to_zero(scaler: AutoscalerSummary) -> bool:
    """Whether it is the autoscaler itself that wants no replicas (1.37 lets it by default)."""
    said = next((item.status for item in scaler.conditions if item.type == "ScaledToZero"), "")
    return scaler.min_replicas == 0 or said == "True"


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    said = f"the log of pod {facts['pod']} says {facts['missed']}"
    scaler = _scaler(finding, snapshot)
    by = f" by {scaler.made_by or scaler.ref}" if scaler and _to_zero(scaler) else ""
    return f"{finding.target} is scaled to 0 replicas{by}, but it is needed: {said}."


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    scaler = _scaler(finding, snapshot)
    name = f"deployment/{finding.target.name}"
    if scaler and (_to_zero(scaler) or scaler.made_by):
        # What anyone else scales up it takes back; what made one, as KEDA does, does so by itself.
        return Advice(
            f"Let {scaler.made_by or scaler.ref} keep a replica, or correct what it scales by.",
            kubectl(snapshot, "describe", "hpa", scaler.ref.name),
        )
    replicas = scaler.min_replicas if scaler else 1
    idle = f" {scaler.ref} does nothing while it has none." if scaler else ""
    return Advice(
        f"Scale {finding.target} up again, if no one scaled it down on purpose.{idle}",
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
