"""One pass: observe, diagnose, remediate, verify, in each watched namespace.

No adapter is made here (wiring.py does that) and nothing is printed: a pass returns its Report.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from watchdog import traces
from watchdog.clock import Budget
from watchdog.diagnosis.diagnose import Ask, diagnose, diagnosed_before
from watchdog.diagnosis.prompt import Prompt
from watchdog.diagnosis.reply import Reply
from watchdog.diagnosis.rules import detect, rules_diagnosis, summarise
from watchdog.errors import ClusterError, ModelError
from watchdog.failures import KINDS
from watchdog.incidents.casebook import Casebook, Hear, open_casebook, uids
from watchdog.nouns import (
    ActionResult,
    Diagnosis,
    Finding,
    NamespaceReport,
    Outcome,
    Report,
    Verification,
)
from watchdog.observation.collector import observe
from watchdog.observation.health import unhealthy
from watchdog.observation.reader import Reader
from watchdog.observation.snapshot import ClusterSnapshot
from watchdog.remediation.apply import Attempt, Permission, Proposal, remediate
from watchdog.remediation.apply import Cluster as Writer
from watchdog.remediation.undoing import recall
from watchdog.remediation.verdict import Context, refuse
from watchdog.report.build import completed
from watchdog.report.progress import Progress
from watchdog.resources import Resource
from watchdog.settings import LLMSettings, Settings
from watchdog.verification import settle, verify_namespace

LEGAL = {kind.name: kind.actions for kind in KINDS}
# What a second try in the same pass takes at least: a look, a diagnosis, a rollout, its check.
_TRY_AGAIN_SECONDS = 45.0
_SHOWS_AGAIN_SECONDS = 30.0

Books = dict[str, Casebook]
Tell = Callable[[Report, Books], Report]


class Cluster(Reader, Writer, Protocol):
    """What a pass needs of the API server."""

    @property
    def server_time(self) -> datetime | None:
        """The API server's clock, as of its last answer."""
        ...

    def create(
        self, resource: Resource, namespace: str, body: dict[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        """Create an object: an Event, or the product's own ConfigMap and Lease."""
        ...

    def replace(
        self, resource: Resource, namespace: str, name: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        """Replace an object: the product's own ConfigMap and Lease."""
        ...


@dataclass
class Pass:
    """What one pass works with, and how much of it is used up.

    `ask` is None without a model, `consent` where no person can be asked at once, `hear` where
    nobody can answer in Slack. `instance` is the pod or host that runs it, `holder` this pass
    alone. `seconds` adds up what each stage took, `books` are the namespaces' memories.
    """

    settings: Settings
    cluster: Cluster
    budget: Budget
    progress: Progress
    ask: Ask | None = None
    consent: Callable[[Proposal], bool] | None = None
    hear: Hear | None = None
    cluster_name: str = ""
    instance: str = "sre-watchdog"
    attempts_used: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    books: Books = field(default_factory=dict)
    holder: str = ""

    def __post_init__(self) -> None:
        self.holder = self.holder or f"{self.instance}-{uuid.uuid4().hex[:8]}"

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add what this block takes to the stage's seconds."""
        started = self.budget.clock.monotonic()
        try:
            yield
        finally:
            spent = self.budget.clock.monotonic() - started
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + spent, 3)

    def asked(self) -> Ask | None:
        """`ask`, with the model's own time told apart from the rules'."""
        ask = self.ask
        if ask is None:
            return None

        def timed(prompt: Prompt) -> Reply:
            with self.timed("model"):
                return ask(prompt)

        return timed

    def not_stopped(self) -> None:
        """Raise ClusterError where the pass was told to stop."""
        if self.budget.stopped:
            raise ClusterError("the pass was told to stop")


def run_pass(namespaces: tuple[str, ...], work: Pass, tell: Tell | None = None) -> Report:
    """Look after every namespace, `tell` whom it concerns, and report.

    Raises nothing of the cluster's. A namespace that cannot be observed makes the pass degraded;
    where none could be, it failed. The Leases are held until everybody was told.
    """
    clock = work.budget.clock
    begun = Report(
        cluster=work.cluster_name,
        started_at=clock.now(),
        mode="dry_run" if work.settings.dry_run else "act",
    )
    try:
        reports = tuple(_reported(namespace, work) for namespace in namespaces)
        report = completed(begun, reports, clock.now(), work.seconds)
        return tell(report, work.books) if tell else report
    finally:
        for book in work.books.values():
            book.close()


def look_after(namespace: str, work: Pass) -> NamespaceReport:
    """The four verbs, on one namespace. Raises ClusterError where it could not even look."""
    snapshot, findings = _observed(namespace, work)
    book = _opened(snapshot, findings, work)
    results = _finished(snapshot, findings, book, work)
    if results:
        snapshot, findings = _observed_again(namespace, results, work)

    story: list[tuple[tuple[Finding, ...], Diagnosis]] = []
    while True:
        snapshot = book.paused(snapshot)
        book.meet(snapshot, findings)
        diagnosis = _diagnosed(snapshot, findings, book, work)
        story.append((findings, diagnosis))
        tried = _remediated(diagnosis, snapshot, findings, book, work)
        results += tried
        if not _worth_another(tried, work):
            break
        snapshot, findings = _observed_again(namespace, tried, work)

    book.conclude(snapshot, results)
    report = _report(snapshot, story, results, book)
    with work.timed("verify"):
        verification = _verified(namespace, report.findings, results, work)
    report = report.model_copy(update={"verification": verification})
    traces.leave(report, uids(snapshot), work.cluster, work.budget.clock, work.instance)
    return report


def diagnose_saved(snapshot: ClusterSnapshot, settings: Settings, ask: Ask | None) -> Report:
    """The report on a saved snapshot: what is broken and what would be done, nothing else."""
    findings = detect(snapshot, KINDS)
    found = NamespaceReport(
        namespace=snapshot.namespace,
        objects=snapshot.objects,
        blind_spots=snapshot.blind_spots,
        cuts=tuple(str(cut) for cut in snapshot.cuts),
        findings=findings,
        diagnosis=diagnose(snapshot, findings, KINDS, settings, ask),
    )
    begun = Report(cluster=snapshot.cluster, started_at=snapshot.taken_at, mode="dry_run")
    return completed(begun, (found,), snapshot.taken_at, {})


def _reported(namespace: str, work: Pass) -> NamespaceReport:
    try:
        return look_after(namespace, work)
    except ClusterError as error:
        return NamespaceReport(namespace=namespace, error=str(error))


def _observed(namespace: str, work: Pass) -> tuple[ClusterSnapshot, tuple[Finding, ...]]:
    with work.timed("observe"):
        snapshot = observe(
            work.cluster, namespace, work.settings, work.budget.clock, work.cluster_name
        )
        findings = detect(snapshot, KINDS)
    work.progress.stage("observe", _seen(snapshot, findings))
    return snapshot, findings


def _observed_again(
    namespace: str, results: list[ActionResult], work: Pass
) -> tuple[ClusterSnapshot, tuple[Finding, ...]]:
    """After an undo the old failure needs a moment to show again: without it there is nothing to
    diagnose, and what is only starting is not well.
    """
    undone = {result.action.target for result in results if result.outcome is Outcome.UNDONE}
    clock = work.budget.clock
    until = clock.monotonic() + _SHOWS_AGAIN_SECONDS
    while True:
        snapshot, findings = _observed(namespace, work)
        shown = undone <= {finding.target for finding in findings}
        over = clock.monotonic() >= until or work.budget.remaining() <= _TRY_AGAIN_SECONDS
        if shown or over or work.budget.stopped:
            return snapshot, findings
        clock.sleep(work.settings.verify.poll_seconds)


def _opened(snapshot: ClusterSnapshot, findings: tuple[Finding, ...], work: Pass) -> Casebook:
    clock = work.budget.clock
    now = work.cluster.server_time
    looked = timedelta(seconds=(clock.now() - snapshot.taken_at).total_seconds())
    book = open_casebook(
        work.cluster,
        snapshot,
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


def _finished(
    snapshot: ClusterSnapshot, findings: tuple[Finding, ...], book: Casebook, work: Pass
) -> list[ActionResult]:
    """What an earlier pass began and did not live to see the end of is watched, or undone, now."""
    if book.lease is None or not book.unsettled():
        return []
    context = Context(snapshot, findings, work.settings, LEGAL)
    attempts = []
    for owner, begun in book.unsettled():
        try:
            attempt = recall(begun, owner, context, work.cluster)
        except ClusterError as error:
            book.warnings.append(f"What an earlier pass did to {owner} cannot be read: {error}.")
            continue
        if attempt is None:
            book.forget(begun)
        else:
            attempts.append(attempt)
    return _watched(tuple(attempts), book, _permission(snapshot, book, work), work)


def _diagnosed(
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


def _remediated(
    diagnosis: Diagnosis,
    snapshot: ClusterSnapshot,
    findings: tuple[Finding, ...],
    book: Casebook,
    work: Pass,
) -> list[ActionResult]:
    with work.timed("remediate"):
        permission = _permission(snapshot, book, work)
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
    return [*waiting, *_watched(attempts, book, permission, work)]


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


def _worth_another(results: list[ActionResult], work: Pass) -> bool:
    """Whether a fix that did not help leaves attempts and time for another one in this pass."""
    failed = any(
        result.outcome is Outcome.UNDONE
        or (result.outcome is Outcome.FAILED and result.verification is not None)
        for result in results
    )
    left = work.settings.max_remediation_attempts - work.attempts_used
    return failed and left > 0 and work.budget.remaining() > _TRY_AGAIN_SECONDS


def _permission(snapshot: ClusterSnapshot, book: Casebook, work: Pass) -> Permission:
    plain = Permission(
        settings=work.settings,
        attempts_left=max(0, work.settings.max_remediation_attempts - work.attempts_used),
        dry_run=work.settings.dry_run,
        legal=LEGAL,
        consent=work.consent,
        asks_first=work.consent is not None,
        still_ours=book.may_write,
        now=work.budget.clock.now,
        past=book.past(snapshot),
    )
    if work.settings.dry_run:
        return plain
    barred = refuse(book.rule, book.barred) if book.barred else None
    return replace(plain, barred=barred, begin=book.begin, request=book.request)


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


def _verified(
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
        return unhealthy(work.cluster, namespace, work.settings, work.budget.clock)

    return verify_namespace(sick, verify, work.budget, _watching(work))


def _report(
    snapshot: ClusterSnapshot,
    story: list[tuple[tuple[Finding, ...], Diagnosis]],
    results: list[ActionResult],
    book: Casebook,
) -> NamespaceReport:
    """What was found first, and what was made of it last."""
    findings, diagnosis = next(((f, d) for f, d in story if f), story[-1])
    last = next((d for f, d in reversed(story) if f), diagnosis)
    known = {(e.kind, e.target) for e in diagnosis.explanations}
    more = tuple(e for e in last.explanations if (e.kind, e.target) not in known)
    diagnosis = last.model_copy(update={"explanations": (*diagnosis.explanations, *more)})
    since = book.now - timedelta(seconds=book.settings.run_budget_seconds)
    return NamespaceReport(
        namespace=snapshot.namespace,
        objects=snapshot.objects,
        blind_spots=snapshot.blind_spots,
        cuts=tuple(str(cut) for cut in snapshot.cuts),
        findings=findings,
        diagnosis=diagnosis,
        actions=tuple(results),
        incidents=book.recent(since),
        warnings=tuple(dict.fromkeys(book.warnings)),
    )


def _watching(work: Pass) -> Callable[[str], None]:
    return lambda detail: work.progress.stage("verify", detail)


def _seen(snapshot: ClusterSnapshot, findings: tuple[Finding, ...]) -> str:
    pods, deployments = (snapshot.objects.get(name, 0) for name in ("pods", "deployments"))
    looked = f"{snapshot.namespace}: {pods} pods, {deployments} deployments"
    return f"{looked}, {len(findings)} broken" if findings else f"{looked}, nothing broken"
