"""The stages of a pass over one namespace, as agent.look_after strings them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from watchdog import traces
from watchdog.actions import RemediationAction
from watchdog.diagnosis.diagnose import Ask, diagnose, diagnosed_before
from watchdog.diagnosis.prompt import Prompt
from watchdog.diagnosis.reply import Reply
from watchdog.diagnosis.rules import detect, rules_diagnosis, summarise
from watchdog.errors import ClusterError, ModelError
from watchdog.failures import KINDS
from watchdog.healthy import look, seen
from watchdog.incidents.approvals import Intent
from watchdog.incidents.casebook import Casebook
from watchdog.incidents.opening import open_casebook
from watchdog.incidents.store import Kept
from watchdog.nouns import ActionResult, Diagnosis, Finding, Outcome, Verification
from watchdog.observation.health import unhealthy
from watchdog.observation.snapshot import ClusterSnapshot
from watchdog.one_pass import Pass
from watchdog.remediation.apply import Attempt, Permission, remediate
from watchdog.remediation.undoing import recall
from watchdog.remediation.verdict import Context, refuse
from watchdog.settings import LLMSettings
from watchdog.verification import RESERVE_SECONDS, settle, verify_namespace

LEGAL = {kind.name: kind.actions for kind in KINDS}
# What a second try in the same pass takes at least: a look, a diagnosis, a rollout, its check.
_TRY_AGAIN_SECONDS = 45.0
_SHOWS_AGAIN_SECONDS = 30.0


def detected(snapshot: ClusterSnapshot, work: Pass) -> tuple[Finding, ...]:
    """What is wrong with what was seen."""
    with work.timed("observe"):
        findings = detect(snapshot, KINDS)
    work.progress.stage("observe", seen(snapshot, len(findings)))
    return findings


def observed_again(
    namespace: str, results: list[ActionResult], book: Casebook, work: Pass
) -> tuple[ClusterSnapshot, tuple[Finding, ...]] | None:
    """The same after something was done; None where that cannot be read.

    After an undo the old failure needs a moment to show again: without it there is nothing to
    diagnose, and what is only starting is not well.
    """
    undone = {result.action.target for result in results if result.outcome is Outcome.UNDONE}
    clock = work.budget.clock
    until = clock.monotonic() + _SHOWS_AGAIN_SECONDS
    while True:
        try:
            snapshot = look(namespace, work)
            findings = detected(snapshot, work)
        except ClusterError as error:
            book.warnings.append(f"What is left could not be looked at: {error}.")
            return None
        shown = undone <= {finding.target for finding in findings}
        over = clock.monotonic() >= until or work.budget.remaining() <= _TRY_AGAIN_SECONDS
        if shown or over or work.budget.stopped:
            return snapshot, findings
        clock.sleep(work.settings.verify.poll_seconds)


def opened(
    kept: Kept, snapshot: ClusterSnapshot, findings: tuple[Finding, ...], work: Pass
) -> Casebook:
    """What is remembered of the namespace; where something is wrong, with its Lease."""
    clock = work.budget.clock
    now = work.cluster.server_time
    looked = timedelta(seconds=(clock.now() - snapshot.taken_at).total_seconds())
    book = open_casebook(
        work.cluster,
        kept,
        work.settings,
        sick=bool(findings),
        holder=work.holder,
        seen_from=now - looked if now else None,
        clock=clock.now,
        stopped=work.not_stopped,
        hear=work.hear,
    )
    work.books[snapshot.namespace] = book
    return book


def finished(
    snapshot: ClusterSnapshot, findings: tuple[Finding, ...], book: Casebook, work: Pass
) -> list[ActionResult]:
    """What an earlier pass began and did not live to see the end of is watched, or undone, now."""
    if book.lease is None or not book.unsettled():
        return []
    context = Context(snapshot, findings, work.settings, LEGAL)
    attempts, results = [], []
    for owner, begun in book.unsettled():
        try:
            attempt = recall(begun, owner, context, work.cluster, book.now)
        except ClusterError as error:
            book.warnings.append(f"What an earlier pass did to {owner} cannot be read: {error}.")
            continue
        if attempt is None:
            book.forget(begun)
        elif attempt.applied is None:
            book.settle(attempt.id, attempt.result.outcome, attempt.result.reason)
            results.append(attempt.result)
        else:
            attempts.append(attempt)
    return results + _watched(tuple(attempts), book, _permission(snapshot, book, work), work)


def diagnosed(
    snapshot: ClusterSnapshot, findings: tuple[Finding, ...], book: Casebook, work: Pass
) -> Diagnosis:
    """By the rules, and by the model where it was not asked about the very same before."""
    tried = book.failed()
    ask = work.asked() if findings and book.rule != "lease" else None
    with work.timed("diagnose"):
        stored = book.diagnosed_before(snapshot, findings) if ask else None
        if stored is not None and (stored.whole or book.rests(snapshot)):
            rules = rules_diagnosis(snapshot, findings, KINDS, tried)
            diagnosis = diagnosed_before(stored.diagnosis, stored.at, rules)
        elif ask is not None and (why := _used_up(book, work.settings.llm)):
            diagnosis = diagnose(
                snapshot, findings, KINDS, work.settings, _refusing(why), tried=tried
            )
        else:
            diagnosis = diagnose(snapshot, findings, KINDS, work.settings, ask, tried=tried)
            book.learn(snapshot, findings, diagnosis)
    if findings:
        work.progress.stage("diagnose", summarise(findings))
    return diagnosis


def remediated(
    diagnosis: Diagnosis,
    snapshot: ClusterSnapshot,
    findings: tuple[Finding, ...],
    book: Casebook,
    work: Pass,
) -> list[ActionResult]:
    """What was done about it, each write watched until it is verified or undone."""
    with work.timed("remediate"):
        permission = _permission(snapshot, book, work, diagnosis.remediation_actions)
        diagnosis, waiting = _without_waiting(diagnosis, snapshot, book)
        before = len(book.begun)
        attempts = remediate(diagnosis, findings, snapshot, work.cluster, permission)
        sent = {attempt.id for attempt in attempts}
        for begun in book.begun[before:]:
            if begun.id not in sent:
                book.forget(begun)
    work.attempts_used += sum(attempt.counts for attempt in attempts)
    for attempt in attempts:
        traces.sent(attempt)
        done = attempt.result
        work.progress.stage("remediate", f"{done.action.title}: {done.outcome.replace('_', ' ')}")
    book.warnings += [f"{why[0].upper()}{why[1:]}." for why in _breakers(attempts)]
    return [*waiting, *_watched(attempts, book, permission, work)]


def _breakers(attempts: tuple[Attempt, ...]) -> set[str]:
    return {a.result.reason for a in attempts if a.result.rule == "breaker"}


def _watched(
    attempts: tuple[Attempt, ...], book: Casebook, permission: Permission, work: Pass
) -> list[ActionResult]:
    """Verified, or undone; and what became of each write is remembered."""
    with work.timed("verify"):
        results = settle(attempts, work.cluster, permission, work.budget, _watching(work))
    for attempt, result in zip(attempts, results, strict=True):
        if attempt.id and attempt.applied is None:
            # It was recorded, and then it turned out that it was never done.
            book.forget(next(t for t in book.begun if t.id == attempt.id))
        elif attempt.id:
            book.settle(attempt.id, result.outcome, result.reason)
    return list(results)


def _without_waiting(
    diagnosis: Diagnosis, snapshot: ClusterSnapshot, book: Casebook
) -> tuple[Diagnosis, list[ActionResult]]:
    """A remembered plan without what waits for an approval: the values of that were not kept."""
    if diagnosis.asked_at is None:
        return diagnosis, []
    waiting = {request.action: request for request in book.waiting(snapshot)}
    rest = tuple(a for a in diagnosis.remediation_actions if a not in waiting)
    results = [
        ActionResult(
            action=action,
            outcome=Outcome.AWAITING_APPROVAL,
            reason=request.reason,
            request=request.id,
        )
        for action, request in waiting.items()
        if action in diagnosis.remediation_actions
    ]
    return diagnosis.model_copy(update={"remediation_actions": rest}), results


def worth_another(results: list[ActionResult], work: Pass) -> bool:
    """Whether a fix that did not help leaves attempts and time for another one in this pass."""
    failed = any(
        result.outcome is Outcome.UNDONE
        or (result.outcome is Outcome.FAILED and result.verification is not None)
        for result in results
    )
    return failed and work.attempts_left > 0 and work.budget.remaining() > _TRY_AGAIN_SECONDS


def _permission(
    snapshot: ClusterSnapshot,
    book: Casebook,
    work: Pass,
    plan: tuple[RemediationAction, ...] = (),
) -> Permission:
    plain = Permission(
        settings=work.settings,
        attempts_left=work.attempts_left,
        dry_run=work.settings.dry_run,
        legal=LEGAL,
        consent=work.consent,
        asks_first=work.consent is not None,
        still_ours=book.may_write,
        now=lambda: book.now,
        past=book.past(snapshot),
        blocked=work.blocked,
    )
    if work.settings.dry_run:
        return plain
    barred = refuse(book.rule, book.barred) if book.barred else None

    def begin(intent: Intent) -> None:
        work.not_stopped()
        _time_to_watch(work)
        book.begin(intent)

    return replace(plain, barred=barred, begin=begin, request=book.request, plan=plan)


def _time_to_watch(work: Pass) -> None:
    """Raise ClusterError where too little is left to watch a change, and to take it back."""
    needed = RESERVE_SECONDS + work.settings.verify.stable_seconds
    left = work.budget.remaining()
    if left < needed:
        raise ClusterError(f"{left:.0f} s are left, too few to watch a change ({needed:.0f} s)")


def _used_up(book: Casebook, llm: LLMSettings) -> str:
    """Why the model may not be asked any more today; empty where it may."""
    if book.use.calls >= llm.calls_per_day:
        return f"the day's {llm.calls_per_day} calls for this namespace are used up"
    if book.use.tokens >= llm.tokens_per_day:
        return f"the day's {llm.tokens_per_day} tokens for this namespace are used up"
    return ""


def _refusing(why: str) -> Ask:
    def refused(_prompt: Prompt) -> Reply:
        raise ModelError(why)

    return refused


def verified(
    namespace: str, findings: tuple[Finding, ...], results: list[ActionResult], work: Pass
) -> Verification | None:
    """The namespace as a whole, once something was written; what nobody fixed is not waited for."""
    written = {Outcome.VERIFIED, Outcome.APPLIED, Outcome.UNDONE, Outcome.UNKNOWN}
    if not any(result.outcome in written for result in results):
        return None
    fixed = sum(result.outcome is Outcome.VERIFIED for result in results)
    verify = work.settings.verify
    if fixed < len(findings):
        verify = verify.model_copy(update={"timeout_seconds": verify.poll_seconds})

    def sick() -> tuple[str, ...]:
        try:
            return unhealthy(work.cluster, namespace, work.settings, work.budget.clock)
        except ClusterError as error:
            return (f"could not be looked at: {error}",)

    return verify_namespace(sick, verify, work.budget, _watching(work))


def _watching(work: Pass) -> Callable[[str], None]:
    return lambda detail: work.progress.stage("verify", detail)
