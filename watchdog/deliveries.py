"""Where a report goes once the pass is over: Slack, Alertmanager, the Pushgateway, the heartbeat.

Each is tried whatever became of the others, in a budget of its own, and none can change the pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from watchdog.clock import Budget, SystemClock
from watchdog.incidents.memory import Memory
from watchdog.logs import log
from watchdog.nouns import Delivery, Report
from watchdog.report.build import with_deliveries
from watchdog.settings import Settings


class Book(Protocol):
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
    books: Mapping[str, Book],
    origin: Mapping[str, str] = MappingProxyType({}),
) -> Report:
    """Send the report wherever the settings say, and add how that went to it.

    What Slack was told is noted in the memories of `books`. `origin` are the labels that tell the
    metrics of this release and shard from those of others.
    """
    budget = Budget(BUDGET_SECONDS, SystemClock())
    report = with_deliveries(report, _tell_people(report, settings, books, budget))
    if settings.pushgateway.url:
        from watchdog import metrics

        report = with_deliveries(report, metrics.push(report, settings, budget, origin))
    if settings.heartbeat.url and report.result != "failed":
        from watchdog import metrics

        report = with_deliveries(report, metrics.heartbeat(report, settings, budget, origin))
    for delivery in report.deliveries:
        if not delivery.ok:
            log.warning("%s: %s", delivery.to, delivery.error)
    return report


def _tell_people(
    report: Report, settings: Settings, books: Mapping[str, Book], budget: Budget
) -> list[Delivery]:
    """Slack and Alertmanager, of the namespaces where this pass has the say."""
    ours = {name: book for name, book in books.items() if book.keeps}
    memories = {name: book.memory for name, book in ours.items()}
    if not any(memory.incidents for memory in memories.values()):
        return []
    now = max(book.now for book in ours.values())
    deliveries: list[Delivery] = []
    muted: frozenset[str] = frozenset()
    if settings.alertmanager.url:
        from watchdog import alertmanager

        deliveries += alertmanager.hand_off(report, memories, settings, budget, now)
        muted = alertmanager.muted(memories, settings, budget)
    if settings.slack.bot_token or settings.slack.webhook_url:
        from watchdog.report import slack_threads

        channels = {name: p.channel for name, p in settings.policies.items() if p.channel}

        def keep(namespace: str, memory: Memory) -> None:
            ours[namespace].keep(memory)

        told, memories = slack_threads.tell(
            report, memories, settings, budget, channels, keep, muted=muted, now=now
        )
        deliveries += told
        for name, memory in memories.items():
            ours[name].close(memory)
    return deliveries
