"""The kubelet restarts a container again and again because its liveness or startup probe fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures.example import (
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
from watchdog.failures.example import deployment as web
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import event_line
from watchdog.failures.look import (
    GRACE,
    Seen,
    crashes,
    exit_code,
    matching,
    with_evidence,
)
from watchdog.failures.manifest import deployment
from watchdog.failures.probes import (
    killed_by_probe,
    probe_advice,
    probe_finding,
    probe_fix,
    probe_of,
    probe_words,
    unhealthy,
)
from watchdog.observation.pod_template import ContainerPort, Probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

NAME = "liveness_failing"
SUMMARY = "liveness probe fails"
_BY_SIGNAL = (137, 143)


def _probe(snapshot: ClusterSnapshot, item: Seen) -> str | None:
    """The probe that the container is restarted for."""
    state = item.state
    if not state.restarts or (item.spec.liveness is None and item.spec.startup is None):
        return None
    if state.ready and state.restarts < GRACE.restarts:
        return None
    killed = killed_by_probe(snapshot, item)
    by_signal = exit_code(state) in _BY_SIGNAL
    if killed in {"liveness", "startup"} and (by_signal or _ended_when_asked(item)):
        return killed if probe_of(item.spec, killed) else None
    if not by_signal or not crashes(item, snapshot.taken_at):
        return None
    failing = (kind for kind in ("startup", "liveness") if probe_of(item.spec, kind))
    return next((k for k in failing if unhealthy(snapshot, item, k.capitalize())), None)


def _ended_when_asked(item: Seen) -> bool:
    """A program that handles SIGTERM ends with 0 when the kubelet stops it."""
    return exit_code(item.state) == 0


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _probe(snapshot, item) is not None):
        first = seen[0]
        kind = _probe(snapshot, first) or "liveness"
        finding = probe_finding(NAME, kind, snapshot, seen)
        pods = [item.pod for item in seen]
        yield with_evidence(
            finding, event_line(snapshot, pods, "Unhealthy"), event_line(snapshot, pods, "Killing")
        )


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    who = finding.facts["who"]
    return (
        f"The kubelet restarts {who[0].lower()}{who[1:]} (restarts so far: "
        f"{finding.facts['restarts']}) because {probe_words(finding, snapshot)}"
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    return probe_advice(finding, snapshot, "path, port, and how long it takes to start")


def _examples() -> tuple[Example, ...]:
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


LIVENESS_FAILING = FailureKind(
    name=NAME,
    summary=SUMMARY,
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "Compare the probe's path and port with the ports, the command and the log of the "
        "container. A probe is corrected, never removed. Where others ask the same wrong thing, "
        "correct all at once, as the pod is well only when all succeed."
    ),
    drill=Drill(
        before=deployment(
            "mkdir -p /tmp/w; echo ok > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w",
            container="livenessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 2}",
        ),
        manifest=deployment(
            "mkdir -p /tmp/w; echo ok > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w",
            container="livenessProbe: {httpGet: {path: /alive, port: 8080}, periodSeconds: 2, "
            "failureThreshold: 2}",
        ),
        ends="healed",
        settle="restarts",
    ),
    examples=_examples,
    fix=probe_fix,
    actions=("rollout_undo", "patch_deployment_probe"),
)
