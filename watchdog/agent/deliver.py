"""Where a report goes once the pass is over: Slack, messengers, Alertmanager, the Pushgateway.

Each is tried whatever became of the others, in a budget of its own, and none can change the pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from watchdog.clock import Budget, SystemClock
from watchdog.errors import ClusterError
from watchdog.incidents.memory import Memory
from watchdog.logs import log
from watchdog.model.report import Delivery, Report
from watchdog.report.build import with_deliveries
from watchdog.settings.schema import Settings


class SessionMemory(Protocol):
    """One namespace's memory; `keeps` says whether this pass may write it."""

    @property
    def keeps(self) -> bool:
        """Whether anything is written down in this pass."""
        ...

    @property
    def memory(self) -> Memory:
        """What is remembered."""
        ...

    @property
    def now(self) -> datetime:
        """The API server's clock, by which all times in memory go."""
        ...

    def keep(self, memory: Memory) -> None:
        """Write it down; raises ClusterError where that is not certain."""
        ...

    def close(self, memory: Memory) -> None:
        """Write it down where it changed, and let the next pass in. Raises nothing."""
        ...


BUDGET_SECONDS = 20.0  # fits the chart's grace period, so that a stopped pass still reports


def deliver(
    report: Report,
    settings: Settings,
    sessions: Mapping[str, SessionMemory],
    origin: Mapping[str, str] = MappingProxyType({}),
) -> Report:
    """Send the report wherever the settings say, and add how that went to it. Raises nothing.

    What was sent to Slack is noted in the memories of `sessions`. `origin` are the labels that tell
    the metrics of this release and shard from those of others.
    """
    budget = Budget(BUDGET_SECONDS, SystemClock())
    report = with_deliveries(report, _tell_people(report, settings, sessions, budget))
    if settings.pushgateway.url:
        from watchdog.integrations import pushgateway

        pushed = _guarded("pushgateway", lambda: pushgateway.push(report, settings, budget, origin))
        report = with_deliveries(report, pushed)
    if settings.heartbeat.url and report.result != "failed":
        from watchdog.integrations import pushgateway

        beaten = _guarded(
            "heartbeat", lambda: pushgateway.heartbeat(report, settings, budget, origin)
        )
        report = with_deliveries(report, beaten)
    for delivery in report.deliveries:
        if not delivery.ok:
            log.warning("%s: %s", delivery.to, delivery.error)
    return report


def _guarded(to: str, send: Callable[[], list[Delivery]]) -> list[Delivery]:
    """What became of it; whatever goes wrong is a failed Delivery, so that the next one is tried.

    Services answer with anything, and each adapter knows only what was thought of.
    """
    try:
        return send()
    except Exception as error:  # noqa: BLE001 - the one guard of all deliveries
        log.error("%s: %s", to, error, exc_info=True)
        said = f"a defect of the watchdog: {type(error).__name__}; the log has the trace"
        return [Delivery(to=to, ok=False, error=said)]


def _tell_people(
    report: Report, settings: Settings, sessions: Mapping[str, SessionMemory], budget: Budget
) -> list[Delivery]:
    """Slack and Alertmanager, of the namespaces where this pass has the say."""
    deliveries: list[Delivery] = []
    if settings.alertmanager.addresses:
        from watchdog.integrations import alertmanager

        deliveries += _guarded(
            "alertmanager", lambda: alertmanager.impaired(report, settings, budget)
        )
        deliveries += _guarded(
            "alertmanager", lambda: alertmanager.renewed(report, settings, budget)
        )
    ours = {name: session for name, session in sessions.items() if session.keeps}
    memories = {name: session.memory for name, session in ours.items()}
    if not any(memory.incidents for memory in memories.values()):
        return deliveries
    now = max(session.now for session in ours.values())
    muted: set[str] = set()
    if settings.alertmanager.addresses:

        def page() -> list[Delivery]:
            handed = alertmanager.hand_off(report, memories, settings, budget, now)
            muted.update(alertmanager.muted(memories, settings, budget))
            return handed

        deliveries += _guarded("alertmanager", page)
    if settings.notify.configured:
        deliveries += _guarded("notify", lambda: _messengers(report, settings, ours, budget))
    if settings.slack.bot_token or settings.slack.webhook_url:
        deliveries += _guarded(
            "slack", lambda: _slack(report, settings, ours, budget, frozenset(muted))
        )
    return deliveries


def _messengers(
    report: Report, settings: Settings, ours: Mapping[str, SessionMemory], budget: Budget
) -> list[Delivery]:
    from watchdog.messengers.notify import notify
    from watchdog.report.outbox import Outbox

    def keep(namespace: str, memory: Memory) -> None:
        ours[namespace].keep(memory)

    memories = {name: session.memory for name, session in ours.items()}
    now = max(session.now for session in ours.values())
    book = Outbox(report, memories, keep, now, settings)
    told = notify(book, settings, budget)
    for name, memory in book.memories.items():
        if memory != ours[name].memory:
            try:
                ours[name].keep(memory)
            except ClusterError as error:
                told.append(Delivery(to="notify", ok=False, error=str(error)))
    return told


def _slack(
    report: Report,
    settings: Settings,
    ours: Mapping[str, SessionMemory],
    budget: Budget,
    muted: frozenset[str],
) -> list[Delivery]:
    from watchdog.slack import threads

    channels = {name: p.channel for name, p in settings.policies.items() if p.channel}

    def keep(namespace: str, memory: Memory) -> None:
        ours[namespace].keep(memory)

    told, memories = threads.notify(
        report,
        {name: session.memory for name, session in ours.items()},
        settings,
        budget,
        channels,
        keep,
        muted=muted,
        now=max(session.now for session in ours.values()),
    )
    for name, memory in memories.items():
        ours[name].close(memory)
    return list(told)
