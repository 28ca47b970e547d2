"""One pass: observe, diagnose, remediate, verify, in each watched namespace.

No adapter is made here (wiring.py does that) and nothing is printed: a pass returns its Report.
What each stage does is in stages.py, which is not loaded where all is well (healthy.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.errors import ClusterError
from watchdog.healthy import Sight, is_stale, sight, sights, well
from watchdog.logs import log
from watchdog.nouns import ActionResult, Diagnosis, Finding, NamespaceReport, Report
from watchdog.one_pass import Pass
from watchdog.report.build import completed

if TYPE_CHECKING:
    from watchdog.diagnosis.diagnose import Ask
    from watchdog.incidents.casebook import Casebook
    from watchdog.observation.snapshot import ClusterSnapshot
    from watchdog.one_pass import Books
    from watchdog.settings import Settings

    Tell = Callable[[Report, Books], Report]

__all__ = ["Pass", "diagnose_saved", "look_after", "run_pass"]


def run_pass(namespaces: tuple[str, ...], work: Pass, tell: Tell | None = None) -> Report:
    """Look after every namespace, `tell` whom it concerns, and report.

    Raises nothing of the cluster's. A namespace that cannot be observed makes the pass degraded;
    where none could be, it failed. The Leases are held until everybody was told.
    """
    clock = work.budget.clock
    began = clock.monotonic()
    begun = Report(
        cluster=work.cluster_name,
        started_at=clock.now(),
        mode="dry_run" if work.settings.dry_run else "act",
    )
    try:
        reports = tuple(_reported(name, work, seen) for name, seen in sights(namespaces, work))
        # Before its first answer nobody knows the API server's clock, by which both times go.
        ended = clock.now()
        started = ended - timedelta(seconds=clock.monotonic() - began)
        begun = begun.model_copy(update={"started_at": started})
        report = completed(begun, reports, ended, work.seconds)
        return tell(report, work.books) if tell else report
    finally:
        for book in work.books.values():
            book.close()


def look_after(namespace: str, work: Pass, seen: Sight | None = None) -> NamespaceReport:
    """The four verbs, on one namespace. Raises ClusterError where it could not even look."""
    seen = seen or sight(namespace, work)
    if healthy := well(seen.snapshot, seen.kept, work):
        return healthy
    if is_stale(seen, work):
        seen = sight(namespace, work)
    snapshot = seen.snapshot

    # Imported here, as loading all that takes longer than the healthy passes, which nearly all are.
    from watchdog import stages, traces
    from watchdog.incidents.casebook import uids

    findings = stages.detected(snapshot, work)
    book = stages.opened(seen.kept, snapshot, findings, work)
    snapshot = book.paused(snapshot)
    results = stages.finished(snapshot, findings, book, work)
    if results and (again := stages.observed_again(namespace, results, book, work)):
        snapshot, findings = again

    story: list[tuple[tuple[Finding, ...], Diagnosis]] = []
    while True:
        snapshot = book.paused(snapshot)
        book.meet(snapshot, findings)
        diagnosis = stages.diagnosed(snapshot, findings, book, work)
        story.append((findings, diagnosis))
        tried = stages.remediated(diagnosis, snapshot, findings, book, work)
        results += tried
        if not stages.worth_another(tried, work):
            break
        again = stages.observed_again(namespace, tried, book, work)
        if again is None:
            break
        snapshot, findings = again

    book.conclude(snapshot, results)
    report = _report(snapshot, story, results, book)
    with work.timed("verify"):
        verification = stages.verified(namespace, report.findings, results, work)
    report = report.model_copy(update={"verification": verification})
    traces.leave(report, uids(snapshot), work.cluster, work.budget.clock, work.instance)
    return report


def diagnose_saved(snapshot: ClusterSnapshot, settings: Settings, ask: Ask | None) -> Report:
    """The report on a saved snapshot: what is broken and what would be done, nothing else."""
    from watchdog.diagnosis.diagnose import diagnose
    from watchdog.diagnosis.rules import detect
    from watchdog.failures import KINDS

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


def _reported(namespace: str, work: Pass, seen: Callable[[], Sight]) -> NamespaceReport:
    try:
        return look_after(namespace, work, seen())
    except ClusterError as error:
        return NamespaceReport(namespace=namespace, error=str(error))
    except Exception as error:  # noqa: BLE001 - one namespace never takes the others with it
        log.error("namespace %s: %s", namespace, error, exc_info=True)
        return NamespaceReport(
            namespace=namespace,
            error=f"a defect of the watchdog: {type(error).__name__}; the log has the trace",
        )


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
        blind_spots=(*snapshot.blind_spots, *book.blind_spots),
        cuts=tuple(str(cut) for cut in snapshot.cuts),
        findings=findings,
        diagnosis=diagnosis,
        actions=tuple(results),
        incidents=book.recent(since),
        warnings=tuple(dict.fromkeys(book.warnings)),
        model_calls_today=book.use.calls,
        model_tokens_today=book.use.tokens,
    )
