"""What a pass leaves behind besides its report: audit lines, and Events on what it wrote to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from watchdog.clock import Clock
from watchdog.errors import ClusterError
from watchdog.logs import audit, log
from watchdog.nouns import NamespaceReport
from watchdog.observation.base import ObjectRef
from watchdog.remediation.apply import Attempt
from watchdog.report.events import events
from watchdog.resources import NEW_EVENTS, Resource


class Cluster(Protocol):
    """What is needed of the API server; raises errors.ClusterError."""

    def create(self, resource: Resource, namespace: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object."""
        ...


def sent(attempt: Attempt) -> None:
    """One audit line as soon as a write was sent, so that a pass that dies has left word of it."""
    done = attempt.result
    if attempt.applied is not None:
        audit(f"{done.action.title}: sent", target=str(done.action.target), undo=done.undo)


def leave(
    report: NamespaceReport,
    uids: Mapping[ObjectRef, str],
    cluster: Cluster,
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
            evidence=[line for finding in about for line in finding.evidence[:3]],
        )
    for body in events(report, clock.now(), instance, uids):
        try:
            cluster.create(NEW_EVENTS, report.namespace, body)
        except ClusterError as error:
            # Events are kept for an hour anyway; the log line above is the record.
            log.debug("no Event was left: %s", error)
