"""Every fault of the catalogue against one oracle; writes docs/faults.md from what was seen.

`SEEN=write` in the environment (`make faults`) writes the page; without it a stale page fails.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request as Call
from werkzeug import Response as Answer

from tests.support.faults import CASES, ELSEWHERE, Case, World
from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena, outcomes
from tests.support.wire_slack import TOKEN, Slack
from watchdog.model.report import Report
from watchdog.settings.schema import Settings
from watchdog.settings.services import PushgatewaySettings, SlackSettings

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
TESTS = Path(__file__).parents[1]
HEAD = """# What happens when something around it fails

Made by the tests (`make faults`). In each case one fault is planted in a world where a Deployment
lost a variable; a pass runs, and one oracle judges it: the exit code and result fit, only the one
workload was written, metrics and Slack were tried, nothing secret was in any output, and it ended
within its budget. *Seen* is the pass's result, what became of its action, how often a workload was
really written, and the exit code.

| no. | fault | expected | seen |
|---|---|---|---|
"""
SEEN: dict[int, str] = {}


@pytest.fixture
def world(arena: Arena, httpserver: HTTPServer) -> Iterator[World]:
    world = World(arena, httpserver, Slack(httpserver))

    def push(request: Call) -> Answer:
        world.gateway.append(request.get_data(as_text=True))
        return Answer("", world.given.get("gateway_status", 200))

    httpserver.expect_request(re.compile("^/metrics/.*")).respond_with_handler(push)
    yield world
    httpserver.clear_assertions()


def passed(world: World) -> Report:
    """One pass with everything that it may report to."""
    given: dict[str, Any] = {k: v for k, v in world.given.items() if k != "gateway_status"}
    return world.arena.run(
        slack=SlackSettings(bot_token=TOKEN, channel="#ops", base_url=world.slack.base_url),
        pushgateway=PushgatewaySettings(url=world.server.url_for("").rstrip("/")),
        **given,
    )


def words(world: World, report: Report) -> str:
    """`ok; patch_deployment_env verified; 1 write; exit 0`."""
    done = [" ".join(one) for part in report.namespaces for one in outcomes(part)]
    writes = sum(resource.startswith("deployments") for _, resource in world.wire.real_writes)
    exit_code = 1 if report.result == "failed" else 0
    return (
        f"{report.result}; {', '.join(done) or 'nothing done'}; "
        f"{writes} write{'' if writes == 1 else 's'}; exit {exit_code}"
    )


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{CASES[n].number}-{n}")
def test_a_fault_leaves_a_clear_report_and_nothing_lost(world: World, number: int) -> None:
    case: Case = CASES[number]
    case.plant(world)
    began = world.wire.now()

    report = passed(world)

    SEEN[number] = words(world, report)
    assert re.fullmatch(case.seen, SEEN[number]), (case.what, SEEN[number], report.to_json())
    told = json.dumps(report.to_json(), ensure_ascii=False)
    assert case.told in told.replace('\\"', '"')
    for request in world.wire.writes:
        kinds = "deployments|pods|events|configmaps|leases"
        assert re.search(f"/namespaces/{NAMESPACE}/({kinds})(/|$)", request.path), request.path
    assert world.gateway
    found = any(part.findings for part in report.namespaces)
    assert not found or world.slack.calls or report.result != "ok" or case.silent
    kept = [
        json.dumps(r.body) for r in world.wire.writes if not r.path.endswith("/deployments/ledger")
    ]
    for text in (told, *world.gateway, *map(json.dumps, world.slack.calls), *kept):
        assert VALUE not in text
    assert world.wire.now() - began <= Settings().run_budget_seconds + 1


def test_every_number_of_the_catalogue_is_tried() -> None:
    assert sorted({case.number for case in CASES} | set(ELSEWHERE)) == list(range(1, 49))


def test_tests_named_elsewhere_are_there() -> None:
    text = "".join(path.read_text() for path in TESTS.rglob("test_*.py"))

    assert [name for _, name in ELSEWHERE.values() if f"def {name}(" not in text] == []


def test_the_page_says_what_was_seen() -> None:
    if len(SEEN) < len(CASES):
        pytest.skip("the page is judged where every case was tried")
    rows = [
        (case.number, f"| {case.number} | {case.what} | {case.expected} | {SEEN[number]} |")
        for number, case in enumerate(CASES)
    ]
    rows += [
        (number, f"| {number} | {what} | as its test says | `{name}` |")
        for number, (what, name) in ELSEWHERE.items()
    ]
    page = HEAD + "\n".join(row for _, row in sorted(rows, key=lambda row: row[0])) + "\n"
    if os.environ.get("SEEN") == "write":
        PAGE.write_text(page, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page
