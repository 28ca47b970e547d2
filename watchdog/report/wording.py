"""The decisions and sentences that every view shares; pure.

A view says, in this order: what is broken and how badly; why; what changed; what was done (or
would be) and whether it is healthy now; what a person has to do. Here a Report becomes chapters
(one for each namespace), cases (one for each finding) and steps (one for each action) in plain
words; nothing here escapes for a syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from watchdog.actions import CustomInstruction, RemediationAction
from watchdog.incidents.transitions import goes_on
from watchdog.model.diagnosis import Diagnosis, Evidence, Explanation, Finding
from watchdog.model.incident import Incident
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult, NamespaceReport, Report
from watchdog.report.case import Case, Chapter, ForGit, Status, Step
from watchdog.report.merge_cases import together
from watchdog.report.next_steps import diff_lines, to_do
from watchdog.text.format import clean, count, duration, joined, objects, one_line, quoted

EVIDENCE_LINES = 5
_SEEN_BEFORE = timedelta(minutes=1)
MANY_SPOTS = 3
"""So many things that could not be read are mostly one cause: an account without its rights."""

_CAME_TO_NOTHING = {Outcome.UNDONE, Outcome.FAILED, Outcome.UNKNOWN}
_MAY_STAND = {Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNKNOWN}


def chapters(report: Report) -> tuple[Chapter, ...]:
    """The report's namespaces, in words."""
    return tuple(_chapter(item, report) for item in report.namespaces)


def overview(found: Iterable[Chapter]) -> tuple[Case, ...]:
    """The cases that a table names before the details; none if there is only one."""
    cases = tuple(case for chapter in found for case in chapter.cases)
    return cases if len(cases) > 1 else ()


def _chapter(item: NamespaceReport, report: Report) -> Chapter:
    owned = _owned(item)
    cases = tuple(_case(finding, owned[i], item, report) for i, finding in enumerate(item.findings))
    strays = [
        a
        for a in item.actions
        if not any(a is mine for actions in owned.values() for mine in actions)
    ]
    state: Literal["healthy", "sick", "partly seen", "unseen", "gone"] = (
        "gone"
        if item.gone
        else "sick"
        if cases
        else "unseen"
        if item.unseen
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
        others=tuple(_others(strays)),
        notes=tuple(_notes(item, cases)),
    )


def _others(strays: list[ActionResult]) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """What nothing that is broken here calls for: an earlier pass began it, or it is proposed."""
    begun = tuple(_step(result) for result in strays if result.outcome.was_sent)
    if begun:
        yield "Begun by an earlier pass", begun
    if proposed := tuple(_step(result) for result in strays if not result.outcome.was_sent):
        yield "Also proposed, for nothing that is broken here", proposed


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
    incident = next(
        (i for i in item.incidents if (i.kind, i.target) == (finding.kind, finding.target)), None
    )
    status = _status(steps)
    if status == "needs you" and not _waits(finding, incident, results):
        status = "broken"
    tried = sum(step.outcome in _MAY_STAND | {Outcome.UNDONE} for step in steps)
    return Case(
        finding=finding,
        namespace=item.namespace,
        status=status,
        summary=one_line(finding.summary),
        severity=_severity(finding, incident, report.started_at),
        why=_why(explanation, diagnosis),
        model_says=_model_says(diagnosis) if len(item.findings) == 1 else "",
        changed=one_line(explanation.changed or "") if explanation else "",
        evidence=_evidence(finding.evidence),
        steps=steps,
        to_do=to_do(status == "fixed", results, explanation, _suggested(finding, diagnosis)),
        undo=tuple(step.undo for step in steps if step.undo),
        for_git=_for_git(results),
        first_seen=incident.first_seen if incident else finding.since,
        attempts=incident.attempts if incident else tried,
    )


def _waits(finding: Finding, incident: Incident | None, results: list[ActionResult]) -> bool:
    """Whether a person is needed now: as memory has it, or as it would have it."""
    if incident:
        return incident.state != "broken"
    if finding.suffers and not results:
        return False
    asks = any(result.outcome is Outcome.AWAITING_APPROVAL for result in results)
    return asks or not goes_on(results)


def _for_git(results: Iterable[ActionResult]) -> tuple[ForGit, ...]:
    """The changes that are still to be made where the object comes from, each once."""
    changes = (r.lasting for r in results if r.lasting and r.outcome not in _CAME_TO_NOTHING)
    return tuple(
        ForGit(
            where=one_line(str(change.source), 600) if change.source else "",
            values=tuple(clean(change.values).splitlines()),
            patch=tuple(clean(change.patch).splitlines()),
        )
        for change in dict.fromkeys(changes)
    )


def _suggested(finding: Finding, diagnosis: Diagnosis) -> Iterable[str]:
    """What the model would have a person do about it; the rules' own advice stands apart."""
    if diagnosis.source != "llm":
        return
    known = {explanation.to_do for explanation in diagnosis.explanations}
    for action in diagnosis.remediation_actions:
        if not isinstance(action, CustomInstruction) or action.target != finding.target:
            continue
        if action.command is None and action.instruction not in known:
            yield action.instruction


def _status(steps: tuple[Step, ...]) -> Status:
    outcomes = {step.outcome for step in steps}
    if steps and steps[-1].outcome is not Outcome.VERIFIED:
        if outcomes & {Outcome.FAILED, Outcome.UNDONE, Outcome.AWAITING_APPROVAL}:
            return "needs you"
        if Outcome.UNKNOWN in outcomes:
            return "fixing"  # the next pass sees whether the change was made
    if Outcome.VERIFIED in outcomes:
        return "fixed"
    if Outcome.APPLIED in outcomes:
        return "fixing"
    return "would fix" if Outcome.DRY_RUN in outcomes else "needs you"


def titled(result: ActionResult) -> str:
    """What was done, with where its value came from, but for what names its revision itself."""
    if not result.source or result.action.kind == "rollout_undo":
        return result.action.title
    origin = f"from {result.source}" if result.source.startswith("revision") else result.source
    return f"{result.action.title} ({origin})"


def _step(result: ActionResult) -> Step:
    stands = result.outcome in _MAY_STAND
    seen = result.verification
    check = ""
    if seen is not None:
        said = seen.summary if seen.healthy else "; ".join(seen.problems) or seen.summary
        waited = f"({duration(seen.waited_seconds)} in all)" if seen.waited_seconds else ""
        check = one_line(f"{said} {waited}")
    return Step(
        title=one_line(titled(result)),
        outcome=result.outcome,
        done=result.outcome.words,
        reason=one_line(result.reason),
        diff=diff_lines(result.diff),
        healthy=seen.healthy if seen else None,
        check=check,
        undo=one_line(result.undo, 4000) if result.undo and stands else None,
    )


def _severity(finding: Finding, incident: Incident | None, now: datetime) -> str:
    """`down for 12 min, 0 of 2 pods ready`; `down` only where nothing serves.

    Where nothing tells since when, how long it has been seen: `seen for 25 min`.
    """
    impact = one_line(str(finding.impact))
    word = "down" if finding.impact.is_down else "broken"
    since = finding.since
    if since is None and incident and now - incident.first_seen >= _SEEN_BEFORE:
        word, since = "seen", incident.first_seen
    if since is None:
        return impact
    spent = f"{word} for {duration((now - since).total_seconds())}"
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


def _evidence(lines: Iterable[Evidence]) -> tuple[str, ...]:
    found = [one_line(str(line), 300) for line in lines]
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
    yield from _not_read(item)
    for cut in item.cuts:
        yield one_line(f"Not everything is shown: {cut}.")


def _not_read(item: NamespaceReport) -> Iterable[str]:
    """What could not be read: many missing rights are one sentence, with the command for them."""
    forbidden = [spot for spot in item.blind_spots if spot.forbidden]
    several = forbidden if len(forbidden) >= MANY_SPOTS else []
    if several:
        named = joined(list(dict.fromkeys(one_line(spot.what) for spot in several)))
        yield f"Could not read {named}: forbidden."
    alike: dict[str, list[str]] = {}
    for spot in item.blind_spots:
        if spot not in several:
            alike.setdefault(spot.why, []).append(spot.what)
    for why, whats in alike.items():
        more = [f"{len(whats) - MANY_SPOTS} more"] if len(whats) > MANY_SPOTS else []
        yield one_line(f"Could not read {joined(whats[:MANY_SPOTS] + more)}: {why}")
    if several:
        name = one_line(item.namespace)
        yield f"`sre-watchdog doctor -n {name}` checks every permission and prints what grants it."
        if item.unseen:
            # A deleted namespace takes its RoleBinding along, and without it that cannot be seen.
            yield f"If {name} was deleted, the next `helm upgrade` leaves it out."


def ended(report: Report) -> datetime:
    """When the pass ended."""
    return report.started_at + timedelta(seconds=report.duration_seconds)
