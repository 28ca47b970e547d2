"""Alerts of the watchdog in a real Alertmanager: they page, they end, and a silence holds them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.cluster.handle import PATIENCE, poll
from tests.e2e.servers import fetched, free_port, running
from tests.support.incident_samples import MARK, incident, memory, request
from tests.support.report_samples import report
from watchdog.clock import Budget, SystemClock
from watchdog.integrations.alertmanager import hand_off, muted
from watchdog.integrations.alertmanager_api import APPROVAL_WAITS, NEEDS_YOU, reachable
from watchdog.model.incident import Incident
from watchdog.model.report import Delivery
from watchdog.settings.schema import NamespacePolicy, Settings
from watchdog.settings.services import AlertmanagerSettings

pytestmark = pytest.mark.chart
OK = [Delivery(to="alertmanager", ok=True)]
HOOK = "/pager"


@dataclass(frozen=True)
class Alertmanager:
    """A real one with a pager of ours behind it; `amtool` is its own command line."""

    url: str
    amtool: Path
    pager: HTTPServer

    @property
    def settings(self) -> Settings:
        own = AlertmanagerSettings(url=self.url)
        policy = NamespacePolicy(severity="critical", owner="payments")
        return Settings(alertmanager=own, policies={"shop": policy})

    def hand(self, *incidents: Incident) -> list[Delivery]:
        held = {"shop": memory(*incidents)}
        return hand_off(report(), held, self.settings, Budget(PATIENCE, SystemClock()))

    def muted(self, *incidents: Incident) -> frozenset[str]:
        return muted({"shop": memory(*incidents)}, self.settings, Budget(PATIENCE, SystemClock()))

    def alerts(self, *options: str) -> list[dict[str, Any]]:
        """What amtool shows: the alerts that are active, and no silenced one unless asked for."""
        found: list[dict[str, Any]] = json.loads(self.ask("alert", "query", "-o", "json", *options))
        return found

    def names(self, *options: str) -> list[str]:
        return [alert["labels"]["alertname"] for alert in self.alerts(*options)]

    def ask(self, *args: str) -> str:
        command = [str(self.amtool), f"--alertmanager.url={self.url}", *args]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def paged(self) -> list[tuple[str, str]]:
        """(status, alert's name) of each page, oldest first."""
        pages = [json.loads(r.get_data()) for r, _ in self.pager.log if r.path == HOOK]
        return [(a["status"], a["labels"]["alertname"]) for page in pages for a in page["alerts"]]


@pytest.fixture
def alertmanager(
    tool: Callable[[str], Path], tmp_path: Path, httpserver: HTTPServer
) -> Iterator[Alertmanager]:
    httpserver.expect_request(HOOK).respond_with_data("")
    hook = {"url": httpserver.url_for(HOOK), "send_resolved": True}
    route = {"receiver": "pager", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s"}
    config = {"route": route, "receivers": [{"name": "pager", "webhook_configs": [hook]}]}
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    address = f"127.0.0.1:{free_port('127.0.0.1')}"
    options = [f"--config.file={tmp_path}/config.yaml", f"--storage.path={tmp_path}/data"]
    options += [f"--web.listen-address={address}", "--cluster.listen-address="]
    with running(tool("alertmanager"), *options):
        poll(lambda: fetched(f"http://{address}/-/ready"), "Alertmanager")
        yield Alertmanager(f"http://{address}", tool("amtool"), httpserver)


def fresh(**changes: Any) -> Incident:
    """An incident of ten minutes, by the real clock."""
    now = datetime.now(UTC)
    return incident(**{"first_seen": now - timedelta(minutes=10), "last_seen": now, **changes})


def resolved(item: Incident) -> Incident:
    return item.model_copy(update={"state": "resolved", "resolved_at": datetime.now(UTC)})


def test_an_escalation_pages_once_and_ends_when_it_is_resolved(alertmanager: Alertmanager) -> None:
    broken = fresh()

    assert alertmanager.hand(broken) == OK
    assert alertmanager.hand(broken) == OK
    (alert,) = alertmanager.alerts()
    poll(alertmanager.paged, "the page")
    assert alertmanager.hand(resolved(broken)) == OK

    assert alertmanager.alerts() == []
    poll(lambda: len(alertmanager.paged()) == 2, "the page that it is over")
    assert alertmanager.paged() == [("firing", NEEDS_YOU), ("resolved", NEEDS_YOU)]
    assert alert["labels"]["owner"] == "payments"
    assert alert["labels"]["severity"] == "critical"
    assert alert["labels"]["incident"] == MARK[:16]
    lasts = datetime.fromisoformat(alert["endsAt"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < lasts <= timedelta(hours=1)


def test_what_was_never_alerted_pages_nobody_when_it_ends(alertmanager: Alertmanager) -> None:
    known = fresh()
    other = fresh(fingerprint="fedcba9876543210" * 2, kind="oom_killed", state="fixed")

    assert alertmanager.hand(resolved(other), known) == OK

    poll(alertmanager.paged, "the page")
    assert alertmanager.paged() == [("firing", NEEDS_YOU)]


def test_an_ask_takes_the_place_of_an_escalation_and_gives_it_back(
    alertmanager: Alertmanager,
) -> None:
    now = datetime.now(UTC)
    ask = request(asked_at=now, expires_at=now + timedelta(hours=1))

    alertmanager.hand(fresh(request=ask))
    waiting = alertmanager.names()
    alertmanager.hand(fresh())

    assert waiting == [APPROVAL_WAITS]
    assert alertmanager.names() == [NEEDS_YOU]


def test_an_incident_that_shows_another_face_leaves_one_alert(alertmanager: Alertmanager) -> None:
    alertmanager.hand(fresh())
    alertmanager.hand(fresh(fingerprint="fedcba9876543210" * 2, kind="crash_app_error"))

    (alert,) = alertmanager.alerts()
    assert alert["labels"]["kind"] == "crash_app_error"


def test_a_silence_is_respected_until_it_ends(alertmanager: Alertmanager) -> None:
    broken = fresh()
    matchers = [f"alertname={NEEDS_YOU}", "namespace=shop"]
    silence = alertmanager.ask(
        "silence", "add", "--author=me", "--comment=known", "--duration=10m", *matchers
    ).strip()

    alertmanager.hand(broken)
    held = alertmanager.muted(broken)
    shown = alertmanager.names(), alertmanager.names("--silenced")
    alertmanager.ask("silence", "expire", silence)

    assert held == {MARK}
    assert shown == ([], [NEEDS_YOU])
    poll(lambda: alertmanager.muted(broken) == frozenset(), "the end of the silence")
    poll(alertmanager.paged, "the page")


def test_a_silence_of_another_namespace_mutes_nothing(alertmanager: Alertmanager) -> None:
    broken = fresh()
    alertmanager.ask("silence", "add", "--author=me", "--comment=known", "namespace=billing")

    alertmanager.hand(broken)

    assert alertmanager.muted(broken) == frozenset()


@pytest.mark.parametrize("cluster", ['a"b\\c', "prod eu {1}", "pröd", "$x"])
def test_an_odd_name_of_a_cluster_is_found_again(alertmanager: Alertmanager, cluster: str) -> None:
    held = {"shop": memory(fresh(), cluster=cluster)}
    alertmanager.ask("silence", "add", "--author=me", "--comment=known", "namespace=shop")

    hand_off(report(), held, alertmanager.settings, Budget(PATIENCE, SystemClock()))

    assert muted(held, alertmanager.settings, Budget(PATIENCE, SystemClock())) == {MARK}


def test_the_doctor_finds_it(alertmanager: Alertmanager) -> None:
    assert [reachable(alertmanager.settings, Budget(PATIENCE, SystemClock()))] == OK
