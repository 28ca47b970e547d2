"""What works and what is missing before a pass: permissions, memory, model, Slack, Pushgateway,
Alertmanager, and the query that holds changes back.

Reads and asks only. The one thing that it sends is a tiny question to the model.
"""

from __future__ import annotations

from typing import IO

from rich.console import Console
from rich.table import Table

from watchdog.clock import Budget
from watchdog.doctor.check import Check
from watchdog.doctor.namespace_checks import in_namespace
from watchdog.doctor.rule_checks import by_rule
from watchdog.doctor.service_checks import (
    alertmanager,
    approvals,
    gateway,
    held_back,
    messengers,
    model,
    slack,
)
from watchdog.kube.ports import AccessReviewer
from watchdog.settings.schema import Settings


def examine(
    settings: Settings, cluster: AccessReviewer, budget: Budget, home: str = ""
) -> list[Check]:
    """Everything that a pass with these settings relies on; `home` is the release's own namespace.

    Raises ClusterError where the API server cannot be asked at all.
    """
    found: list[Check] = []
    for namespace in settings.namespaces or (cluster.namespace,):
        found += in_namespace(settings, cluster, namespace)
    found += by_rule(settings, cluster, home)
    if settings.watch.custom_resources:
        from watchdog.doctor.custom_checks import custom_resources

        found += custom_resources(settings, cluster)
    found += [model(settings, budget), *slack(settings, budget)]
    found += approvals(settings, settings.namespaces or (cluster.namespace,))
    found += [gateway(settings, budget), alertmanager(settings, budget)]
    return [*found, *messengers(settings), *held_back(settings, budget)]


def sound(checks: list[Check]) -> bool:
    """Whether all that is necessary works."""
    return all(check.ok for check in checks if check.necessary)


def show(checks: list[Check], to: IO[str]) -> None:
    """The checks as a table, and below it what to do about those that failed."""
    # Off a terminal nothing says how wide a line may be, and logs do not wrap.
    console = Console(file=to, width=None if to.isatty() else 160, highlight=False)
    table = Table("", "what", "", box=None, pad_edge=False, show_header=False)
    for check in checks:
        sign = "✓ works" if check.ok else "✗ MISSING" if check.necessary else "- without"
        table.add_row(sign, check.subject, check.detail)
    console.print(table, markup=False)
    remedies = [check for check in checks if check.remedy and not check.ok]
    for check in remedies:
        console.print(f"\n{'To fix' if check.necessary else 'For'} {check.subject}:", markup=False)
        console.print(f"  {check.remedy}", markup=False, soft_wrap=True)
    missing = sum(not check.ok for check in checks if check.necessary)
    console.print(f"\n{f'{missing} missing' if missing else 'All that a pass needs works'}.")
