"""A container runs but is never ready, because its readiness or startup probe fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures.example import (
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
from watchdog.failures.example import deployment as web
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line, log_lines, quote, telling
from watchdog.failures.look import GRACE, Seen, matching, unready_for, with_evidence
from watchdog.failures.manifest import deployment
from watchdog.failures.probes import (
    probe_advice,
    probe_finding,
    probe_fix,
    probe_of,
    probe_words,
    says_no,
    unhealthy,
)
from watchdog.observation.base import Condition
from watchdog.observation.pod_template import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

NAME = "readiness_failing"
SUMMARY = "readiness probe fails"


def _probe(item: Seen) -> str | None:
    """The probe that keeps a running container from being ready."""
    if item.spec.startup is not None and not item.state.started:
        return "startup"
    return "readiness" if item.spec.readiness is not None else None


def _unready(snapshot: ClusterSnapshot, item: Seen) -> bool:
    kind = _probe(item)
    if item.state.state != "running" or item.state.ready or kind is None:
        return False
    if item.state.init and not item.spec.sidecar:
        return False
    waited = unready_for(item.pod, snapshot.taken_at).total_seconds()
    failed = unhealthy(snapshot, item, kind.capitalize())
    probe = probe_of(item.spec, kind)
    patience = probe.failure_threshold if probe else 1
    if failed and says_no(failed[-1].message) and failed[-1].count >= patience:
        # A 404 does not pass with time, as a refused connection does while a program starts.
        return True
    allowed = GRACE.unready_seconds
    if kind == "startup" and probe:
        allowed = max(allowed, probe.period_seconds * probe.failure_threshold)
    if probe:
        allowed = max(allowed, probe.initial_delay_seconds + 3 * probe.period_seconds)
    return waited >= allowed


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _unready(snapshot, item)):
        first = seen[0]
        kind = _probe(first) or "readiness"
        finding = probe_finding(NAME, kind, snapshot, seen)
        pods = [item.pod for item in seen]
        lines = telling(log_lines(snapshot, first, running=True), 1)
        logged = [quote(first, line) for line in lines]
        yield with_evidence(finding, event_line(snapshot, pods, "Unhealthy"), *logged)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    words = probe_words(finding, snapshot)
    return f"{finding.facts['who']} runs but is not ready because {words}"


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    return probe_advice(finding, snapshot, "path and port, or what it still waits for")


def _examples() -> tuple[Example, ...]:
    probe = Probe(type="httpGet", asks="GET /ready on port 80", path="/ready", port="80")
    asked, claims = spec(readiness=probe), "Deployment/web"
    no = event(
        "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404", count=8
    )
    refused = event(
        "Unhealthy", "Readiness probe failed: Get http://10.1.2.3:80/ready: connection refused"
    )
    state = running(ready=False)
    young = (Condition(type="Ready", status="False", since=ago(20)),)
    starting = pod(state, specs=(asked,), conditions=young, created_at=ago(20))
    new = earlier(change("readinessProbe", "GET / on port 80", probe.asks))
    return (
        Example("404", broken(state, no, container=asked), claims),
        Example("404 at once", snapshot_of(web(), starting, no), claims),
        Example("new probe", broken(state, no, container=asked, last=new), claims, "rollout_undo"),
        Example("refused for long", broken(state, refused, container=asked), claims),
        Example("refused while starting", snapshot_of(web(), starting, refused), None),
        Example("healthy", healthy(), None),
    )


_SERVE = "mkdir -p /tmp/w; echo ok > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"
READINESS_FAILING = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "Compare the probe's path and port with the ports, the command and the log of the "
        "container. A probe is corrected, never removed."
    ),
    drill=Drill(
        before=deployment(
            _SERVE, container="readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 2}"
        ),
        manifest=deployment(
            _SERVE,
            container="readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 2}",
        ),
        ends="healed",
        settle="unready",
    ),
    examples=_examples,
    fix=probe_fix,
    actions=("rollout_undo", "patch_deployment_probe"),
)
