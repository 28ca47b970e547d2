"""A drill and examples of `liveness_failing`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    ago,
    broken,
    change,
    crashing,
    earlier,
    event,
    healthy,
    pod,
    running,
    snapshot_of,
    spec,
)
from watchdog.examples.builders import deployment as web
from watchdog.examples.drill_manifest import deployment
from watchdog.snapshot.pod_template import ContainerPort, Probe


def examples() -> tuple[Example, ...]:
    probe = Probe(type="httpGet", asks="GET /healthz on port 8080", path="/healthz", port="8080")
    asked = spec(liveness=probe, ports=(ContainerPort(number=80),))
    events = (
        event("Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 404"),
        event("Killing", "Container main failed liveness probe, will be restarted", type="Normal"),
    )
    loop = crashing(137)
    again = running(
        ready=False,
        restarts=3,
        last_exit_code=137,
        last_started_at=ago(60),
        last_finished_at=ago(20),
        for_seconds=20,
    )
    noise = snapshot_of(web(ready=1), pod(running(), specs=(asked,), sick=True), events[0])
    new, claims = earlier(change("livenessProbe", "GET / on port 80", probe.asks)), "Deployment/web"
    return (
        Example("restarted in a loop", broken(loop, *events, container=asked), claims),
        Example("running between two restarts", broken(again, *events, container=asked), claims),
        Example(
            "new probe", broken(loop, *events, container=asked, last=new), claims, "rollout_undo"
        ),
        Example("fails but restarts nothing", noise, None),
        Example("crashes by itself", broken(crashing(1), events[0], container=asked), None),
        Example("healthy", healthy(), None),
    )


DRILL = Drill(
    before=deployment(
        "mkdir -p /tmp/w; echo ok > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w",
        container="livenessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 2, "
        "timeoutSeconds: 10}",
    ),
    manifest=deployment(
        "mkdir -p /tmp/w; echo ok > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w",
        container="livenessProbe: {httpGet: {path: /alive, port: 8080}, periodSeconds: 2, "
        "timeoutSeconds: 10, failureThreshold: 2}",
    ),
    ends="healed",
    settle="restarts",
)
