"""A Deployment with no replicas while something plainly needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import misses, shorten
from watchdog.failures.owners import Trouble, kubectl, owner_finding
from watchdog.observation.pod_template import PodTemplate
from watchdog.observation.snapshot import AutoscalerSummary, ServiceSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.observation.workloads import DeploymentSummary


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
    """What shows that somebody needs the Deployment; empty where nothing does."""
    labels = deployment.template.labels
    for service in snapshot.services:
        if not service.selector or not service.selector.items() <= labels.items():
            continue
        if service.ready_endpoints or service.unready_endpoints:
            continue
        for tail in snapshot.logs:
            for line in reversed(tail.lines):
                if misses(line, service.ref.name):
                    return f'log {tail.pod}/{tail.container}: "{shorten(line)}"'
    return ""


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    return f"{finding.target} is scaled to 0 replicas, but is needed: {finding.facts['missed']}."


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    scaler = next((a for a in snapshot.autoscalers if a.target == finding.target), None)
    replicas = scaler.min_replicas if scaler else 1
    name = f"deployment/{finding.target.name}"
    return Advice(
        f"Scale {finding.target} up again, if nobody scaled it down on purpose.",
        kubectl(snapshot, "scale", name, f"--replicas={max(1, replicas)}"),
    )


def _examples() -> tuple[Example, ...]:
    stopped = ex.deployment(desired=0, template=PodTemplate(labels={"app": "web"}))
    service = ServiceSummary(ref=ex.ref("Service", "web"), selector={"app": "web"})
    refused = ex.log("GET http://web/orders: connection refused", "orders-1", previous=False)
    scaler = AutoscalerSummary(ref=ex.ref("HorizontalPodAutoscaler", "web"), target=ex.WEB)
    return (
        Example("its callers fail", ex.snapshot_of(stopped, service, refused), "Deployment/web"),
        Example("nobody calls it", ex.snapshot_of(stopped, service), None),
        Example("switched off with its autoscaler", ex.snapshot_of(stopped, scaler), None),
        Example("it has replicas", ex.snapshot_of(ex.deployment(ready=1), service, refused), None),
    )


SCALED_TO_ZERO = FailureKind(
    name="scaled_to_zero",
    summary="a Deployment has no replicas while others fail for want of it",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    actions=("scale_deployment",),
    hint="Zero replicas are often a wish: name who needs it, and let a person decide.",
    drill=Drill(
        manifest=manifest.deployment(["sleep", "3600"], name="ledger", strategy="replicas: 0")
        + """\
---
apiVersion: v1
kind: Service
metadata: {name: ledger}
spec: {selector: {app: ledger}, ports: [{port: 80}]}
---
"""
        + manifest.deployment("echo 'cannot connect to ledger:80: connection refused'; exit 1"),
        settle="crash",
    ),
    examples=_examples,
)
