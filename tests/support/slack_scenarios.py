"""Incidents that live through passes while Slack hears of them; time passes only on demand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from tests.support.report_samples import STARTED, finding, namespace, ref
from tests.support.report_samples import report as sample
from tests.support.wire_slack import TOKEN, Slack
from watchdog.clock import Budget
from watchdog.errors import ClusterError
from watchdog.incidents.memory import Memory
from watchdog.model.incident import Incident
from watchdog.model.report import ActionResult, Delivery, NamespaceReport, Report
from watchdog.settings.schema import Settings
from watchdog.settings.services import SlackSettings
from watchdog.slack.threads import Answers, answers, notify


class Clock:
    """Time that passes only while someone sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return STARTED

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def bot(slack: Slack, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "bot_token": SecretStr(TOKEN),
        "channel": "#ops",
        "base_url": slack.base_url,
        "timeout_seconds": 1,
        "approvers": ("U1", "U2"),
    }
    return Settings(slack=SlackSettings(**{**values, **changes}))


def webhook(slack: Slack) -> Settings:
    url = SecretStr(slack.webhook_url)
    return Settings(slack=SlackSettings(webhook_url=url, timeout_seconds=1))


def incident(name: str = "ledger", **changes: Any) -> Incident:
    values: dict[str, Any] = {
        "fingerprint": name.encode().hex().ljust(32, "0")[-32:],
        "kind": "missing_env",
        "target": ref(name),
        "container": "main",
        "uid": "u-1",
        "summary": "missing environment variable",
        "first_seen": STARTED - timedelta(minutes=12),
        "last_seen": STARTED,
    }
    return Incident(**{**values, **changes})


class Life:
    """What is remembered of namespace `shop`, pass after pass; `kept` is what was saved last."""

    def __init__(self, slack: Slack, settings: Settings, *incidents: Incident) -> None:
        self.slack = slack
        self.settings = settings
        self.clock = Clock()
        self.memory = Memory(namespace="shop", incidents=incidents or (incident(),))
        self.kept = self.memory
        self.keeps = 0
        self.minutes = 0.0
        self.muted: frozenset[str] = frozenset()
        self.channels: dict[str, str] = {}
        self.unkept = ""

    @property
    def incidents(self) -> tuple[Incident, ...]:
        return self.memory.incidents

    def change(self, name: str = "", **changes: Any) -> None:
        """The next pass knows this of the incidents (of that name)."""
        incidents = tuple(
            item.model_copy(update=changes) if name in {"", item.target.name} else item
            for item in self.memory.incidents
        )
        self.memory = self.memory.model_copy(update={"incidents": incidents})

    def resolve(self, name: str = "") -> None:
        end = STARTED + timedelta(minutes=self.minutes)
        self.change(name, state="resolved", resolved_at=end)

    def report(self, actions: tuple[ActionResult, ...] = (), **changes: Any) -> Report:
        findings = tuple(
            finding(target=item.target, kind=item.kind) for item in self.incidents if item.open
        )
        item = namespace(findings=findings, actions=actions) if findings else _empty()
        begun = STARTED + timedelta(minutes=self.minutes)
        return sample(item, started_at=begun, duration_seconds=0.0, **changes)

    def pass_on(
        self,
        report: Report | None = None,
        seconds: float = 120,
        minutes: float = 5,
        *,
        dies: bool = False,
    ) -> list[Delivery]:
        """One pass tells Slack, and saves; where it `dies` before, only what it kept is left."""
        before = self.kept = self.memory
        budget = Budget(seconds, self.clock)
        delivered, memories = notify(
            report or self.report(),
            {"shop": self.memory},
            self.settings,
            budget,
            self.channels,
            self.keep,
            muted=self.muted,
        )
        if memories["shop"] != before and not dies:
            self.kept = memories["shop"]
        self.memory = self.kept
        self.minutes += minutes
        return delivered

    def keep(self, name: str, memory: Memory) -> None:
        assert name == "shop"
        if self.unkept:
            raise ClusterError(self.unkept)
        self.keeps += 1
        self.kept = memory

    def answers(self) -> Answers:
        return answers({"shop": self.memory}, self.settings, Budget(60, self.clock))


def _empty() -> NamespaceReport:
    return NamespaceReport(namespace="shop", objects={"pods": 14, "deployments": 5})
