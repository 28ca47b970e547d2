"""The decisions and sentences that every view shares; pure.

A view says, in this order: what is broken and how badly; why; what changed; what was done (or
would be) and whether it is healthy now; what a person has to do. Here a Report becomes chapters
(one for each namespace), cases (one for each finding) and steps (one for each action) in plain
words; nothing here escapes for a syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from watchdog.actions import CustomInstruction, RemediationAction
from watchdog.nouns import (
    ActionResult,
    Diagnosis,
    Explanation,
    Finding,
    NamespaceReport,
    Outcome,
    Report,
)
from watchdog.report.phrases import clean, count, duration, objects, one_line, quoted
from watchdog.report.todo import ToDo, to_do
from watchdog.report.together import together

Status = Literal["broken", "fixing", "fixed", "needs you", "would fix"]
EVIDENCE_LINES = 5

_DONE = {
    Outcome.APPLIED: "applied, not checked yet",
    Outcome.VERIFIED: "applied",
    Outcome.UNDONE: "applied, then undone",
    Outcome.REFUSED: "not applied",
    Outcome.DRY_RUN: "would be applied",
    Outcome.AWAITING_APPROVAL: "waits for your approval",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "sent, no answer came back",
}
_MAY_STAND = {Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN}


@dataclass(frozen=True)
class Step:
    """One action in words. `healthy` is None where nothing was watched; `check` says what."""

    title: str
    outcome: Outcome
    done: str
    reason: str = ""
    diff: tuple[str, ...] = ()
    healthy: bool | None = None
    check: str = ""
    undo: str | None = None


@dataclass(frozen=True)
class Case:
    """One problem and everything that belongs to it, in words.

    `finding` is the one that leads; `also` names the others that have the same cause, `others` are
    their findings.
    """

    finding: Finding
    namespace: str
    status: Status
    summary: str
    severity: str
    why: str
    model_says: str
    changed: str
    evidence: tuple[str, ...]
    steps: tuple[Step, ...]
    to_do: tuple[ToDo, ...]
    undo: tuple[str, ...]
    first_seen: datetime | None
    attempts: int
    also: tuple[str, ...] = ()
    others: tuple[Finding, ...] = ()

    @property
    def target(self) -> str:
        """`Deployment/ledger`."""
        return one_line(str(self.finding.target))

    @property
    def name(self) -> str:
        """`shop/ledger`."""
        return one_line(f"{self.namespace}/{self.finding.target.name}")


@dataclass(frozen=True)
class Chapter:
    """One namespace. `state` is `healthy`, `sick`, `partly seen` (nothing found, not all read) or
    `unseen`; `notes` are whole sentences about what could not be read and where sources differ.
    """

    namespace: str
    state: Literal["healthy", "sick", "partly seen", "unseen"]
    place: str
    objects: str
    cases: tuple[Case, ...]
    other_steps: tuple[Step, ...]
    notes: tuple[str, ...]


def chapters(report: Report) -> tuple[Chapter, ...]:
    """The report's namespaces, in words."""
    return tuple(_chapter(item, report) for item in report.namespaces)


def _chapter(item: NamespaceReport, report: Report) -> Chapter:
    owned = _owned(item)
    cases = tuple(_case(finding, owned[i], item, report) for i, finding in enumerate(item.findings))
    strays = [
        a
        for a in item.actions
        if not any(a is mine for actions in owned.values() for mine in actions)
    ]
    state: Literal["healthy", "sick", "partly seen", "unseen"] = (
        "unseen"
        if item.error
        else "sick"
        if cases
        else "partly seen"
        if item.blind_spots
        else "healthy"
    )
    return Chapter(
        namespace=one_line(item.namespace),
        state=state,
        place=one_line(
            f"{item.namespace} on {report.cluster}" if report.cluster else item.namespace
        ),
        objects=objects(item.objects),
        cases=together(cases),
        other_steps=tuple(_step(result) for result in strays),
        notes=tuple(_notes(item, cases)),
    )


def _owned(item: NamespaceReport) -> dict[int, list[ActionResult]]:
    """For each finding, by position, the actions about it; each action belongs to one finding."""
    owned: dict[int, list[ActionResult]] = {i: [] for i in range(len(item.findings))}
    for result in item.actions:
        scores = [(_bond(finding, result.action), -i) for i, finding in enumerate(item.findings)]
        best, position = max(scores, default=(0, 0))
        if best:
            owned[-position].append(result)
    return owned


def _bond(finding: Finding, action: RemediationAction) -> int:
    """How clearly an action is about a finding; 0 is not at all."""
    if action.target == finding.target:
        return 3 if getattr(action, "container", None) in {None, finding.container} else 2
    if action.target.kind == "Pod" and action.target.name in finding.pods:
        return 2
    return 1 if action.target.name in finding.facts.values() else 0


def _case(
    finding: Finding, results: list[ActionResult], item: NamespaceReport, report: Report
) -> Case:
    diagnosis = item.diagnosis
    explanation = diagnosis.explanation(finding)
    steps = tuple(_step(r) for r in results if not isinstance(r.action, CustomInstruction))
    status = _status(steps)
    incident = next(
        (i for i in item.incidents if (i.kind, i.target) == (finding.kind, finding.target)), None
    )
    tried = sum(step.outcome in _MAY_STAND | {Outcome.UNDONE} for step in steps)
    return Case(
        finding=finding,
        namespace=item.namespace,
        status=status,
        summary=one_line(finding.summary),
        severity=_severity(finding, report.started_at),
        why=_why(explanation, diagnosis),
        model_says=_model_says(diagnosis) if len(item.findings) == 1 else "",
        changed=one_line(explanation.changed or "") if explanation else "",
        evidence=_evidence(finding.evidence),
        steps=steps,
        to_do=to_do(status == "fixed", results, explanation, by_model=diagnosis.source == "llm"),
        undo=tuple(step.undo for step in steps if step.undo),
        first_seen=incident.first_seen if incident else finding.since,
        attempts=incident.attempts if incident else tried,
    )


def _status(steps: tuple[Step, ...]) -> Status:
    outcomes = {step.outcome for step in steps}
    if outcomes & {Outcome.FAILED, Outcome.UNDONE, Outcome.UNKNOWN, Outcome.AWAITING_APPROVAL}:
        return "fixed" if steps[-1].outcome is Outcome.VERIFIED else "needs you"
    if Outcome.VERIFIED in outcomes:
        return "fixed"
    if Outcome.APPLIED in outcomes:
        return "fixing"
    return "would fix" if Outcome.DRY_RUN in outcomes else "needs you"


def _step(result: ActionResult) -> Step:
    stands = result.outcome in _MAY_STAND
    seen = result.verification
    check = ""
    if seen is not None:
        said = seen.summary if seen.healthy else "; ".join(seen.problems) or seen.summary
        waited = f"({duration(seen.waited_seconds)} in all)" if seen.waited_seconds else ""
        check = one_line(f"{said} {waited}")
    source = ""
    if result.source and result.action.kind != "rollout_undo":
        source = f" ({'from ' * result.source.startswith('revision')}{result.source})"
    return Step(
        title=one_line(result.action.title + source),
        outcome=result.outcome,
        done=_DONE[result.outcome],
        reason=one_line(result.reason),
        diff=tuple(line.rstrip() for line in clean(result.diff).splitlines() if line.strip()),
        healthy=seen.healthy if seen else None,
        check=check,
        undo=one_line(result.undo, 4000) if result.undo and stands else None,
    )


def _severity(finding: Finding, now: datetime) -> str:
    """`down for 12 min, 0 of 2 pods ready`; `down` only where nothing serves."""
    impact = one_line(finding.impact)
    if finding.since is None:
        return impact
    word = "down" if re.match(r"0 of \d", impact) else "broken"
    spent = f"{word} for {duration((now - finding.since).total_seconds())}"
    return f"{spent}, {impact}" if impact else spent


def _why(explanation: Explanation | None, diagnosis: Diagnosis) -> str:
    if explanation:
        return one_line(explanation.why, 800)
    return (
        one_line(diagnosis.root_cause or diagnosis.summary, 800)
        if diagnosis.source == "rules"
        else ""
    )


def _model_says(diagnosis: Diagnosis) -> str:
    """A model's root cause as the quotation that it is."""
    said = diagnosis.root_cause or diagnosis.summary
    return (
        f"{model_name(diagnosis)} {_added(diagnosis)} (unverified): {quoted(said)}"
        if diagnosis.source == "llm" and said
        else ""
    )


def _added(diagnosis: Diagnosis) -> str:
    """`adds`, or when it did: the same situation is not asked about twice."""
    return f"added at {diagnosis.asked_at:%Y-%m-%d %H:%M %Z}" if diagnosis.asked_at else "adds"


def model_name(diagnosis: Diagnosis) -> str:
    """The model, as a sentence names it."""
    return one_line(diagnosis.model or "The model", 80)


def _evidence(lines: Iterable[str]) -> tuple[str, ...]:
    found = [one_line(line, 300) for line in lines]
    more = len(found) - EVIDENCE_LINES
    return (*found[:EVIDENCE_LINES], *([f"and {count(more, 'line')} more"] if more > 0 else []))


def _notes(item: NamespaceReport, cases: tuple[Case, ...]) -> Iterable[str]:
    diagnosis = item.diagnosis
    if item.error:
        yield one_line(f"Could not look: {item.error}")
    if len(cases) != 1 and _model_says(diagnosis):
        yield _model_says(diagnosis)
    for difference in diagnosis.disagreements:
        yield one_line(f"Rules and model differ: {difference}")
    if left_out := len(diagnosis.unverified_evidence):
        yield f"{count(left_out, 'quotation')} of the model left out: not found in what was read."
    if (
        item.verification
        and not item.verification.healthy
        and all(c.status == "fixed" for c in cases)
    ):
        yield one_line("Still not healthy: " + "; ".join(item.verification.problems), 800)
    for warning in item.warnings:
        yield one_line(warning, 800)
    for spot in item.blind_spots:
        yield one_line(f"Could not read {spot.what}: {spot.why}")
    for cut in item.cuts:
        yield one_line(f"Not everything is shown: {cut}.")


def ended(report: Report) -> datetime:
    """When the pass ended."""
    return report.started_at + timedelta(seconds=report.duration_seconds)
