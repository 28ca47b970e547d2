"""The alert rules under promtool: those of deploy/, and those of the chart for each schedule."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.chart.alert_days import ORIGIN, Pushed, Watchdog, series
from tests.chart.rendering import CHART, Chart, of_kind
from tests.support.cluster_fixtures import NEWEST

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/alerts.yaml"
READERS: dict[str, tuple[str | Path, ...]] = {"promtool": ("check", "rules", RULES)}
if NEWEST:
    READERS["vmalert"] = ("-dryRun", f"-rule={RULES}")  # VictoriaMetrics has a parser of its own
# Minutes from one pass to the next, and from one scrape to the next: fewer for what takes days.
SCHEDULES = {
    "*/5 * * * *": (5, 1),
    "*/15 * * * *": (15, 3),
    "0 * * * *": (60, 10),
    "30 3 * * *": (1440, 20),
}
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES)
Change = Callable[[int, Pushed], Pushed | None]
# The pass after which the fault begins: from then on its alert fires within two intervals.
LAST_GOOD = 1


@pytest.fixture(scope="module")
def rules(chart: Chart, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The rules of each schedule as a file for Prometheus."""
    folder = tmp_path_factory.mktemp("rules")
    files = {}
    for schedule, (minutes, _) in SCHEDULES.items():
        sets = ("prometheusRule.enabled=true", f"schedule={schedule}")
        (found,) = of_kind(
            chart.template(*sets, only="templates/prometheusrule.yaml"), "PrometheusRule"
        )
        files[schedule] = folder / f"{minutes}.yaml"
        files[schedule].write_text(json.dumps(found["spec"]))
    return files


class Promtool(NamedTuple):
    """Runs a rule test: what is scraped every so many minutes, and what queries then return."""

    program: Path
    folder: Path

    def check(
        self, rules: Path, step: int, scraped: list[dict[str, str]], *queries: dict[str, Any]
    ) -> None:
        test = {"interval": f"{step}m", "input_series": scraped, "promql_expr_test": queries}
        whole = {"rule_files": [str(rules)], "evaluation_interval": f"{step}m", "tests": [test]}
        file = self.folder / f"test-{rules.name}"
        file.write_text(json.dumps(whole))
        done = subprocess.run(
            [self.program, "test", "rules", file],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]


@pytest.fixture
def promtool(tool: Callable[[str], Path], tmp_path: Path) -> Promtool:
    return Promtool(tool("promtool"), tmp_path)


def fires(alert: str, minute: int, **labels: str) -> dict[str, Any]:
    """That an alert of that name with these labels fires at that minute."""
    matched = {"alertname": alert, "alertstate": "firing", **labels}
    selector = ", ".join(f"{key}={json.dumps(value)}" for key, value in matched.items())
    return {
        "expr": f"count(ALERTS{{{selector}}}) or vector(0)",
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def silent_until(minute: int) -> dict[str, Any]:
    """That no alert fired at any minute until then."""
    expr = f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{minute}m]))'
    return {"expr": expr, "eval_time": f"{minute}m", "exp_samples": []}


def hold(rules: Path, alert: str) -> int:
    """The `for:` of an alert in minutes, rounded up."""
    (group,) = json.loads(rules.read_text())["groups"]
    (found,) = (rule for rule in group["rules"] if rule.get("alert") == alert)
    return -(-int(found.get("for", "0s").rstrip("s")) // 60)


@pytest.mark.chart
def test_the_alert_rules_fire_when_they_should_and_only_then(tool: Callable[[str], Path]) -> None:
    tested = subprocess.run(
        [tool("promtool"), "test", "rules", ROOT / "deploy/alerts_test.yaml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.chart
@pytest.mark.parametrize("reader", READERS)
def test_what_reads_rules_takes_ours_with_their_templates(
    tool: Callable[[str], Path], tmp_path: Path, reader: str
) -> None:
    told = subprocess.run(
        [tool(reader), *READERS[reader]],
        capture_output=True, text=True, check=False, timeout=300, cwd=tmp_path,
    )  # fmt: skip

    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.chart
@each_schedule
def test_a_healthy_day_is_silent(
    rules: Mapping[str, Path], promtool: Promtool, schedule: str
) -> None:
    minutes, step = SCHEDULES[schedule]
    step = max(step, 2)
    until = max(1440, 3 * minutes) + 30
    # The gateway restarts without a volume in the middle of it.
    scraped = series([Watchdog(minutes)], until, step, (until // 2,))

    promtool.check(rules[schedule], step, scraped, silent_until(until - step))


def after(change: Mapping[str, float | None]) -> Change:
    """From the fault on, these metrics have these values; None takes one away."""

    def changed(number: int, pushed: Pushed) -> Pushed:
        if number <= LAST_GOOD:
            return pushed
        return {k: v for k, v in {**pushed, **change}.items() if v is not None}

    return changed


def stops(number: int, pushed: Pushed) -> Pushed | None:
    return pushed if number <= LAST_GOOD else None


class Refused:
    """The gateway keeps what it had, and notes the failure."""

    def __init__(self) -> None:
        self.kept: Pushed = {}

    def __call__(self, number: int, pushed: Pushed) -> Pushed:
        if number <= LAST_GOOD:
            self.kept = pushed
            return pushed
        return {**self.kept, "push_failure_time_seconds": pushed["push_time_seconds"]}


FAULTS: dict[str, tuple[str, Change]] = {
    "it stops": ("SreWatchdogNotRunning", stops),
    "its passes fail": (
        "SreWatchdogFailing",
        after({'sre_watchdog_run_result{result="failed"}': 1}),
    ),
    "no pass succeeds": (
        "SreWatchdogNotSucceeding",
        after({"sre_watchdog_last_success_timestamp_seconds": None}),
    ),
    "it cannot read all": (
        "SreWatchdogCannotSee", after({'sre_watchdog_blind_spots{namespace="shop"}': 2}),
    ),
    "its model is down": (
        "SreWatchdogModelDown", after({'sre_watchdog_dependency_up{dependency="model"}': 0}),
    ),
    "Slack is down": (
        "SreWatchdogSlackDown", after({'sre_watchdog_dependency_up{dependency="slack"}': 0}),
    ),
    "something needs you": (
        "SreWatchdogNeedsHuman", after({'sre_watchdog_needs_human{namespace="shop"}': 1}),
    ),
    "a fix failed": (
        "SreWatchdogActionFailed",
        after({'sre_watchdog_actions{namespace="shop", kind="rollout_undo", outcome="failed"}': 1}),
    ),
    "it is slow": ("SreWatchdogPassSlow", after({"sre_watchdog_run_duration_seconds": 230})),
    "its pushes are refused": ("SreWatchdogPushRejected", Refused()),
}  # fmt: skip


@pytest.mark.chart
@each_schedule
def test_each_fault_is_told_within_two_intervals_and_its_hold(
    rules: Mapping[str, Path], promtool: Promtool, schedule: str
) -> None:
    minutes, step = SCHEDULES[schedule]
    began = LAST_GOOD * minutes + 4
    due = {
        name: began + 2 * minutes + hold(rules[schedule], alert)
        for name, (alert, _) in FAULTS.items()
    }
    until = max(due.values()) + 3 * step
    # Many releases push to one gateway, and each has a fault of its own.
    releases = [
        Watchdog(minutes, change, {**ORIGIN, "release_namespace": name})
        for name, (_, change) in FAULTS.items()
    ]
    # Prometheus sees a change, and the end of its hold, with the next scrape.
    told = [
        fires(alert, -(-due[name] // step) * step + step, release_namespace=name)
        for name, (alert, _) in FAULTS.items()
    ]

    scraped = series(releases, until, step)
    promtool.check(rules[schedule], step, scraped, silent_until(began), *told)


def two_shards(_number: int, pushed: Pushed) -> Pushed:
    return {**pushed, "sre_watchdog_shards": 2}


def one_of_two_shards(number: int, pushed: Pushed) -> Pushed | None:
    return two_shards(number, pushed) if number <= LAST_GOOD else None


def keeps_fixing(number: int, pushed: Pushed) -> Pushed:
    """The third change in a row is the pass after the last good one."""
    last = 'sre_watchdog_last_action_timestamp_seconds{namespace="shop", kind="oom_killed"}'
    first = LAST_GOOD - 1
    return {**pushed, last: pushed["push_time_seconds"]} if number >= first else pushed


@pytest.mark.chart
@each_schedule
def test_what_takes_more_than_one_push_to_see_is_told_as_soon(
    rules: Mapping[str, Path], promtool: Promtool, schedule: str
) -> None:
    """A shard that stops, fixes that do not last, and a scrape that renames the labels."""
    minutes, step = SCHEDULES[schedule]
    began = LAST_GOOD * minutes + 4

    def due(alert: str) -> int:
        return -(-(began + 2 * minutes + hold(rules[schedule], alert)) // step) * step + step

    sharded = {**ORIGIN, "release_namespace": "sharded"}
    fixing = {**ORIGIN, "release_namespace": "fixing"}
    renamed = {**ORIGIN, "release_namespace": "renamed", "exported_job": "w"}
    releases = [
        Watchdog(minutes, two_shards, sharded),
        Watchdog(minutes, one_of_two_shards, {**sharded, "shard": "1"}),
        Watchdog(minutes, keeps_fixing, fixing),
        Watchdog(minutes, origin=renamed),
    ]
    missing, fixes = "SreWatchdogShardMissing", "SreWatchdogKeepsFixing"
    scrape = "SreWatchdogScrapedWithoutHonorLabels"
    scraped = series(releases, max(map(due, (missing, fixes, scrape))) + 3 * step, step)

    promtool.check(
        rules[schedule], step, scraped,
        fires(missing, due(missing), release_namespace="sharded"),
        fires(fixes, due(fixes), release_namespace="fixing"),
        fires(scrape, due(scrape)),
    )  # fmt: skip


@pytest.mark.chart
@each_schedule
def test_that_no_watchdog_pushes_at_all_is_told_within_two_intervals_or_an_hour(
    rules: Mapping[str, Path], promtool: Promtool, schedule: str
) -> None:
    minutes, step = SCHEDULES[schedule]
    held = hold(rules[schedule], "SreWatchdogAbsent")
    at = -(-held // step) * step + step

    promtool.check(rules[schedule], step, series([], at + step, step),
        fires("SreWatchdogAbsent", at))  # fmt: skip
    assert held <= max(60, 2 * minutes)


@pytest.mark.chart
def test_every_alert_is_tried_for_each_schedule(rules: Mapping[str, Path]) -> None:
    (group,) = json.loads(rules["*/5 * * * *"].read_text())["groups"]
    known = {rule["alert"] for rule in group["rules"] if "alert" in rule}

    apart = {"ShardMissing", "KeepsFixing", "ScrapedWithoutHonorLabels", "Absent"}
    assert known == {alert for alert, _ in FAULTS.values()} | {f"SreWatchdog{a}" for a in apart}


@pytest.mark.chart
def test_an_alert_outlives_the_groups_of_a_gateway_that_restarts(
    rules: Mapping[str, Path], promtool: Promtool
) -> None:
    """One release among many has stopped, another one waits; then the gateway loses all groups."""
    schedule = "*/5 * * * *"
    stopped = Watchdog(5, stops, {**ORIGIN, "release_namespace": "stopped"})
    waits = Watchdog(5, FAULTS["something needs you"][1], {**ORIGIN, "release_namespace": "waits"})
    scraped = series([Watchdog(5), stopped, waits], 360, 1, (61,))

    promtool.check(
        rules[schedule], 1, scraped,
        *(fires("SreWatchdogNotRunning", at, release_namespace="stopped") for at in (60, 64, 359)),
        *(fires("SreWatchdogNeedsHuman", at, release_namespace="waits") for at in (60, 64, 359)),
    )  # fmt: skip


@pytest.mark.chart
def test_a_pass_that_could_not_look_ends_no_escalation(
    rules: Mapping[str, Path], promtool: Promtool
) -> None:
    def needs_you_then_fails(number: int, pushed: Pushed) -> Pushed:
        waits = {**pushed, 'sre_watchdog_needs_human{namespace="shop"}': 1.0}
        return waits if number != 6 else {k: v for k, v in pushed.items() if "needs_human" not in k}

    scraped = series([Watchdog(5, needs_you_then_fails)], 60, 1)

    told = [fires("SreWatchdogNeedsHuman", at) for at in range(28, 40)]
    promtool.check(rules["*/5 * * * *"], 1, scraped, *told)


@pytest.mark.chart
def test_a_dry_run_asks_for_no_person(rules: Mapping[str, Path], promtool: Promtool) -> None:
    def dry(_number: int, pushed: Pushed) -> Pushed:
        waits = {'sre_watchdog_needs_human{namespace="shop"}': 1.0}
        mode = {'sre_watchdog_build_info{mode="dry_run"}': 1.0}
        return {k: v for k, v in pushed.items() if "build_info" not in k} | waits | mode

    scraped = series([Watchdog(5, dry)], 120, 1)

    promtool.check(rules["*/5 * * * *"], 1, scraped, silent_until(119))


@pytest.mark.chart
def test_a_clock_that_is_behind_hides_nothing(
    rules: Mapping[str, Path], promtool: Promtool
) -> None:
    def behind(_number: int, pushed: Pushed) -> Pushed:
        ours = "sre_watchdog_last_run_timestamp_seconds"
        return {
            **pushed,
            ours: pushed[ours] - 7200,
            'sre_watchdog_blind_spots{namespace="shop"}': 1,
        }

    scraped = series([Watchdog(5, behind)], 60, 1)

    promtool.check(rules["*/5 * * * *"], 1, scraped, fires("SreWatchdogCannotSee", 40))


@pytest.mark.chart
def test_what_keeps_no_time_of_a_push_and_no_groups_hides_nothing(
    rules: Mapping[str, Path], promtool: Promtool
) -> None:
    """VictoriaMetrics takes pushes itself: a sample for each, and no `push_time_seconds`."""

    def kept(number: int, pushed: Pushed) -> Pushed | None:
        gone = stops(number, pushed) is None
        return None if gone else {k: v for k, v in pushed.items() if not k.startswith("push_")}

    schedule, last = "*/5 * * * *", LAST_GOOD * 5 + 2
    scraped = series([Watchdog(5, kept)], 120, 1, (last + 1,))

    at = last + 10 + hold(rules[schedule], "SreWatchdogNotRunning") + 2
    promtool.check(rules[schedule], 1, scraped,
        fires("SreWatchdogNotRunning", at), fires("SreWatchdogNotRunning", 119))  # fmt: skip


def test_every_alert_links_to_its_section_of_the_runbook() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())
    base = yaml.safe_load((CHART / "values.yaml").read_text())["runbookBaseUrl"]
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    links = {rule["annotations"]["runbook_url"] for rule in alerts}

    page = (ROOT / "docs/runbook.md").read_text().partition("\n# Working with incidents")[0]
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)

    assert base.endswith("/docs/runbook.md")
    assert links == {f"{base}#{heading.lower().replace(' ', '-')}" for heading in headings}


def test_every_alert_names_a_panel_of_the_dashboard() -> None:
    rules = yaml.safe_load((ROOT / "deploy/alerts.yaml").read_text())
    board = json.loads((ROOT / "deploy/dashboard.json").read_text())
    panels = {str(panel["id"]) for panel in board["panels"] if panel["type"] != "row"}
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]

    assert {rule["annotations"]["__dashboardUid__"] for rule in alerts} == {board["uid"]}
    assert {rule["annotations"]["__panelId__"] for rule in alerts} <= panels


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

    assert firing == {
        r["alert"] for group in rules["groups"] for r in group["rules"] if "alert" in r
    }
