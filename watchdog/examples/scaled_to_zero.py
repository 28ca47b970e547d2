"""A drill and examples of `scaled_to_zero`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.snapshot import AutoscalerSummary, ServiceSummary


def examples() -> tuple[Example, ...]:
    stopped = ex.deployment(desired=0, template=PodTemplate(labels={"app": "web"}))
    service = ServiceSummary(ref=ex.ref("Service", "web"), selector={"app": "web"})
    refused = ex.log("GET http://web/orders: connection refused", "orders-1", previous=False)
    scaler = AutoscalerSummary(ref=ex.ref("HorizontalPodAutoscaler", "web"), target=ex.WEB)
    return (
        Example("its callers fail", ex.snapshot_of(stopped, service, refused), "Deployment/web"),
        Example("no one calls it", ex.snapshot_of(stopped, service), None),
        Example("switched off with its autoscaler", ex.snapshot_of(stopped, scaler), None),
        Example("it has replicas", ex.snapshot_of(ex.deployment(ready=1), service, refused), None),
    )


DRILL = Drill(
    manifest=drill_manifest.deployment(["sleep", "3600"], name="ledger", strategy="replicas: 0")
    + """\
---
apiVersion: v1
kind: Service
metadata: {name: ledger}
spec: {selector: {app: ledger}, ports: [{port: 80}]}
---
"""
    + drill_manifest.deployment("echo 'cannot connect to ledger:80: connection refused'; exit 1"),
    settle="crash",
)
