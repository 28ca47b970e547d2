"""A drill and examples of `service_no_endpoints`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.snapshot import ServicePort, ServiceSummary


def _service(**more: object) -> ServiceSummary:
    values = {
        "ref": ex.ref("Service", "web"),
        "selector": {"app": "wbe"},
        "ports": (ServicePort(number=80, target="8080"),),
        "created_at": ex.ago(3600),
    }
    return ServiceSummary.model_validate({**values, **more})


def examples() -> tuple[Example, ...]:
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


DRILL = Drill(
    manifest=f"""\
apiVersion: v1
kind: Service
metadata: {{name: drill}}
spec: {{selector: {{app: dril}}, ports: [{{port: 80}}]}}
---
{drill_manifest.deployment(["sleep", "3600"])}""",
    settle="endpoints",
)
