"""Whole passes on the embedded cluster, in its own time: waiting for a rollout takes no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tests.support.demo_shop import BoxClock
from tests.support.wire import Wire
from watchdog.agent.deliver import deliver
from watchdog.agent.progress import QuietProgress
from watchdog.agent.run import PassContext, run_pass
from watchdog.clock import Budget
from watchdog.incidents.authenticity import keys_of
from watchdog.incidents.memory import Memory, decode
from watchdog.integrations.change_freeze import blocker
from watchdog.kube.client import ApiServer
from watchdog.llm.model_client import SHARE, Model
from watchdog.model.incident import Incident
from watchdog.model.report import NamespaceReport, Report
from watchdog.remediation.apply import Proposal
from watchdog.settings.schema import MemorySettings, Settings
from watchdog.settings.services import LLMSettings
from watchdog.slack.threads import answers

NAMESPACE = "shop"
MEMORY_KEY = SecretStr("signs memories of tests")
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
        """One pass; `consent` is what a person at a terminal would answer, None where no one is."""
        given = {"memory": MemorySettings(key=MEMORY_KEY), **given}
        settings = Settings(llm=llm or LLMSettings(), **given)
        clock = BoxClock(self.wire, self.clock_ahead)
        budget = Budget(settings.run_budget_seconds, clock)
        cluster = ApiServer.connect(self.kubeconfig, None, budget)

        def answer(proposal: Proposal) -> bool:
            self.asked.append(proposal)
            return bool(consent)

        work = PassContext(
            settings=settings,
            cluster=cluster,
            budget=budget,
            progress=QuietProgress(),
            ask=Model(settings.llm, budget, share=SHARE).ask if settings.llm.configured else None,
            consent=None if consent is None else answer,
            cluster_name="test",
            blocked=blocker(settings.blocker, budget),
        )
        if settings.slack.bot_token:
            work.read_replies = lambda memories: answers(memories, settings, budget)
        self.wire.requests.clear()
        return run_pass((NAMESPACE,), work, lambda r, books: deliver(r, settings, books))

    def memory(self) -> Memory:
        """What is remembered, read as any pass would."""
        found = self.wire.get("ConfigMap", NAMESPACE, "sre-watchdog")
        return decode(found["data"]["memory.json"])

    def edit_memory(self, change: Callable[[Any], None], *, sign: bool = False) -> None:
        """Change what is remembered, as someone could; `sign`: as only a pass could."""
        found = self.wire.get("ConfigMap", NAMESPACE, "sre-watchdog")
        found.get("metadata", {}).pop("managedFields", None)
        memory = json.loads(found["data"]["memory.json"])
        change(memory)
        text = json.dumps(memory)
        found["data"]["memory.json"] = text
        if sign:
            keys = keys_of(Settings(memory=MemorySettings(key=MEMORY_KEY)))
            uid = found["metadata"]["uid"]
            found["data"]["signature"] = keys.sign(NAMESPACE, uid, text)
        self.wire.apply(json.dumps(found), NAMESPACE)

    def incident(self) -> Incident:
        """The one incident that is open."""
        (item,) = (item for item in self.memory().incidents if item.open)
        return item

    def look(self, **given: Any) -> NamespaceReport:
        """The one namespace's part of a pass."""
        return self.run(**given).namespaces[0]

    def spec(self, name: str = "ledger") -> Any:
        return self.wire.get("Deployment", NAMESPACE, name)["spec"]

    def metadata(self, name: str = "ledger") -> Any:
        return self.wire.get("Deployment", NAMESPACE, name)["metadata"]

    def env(self, name: str = "ledger") -> dict[str, Any]:
        container = self.spec(name)["template"]["spec"]["containers"][0]
        return {entry["name"]: entry.get("value") for entry in container.get("env", [])}


def outcomes(part: NamespaceReport) -> list[tuple[str, str]]:
    return [(result.action.kind, str(result.outcome)) for result in part.actions]
