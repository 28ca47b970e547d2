"""What reaches an Alertmanager, and what its answers can do: nothing but mute a reminder."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.cluster.handle import poll
from tests.support.incident_samples import MARK, attempt, incident, memory, request
from tests.support.report_samples import STARTED, report
from tests.support.report_samples import namespace as part
from tests.support.wire_faults import Exchange, FaultServer, whole
from watchdog.clock import Budget, SystemClock
from watchdog.incidents.memory import Memory
from watchdog.integrations.alertmanager import hand_off, muted, renewed
from watchdog.integrations.alertmanager_api import APPROVAL_WAITS, NEEDS_YOU, reachable
from watchdog.model.report import Delivery, NamespaceReport
from watchdog.settings.schema import NamespacePolicy, Settings
from watchdog.settings.services import AlertmanagerSettings

ALERTS = "/am/api/v2/alerts"
OK = Delivery(to="alertmanager", ok=True)


@dataclass
class At:
    """A clock that stands still, so that the times in an alert are known."""

    instant: datetime = STARTED

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Nothing is worth waiting for in a test."""


def budget(seconds: float = 60) -> Budget:
    return Budget(seconds, At())


def settings(server: HTTPServer, timeout_seconds: float = 2.0, **given: Any) -> Settings:
    url = server.url_for("/am/")
    own = AlertmanagerSettings(url=url, timeout_seconds=timeout_seconds)
    return Settings(alertmanager=own, **given)


def told(server: HTTPServer, *held: Memory, **given: Any) -> list[Delivery]:
    return hand_off(
        report(), {one.namespace: one for one in held}, settings(server, **given), budget()
    )


def posted(server: HTTPServer) -> list[dict[str, Any]]:
    """Every alert of every POST, in order."""
    return [a for r, _ in server.log if r.method == "POST" for a in json.loads(r.get_data())]


def ends(alert: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(alert["endsAt"])


@pytest.fixture
def server(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request(ALERTS, method="POST").respond_with_data("")
    httpserver.expect_request(ALERTS, method="GET").respond_with_json([])
    return httpserver


def active(*, silenced: bool = False, **labels: str) -> dict[str, Any]:
    known = {"alertname": NEEDS_YOU, "cluster": "prod-eu", "namespace": "shop"}
    status = {"state": "suppressed", "silencedBy": ["s-1"] if silenced else []}
    return {"labels": {**known, **labels}, "status": status}


def test_what_needs_a_person_is_an_alert_with_what_routes_it(server: HTTPServer) -> None:
    policy = NamespacePolicy(
        severity="critical", owner="payments", runbook_url="https://runbooks.example.com/shop"
    )

    assert told(server, memory(incident()), policies={"shop": policy}) == [OK]

    ended, fires = posted(server)
    assert fires["labels"] == {
        "alertname": NEEDS_YOU,
        "cluster": "prod-eu",
        "namespace": "shop",
        "severity": "critical",
        "owner": "payments",
        "kind": "missing_env",
        "workload": "Deployment/ledger",
        "container": "main",
        "incident": MARK[:16],
    }
    assert fires["annotations"]["runbook_url"] == "https://runbooks.example.com/shop"
    assert fires["startsAt"] == (STARTED - timedelta(minutes=12)).isoformat()
    assert ends(fires) == STARTED + timedelta(hours=1)
    assert ended["labels"]["alertname"] == APPROVAL_WAITS
    assert ends(ended) < STARTED


def test_it_says_what_was_tried_on_one_line(server: HTTPServer) -> None:
    hostile = incident(summary="a\nb \x1b[31mred", tries=(attempt(),), escalated=True)

    told(server, memory(hostile))

    annotations = posted(server)[-1]["annotations"]
    assert annotations["summary"] == "shop/ledger: a b red; a person is needed"
    said = annotations["description"]
    assert "Tried: set env LEDGER_REGION on container main: undone (0 of 2 pods ready)." in said
    assert "Nothing more is tried." in said
    assert "\n" not in said


def test_an_open_ask_is_an_alert_of_its_own_that_says_where_the_whole_change_is(
    server: HTTPServer,
) -> None:
    told(server, memory(incident(request=request())))

    ended, fires = posted(server)
    assert fires["labels"]["alertname"] == APPROVAL_WAITS
    assert ended["labels"]["alertname"] == NEEDS_YOU
    said = fires["annotations"]["description"]
    assert "with the command that the report or Slack shows beside the whole change" in said
    assert "sre-watchdog/approve=" not in said


def test_an_ask_that_expired_is_an_escalation_again(server: HTTPServer) -> None:
    told(server, memory(incident(request=request(expires_at=STARTED))))

    assert posted(server)[-1]["labels"]["alertname"] == NEEDS_YOU


@pytest.mark.parametrize("state", ["broken", "fixing", "fixed", "resolved"])
def test_what_no_longer_waits_for_a_person_is_ended(server: HTTPServer, state: str) -> None:
    resolved_at = STARTED if state == "resolved" else None

    told(server, memory(incident(state=state, resolved_at=resolved_at)))

    alerts = posted(server)
    assert {alert["labels"]["alertname"] for alert in alerts} == {NEEDS_YOU, APPROVAL_WAITS}
    assert all(ends(alert) < STARTED for alert in alerts)
    assert all(alert["startsAt"] <= alert["endsAt"] for alert in alerts)


def test_an_alert_ends_by_the_clock_of_an_alertmanager_that_is_hours_behind(
    server: HTTPServer,
) -> None:
    told(server, memory(incident(state="resolved", resolved_at=STARTED)))

    assert all(ends(alert) < STARTED - timedelta(hours=12) for alert in posted(server))


def held_alert(cluster: str) -> dict[str, Any]:
    started = (STARTED - timedelta(hours=2)).isoformat()
    own = {"annotations": {"summary": "shop/ledger"}, "startsAt": started, "generatorURL": ""}
    return {**active(cluster=cluster), **own}


@pytest.mark.parametrize(
    ("namespaces", "renews"),
    [
        ((part(namespace="shop", error="cannot list pods"),), True),
        ((part(namespace="shop"),), False),
        ((part(namespace="books", error="cannot list pods"),), False),
        ((), True),
    ],
    ids=["not looked at", "looked at", "another one not looked at", "none known"],
)
def test_an_alert_of_a_namespace_that_cannot_be_looked_at_does_not_end(
    httpserver: HTTPServer, namespaces: tuple[NamespaceReport, ...], renews: bool
) -> None:
    known = [held_alert("prod-eu"), held_alert("prod-us")]
    httpserver.expect_request(ALERTS, method="GET").respond_with_json(known)
    httpserver.expect_request(ALERTS, method="POST").respond_with_data("")
    seen = report(cluster="prod-eu", namespaces=namespaces)

    deliveries = renewed(seen, settings(httpserver), budget())

    assert deliveries == ([OK] if renews else [])
    assert [
        (alert["labels"], alert["annotations"], alert["startsAt"], ends(alert) > STARTED)
        for alert in posted(httpserver)
    ] == [
        (held["labels"], held["annotations"], held["startsAt"], True)
        for held in known[:1]
        if renews
    ]


def test_nothing_is_sent_about_what_ended_long_ago(server: HTTPServer) -> None:
    old = incident(state="resolved", resolved_at=STARTED - timedelta(hours=2))

    assert told(server, memory(old)) == []
    assert told(server, memory()) == []
    assert server.log == []


def test_a_dry_run_and_no_address_send_nothing(server: HTTPServer) -> None:
    held = {"shop": memory(incident())}

    assert hand_off(report(mode="dry_run"), held, settings(server), budget()) == []
    assert hand_off(report(), held, Settings(), budget()) == []
    assert muted(held, settings(server, dry_run=True), budget()) == frozenset()
    assert muted(held, Settings(), budget()) == frozenset()
    assert server.log == []


def test_an_alert_that_memory_no_longer_names_is_ended_and_those_of_others_stay(
    httpserver: HTTPServer,
) -> None:
    former = active(incident="feedfeedfeedfeed", kind="crash_app_error")
    elsewhere = active(namespace="billing", incident="feedfeedfeedfeed")
    other_cluster = active(cluster="prod-us", incident="feedfeedfeedfeed")
    stranger = active(alertname="KubePodCrashLooping")
    httpserver.expect_request(ALERTS, method="POST").respond_with_data("")
    httpserver.expect_request(ALERTS, method="GET").respond_with_json(
        [former, elsewhere, other_cluster, stranger]
    )

    assert told(httpserver, memory(incident())) == [OK]

    *_, last = posted(httpserver)
    assert last["labels"] == former["labels"]
    assert ends(last) < STARTED
    assert len(posted(httpserver)) == 3


def test_a_refusal_is_told_in_its_words(httpserver: HTTPServer) -> None:
    httpserver.expect_request(ALERTS).respond_with_json("start time is later", status=400)

    (delivered,) = told(httpserver, memory(incident()))

    assert delivered.error == 'answered HTTP 400: "start time is later"'
    assert [r.method for r, _ in httpserver.log] == ["POST"]


def test_a_server_that_fails_once_is_asked_once_more(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request(ALERTS, method="POST").respond_with_data("", status=503)
    httpserver.expect_request(ALERTS, method="POST").respond_with_data("")
    httpserver.expect_request(ALERTS, method="GET").respond_with_json([])

    assert told(httpserver, memory(incident())) == [OK]
    assert [r.method for r, _ in httpserver.log].count("POST") == 2


def test_a_server_that_goes_on_failing_is_asked_no_third_time(httpserver: HTTPServer) -> None:
    httpserver.expect_request(ALERTS).respond_with_data("busy", status=503)

    (delivered,) = told(httpserver, memory(incident()))

    assert delivered.error == "answered HTTP 503: busy"
    assert len(httpserver.log) == 2


def test_a_redirect_is_not_followed(httpserver: HTTPServer) -> None:
    headers = {"Location": "/elsewhere"}
    httpserver.expect_request(ALERTS).respond_with_data("", status=302, headers=headers)

    (delivered,) = told(httpserver, memory(incident()))

    assert not delivered.ok
    assert {r.path for r, _ in httpserver.log} == {ALERTS}


def test_a_slow_one_costs_one_timeout(httpserver: HTTPServer) -> None:
    told_off = threading.Event()

    def late(_request: Request) -> Response:
        told_off.wait(5)
        return Response("")

    httpserver.expect_request(ALERTS).respond_with_handler(late)
    impatient = settings(httpserver, 0.2)

    (delivered,) = hand_off(report(), {"shop": memory(incident())}, impatient, budget())

    told_off.set()
    assert delivered.error == "no answer in time"
    poll(lambda: httpserver.log, "the only call")
    assert len(httpserver.log) == 1


def test_one_that_is_down_is_a_failed_delivery_and_mutes_nothing() -> None:
    down = Settings(alertmanager=AlertmanagerSettings(url="http://127.0.0.1:1"))
    held = {"shop": memory(incident())}

    (delivered,) = hand_off(report(), held, down, budget())

    assert delivered.error == "connection refused"
    assert muted(held, down, budget()) == frozenset()


def test_a_silence_mutes_the_incident_that_it_holds(httpserver: HTTPServer) -> None:
    other = "fedcba9876543210" * 2
    httpserver.expect_request(ALERTS).respond_with_json(
        [active(incident=MARK[:16], silenced=True), active(incident=other[:16])]
    )
    held = {"shop": memory(incident(), incident(fingerprint=other))}

    assert muted(held, settings(httpserver), budget()) == {MARK}
    ((asked, _),) = httpserver.log
    assert 'cluster="prod-eu"' in asked.args.getlist("filter")


@pytest.mark.parametrize(
    "labels",
    [{"namespace": "billing"}, {"cluster": "prod-us"}, {"incident": "x"}, {"alertname": "Other"}],
)
def test_a_silence_of_something_else_mutes_nothing(
    httpserver: HTTPServer, labels: dict[str, str]
) -> None:
    other = active(silenced=True, **{"incident": MARK[:16], **labels})
    httpserver.expect_request(ALERTS).respond_with_json([other])

    assert muted({"shop": memory(incident())}, settings(httpserver), budget()) == frozenset()


@pytest.mark.parametrize(
    "garbage",
    [
        "<html>", "", "null", "{}", "[1]", '[{"labels": 3}]', "\ud83d", '[{"labels": {}}]',
        '[{"labels": {"alertname": "SREWatchdogNeedsYou"}, "status": null}]', "9" * 5000,
        "[" * 50_000,
    ],
)  # fmt: skip
def test_garbage_mutes_nothing_and_stops_nothing(httpserver: HTTPServer, garbage: str) -> None:
    httpserver.expect_request(ALERTS, method="POST").respond_with_data("")
    body = garbage.encode("utf-8", "surrogatepass")
    httpserver.expect_request(ALERTS, method="GET").respond_with_data(body)

    assert muted({"shop": memory(incident())}, settings(httpserver), budget()) == frozenset()
    assert told(httpserver, memory(incident())) == [OK]


def test_the_doctor_knows_an_alertmanager_from_something_else(httpserver: HTTPServer) -> None:
    path = "/am/api/v2/status"
    version = {"versionInfo": {"version": "0.28.1"}}
    httpserver.expect_ordered_request(path).respond_with_json(version)
    httpserver.expect_ordered_request(path).respond_with_json({"status": "success"})
    httpserver.expect_ordered_request(path).respond_with_data("no", status=404)

    found = [reachable(settings(httpserver), Budget(60, SystemClock())) for _ in range(3)]

    assert found[0] == OK
    assert found[1].error == "what answers there is no Alertmanager"
    assert found[2].error == "answered HTTP 404: no"


def test_times_carry_their_zone(server: HTTPServer) -> None:
    told(server, memory(incident()))

    for alert in posted(server):
        assert ends(alert).utcoffset() == timedelta(0)
        assert datetime.fromisoformat(alert["startsAt"]).tzinfo is not None
    assert STARTED.tzinfo is UTC


def test_each_alertmanager_of_a_cluster_gets_the_alert_and_one_that_is_down_does_not_matter(
    httpserver: HTTPServer,
) -> None:
    for name in ("one", "two"):
        httpserver.expect_request(f"/{name}/api/v2/alerts", method="POST").respond_with_data("")
    own = AlertmanagerSettings(
        url="http://127.0.0.1:9/",
        urls=(httpserver.url_for("/one"), httpserver.url_for("/two")),
        timeout_seconds=2,
    )
    held = memory(incident(state="needs_you"))

    went = hand_off(report(), {"shop": held}, Settings(alertmanager=own), budget())

    assert went == [OK]
    asked = {request.path for request, _ in httpserver.log if request.method == "POST"}
    assert asked == {"/one/api/v2/alerts", "/two/api/v2/alerts"}


def of_two(*urls: str) -> Settings:
    first, *others = urls
    own = AlertmanagerSettings(url=first, urls=tuple(others), timeout_seconds=30)
    return Settings(alertmanager=own)


def test_what_any_alertmanager_of_a_cluster_holds_counts(httpserver: HTTPServer) -> None:
    """One that was restarted holds no alert yet, and is asked first."""
    known = held_alert("prod-eu")
    known["labels"]["incident"] = MARK[:16]
    known["status"]["silencedBy"] = ["s-1"]
    for name, holds in (("one", []), ("two", [known])):
        path = f"/{name}/api/v2/alerts"
        httpserver.expect_request(path, method="GET").respond_with_json(holds)
        httpserver.expect_request(path, method="POST").respond_with_data("")
    both = of_two(httpserver.url_for("/one"), httpserver.url_for("/two"))
    unseen = (part(namespace="shop", error="cannot list pods"),)

    assert muted({"shop": memory(incident())}, both, budget()) == {MARK}
    assert renewed(report(cluster="prod-eu", namespaces=unseen), both, budget()) == [OK]
    assert [alert["labels"] for alert in posted(httpserver)] == [known["labels"]] * 2


def test_the_alertmanagers_of_a_cluster_hear_of_an_end_at_once() -> None:
    """Where one hears of it later, the other pages once more."""
    both_hear = threading.Barrier(2)

    def heard(exchange: Exchange) -> None:
        exchange.read()
        with contextlib.suppress(threading.BrokenBarrierError):
            both_hear.wait(10)
            exchange.send(whole(b"[]"))

    with FaultServer(heard) as one, FaultServer(heard) as two:
        held = {"shop": memory(incident())}
        went = hand_off(report(), held, of_two(one.url(), two.url()), budget())

    assert went == [OK]
    assert not both_hear.broken


def test_the_doctor_says_which_alertmanager_of_a_cluster_does_not_answer(
    httpserver: HTTPServer,
) -> None:
    path = "/one/api/v2/status"
    httpserver.expect_request(path).respond_with_json({"versionInfo": {"version": "0.28.1"}})
    both = of_two(httpserver.url_for("/one"), "http://127.0.0.1:1")

    found = reachable(both, Budget(60, SystemClock()))

    assert found.error == "address 2 of 2: connection refused"
