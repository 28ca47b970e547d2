"""The stages of a pass over one namespace, as agent.look_after strings them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.actions import RemediationAction, RolloutUndo
from watchdog.agent import audit
from watchdog.agent.context import PassContext
from watchdog.agent.fast_path import look, seen
from watchdog.detection.rollback import place as lasting_place
from watchdog.diagnosis.diagnose import diagnose, diagnosed_before
from watchdog.diagnosis.rules import detect, explain, summarise
from watchdog.errors import ClusterError, ModelError, ModelFault
from watchdog.failures import KINDS
from watchdog.incidents.approvals import Intent
from watchdog.incidents.open_session import open_session
from watchdog.incidents.session import NamespaceSession
from watchdog.incidents.store import Kept
from watchdog.model.diagnosis import Diagnosis, Finding
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult, Verification
from watchdog.observation.health import unhealthy
from watchdog.policy.policy import opted_out
from watchdog.policy.retries import CHANGED_SINCE
from watchdog.policy.verdict import Context, refuse
from watchdog.remediation.apply import Permission, Tried, remediate
from watchdog.remediation.hand_back import concluded, hand_back
from watchdog.remediation.undo import recall
from watchdog.remediation.verify import RESERVE_SECONDS, settle, verify_namespace
from watchdog.snapshot.snapshot import BlindSpot, ClusterSnapshot

if TYPE_CHECKING:
    from watchdog.diagnosis.diagnose import Ask
    from watchdog.llm.prompt_parts import Prompt
    from watchdog.llm.reply import Reply
    from watchdog.settings.services import LLMSettings

LEGAL = {kind.name: kind.actions for kind in KINDS}
# What a second try in the same pass takes at least: a look, a diagnosis, a rollout, its check.
_TRY_AGAIN_SECONDS = 45.0
_SHOWS_AGAIN_SECONDS = 30.0


def detected(
    snapshot: ClusterSnapshot, work: PassContext
) -> tuple[ClusterSnapshot, tuple[Finding, ...]]:
    """What is wrong with what was seen; in the snapshot, what could not be judged is unseen."""
    spots: list[BlindSpot] = []
    with work.timed("observe"):
        findings = detect(snapshot, KINDS, spots)
    if spots:
        snapshot = snapshot.model_copy(update={"blind_spots": (*snapshot.blind_spots, *spots)})
    work.progress.stage("observe", seen(snapshot, len(findings)))
    return snapshot, findings


def observed_again(
    namespace: str, results: list[ActionResult], session: NamespaceSession, work: PassContext
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
            snapshot, findings = detected(look(namespace, work), work)
        except ClusterError as error:
            session.warnings.append(f"What is left could not be looked at: {error}.")
            return None
        shown = undone <= {finding.target for finding in findings}
        over = clock.monotonic() >= until or work.budget.remaining() <= _TRY_AGAIN_SECONDS
        if shown or over or work.budget.stopped:
            return snapshot, findings
        clock.sleep(work.settings.verify.poll_seconds)


def opened(
    kept: Kept, snapshot: ClusterSnapshot, findings: tuple[Finding, ...], work: PassContext
) -> NamespaceSession:
    """What is remembered of the namespace; where something is wrong, with its Lease."""
    clock = work.budget.clock
    now = work.cluster.server_time
    looked = timedelta(seconds=(clock.now() - snapshot.taken_at).total_seconds())
    session = open_session(
        work.cluster,
        kept,
        work.settings,
        sick=bool(findings),
        holder=work.holder,
        seen_from=now - looked if now else None,
        clock=clock.now,
        stopped=work.not_stopped,
        read_replies=work.read_replies,
        observed=work.observed,
    )
    work.sessions[snapshot.namespace] = session
    return session


def finished(
    snapshot: ClusterSnapshot,
    findings: tuple[Finding, ...],
    session: NamespaceSession,
    work: PassContext,
) -> list[ActionResult]:
    """What an earlier pass began and did not live to see the end of is watched, or undone, now."""
    if not session.acts or not session.unsettled():
        return []
    context = Context(snapshot, findings, work.settings, LEGAL)
    attempts, results = [], []
    for owner, begun in session.unsettled():
        try:
            attempt = recall(begun, owner, context, work.cluster, session.now)
        except ClusterError as error:
            session.warnings.append(f"What an earlier pass did to {owner} cannot be read: {error}.")
            continue
        if attempt is None:
            session.forget(begun)
        elif attempt.applied is None:
            session.settle(attempt.id, attempt.result.outcome, attempt.result.reason)
            results.append(attempt.result)
        else:
            attempts.append(attempt)
    return results + _watched(tuple(attempts), session, _permission(snapshot, session, work), work)


def handed_back(snapshot: ClusterSnapshot, session: NamespaceSession, work: PassContext) -> None:
    """Hand back what an earlier pass, or a person by the printed Undo, left in our name.

    What is not settled yet is left: that is handed back once it is over.
    """
    if not session.acts or work.settings.dry_run or snapshot.paused_until is not None:
        return
    open_ = {owner for owner, _ in session.unsettled()}
    for each in snapshot.deployments:
        if each.ours and each.ref not in open_ and not opted_out(each.annotations):
            hand_back(work.cluster, RolloutUndo(target=each.ref), session.may_write)


def diagnosed(
    snapshot: ClusterSnapshot,
    findings: tuple[Finding, ...],
    session: NamespaceSession,
    work: PassContext,
) -> Diagnosis:
    """By the rules, and by the model where it was not asked about the very same before."""
    tried = session.failed()
    # Where nothing can be remembered, neither can what a model was asked today.
    forgets = session.rule == "lease" or (session.rule == "not_granted" and not session.keeps)
    ask = work.asked() if findings and not forgets else None
    with work.timed("diagnose"):
        stored = session.diagnosed_before(snapshot, findings) if ask else None
        if stored is not None and (stored.whole or session.rests(snapshot)):
            diagnosis = diagnosed_before(
                stored.diagnosis, stored.at, snapshot, findings, KINDS, tried=tried
            )
        elif ask is not None and (why := _used_up(session, work.settings.llm)):
            diagnosis = diagnose(
                snapshot, findings, KINDS, work.settings, _refusing(why), tried=tried
            )
        else:
            diagnosis = diagnose(snapshot, findings, KINDS, work.settings, ask, tried=tried)
            session.learn(snapshot, findings, diagnosis)
    if findings:
        work.progress.stage("diagnose", summarise(findings))
    return diagnosis


def remediated(
    diagnosis: Diagnosis,
    snapshot: ClusterSnapshot,
    findings: tuple[Finding, ...],
    session: NamespaceSession,
    work: PassContext,
) -> list[ActionResult]:
    """What was done about it, each write watched until it is verified or undone."""
    with work.timed("remediate"):
        permission = _permission(snapshot, session, work, diagnosis.remediation_actions)
        diagnosis, waiting = _without_waiting(diagnosis, snapshot, session)
        before = len(session.begun)
        attempts = remediate(diagnosis, findings, snapshot, work.cluster, permission)
        sent = {attempt.id for attempt in attempts}
        for begun in session.begun[before:]:
            if begun.id not in sent:
                session.forget(begun)
    work.attempts_used[snapshot.namespace] += sum(attempt.counts for attempt in attempts)
    for attempt in attempts:
        audit.sent(attempt)
        done = attempt.result
        work.progress.stage("remediate", f"{done.action.title}: {done.outcome.words}")
    session.warnings += [f"{why[0].upper()}{why[1:]}." for why in _breakers(attempts)]
    return [*waiting, *_watched(attempts, session, permission, work)]


def _breakers(attempts: tuple[Tried, ...]) -> set[str]:
    return {a.result.reason for a in attempts if a.result.rule == "breaker"}


def _watched(
    attempts: tuple[Tried, ...],
    session: NamespaceSession,
    permission: Permission,
    work: PassContext,
) -> list[ActionResult]:
    """Verified, or undone; and what became of each write is remembered."""
    with work.timed("verify"):
        results = settle(attempts, work.cluster, permission, work.budget, _watching(work))
    session.changed_by_others |= {r.action.target for r in results if r.rule == CHANGED_SINCE}
    for attempt, result in zip(attempts, results, strict=True):
        if attempt.id and attempt.applied is None:
            # It was recorded, and then it turned out that it was never done.
            session.forget(next(t for t in session.begun if t.id == attempt.id))
        elif attempt.id:
            session.settle(attempt.id, result.outcome, result.reason)
    ended = [
        concluded(attempt, result, work.cluster, permission)
        for attempt, result in zip(attempts, results, strict=True)
    ]
    for attempt, result in zip(attempts, ended, strict=True):
        if attempt.id and attempt.applied is not None:
            place = lasting_place(attempt.applied.owner, attempt.applied.context.snapshot)
            session.leave(attempt.id, place, result)
    return ended


def _without_waiting(
    diagnosis: Diagnosis, snapshot: ClusterSnapshot, session: NamespaceSession
) -> tuple[Diagnosis, list[ActionResult]]:
    """A remembered plan without what waits for an approval, if the values of that were not kept.

    One that is whole is gone through again: what a person is asked to approve is always shown.
    """
    stored = session.memory.diagnosed
    if diagnosis.asked_at is None or stored is None or stored.whole:
        return diagnosis, []
    waiting = {request.action: request for request in session.waiting(snapshot)}
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


def worth_another(results: list[ActionResult], namespace: str, work: PassContext) -> bool:
    """Whether a fix that did not help leaves attempts and time for another one in this pass."""
    failed = any(
        result.outcome is Outcome.UNDONE
        or (result.outcome is Outcome.FAILED and result.verification is not None)
        for result in results
    )
    time = work.budget.remaining() > _TRY_AGAIN_SECONDS
    return failed and work.attempts_left(namespace) > 0 and time


def advised(
    diagnosis: Diagnosis,
    snapshot: ClusterSnapshot,
    findings: tuple[Finding, ...],
    results: list[ActionResult],
    session: NamespaceSession,
) -> Diagnosis:
    """The diagnosis with what is left to do now: not what was just tried in vain."""
    if not any(r.verification and not r.verification.healthy for r in results):
        return diagnosis
    told = explain(findings, snapshot, KINDS, session.failed())
    return diagnosis.model_copy(update={"explanations": told})


def _permission(
    snapshot: ClusterSnapshot,
    session: NamespaceSession,
    work: PassContext,
    plan: tuple[RemediationAction, ...] = (),
) -> Permission:
    plain = Permission(
        settings=work.settings,
        attempts_left=work.attempts_left(snapshot.namespace),
        dry_run=work.settings.dry_run,
        legal=LEGAL,
        consent=work.consent,
        asks_first=work.consent is not None,
        may_write=session.may_write,
        now=lambda: session.now,
        past=session.past(snapshot),
        changed_by_others=session.changed_by_others,
        blocked=work.blocked,
    )
    if work.settings.dry_run:
        return plain
    write_blocked_reason = (
        refuse(session.rule, session.write_blocked_reason) if session.write_blocked_reason else None
    )

    def begin(intent: Intent) -> None:
        work.not_stopped()
        _time_to_watch(work)
        session.begin(intent)

    return replace(
        plain,
        write_blocked_reason=write_blocked_reason,
        begin=begin,
        request=session.request,
        plan=plan,
    )


def _time_to_watch(work: PassContext) -> None:
    """Raise ClusterError where too little is left to watch a change, and to take it back."""
    needed = RESERVE_SECONDS + work.settings.verify.stable_seconds
    left = work.budget.remaining()
    if left < needed:
        raise ClusterError(f"{left:.0f} s are left, too few to watch a change ({needed:.0f} s)")


def _used_up(session: NamespaceSession, llm: LLMSettings) -> str:
    """Why the model may not be asked any more today; empty where it may."""
    if session.use.calls >= llm.calls_per_day:
        return f"the day's {llm.calls_per_day} calls for this namespace are used up"
    if session.use.tokens >= llm.tokens_per_day:
        return f"the day's {llm.tokens_per_day} tokens for this namespace are used up"
    return ""


def _refusing(why: str) -> Ask:
    def refused(_prompt: Prompt) -> Reply:
        raise ModelError(why, ModelFault.NOT_ASKED)

    return refused


def verified(
    namespace: str, findings: tuple[Finding, ...], results: list[ActionResult], work: PassContext
) -> Verification | None:
    """The namespace as a whole, once something was written; what no one fixed is not waited for."""
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


def _watching(work: PassContext) -> Callable[[str], None]:
    return lambda detail: work.progress.stage("verify", detail)
