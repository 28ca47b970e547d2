from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.incident_samples import incident
from tests.support.report_samples import (
    STARTED,
    diagnosis,
    finding,
    fix,
    healthy,
    namespace,
    ref,
    report,
)
from watchdog.errors import ModelFault
from watchdog.integrations.pushgateway import METRICS, PREFIX, Sample, picture
from watchdog.model.outcome import Outcome
from watchdog.model.report import Delivery, NamespaceReport, Report
from watchdog.snapshot.snapshot import BlindSpot

DEPLOY = Path(__file__).parents[2] / "deploy"
_NAME = re.compile(rf"\b{PREFIX}\w+")


def values(shown: Report, name: str) -> dict[tuple[str, ...], float]:
    return {tuple(s.labels.values()): s.value for s in picture(shown) if s.name == name}


def test_a_fixed_problem_counts_as_found_verified_and_closed() -> None:
    assert values(report(), "findings") == {("shop", "missing_env"): 1}
    assert values(report(), "actions") == {("shop", "patch_deployment_env", "verified"): 1}
    assert values(report(), "incidents_open") == {("shop",): 0}
    assert values(report(), "needs_human") == {("shop",): 0}
    assert values(report(), "time_to_healthy_seconds") == {("shop", "missing_env"): 768.0}


def test_a_refused_fix_waits_for_a_human_and_names_the_rule() -> None:
    shown = report(namespace(actions=(fix(Outcome.REFUSED, rule="owned"),)))

    assert values(shown, "needs_human") == {("shop",): 1}
    assert values(shown, "refusals") == {("owned",): 1}
    assert values(shown, "last_action_timestamp_seconds") == {}


def test_a_healthy_pass_still_says_zero() -> None:
    assert values(healthy(), "incidents_open") == {("shop",): 0}
    assert values(healthy(), "blind_spots") == {("shop",): 0}
    assert values(healthy(), "findings") == {}
    assert values(healthy(), "llm_tokens")[("total",)] == 0


def test_open_incidents_count_by_state_and_an_empty_state_says_zero() -> None:
    told = (incident(attempts=2), incident(state="broken", attempts=1))
    over = incident(state="resolved", attempts=3, resolved_at=STARTED)

    shown = report(namespace(incidents=(*told, over)))

    assert values(shown, "incidents") == {
        ("shop", "broken"): 1,
        ("shop", "fixing"): 0,
        ("shop", "fixed"): 0,
        ("shop", "needs_you"): 1,
    }
    assert values(shown, "incident_attempts") == {("shop",): 3}


def test_without_a_memory_the_findings_speak() -> None:
    shown = report(namespace(actions=(fix(Outcome.REFUSED, rule="owned"),)))

    assert values(shown, "incidents")["shop", "needs_you"] == 1


def test_what_a_person_mended_between_passes_counts_from_first_seen() -> None:
    over = incident(state="resolved", resolved_at=STARTED + timedelta(seconds=5))
    long_ago = incident(
        kind="oom_killed", state="resolved", resolved_at=STARTED - timedelta(days=1)
    )

    shown = report(NamespaceReport(namespace="shop", incidents=(over, long_ago)))

    assert values(shown, "time_to_healthy_seconds") == {("shop", "missing_env"): 725.0}


def test_the_days_use_of_the_model_is_told_where_memory_was_asked() -> None:
    asked = NamespaceReport(namespace="shop", model_calls_today=3, model_tokens_today=2400)

    used = values(report(asked, NamespaceReport(namespace="web")), "llm_used_today")

    assert used == {("shop", "calls"): 3, ("shop", "tokens"): 2400}


def test_the_result_is_one_hot() -> None:
    assert values(report(result="degraded"), "run_result") == {
        ("ok",): 0,
        ("degraded",): 1,
        ("failed",): 0,
    }


def test_what_could_not_be_read_counts_and_a_namespace_out_of_reach_is_not_called_healthy() -> None:
    blind = NamespaceReport(namespace="a", blind_spots=(BlindSpot(resource="events", why="403"),))
    unseen = NamespaceReport(namespace="b", error="no answer")

    assert values(report(blind, unseen), "blind_spots") == {("a",): 1, ("b",): 1}
    assert values(report(blind, unseen), "incidents_open") == {("a",): 0}
    assert values(report(blind, unseen), "needs_human") == {("a",): 0}


def test_dependencies_are_judged_only_where_they_were_needed() -> None:
    assert values(healthy(), "dependency_up") == {("kubernetes",): 1}
    shown = report(
        namespace(
            diagnosis=diagnosis(
                source="rules", model_error="no answer in 45 s", model_fault=ModelFault.TIMEOUT
            )
        ),
        deliveries=(Delivery(to="slack", ok=False, error="x"),),
    )
    assert values(shown, "dependency_up") == {("kubernetes",): 1, ("model",): 0, ("slack",): 0}
    assert values(shown, "llm_parse_failures") == {("timeout",): 1}


@pytest.mark.parametrize(("fault", "why"), [*((f, f.value) for f in ModelFault), (None, "other")])
def test_a_model_failure_is_counted_by_its_class_whatever_its_words(
    fault: ModelFault | None, why: str
) -> None:
    failed = diagnosis(source="rules", model_error="the server has no time", model_fault=fault)

    assert values(report(namespace(diagnosis=failed)), "llm_parse_failures") == {(why,): 1}


def test_every_sample_has_the_declared_labels() -> None:
    shown = report(
        namespace(actions=(fix(), fix(Outcome.REFUSED, rule="budget"))),
        stages={"observe": 0.3, "model": 2.0},
        deliveries=(Delivery(to="slack", ok=True),),
    )

    for sample in picture(shown):
        assert tuple(sample.labels) == METRICS[sample.name][0]


def test_no_label_grows_with_pods_or_carries_a_message() -> None:
    def shapes(shown: Report) -> set[tuple[str, str]]:
        return {(s.name, str(sorted(s.labels.items()))) for s in picture(shown)}

    other = finding(pods=("x-1", "x-2"), evidence=("other",), target=ref("other"))

    assert shapes(report(namespace(actions=()))) == shapes(
        report(namespace(findings=(other,), actions=()))
    )


def test_names_follow_prometheus_rules() -> None:
    for name in METRICS:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert not name.endswith(("_total", "_created", "_count", "_sum", "_bucket"))
        assert "sre" not in name


def _queries(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [str(node[key]) for key in ("expr", "query", "definition") if key in node]
        return own + [query for value in node.values() for query in _queries(value)]
    return [query for item in node for query in _queries(item)] if isinstance(node, list) else []


def test_the_dashboard_asks_only_for_metrics_that_exist_and_shows_all_of_them() -> None:
    board = json.loads((DEPLOY / "dashboard.json").read_text())

    asked = {name for query in _queries(board) for name in _NAME.findall(query)}

    assert asked == {PREFIX + name for name in METRICS}
    assert board["id"] is None
    assert board["uid"] == "sre-watchdog"
    assert [item["name"] for item in board["templating"]["list"]] == [
        "datasource",
        "cluster",
        "job",
        "namespace",
    ]


def _alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())
    return [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]


def test_alerts_ask_only_for_metrics_that_exist_and_tell_what_to_do() -> None:
    for rule in _alerts():
        assert {name.removeprefix(PREFIX) for name in _NAME.findall(rule["expr"])} <= set(METRICS)
        assert {"summary", "description", "runbook_url"} <= set(rule["annotations"])
        more = set(rule["annotations"]) - {"summary", "description", "runbook_url"}
        assert more <= {"__dashboardUid__", "__panelId__"}
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}


def test_every_alert_on_a_pushed_gauge_has_an_age_guard() -> None:
    for rule in _alerts():
        about_age = "timestamp_seconds" in rule["expr"] or "push_time_seconds" in rule["expr"]
        assert about_age, rule["alert"]


def test_a_sample_is_a_plain_value() -> None:
    assert Sample("findings", {"namespace": "a", "kind": "b"}, 1).value == 1
