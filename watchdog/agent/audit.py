"""What a pass leaves behind besides its report: audit lines, and Events on what it wrote to."""

from __future__ import annotations

from collections.abc import Mapping

from watchdog.clock import Clock
from watchdog.errors import ClusterError
from watchdog.kube.ports import EventCreator
from watchdog.kube.resources import NEW_EVENTS
from watchdog.logs import audit, log
from watchdog.model.report import NamespaceReport
from watchdog.remediation.apply import Tried
from watchdog.snapshot.refs import ObjectRef


def sent(attempt: Tried) -> None:
    """One audit line as soon as a write was sent, so that a pass that dies has left word of it."""
    done = attempt.result
    if attempt.applied is not None:
        audit(f"{done.action.title}: sent", target=str(done.action.target), undo=done.undo)


def leave(
    report: NamespaceReport,
    uids: Mapping[ObjectRef, str],
    cluster: EventCreator,
    clock: Clock,
    instance: str,
) -> None:
    """One audit line for each action, done or not, and an Event on the object of each write."""
    for result in report.actions:
        about = [f for f in report.findings if f.target == result.action.target]
        audit(
            f"{result.action.title}: {result.outcome}",
            namespace=report.namespace,
            action=result.action.kind,
            target=str(result.action.target),
            outcome=result.outcome,
            rule=result.rule,
            source=result.source,
            reason=result.reason,
            request=result.request,
            evidence=[str(line) for finding in about for line in finding.evidence[:3]],
        )
    if not any(result.outcome.was_sent for result in report.actions):
        return
    # Imported here, with all the words of a report: most passes write nothing.
    from watchdog.report.events import events

    for body in events(report, clock.now(), instance, uids):
        try:
            cluster.create(NEW_EVENTS, report.namespace, body)
        except ClusterError as error:
            # Events are kept for an hour anyway; the log line above is the record.
            log.debug("no Event was left: %s", error)
