"""Ends what is remembered of observed namespaces that are gone, or no longer watched.

Their memories lie in the release's own namespace (incidents/observed.py), so that their messages
and alerts can end: else they would say for ever that something is broken there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from watchdog.agent.context import PassContext
from watchdog.errors import ClusterError
from watchdog.incidents import transitions
from watchdog.incidents.open_session import LEASE_MARGIN_SECONDS
from watchdog.incidents.session import NamespaceSession
from watchdog.model.report import NamespaceReport


def end_departed(names: Iterable[str], work: PassContext) -> tuple[NamespaceReport, ...]:
    """End the incidents that are remembered of these; one report for each.

    Raises nothing. What could not be written down now is left to the next pass.
    """
    observed, settings = work.observed, work.settings
    if observed is None or settings.dry_run:
        return ()
    reports = []
    with contextlib.suppress(ClusterError):
        for name in names:
            clock = work.budget.clock
            lease = observed.take(work.holder, settings.run_budget_seconds + LEASE_MARGIN_SECONDS)
            now = work.cluster.server_time or clock.now()
            kept = observed.current(name, work.cluster_name, now, settings)
            if not kept.usable:
                continue
            session = NamespaceSession(
                work.cluster, settings, name, clock.now, work.not_stopped, kept, lease
            )
            session.keep(transitions.departed(session.memory, now))
            work.sessions[name] = session
            reports.append(NamespaceReport(namespace=name, gone=True))
    return tuple(reports)


def forget_departed(names: Iterable[str], work: PassContext) -> None:
    """Take away the memories of those that nothing is left to tell about. Raises nothing."""
    observed, settings = work.observed, work.settings
    if observed is None:
        return
    talks = bool(settings.slack.bot_token or settings.slack.webhook_url)
    for name in names:
        memory = work.sessions[name].memory
        if memory.rests(talks=talks, receivers=settings.notify.names):
            with contextlib.suppress(ClusterError):
                observed.forget(name)
