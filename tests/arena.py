"""Whole passes on the embedded cluster, in its own time: waiting for a rollout takes no time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.shop import BoxClock
from tests.wire import Wire
from watchdog.agent import Pass, run_pass
from watchdog.blocker import blocker
from watchdog.clock import Budget
from watchdog.deliveries import deliver
from watchdog.diagnosis.llm import Model
from watchdog.incidents.incident import Incident
from watchdog.incidents.memory import Memory, decode
from watchdog.kube import Cluster
from watchdog.nouns import NamespaceReport, Report
from watchdog.remediation.apply import Proposal
from watchdog.report.progress import QuietProgress
from watchdog.report.slack_threads import answers
from watchdog.settings import LLMSettings, Settings

NAMESPACE = "shop"
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 2
  strategy: {{rollingUpdate: {{maxUnavailable: 2}}}}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: main
        image: {image}
        command: [sh, -c, ': "${{REQUIRED_CONFIG:?must be set}}"; {script}']
        env: {env}
"""
VALUE = "canary-5f1c9e"
SET = f"[{{name: REQUIRED_CONFIG, value: {VALUE}}}]"


@dataclass
class Arena:
    """An embedded cluster with faults, and passes over it by a host whose clock may be wrong."""

    wire: Wire
    kubeconfig: Path
    asked: list[Proposal] = field(default_factory=list)
    clock_ahead: timedelta = timedelta()

    def deploy(self, name: str = "ledger", env: str = SET, **parts: str) -> None:
        given = {"image": "busybox:1.36", "script": "sleep 86400", **parts}
        self.wire.apply(MANIFEST.format(name=name, env=env, **given), NAMESPACE)

    def break_env(self, name: str = "ledger") -> None:
        """An available revision, then one without REQUIRED_CONFIG that crash-loops."""
        self.deploy(name)
        self.wire.advance(600)
        self.deploy(name, env="[]")
        self.wire.advance(60)

    def run(
        self, consent: bool | None = None, llm: LLMSettings | None = None, **given: Any
    ) -> Report:
        """One pass; `consent` is what a person at a terminal would answer, None where nobody is."""
        settings = Settings(llm=llm or LLMSettings(), **given)
        clock = BoxClock(self.wire, self.clock_ahead)
        budget = Budget(settings.run_budget_seconds, clock)
        cluster = Cluster.connect(self.kubeconfig, None, budget)

        def answer(proposal: Proposal) -> bool:
            self.asked.append(proposal)
            return bool(consent)

        work = Pass(
            settings=settings,
            cluster=cluster,
            budget=budget,
            progress=QuietProgress(),
            ask=Model(settings.llm, budget).ask if settings.llm.configured else None,
            consent=None if consent is None else answer,
            cluster_name="test",
            blocked=blocker(settings.blocker, budget),
        )
        if settings.slack.bot_token:
            work.hear = lambda memories: answers(memories, settings, budget)
        self.wire.requests.clear()
        return run_pass((NAMESPACE,), work, lambda r, books: deliver(r, settings, books))

    def memory(self) -> Memory:
        """What is remembered, read as any pass would."""
        found = self.wire.get("ConfigMap", NAMESPACE, "sre-watchdog")
        return decode(found["data"]["memory.json"])

    def incident(self) -> Incident:
        """The one incident that is open."""
        (item,) = (item for item in self.memory().incidents if item.open)
        return item

    def look(self, **given: Any) -> NamespaceReport:
        """The one namespace's part of a pass."""
        return self.run(**given).namespaces[0]

    def spec(self, name: str = "ledger") -> Any:
        return self.wire.get("Deployment", NAMESPACE, name)["spec"]

    def env(self, name: str = "ledger") -> dict[str, Any]:
        container = self.spec(name)["template"]["spec"]["containers"][0]
        return {entry["name"]: entry.get("value") for entry in container.get("env", [])}


def outcomes(part: NamespaceReport) -> list[tuple[str, str]]:
    return [(result.action.kind, str(result.outcome)) for result in part.actions]
