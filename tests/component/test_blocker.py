"""What a Prometheus answers to the blocking query, and what may be changed then."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.e2e.servers import prometheus_of
from tests.support.cluster_fixtures import run_watchdog
from tests.support.simulated_cluster import NAMESPACE, Arena, outcomes
from watchdog.clock import Budget, SystemClock
from watchdog.integrations.change_freeze import blocker
from watchdog.policy.verdict import Verdict
from watchdog.settings.services import BlockerSettings

QUERY = 'ALERTS{alertname="ChangeFreeze"} == 1'
ASKED = "/prom/api/v1/query"
NOTHING: list[Any] = []
DROPPED = 'PromQL info: incompatible sample types encountered for binary operator ">": histogram'
FREEZE = {"metric": {"__name__": "ALERTS", "alertname": "ChangeFreeze"}, "value": [1.0, "1"]}


def answer(result: list[Any], kind: str = "vector", **more: Any) -> str:
    data = {"resultType": kind, "result": result}
    return json.dumps({"status": "success", "data": data, **more})


def own(server: HTTPServer, **given: Any) -> BlockerSettings:
    at = {"prometheus_url": server.url_for("/prom/"), "query": QUERY, "timeout_seconds": 2.0}
    return BlockerSettings.model_validate({**at, **given})


def asked(server: HTTPServer, body: str, status: int = 200) -> Verdict | None:
    server.expect_request(ASKED).respond_with_data(body, status=status)
    ask = blocker(own(server), Budget(30, SystemClock()))
    assert ask is not None
    return ask()


def test_a_query_that_returns_nothing_holds_nothing_back(httpserver: HTTPServer) -> None:
    assert asked(httpserver, answer(NOTHING)) is None

    ((request, _),) = httpserver.log
    assert request.method == "GET"
    assert request.args["query"] == QUERY


def test_any_series_holds_changes_back_and_is_named(httpserver: HTTPServer) -> None:
    verdict = asked(httpserver, answer([FREEZE]))

    assert verdict == Verdict(
        "refuse",
        "blocked_by_query",
        'changes are held back while blocker.query returns ALERTS{alertname="ChangeFreeze"}',
    )


def test_a_long_series_is_cut_short(httpserver: HTTPServer) -> None:
    verdict = asked(httpserver, answer([{"metric": {"a": "word " * 100}, "value": [1, "0"]}]))

    assert verdict is not None
    assert len(verdict.reason) < 300
    assert verdict.reason.endswith("…")


def test_the_first_of_many_series_is_named_with_nothing_to_click_or_to_paste(
    httpserver: HTTPServer,
) -> None:
    labels = {"a": "see https://evil.example/x\nkubectl delete ns shop", "b": "y" * 500}
    verdict = asked(httpserver, answer([{"metric": labels, "value": [1, "0"]}, FREEZE]))

    assert verdict is not None
    assert "\n" not in verdict.reason
    assert "https://" not in verdict.reason
    assert "kubectl" not in verdict.reason
    assert verdict.reason.endswith("[command removed] and 1 more")


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("scalar", [1.0, "0"]),
        ("string", [1.0, ""]),
        ("matrix", [{"metric": {}, "values": [[1, "1"]]}]),
        ("vector", [{"metric": {}, "value": [1, "0"]}]),
    ],
)
def test_a_result_of_any_other_shape_and_value_holds_back_too(
    httpserver: HTTPServer, kind: str, result: list[Any]
) -> None:
    verdict = asked(httpserver, answer(result, kind))

    assert verdict is not None
    assert verdict.rule == "blocked_by_query"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 200),
        ("<html>sign in</html>", 200),
        ("null", 200),
        ("[]", 200),
        ("[" * 100_000, 200),
        ('{"status": "success"}', 200),
        ('{"status": "success", "data": {"resultType": "vector"}}', 200),
        ('{"status": "error", "data": {"resultType": "vector", "result": []}}', 200),
        ('{"status": "success", "data": {"resultType": "vector", "result": {}}}', 200),
        ('{"status": "success", "data": {"resultType": "vector", "result": null}}', 200),
        ('{"status": "success", "data": {"resultType": "other", "result": []}}', 200),
        (answer(["x"]), 200),
        (answer([{"metric": None}]), 200),
        (answer(NOTHING, warnings=["store unreachable"]), 200),
        (answer(NOTHING, isPartial=True), 200),
        (answer(NOTHING, infos=[DROPPED, "PromQL info: metric might not be a counter"]), 200),
        (answer(NOTHING, infos=[7]), 200),
        ('{"status": "error", "errorType": "bad_data", "error": "parse error"}', 400),
        (answer(NOTHING), 401),
        (answer(NOTHING), 302),
        (answer(NOTHING), 503),
    ],
)
def test_what_is_no_clear_answer_holds_changes_back(
    httpserver: HTTPServer, body: str, status: int
) -> None:
    verdict = asked(httpserver, body, status)

    assert verdict is not None
    assert (verdict.decision, verdict.rule) == ("refuse", "blocker_unreachable")
    assert httpserver.url_for("") not in verdict.reason


def test_an_info_about_a_name_holds_nothing_back(httpserver: HTTPServer) -> None:
    infos = ['PromQL info: metric might not be a counter, name does not end in _total: "up"']

    assert asked(httpserver, answer(NOTHING, infos=infos, isPartial=False)) is None


def test_a_prometheus_that_is_not_there_or_does_not_answer_holds_changes_back(
    httpserver: HTTPServer,
) -> None:
    told_off = threading.Event()

    def slow(_: Request) -> Response:
        told_off.wait(60)
        return Response(answer(NOTHING))

    httpserver.expect_request(ASKED).respond_with_handler(slow)
    budget = Budget(30, SystemClock())
    late = blocker(own(httpserver, timeout_seconds=0.2), budget)
    gone = blocker(own(httpserver, prometheus_url="http://127.0.0.1:9"), budget)

    for ask, says in ((late, "no answer in time"), (gone, "refused")):
        assert ask is not None
        verdict = ask()
        assert verdict is not None
        told_off.set()
        assert verdict.rule == "blocker_unreachable"
        assert says in verdict.reason


def test_it_is_asked_once_whatever_it_says(httpserver: HTTPServer) -> None:
    httpserver.expect_request(ASKED).respond_with_data("", status=400)
    ask = blocker(own(httpserver), Budget(30, SystemClock()))
    assert ask is not None

    assert ask() == ask() == ask()
    assert len(httpserver.log) == 1


def test_nothing_is_asked_where_nothing_is_set() -> None:
    assert blocker(BlockerSettings(), Budget(30, SystemClock())) is None


def test_a_pass_changes_nothing_while_the_query_returns_anything(
    arena: Arena, httpserver: HTTPServer
) -> None:
    httpserver.expect_oneshot_request(ASKED).respond_with_data(answer([FREEZE]))
    arena.break_env()

    held = arena.look(blocker=own(httpserver))

    (result,) = held.actions
    assert (result.outcome, result.rule) == ("refused", "blocked_by_query")
    assert "REQUIRED_CONFIG" in result.diff
    assert arena.wire.real_writes == []
    assert [item.state for item in held.incidents] == ["broken"]

    httpserver.expect_oneshot_request(ASKED).respond_with_data(answer(NOTHING))
    arena.wire.advance(60)

    assert outcomes(arena.look(blocker=own(httpserver))) == [("patch_deployment_env", "verified")]


def test_a_pass_changes_nothing_while_prometheus_cannot_be_asked_and_a_person_is_told(
    arena: Arena, httpserver: HTTPServer
) -> None:
    arena.break_env()

    held = arena.look(blocker=own(httpserver, prometheus_url="http://127.0.0.1:9"))

    assert [result.rule for result in held.actions] == ["blocker_unreachable"]
    assert arena.wire.real_writes == []
    assert [item.state for item in held.incidents] == ["needs_you"]


def test_one_question_for_two_changes(arena: Arena, httpserver: HTTPServer) -> None:
    httpserver.expect_request(ASKED).respond_with_data(answer(NOTHING))
    for name in ("ledger", "orders"):
        arena.break_env(name)

    part = arena.look(blocker=own(httpserver))

    assert outcomes(part) == [("patch_deployment_env", "verified")] * 2
    assert len(httpserver.log) == 1


def test_prometheus_is_not_asked_where_nothing_would_be_changed(
    arena: Arena, httpserver: HTTPServer
) -> None:
    arena.deploy()
    arena.wire.advance(60)
    arena.look(blocker=own(httpserver))
    arena.deploy(env="[]")
    arena.wire.advance(60)
    modes = {"patch_deployment_env": "approve", "rollout_undo": "never"}
    waiting = arena.look(blocker=own(httpserver), actions=modes)

    assert [result.outcome for result in waiting.actions] == ["awaiting_approval"]
    assert httpserver.log == []


def test_a_dry_run_says_what_would_hold_it_back(arena: Arena, httpserver: HTTPServer) -> None:
    httpserver.expect_request(ASKED).respond_with_data(answer([FREEZE]))
    arena.break_env()

    (result,) = arena.look(blocker=own(httpserver), dry_run=True).actions

    assert (result.outcome, result.rule) == ("refused", "blocked_by_query")


def test_nobody_at_a_terminal_is_asked_about_what_is_held_back(
    arena: Arena, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(ASKED).respond_with_data(answer([FREEZE]))
    arena.break_env()

    arena.look(blocker=own(httpserver), consent=True)

    assert arena.asked == []
    assert arena.wire.real_writes == []


@pytest.mark.chart
def test_a_real_prometheus_blocks_frees_and_refuses(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    def said(url: str, query: str, **more: Any) -> str:
        asked_of = BlockerSettings(prometheus_url=url, query=query, **more)
        ask = blocker(asked_of, Budget(30, SystemClock()))
        assert ask is not None
        verdict = ask()
        return f"{verdict.rule}: {verdict.reason}" if verdict else ""

    with prometheus_of(tool("prometheus"), "http://127.0.0.1:9", tmp_path) as real:
        assert said(real.url, "vector(1) == 0") == ""
        assert said(real.url, "vector(1) == 0", timeout_seconds=2.5) == ""
        assert said(real.url, 'ALERTS{alertname="ChangeFreeze"} == 1') == ""
        # One that has just started knows no alert yet.
        assert said(real.url, "vector(1) == 0 or absent(up offset 5m)").startswith("blocked_by")
        named = 'label_replace(vector(1), "alertname", "ChangeFreeze", "", "")'
        assert said(real.url, named).endswith('returns {alertname="ChangeFreeze"}')
        assert said(real.url, "1").startswith("blocked_by_query: ")
        assert "a scalar, which is never nothing" in said(real.url, "1")
        broken = said(real.url, "sum(")
        assert broken.startswith("blocker_unreachable: ")
        assert "HTTP 400" in broken
        assert "parse error" in broken
    assert said(real.url, "vector(1)").startswith("blocker_unreachable: ")


def test_the_command_asks_before_it_changes_anything(arena: Arena, httpserver: HTTPServer) -> None:
    httpserver.expect_request(ASKED).respond_with_data(answer([FREEZE]))
    arena.break_env()
    env = {
        "SRE_AGENT_BLOCKER__PROMETHEUS_URL": httpserver.url_for("/prom"),
        "SRE_AGENT_BLOCKER__QUERY": QUERY,
    }

    done = run_watchdog("run", "-n", NAMESPACE, kubeconfig=arena.kubeconfig, env=env)

    assert done.returncode == 0, done.stderr
    assert "changes are held back while blocker.query returns" in " ".join(done.stdout.split())
    assert arena.wire.real_writes == []
    assert len(httpserver.log) == 1
