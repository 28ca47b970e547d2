"""A hash of what a diagnosis rests on: while it is the same, the model would say the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from watchdog.incidents.approvals import APPROVE
from watchdog.incidents.attempt_history import ATTEMPTS
from watchdog.incidents.memory import Memory
from watchdog.incidents.transitions import digest
from watchdog.model.diagnosis import Finding
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import DeploymentSummary, WorkloadSummary
from watchdog.text.sanitize import folded


def situation(memory: Memory, findings: Iterable[Finding], snapshot: ClusterSnapshot) -> str:
    """The same for two passes that see the same failures of the same revisions, for the same
    reasons, with nothing tried in between; counts, times and the names of pods make no difference.
    """
    parts = sorted(_part(finding, snapshot) for finding in findings)
    tried = sorted(t.id for item in memory.incidents if item.open for t in item.tries if t.failed)
    return digest(*parts, *tried)


def _part(finding: Finding, snapshot: ClusterSnapshot) -> str:
    target = finding.target
    workload = snapshot.workload(target)
    facts = sorted(f"{name}={_plain(text, finding)}" for name, text in finding.facts.items())
    return digest(
        finding.kind, target.kind, target.name, finding.container, finding.summary,
        workload.uid if workload else "", *(_state(workload) if workload else ()),
        *facts, *sorted(set(_said(finding))),
    )  # fmt: skip


def _state(workload: WorkloadSummary) -> Iterator[object]:
    """Its revision, as the generation also counts the annotations that approve something."""
    current = workload.current if isinstance(workload, DeploymentSummary) else None
    yield current.revision if current else workload.generation
    notes = workload.annotations.items()
    yield sorted((name, text) for name, text in notes if name not in {APPROVE, ATTEMPTS})


def _said(finding: Finding) -> Iterator[str]:
    """The log lines among the evidence; the rest of it only counts on."""
    for line in finding.evidence:
        if line.kind == "log":
            yield _plain(line.text, finding)


def _plain(text: str, finding: Finding) -> str:
    for pod in finding.pods:
        text = text.replace(pod, "@")
    return folded(text)
