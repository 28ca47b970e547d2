"""Where a report goes once the pass is over: Slack, the Pushgateway, the heartbeat.

Each is tried whatever became of the others, in a budget of its own, and none can change the pass.
"""

from __future__ import annotations

from watchdog.clock import Budget, SystemClock
from watchdog.logs import log
from watchdog.nouns import Report
from watchdog.report.build import with_deliveries
from watchdog.settings import Settings

BUDGET_SECONDS = 20.0  # fits the chart's grace period, so that a stopped pass still reports


def deliver(report: Report, settings: Settings, release_namespace: str = "") -> Report:
    """Send the report wherever the settings say, and add how that went to it.

    `release_namespace` tells the metrics of two releases apart; empty outside a cluster.
    """
    budget = Budget(BUDGET_SECONDS, SystemClock())
    channels = {name: p.channel for name, p in settings.policies.items() if p.channel}
    deliveries = []
    if settings.slack.bot_token or settings.slack.webhook_url:
        from watchdog.report import slack

        deliveries += slack.deliver(report, settings, budget, channels)
    report = with_deliveries(report, deliveries)
    if settings.pushgateway.url:
        from watchdog import metrics

        report = with_deliveries(report, metrics.push(report, settings, budget, release_namespace))
    if settings.heartbeat.url and report.result != "failed":
        from watchdog import metrics

        report = with_deliveries(report, metrics.heartbeat(report, settings, budget))
    for delivery in report.deliveries:
        if not delivery.ok:
            log.warning("%s: %s", delivery.to, delivery.error)
    return report
