"""A drill and examples of `service_wrong_port`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.pod_template import ContainerPort, PodTemplate
from watchdog.snapshot.snapshot import ServicePort, ServiceSummary
from watchdog.snapshot.workloads import DeploymentSummary


def _service(*ports: ServicePort) -> ServiceSummary:
    return ServiceSummary(
        ref=ex.ref("Service", "web"),
        selector={"app": "web"},
        ports=ports,
        ready_endpoints=1,
        created_at=ex.ago(3600),
    )


def examples() -> tuple[Example, ...]:
    http = ContainerPort(number=80, name="http")
    labels = {"app": "web"}

    def web(*ports: ContainerPort, command: tuple[str, ...] = ()) -> DeploymentSummary:
        item = ex.spec(ports=ports, command=command)
        return ex.deployment(ready=1, template=PodTemplate(containers=(item,), labels=labels))

    to_8080 = _service(ServicePort(number=80, target="8080"))
    to_name = _service(ServicePort(number=80, target="web"))
    two = _service(ServicePort(number=80, target="80"), ServicePort(number=9090, target="9090"))
    said = ("sh", "-c", "httpd -f -p 80")
    return (
        Example("no container declares it", ex.snapshot_of(web(http), to_8080), "Service/web"),
        Example("no port has that name", ex.snapshot_of(web(http), to_name), "Service/web"),
        Example(
            "the command says another", ex.snapshot_of(web(command=said), to_8080), "Service/web"
        ),
        Example("nothing is declared", ex.snapshot_of(web(), to_8080), None),
        Example(
            "the command names the port",
            ex.snapshot_of(web(http, command=("serve", "--admin=:8080")), to_8080),
            None,
        ),
        Example("one more port, not declared", ex.snapshot_of(web(http), two), None),
    )


DRILL = Drill(
    manifest=f"""\
apiVersion: v1
kind: Service
metadata: {{name: drill}}
spec: {{selector: {{app: drill}}, ports: [{{port: 80, targetPort: 9090}}]}}
---
{drill_manifest.deployment("httpd -f -p 8080", container="ports: [{containerPort: 8080}]")}""",
    settle="endpoints",
)
