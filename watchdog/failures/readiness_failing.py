"""A container runs but is never ready, because its readiness or startup probe fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import matching, unready_for, with_evidence
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import quote, told_by
from watchdog.detection.probes import (
    from_outside,
    probe_advice,
    probe_finding,
    probe_fix,
    probe_of,
    probe_words,
    says_no,
    unhealthy,
)
from watchdog.detection.standby import stands_by
from watchdog.detection.starting import merely_starting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "readiness_failing"
SUMMARY = "readiness probe fails"


def _probe(item: ContainerView) -> str | None:
    """The probe that keeps a running container from being ready."""
    if item.spec.startup is not None and not item.state.started:
        return "startup"
    return "readiness" if item.spec.readiness is not None else None


def _unready(snapshot: ClusterSnapshot, item: ContainerView) -> bool:
    kind = _probe(item)
    if item.state.state != "running" or item.state.ready or kind is None:
        return False
    if item.state.init and not item.spec.sidecar:
        return False
    if merely_starting(snapshot, item.pod) or stands_by(snapshot, item.pod):
        return False
    waited = unready_for(item.pod, snapshot.taken_at).total_seconds()
    probe = probe_of(item.spec, kind)
    if _said_no(snapshot, item, kind, probe.failure_threshold if probe else 1):
        return True
    allowed = snapshot.thresholds.unready_seconds
    if kind == "startup" and probe:
        allowed = max(allowed, probe.period_seconds * probe.failure_threshold)
    if probe:
        allowed = max(allowed, probe.initial_delay_seconds + 3 * probe.period_seconds)
    return waited >= allowed


def _said_no(snapshot: ClusterSnapshot, item: ContainerView, kind: str, patience: int) -> bool:
    """Whether this run of the container answered the probe with a refusal, that often.

    A 404 does not pass with time, as a refused connection does while a program starts; an answer
    that was too slow once, on a busy node, takes nothing back.
    """
    started = item.state.started_at
    return any(
        says_no(event.message)
        and event.count >= patience
        and (started is None or event.last_seen is None or event.last_seen >= started)
        for event in unhealthy(snapshot, item, kind.capitalize())
    )


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for _owner, seen in matching(snapshot, lambda item: _unready(snapshot, item)):
        first = seen[0]
        kind = _probe(first) or "readiness"
        finding = probe_finding(NAME, kind, snapshot, seen)
        finding = from_outside(finding, snapshot, first, running=True)
        told = told_by(snapshot, first, running=True)
        logged = [quote(first, told.line)] if told else []
        yield with_evidence(finding, *logged)


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    words = probe_words(finding, snapshot)
    return f"{finding.facts['who']} runs but is not ready because {words}"


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    return probe_advice(finding, snapshot, running=True)


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
    fix=probe_fix,
    actions=("rollout_undo", "patch_deployment_probe"),
)
