"""The kubelet restarts a container again and again because its liveness or startup probe fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import crashes, exit_code, matching, with_evidence
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import event_line, quotes
from watchdog.detection.probes import (
    from_outside,
    killed_by_probe,
    probe_advice,
    probe_finding,
    probe_fix,
    probe_of,
    probe_words,
    unhealthy,
)
from watchdog.detection.starting import costs_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "liveness_failing"
SUMMARY = "liveness probe fails"
_BY_SIGNAL = (137, 143)


def _probe(snapshot: ClusterSnapshot, item: ContainerView) -> str | None:
    """The probe that the container is restarted for."""
    state = item.state
    if not state.restarts or (item.spec.liveness is None and item.spec.startup is None):
        return None
    few = state.restarts < snapshot.thresholds.restarts
    if few and (state.ready or costs_nothing(snapshot, item.pod)):
        return None
    killed = killed_by_probe(snapshot, item)
    by_signal = exit_code(state) in _BY_SIGNAL
    if killed in {"liveness", "startup"} and (by_signal or _ended_when_asked(item)):
        return killed if probe_of(item.spec, killed) else None
    if not by_signal or not crashes(item, snapshot):
        return None
    failing = (kind for kind in ("startup", "liveness") if probe_of(item.spec, kind))
    return next((k for k in failing if unhealthy(snapshot, item, k.capitalize())), None)


def _ended_when_asked(item: ContainerView) -> bool:
    """A program that handles SIGTERM ends with 0 when the kubelet stops it."""
    return exit_code(item.state) == 0


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _probe(snapshot, item) is not None):
        first = seen[0]
        kind = _probe(snapshot, first) or "liveness"
        finding = probe_finding(NAME, kind, snapshot, seen)
        finding = from_outside(finding, snapshot, first, running=False)
        pods = [item.pod for item in seen]
        killing = event_line(snapshot, pods, "Killing")
        yield with_evidence(finding, *quotes(snapshot, first), killing)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    who = finding.facts["who"]
    return (
        f"The kubelet restarts {who[0].lower()}{who[1:]} (restarts so far: "
        f"{finding.facts['restarts']}) because {probe_words(finding, snapshot)}"
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    return probe_advice(finding, snapshot, running=False)


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
    fix=probe_fix,
    actions=("rollout_undo", "patch_deployment_probe"),
)
