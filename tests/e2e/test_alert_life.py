"""An hour and more of alerts in two minutes: real Pushgateway, Prometheus and two Alertmanagers.

Three releases push to one gateway without a volume, which is restarted in the middle. One of them
stops for a while, and one waits for a person, which it also hands to both Alertmanagers itself. A
minute takes two seconds: all times in the rules and in the configuration are as much shorter.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer

from tests.cluster.handle import PATIENCE, poll
from tests.e2e.servers import Prometheus, fetched, free_port, running
from tests.support.incident_samples import incident, memory
from tests.support.report_samples import fix, healthy, namespace, report
from watchdog.clock import Budget, SystemClock
from watchdog.integrations.alertmanager import hand_off
from watchdog.integrations.alertmanager_api import NEEDS_YOU
from watchdog.integrations.pushgateway import push
from watchdog.model.outcome import Outcome
from watchdog.model.report import Report
from watchdog.settings.schema import Settings
from watchdog.settings.services import AlertmanagerSettings, PushgatewaySettings

pytestmark = pytest.mark.chart
RULES = Path(__file__).parents[2] / "deploy" / "alerts.yaml"
FASTER = 30
MINUTE = 60 / FASTER
EVERY = 5
"""Minutes from one pass to the next."""
FAULTS_BEGIN, RESTART, FAULTS_END, OVER, END = 10, 35, 55, 75, 100
LATE = 4
"""Minutes that a scrape, an evaluation and a busy machine may add."""
HOOK = "/pager"
NUMBER = re.compile(r"(?<=[<>+-] )\d{3,}\b")
Told = tuple[str, str]


def faster(rules: dict[str, Any]) -> dict[str, Any]:
    """The rules with all their times shorter: durations, and numbers of seconds."""

    def times(text: str) -> str:
        shorter = re.sub(r"\b(\d+)s\b", lambda found: f"{int(found[1]) * 1000 // FASTER}ms", text)
        return NUMBER.sub(lambda found: f"{int(found[0]) / FASTER:g}", shorter)

    groups = [
        {
            **group,
            "rules": [
                {**rule, **{key: times(rule[key]) for key in ("expr", "for") if key in rule}}
                for rule in group["rules"]
            ],
        }
        for group in rules["groups"]
    ]
    return {"groups": groups}


@dataclass
class Gateway:
    """A Pushgateway that keeps nothing over a restart."""

    command: Path
    address: str
    server: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def restart(self) -> None:
        ready = f"http://{self.address}/-/ready"
        self.server.close()
        poll(lambda: not fetched(ready), "the gateway's end", every=0.05)
        self.server.enter_context(running(self.command, f"--web.listen-address={self.address}"))
        poll(lambda: fetched(ready), "the Pushgateway", every=0.05)


@dataclass
class Stack:
    """The servers, and the minutes since they were all there."""

    gateway: Gateway
    alertmanagers: list[str]
    prometheus: Prometheus
    pager: HTTPServer
    began: float = field(default_factory=time.time)

    def until(self, minute: float) -> None:
        time.sleep(max(0.0, self.began + minute * MINUTE - time.time()))

    def live(self, release: str, says: Callable[[int], Report | None]) -> None:
        """Pushes, at each pass of that release, what it says then; None is no push."""
        for minute in range(0, END, EVERY):
            self.until(minute)
            if (what := says(minute)) is not None:
                self.pushes(release, what)

    def minute(self, when: float) -> float:
        return (when - self.began) / MINUTE

    def pushes(self, release: str, what: Report) -> None:
        own = PushgatewaySettings(url=f"http://{self.gateway.address}")
        settings = Settings(cluster_name="eu", pushgateway=own)
        now = {"started_at": datetime.now(UTC), "duration_seconds": 1.0}
        budget = Budget(PATIENCE, SystemClock())
        told = push(what.model_copy(update=now), settings, budget, {"release_namespace": release})
        assert all(each.ok for each in told), told

    def escalates(self, state: str) -> None:
        """What a pass hands to Alertmanager itself."""
        first, *others = self.alertmanagers
        own = AlertmanagerSettings(url=first, urls=tuple(others))
        now = datetime.now(UTC)
        known = incident(first_seen=now - timedelta(minutes=10), last_seen=now, state=state)
        if state == "resolved":
            known = known.model_copy(update={"resolved_at": now})
        budget = Budget(PATIENCE, SystemClock())
        settings = Settings(alertmanager=own)
        (told,) = hand_off(report(), {"shop": memory(known)}, settings, budget)
        assert told.ok, told

    def paged(self) -> list[tuple[str, str]]:
        """(status, alert's name) of each page, oldest first."""
        pages = [json.loads(r.get_data()) for r, _ in self.pager.log if r.path == HOOK]
        return [(a["status"], a["labels"]["alertname"]) for page in pages for a in page["alerts"]]

    def fired(self) -> dict[Told, list[float]]:
        """The minutes at which each alert fired, by its name and release."""
        series = self.prometheus.history(
            'ALERTS{alertstate="firing"}', self.began, time.time(), MINUTE
        )
        return {
            (each["metric"]["alertname"], each["metric"].get("release_namespace", "")): [
                self.minute(float(when)) for when, _ in each["values"]
            ]
            for each in series
        }


@pytest.fixture
def stack(tool: Callable[[str], Path], tmp_path: Path, httpserver: HTTPServer) -> Iterator[Stack]:
    httpserver.expect_request(HOOK).respond_with_data("")
    here = "127.0.0.1"
    gateway, watching, *alerting = (f"{here}:{free_port(here)}" for _ in range(4))
    with contextlib.ExitStack() as servers:
        first, second = alertmanagers(tool, tmp_path, httpserver, alerting)
        for each in (first, second):
            servers.enter_context(running(*each))
        started = Gateway(tool("pushgateway"), gateway)
        servers.callback(started.server.close)
        started.restart()
        servers.enter_context(running(*prometheus(tool, tmp_path, gateway, alerting, watching)))
        for address in (watching, *alerting):
            poll(lambda url=f"http://{address}/-/ready": fetched(url), address)  # type: ignore[misc]
        poll(lambda: peers(alerting[1]) == len(alerting), "the Alertmanagers to find each other")
        urls = [f"http://{address}" for address in alerting]
        real = Prometheus(f"http://{watching}")
        yield Stack(started, urls, real, httpserver)


def alertmanagers(
    tool: Callable[[str], Path], home: Path, pager: HTTPServer, addresses: list[str]
) -> list[list[object]]:
    """The commands of two that know each other, with the usual waits of a route."""
    hook = {"url": pager.url_for(HOOK), "send_resolved": True}
    route = {"receiver": "pager", "group_by": ["alertname", "namespace", "release_namespace"]}
    route |= {"group_wait": "1s", "group_interval": "10s", "repeat_interval": "480s"}
    config = {"route": route, "receivers": [{"name": "pager", "webhook_configs": [hook]}]}
    (home / "alertmanager.yaml").write_text(json.dumps(config))
    gossip = [f"127.0.0.1:{free_port('127.0.0.1')}" for _ in addresses]
    return [
        [
            tool("alertmanager"),
            f"--config.file={home}/alertmanager.yaml",
            f"--storage.path={home}/alerts-{number}",
            f"--web.listen-address={address}",
            f"--cluster.listen-address={gossip[number]}",
            f"--cluster.peer={gossip[1 - number]}",
            "--cluster.peer-timeout=5s",
            "--cluster.pushpull-interval=1s",
            "--cluster.settle-timeout=2s",
        ]
        for number, address in enumerate(addresses)
    ]


def peers(address: str) -> int:
    return len(json.loads(fetched(f"http://{address}/api/v2/status"))["cluster"]["peers"])


def prometheus(
    tool: Callable[[str], Path], home: Path, gateway: str, alerting: list[str], address: str
) -> list[object]:
    """The command of one that scrapes the gateway and knows the shipped rules."""
    rules = faster(yaml.safe_load(RULES.read_text()))
    (home / "rules.yaml").write_text(json.dumps(rules))
    job = {"job_name": "gateway", "honor_labels": True, "scrape_interval": "1s"}
    config = {
        "global": {"evaluation_interval": "1s"},
        "rule_files": [f"{home}/rules.yaml"],
        "scrape_configs": [{**job, "static_configs": [{"targets": [gateway]}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": alerting}]}]},
    }
    (home / "prometheus.yaml").write_text(json.dumps(config))
    return [
        tool("prometheus"),
        f"--config.file={home}/prometheus.yaml",
        f"--storage.tsdb.path={home}/data",
        f"--web.listen-address={address}",
        "--rules.alert.resend-delay=2s",
    ]


def hold(alert: str) -> float:
    """The minutes for which an alert has to hold before it fires."""
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    (found,) = (rule["for"] for rule in rules if rule.get("alert") == alert)
    return int(found.removesuffix("s")) / 60


def faulty(minute: int) -> bool:
    return FAULTS_BEGIN <= minute < FAULTS_END


def waits(stack: Stack, minute: int) -> Report:
    """Needs a person for a while, and says so to Alertmanager itself, as each pass does."""
    if FAULTS_BEGIN <= minute <= FAULTS_END:
        stack.escalates("needs_you" if faulty(minute) else "resolved")
    person = report(namespace(actions=(fix(Outcome.REFUSED, rule="ignored"),)))
    return person if faulty(minute) else healthy()


def stops(minute: int) -> Report | None:
    """Passes once more when the faults begin, and then not until they end."""
    return None if faulty(minute) and minute > FAULTS_BEGIN else healthy()


def test_the_right_alerts_fire_at_the_right_minute_and_nothing_pages_once_it_is_over(
    stack: Stack,
) -> None:
    lives = {"well": lambda _: healthy(), "stops": stops, "waits": partial(waits, stack)}
    threads = [threading.Thread(target=stack.live, args=each) for each in lives.items()]
    for thread in threads:
        thread.start()
    # Between two passes, so that no push meets a closed port.
    stack.until(RESTART + EVERY / 2)
    stack.gateway.restart()
    stack.until(OVER)
    over = len(stack.paged())
    for thread in threads:
        thread.join()
    stack.until(END)

    fired = stack.fired()
    stopped, person = ("SreWatchdogNotRunning", "stops"), ("SreWatchdogNeedsHuman", "waits")
    assert fired.keys() == {stopped, person}
    due = {
        # The age that counts as stopped, and the time for which that has to hold.
        stopped: FAULTS_BEGIN + 10 + hold(stopped[0]),
        person: FAULTS_BEGIN + hold(person[0]),
    }
    for alert, minutes in fired.items():
        assert due[alert] - 1 <= minutes[0] <= due[alert] + LATE, alert
        assert FAULTS_END - 1 <= minutes[-1] <= FAULTS_END + LATE, alert
        # Without a gap, whatever became of the gateway.
        assert len(minutes) == round(minutes[-1] - minutes[0]) + 1, alert
    named = (stopped[0], person[0], NEEDS_YOU)
    expected = Counter((status, name) for status in ("firing", "resolved") for name in named)
    assert Counter(stack.paged()) == expected
    assert len(stack.paged()) == over, "nothing pages after it is over"
