from __future__ import annotations

import re
import threading
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.support.report_samples import healthy, report
from watchdog.cli import app
from watchdog.clock import Budget, SystemClock
from watchdog.integrations.pushgateway import delete, heartbeat, push
from watchdog.model.report import Delivery, Report
from watchdog.settings.schema import Settings
from watchdog.settings.services import HeartbeatSettings, PushgatewaySettings

PICTURE = "/metrics/job/sre-watchdog/cluster/prod-eu/release_namespace/ops"
OPS = {"release_namespace": "ops"}
OUTCOME = "/metrics/job/sre-watchdog/cluster/prod-eu/phase/outcome/release_namespace/ops"
OK = Delivery(to="pushgateway", ok=True)


def settings(url: str, timeout_seconds: float = 2.0) -> Settings:
    gateway = PushgatewaySettings(url=url, timeout_seconds=timeout_seconds)
    return Settings(cluster_name="prod-eu", pushgateway=gateway)


def pushed(server: HTTPServer, shown: Report | None = None) -> list[Delivery]:
    budget = Budget(60, SystemClock())
    return push(shown or report(), settings(server.url_for("")), budget, OPS)


def test_the_picture_replaces_and_the_outcome_adds(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PICTURE, method="PUT").respond_with_data("")
    httpserver.expect_request(OUTCOME, method="POST").respond_with_data("")

    assert pushed(httpserver) == [OK, OK]

    (picture, _), (outcome, _) = httpserver.log
    body = picture.get_data(as_text=True)
    assert 'sre_watchdog_findings{kind="missing_env",namespace="shop"} 1.0' in body
    assert 'sre_watchdog_run_result{result="ok"} 1.0' in body
    assert "sre_watchdog_shards 1.0" in body
    assert "last_success" not in body
    assert "_created" not in body
    said = outcome.get_data(as_text=True)
    assert "sre_watchdog_last_success_timestamp_seconds 1.7" in said
    assert "findings" not in said


@pytest.mark.parametrize(
    ("given", "header", "sent"),
    [
        ({"user": "ops", "password": "pa:ss"}, "Authorization", "Basic b3BzOnBhOnNz"),
        ({"token": "t0ken"}, "Authorization", "Bearer t0ken"),
        ({"headers": {"X-Scope-OrgID": "team-a"}}, "X-Scope-OrgID", "team-a"),
        ({"userinfo": "ops:pa%3Ass@"}, "Authorization", "Basic b3BzOnBhOnNz"),
    ],
)
def test_what_a_gateway_asks_for_is_sent_with_each_push(
    httpserver: HTTPServer, given: dict[str, Any], header: str, sent: str
) -> None:
    for path in (PICTURE, OUTCOME):
        httpserver.expect_request(path).respond_with_data("", status=202)
    address = httpserver.url_for("").replace("://", f"://{given.get('userinfo', '')}")
    more = {key: value for key, value in given.items() if key != "userinfo"}
    own = PushgatewaySettings.model_validate({"url": address, "timeout_seconds": 2.0, **more})

    told = push(
        report(), Settings(cluster_name="prod-eu", pushgateway=own), Budget(60, SystemClock()), OPS
    )

    assert told == [OK, OK]
    assert [request.headers.get(header) for request, _ in httpserver.log] == [sent, sent]


@pytest.mark.parametrize("path", ["/gateway", "/gateway/"])
@pytest.mark.parametrize("cluster", ["eu/1", "prod eu", "zürich", 'a"b', "50%+1"])
def test_a_gateway_below_a_path_gets_any_name_of_a_cluster_whole(
    httpserver: HTTPServer, cluster: str, path: str
) -> None:
    httpserver.expect_request(re.compile("/gateway/metrics/job/.*")).respond_with_data("")
    gateway = PushgatewaySettings(url=httpserver.url_for(path))
    given = Settings(cluster_name=cluster, pushgateway=gateway)

    assert push(report(), given, Budget(60, SystemClock()), OPS) == [OK, OK]

    for request, _ in httpserver.log:
        found = re.search(r"/cluster(@base64)?/([^/]+)/", request.path)
        assert found is not None
        name = urlsafe_b64decode(found[2]).decode() if found[1] else found[2]
        assert name == cluster


def test_a_failed_pass_leaves_the_last_success_alone(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PICTURE, method="PUT").respond_with_data("")

    assert pushed(httpserver, report(result="failed")) == [OK]
    assert [request.method for request, _ in httpserver.log] == ["PUT"]


def test_what_is_solved_is_not_in_the_next_picture(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PICTURE, method="PUT").respond_with_data("")
    httpserver.expect_request(OUTCOME, method="POST").respond_with_data("")

    pushed(httpserver)
    pushed(httpserver, healthy())

    bodies = [r.get_data(as_text=True) for r, _ in httpserver.log if r.method == "PUT"]
    assert ["sre_watchdog_findings{" in body for body in bodies] == [True, False]


def test_a_refused_picture_is_told_and_the_outcome_still_leaves(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PICTURE).respond_with_data(
        "pushed metrics are invalid or inconsistent", status=400
    )
    httpserver.expect_request(OUTCOME).respond_with_data("")

    refused, taken = pushed(httpserver)

    assert refused.error == "answered HTTP 400: pushed metrics are invalid or inconsistent"
    assert taken == OK


@pytest.mark.parametrize("status", [302, 401, 413, 500])
def test_any_refusal_is_a_failed_delivery(httpserver: HTTPServer, status: int) -> None:
    headers = {"Location": "/elsewhere"}
    httpserver.expect_request(PICTURE).respond_with_data("", status=status, headers=headers)
    httpserver.expect_request(OUTCOME).respond_with_data("", status=status, headers=headers)

    assert not any(delivery.ok for delivery in pushed(httpserver))


def test_a_slow_gateway_costs_one_timeout(httpserver: HTTPServer) -> None:
    told_off = threading.Event()

    def late(_request: Request) -> Response:
        told_off.wait(60)
        return Response("")

    httpserver.expect_request(PICTURE).respond_with_handler(late)
    budget = Budget(60, SystemClock())

    delivered = push(report(), settings(httpserver.url_for(""), 0.2), budget, OPS)
    told_off.set()

    assert delivered == [Delivery(to="pushgateway", ok=False, error="no answer in time")]


def test_a_gateway_that_is_down_is_a_failed_delivery() -> None:
    delivered = push(report(), settings("http://127.0.0.1:1"), Budget(60, SystemClock()), OPS)

    assert delivered == [Delivery(to="pushgateway", ok=False, error="connection refused")]


def test_without_an_address_nothing_is_pushed() -> None:
    assert push(report(), Settings(), Budget(60, SystemClock()), {}) == []


def test_each_shard_beats_for_itself_where_the_address_says_so(httpserver: HTTPServer) -> None:
    for number in (0, 3):
        httpserver.expect_request(f"/beat-{number}").respond_with_data("ok")
    switch = Settings(heartbeat=HeartbeatSettings(url=httpserver.url_for("/beat-{shard}")))

    for origin in (OPS, {**OPS, "shard": "3"}):
        (delivered,) = heartbeat(report(), switch, Budget(60, SystemClock()), origin)
        assert delivered.ok
    called = [request.path for request, _ in httpserver.log]
    assert [path for path in called if path.startswith("/beat-")] == ["/beat-0", "/beat-3"]


def test_the_heartbeat_is_called_after_success_only(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/beat").respond_with_data("ok")
    switch = Settings(heartbeat=HeartbeatSettings(url=httpserver.url_for("/beat")))
    budget = Budget(60, SystemClock())

    assert heartbeat(report(), switch, budget, OPS) == [Delivery(to="heartbeat", ok=True)]
    assert heartbeat(report(result="failed"), switch, budget, OPS) == []
    assert heartbeat(report(), Settings(), budget, OPS) == []
    assert [request.path for request, _ in httpserver.log].count("/beat") == 1


def test_a_heartbeat_that_fails_says_so_without_its_address(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/beat-secret").respond_with_data("no such check", status=404)
    switch = Settings(heartbeat=HeartbeatSettings(url=httpserver.url_for("/beat-secret")))

    (delivered,) = heartbeat(report(), switch, Budget(60, SystemClock()), OPS)

    assert delivered.error == "answered HTTP 404: no such check"


def test_deleting_takes_both_groups_of_every_shard(httpserver: HTTPServer) -> None:
    httpserver.expect_request(re.compile("/metrics/.*"), method="DELETE").respond_with_data("", 202)
    origins = (OPS, {**OPS, "shard": "1"})

    done = delete(settings(httpserver.url_for("")), Budget(60, SystemClock()), origins)

    assert done == OK
    paths = [request.path for request, _ in httpserver.log]
    assert paths == [OUTCOME, PICTURE, f"{OUTCOME}/shard/1", f"{PICTURE}/shard/1"]


def test_a_gateway_that_refuses_to_delete_is_said(httpserver: HTTPServer) -> None:
    httpserver.expect_request(OUTCOME).respond_with_data("no", 401)

    done = delete(settings(httpserver.url_for("")), Budget(60, SystemClock()), [OPS])

    assert not done.ok
    assert "401" in (done.error or "")


@pytest.mark.parametrize(("flags", "exit_code"), [((), 1), (("--best-effort",), 0)])
def test_a_gateway_out_of_reach_stops_an_uninstall_only_if_asked(
    flags: tuple[str, ...], exit_code: int
) -> None:
    env = {"SRE_AGENT_PUSHGATEWAY__URL": "http://127.0.0.1:1"}

    done = CliRunner().invoke(app, ["delete-metrics", *flags], env=env)

    assert done.exit_code == exit_code
    assert "the pushgateway keeps its metrics: connection refused" in done.stderr.lower()
