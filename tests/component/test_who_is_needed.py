"""One definition of what needs a person: the same in report, metrics, Slack and memory."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.simulated_cluster import NAMESPACE, Arena
from watchdog.integrations.pushgateway import picture
from watchdog.model.report import Report
from watchdog.report.summary_line import closing
from watchdog.report.wording import chapters
from watchdog.settings.schema import NamespacePolicy

CASES: dict[str, tuple[dict[str, Any], int]] = {
    "only observed": ({"policies": {NAMESPACE: NamespacePolicy(mode="observe")}}, 2),
    "each change asks": ({"policies": {NAMESPACE: NamespacePolicy(mode="approve")}}, 2),
    "a dry run": ({"dry_run": True}, 0),
    "one fix a run": ({"max_remediation_attempts": 1}, 0),
}


def numbers(report: Report, name: str, **labels: str) -> float:
    return sum(
        sample.value
        for sample in picture(report)
        if sample.name == name and labels.items() <= sample.labels.items()
    )


@pytest.mark.parametrize("case", CASES)
def test_report_metrics_and_memory_agree_on_who_is_needed(arena: Arena, case: str) -> None:
    given, needed = CASES[case]
    for name in ("one", "two"):
        arena.deploy(name)
    arena.wire.advance(600)
    for name in ("one", "two"):
        arena.deploy(name, env="[]")
    arena.wire.advance(60)

    report = arena.run(**given)

    (chapter,) = chapters(report)
    told = sum(item.status == "needs you" for item in chapter.cases)
    (part,) = report.namespaces
    held = sum(item.state == "needs_you" for item in part.incidents)
    assert told == needed
    assert numbers(report, "needs_human") == needed
    assert numbers(report, "incidents", state="needs_you") == needed
    assert held == needed
    assert ("need you" in closing(report)) == (needed > 0)
