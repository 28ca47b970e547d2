"""A drill and examples of `readiness_failing`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    ago,
    broken,
    change,
    earlier,
    event,
    healthy,
    pod,
    running,
    snapshot_of,
    spec,
)
from watchdog.examples.builders import deployment as web
from watchdog.examples.drill_manifest import AT_ONCE, deployment
from watchdog.snapshot.pod_template import Probe
from watchdog.snapshot.refs import Condition


def examples() -> tuple[Example, ...]:
    probe = Probe(type="httpGet", asks="GET /ready on port 80", path="/ready", port="80")
    asked, claims = spec(readiness=probe), "Deployment/web"
    no = event(
        "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404", count=8
    )
    refused = event(
        "Unhealthy", "Readiness probe failed: Get http://10.1.2.3:80/ready: connection refused"
    )
    slow = event("Unhealthy", "Readiness probe failed: context deadline exceeded")
    state = running(ready=False)
    young = (Condition(type="Ready", status="False", since=ago(20)),)
    starting = pod(state, specs=(asked,), conditions=young, created_at=ago(20))
    new = earlier(change("readinessProbe", "GET / on port 80", probe.asks))
    return (
        Example("404", broken(state, no, container=asked), claims),
        Example("404 at once", snapshot_of(web(), starting, no), claims),
        Example("404 at once, and too slow once", snapshot_of(web(), starting, no, slow), claims),
        Example("new probe", broken(state, no, container=asked, last=new), claims, "rollout_undo"),
        Example("refused for long", broken(state, refused, container=asked), claims),
        Example("refused while starting", snapshot_of(web(), starting, refused), None),
        Example("healthy", healthy(), None),
    )


_SERVE = "mkdir -p /tmp/w; echo ok > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"


DRILL = Drill(
    # A rollout that has lost nothing is left alone until its deadline.
    before=deployment(
        _SERVE,
        strategy=AT_ONCE,
        container="readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 2, "
        "timeoutSeconds: 10}",
    ),
    manifest=deployment(
        _SERVE,
        strategy=AT_ONCE,
        container="readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 2, "
        "timeoutSeconds: 10}",
    ),
    ends="healed",
    settle="unready",
)
