"""One pass: observe, diagnose, remediate, verify, in each watched namespace.

No adapter is made here (wiring.py does that) and nothing is printed: a pass returns its Report.
What each stage does is in stages.py, which is not loaded if all is well (fast_path.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.agent.context import PassContext
from watchdog.agent.fast_path import QuickLook, is_stale, quick_look, quick_looks, quick_pass
from watchdog.errors import ClusterError, NamespaceGoneError
from watchdog.logs import log
from watchdog.model.diagnosis import Diagnosis, Explanation, Finding
from watchdog.model.report import ActionResult, NamespaceReport, Report
from watchdog.report.build import completed, looked_for

if TYPE_CHECKING:
    from watchdog.agent.context import Sessions
    from watchdog.diagnosis.diagnose import Ask
    from watchdog.incidents.session import NamespaceSession
    from watchdog.model.history import WorkloadHistory
    from watchdog.settings.schema import Settings
    from watchdog.snapshot.snapshot import BlindSpot, ClusterSnapshot

    Tell = Callable[[Report, Sessions], Report]

__all__ = ["PassContext", "diagnose_saved", "look_after", "run_pass"]


def run_pass(namespaces: tuple[str, ...], work: PassContext, tell: Tell | None = None) -> Report:
    """Look after every namespace, `tell` people, and report.

    Raises nothing of the cluster's. A namespace that cannot be observed makes the pass degraded;
    where none could be, it failed. The Leases are held until the report is sent.
    """
    clock = work.budget.clock
    began = clock.monotonic()
    begun = Report.model_construct(
        cluster=work.cluster_name,
        started_at=clock.now(),
        mode="dry_run" if work.settings.dry_run else "act",
        not_looked_for=work.settings.observe.not_looked_for,
    )
    try:
        looks = quick_looks(namespaces, work)
        by_name = {name: _reported(name, work, seen) for name, seen in looks}
        reports = looked_for(tuple(by_name[name] for name in namespaces))
        if work.observed is not None and (left := work.observed.departed(namespaces)):
            from watchdog.agent.departed import end_departed

            reports += end_departed(left, work)
        # Before its first answer no one knows the API server's clock, by which both times go.
        ended = clock.now()
        started = ended - timedelta(seconds=clock.monotonic() - began)
        begun = begun.model_copy(update={"started_at": started})
        report = completed(begun, reports, ended, work.seconds)
        return tell(report, work.sessions) if tell else report
    finally:
        for session in work.sessions.values():
            session.close()
        if work.observed is not None:
            if ended_now := work.sessions.keys() - set(namespaces):
                from watchdog.agent.departed import forget_departed

                forget_departed(ended_now, work)
            work.observed.release()


def look_after(namespace: str, work: PassContext, seen: QuickLook | None = None) -> NamespaceReport:
    """The four verbs, on one namespace. Raises ClusterError where it could not even look."""
    seen = seen or quick_look(namespace, work)
    if healthy := quick_pass(seen.snapshot, seen.kept, work):
        return healthy
    if is_stale(seen, work):
        seen = quick_look(namespace, work)
    snapshot = seen.snapshot

    # Imported here, as loading all that takes longer than the healthy passes, which nearly all are.
    from watchdog.agent import audit, stages
    from watchdog.incidents.session import uids
    from watchdog.settings.wishes import with_wishes

    work.settings = with_wishes(work.settings, namespace, snapshot.wishes)
    snapshot, findings = stages.detected(snapshot, work)
    session = stages.opened(seen.kept, snapshot, findings, work)
    snapshot = session.paused(snapshot)
    results = stages.finished(snapshot, findings, session, work)
    stages.handed_back(snapshot, session, work)
    if results and (again := stages.observed_again(namespace, results, session, work)):
        snapshot, findings = again

    first = snapshot
    story: list[tuple[tuple[Finding, ...], Diagnosis]] = []
    while True:
        snapshot = session.paused(snapshot)
        session.meet(snapshot, findings)
        diagnosis = stages.diagnosed(snapshot, findings, session, work)
        story.append((findings, diagnosis))
        tried = stages.remediated(diagnosis, snapshot, findings, session, work)
        results += tried
        if not stages.worth_another(tried, namespace, work):
            break
        again = stages.observed_again(namespace, tried, session, work)
        if again is None:
            break
        snapshot, findings = again
    story.append((findings, stages.advised(diagnosis, snapshot, findings, tried, session)))

    session.conclude(snapshot, findings, results)
    report = _report(snapshot, story, results, session)
    with work.timed("verify"):
        verification = stages.verified(namespace, report.findings, results, work)
    lives = _lives(first, *story[0])
    report = report.model_copy(update={"verification": verification, "workloads": lives})
    audit.leave(report, uids(snapshot), work.cluster, work.budget.clock, work.instance)
    return report


def diagnose_saved(snapshot: ClusterSnapshot, settings: Settings, ask: Ask | None) -> Report:
    """The report on a saved snapshot: what is broken and what would be done, nothing else."""
    from watchdog.diagnosis.diagnose import diagnose
    from watchdog.diagnosis.rules import detect
    from watchdog.failures import KINDS

    snapshot = snapshot.model_copy(update={"thresholds": settings.thresholds})
    spots: list[BlindSpot] = []
    findings = detect(snapshot, KINDS, spots)
    diagnosis = diagnose(snapshot, findings, KINDS, settings, ask)
    found = NamespaceReport(
        namespace=snapshot.namespace,
        objects=snapshot.objects,
        blind_spots=(*snapshot.blind_spots, *spots),
        cuts=tuple(str(cut) for cut in snapshot.cuts),
        findings=findings,
        diagnosis=diagnosis,
        workloads=_lives(snapshot, findings, diagnosis),
    )
    begun = Report(cluster=snapshot.cluster, started_at=snapshot.taken_at, mode="dry_run")
    return completed(begun, (found,), snapshot.taken_at, {})


def _lives(
    snapshot: ClusterSnapshot, findings: tuple[Finding, ...], diagnosis: Diagnosis
) -> tuple[WorkloadHistory, ...]:
    from watchdog.observation.workload_history import histories

    blamed = {
        e.target: e.blame.revision for e in diagnosis.explanations if e.blame and e.blame.to_blame
    }
    return histories(snapshot, (finding.target for finding in findings), blamed)


def _reported(namespace: str, work: PassContext, seen: Callable[[], QuickLook]) -> NamespaceReport:
    try:
        return look_after(namespace, work, seen())
    except NamespaceGoneError:
        return NamespaceReport(namespace=namespace, gone=True)
    except ClusterError as error:
        return NamespaceReport(namespace=namespace, error=str(error))
    except Exception as error:  # noqa: BLE001 - one namespace never takes the others with it
        log.error("namespace %s: %s", namespace, error, exc_info=True)
        return NamespaceReport(
            namespace=namespace,
            error=f"a defect of the watchdog: {type(error).__name__}; the log has the trace",
        )


def _with_later_advice(
    first: Explanation, last: Diagnosis, results: list[ActionResult]
) -> Explanation:
    """The explanation; what is to be done is what was left to do once a fix had not helped."""
    in_vain = any(
        r.action.target == first.target and r.verification and not r.verification.healthy
        for r in results
    )
    later = (e for e in last.explanations if (e.kind, e.target) == (first.kind, first.target))
    found = next(later, None) if in_vain else None
    if found is None:
        return first
    advice = ("to_do", "command", "go_back", "go_back_command")
    return first.model_copy(update={name: getattr(found, name) for name in advice})


def _report(
    snapshot: ClusterSnapshot,
    story: list[tuple[tuple[Finding, ...], Diagnosis]],
    results: list[ActionResult],
    session: NamespaceSession,
) -> NamespaceReport:
    """What was found first, and what was made of it last."""
    findings, diagnosis = next(((f, d) for f, d in story if f), story[-1])
    last = next((d for f, d in reversed(story) if f), diagnosis)
    known = {(e.kind, e.target) for e in diagnosis.explanations}
    more = tuple(e for e in last.explanations if (e.kind, e.target) not in known)
    told = (_with_later_advice(e, last, results) for e in diagnosis.explanations)
    diagnosis = last.model_copy(update={"explanations": (*told, *more)})
    since = session.now - timedelta(seconds=session.settings.run_budget_seconds)
    return NamespaceReport(
        namespace=snapshot.namespace,
        objects=snapshot.objects,
        blind_spots=(*snapshot.blind_spots, *session.blind_spots),
        cuts=tuple(str(cut) for cut in snapshot.cuts),
        findings=findings,
        diagnosis=diagnosis,
        actions=tuple(results),
        incidents=session.recent(since),
        warnings=tuple(dict.fromkeys(session.warnings)),
        model_calls_today=session.use.calls,
        model_tokens_today=session.use.tokens,
    )
