from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.mark.chart
def test_the_alert_rules_fire_when_they_should_and_only_then(tool: Callable[[str], Path]) -> None:
    tested = subprocess.run(
        [tool("promtool"), "test", "rules", ROOT / "deploy/alerts_test.yaml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_a_section_in_the_runbook() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())
    links = {r["annotations"]["runbook_url"] for g in rules["groups"] for r in g["rules"]}

    headings = re.findall(r"^## (.+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE)

    anchors = {f"docs/runbook.md#{heading.lower().replace(' ', '-')}" for heading in headings}
    assert links == anchors


@pytest.mark.chart
def test_every_rule_is_tested() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())
    tests = yaml.safe_load((ROOT / "deploy/alerts_test.yaml").read_text())

    firing = {
        case["alertname"]
        for test in tests["tests"]
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }

    assert firing == {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
