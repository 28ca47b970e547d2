"""Passes over a real API server with a memory that someone edited: none of the edits wins.

The edits are those of tests/component/test_edited_everywhere.py. Here the ConfigMap, its versions
and the Lease are the API server's, and a workload's own version tells whether it was written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tests.cluster.handle import PATIENCE
from tests.cluster.plane import Object, Plane
from tests.component.test_edited_everywhere import ASKS, EDITS, ELSEWHERE, WORD
from tests.support.wire_model import ModelServer, completion
from tests.support.wire_slack import TOKEN, Slack
from watchdog.agent.deliver import deliver
from watchdog.agent.progress import QuietProgress
from watchdog.agent.run import PassContext, run_pass
from watchdog.clock import Budget, SystemClock
from watchdog.kube.client import ApiServer
from watchdog.llm.model_client import Model
from watchdog.model.report import NamespaceReport
from watchdog.settings.schema import MemorySettings, Settings
from watchdog.settings.services import LLMSettings, SlackSettings
from watchdog.slack.threads import answers

pytestmark = pytest.mark.plane
KEY = SecretStr("signs memories of this test")
MEMORY = "configmaps/sre-watchdog"
# These name an object of the namespace that the embedded cluster has.
CHOSEN = [name for name in EDITS if name not in {"began an undo", "began to scale"}]
CRASHES = {
    "name": "main", "image": "busybox:1.36", "imageID": "", "ready": False, "restartCount": 5,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
    "lastState": {"terminated": {
        "exitCode": 1, "reason": "Error",
        "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z",
    }},
}  # fmt: skip


class Place:
    """A namespace with a release that crashes, and one before it that still serves."""

    def __init__(self, plane: Plane, ns: str, given: dict[str, Any]) -> None:
        self.plane, self.ns, self.given = plane, ns, given
        self.workload = self._broken()

    def path(self, what: str) -> str:
        group = "/apis/apps/v1" if what.startswith("deployments") else "/api/v1"
        return f"{group}/namespaces/{self.ns}/{what}"

    def look(self) -> NamespaceReport:
        made = Settings(memory=MemorySettings(key=KEY), **self.given)
        budget = Budget(PATIENCE, SystemClock())
        cluster = ApiServer.connect(self.plane.kubeconfig, None, budget)
        work = PassContext(
            settings=made,
            cluster=cluster,
            budget=budget,
            progress=QuietProgress(),
            ask=Model(made.llm, budget).ask,
            consent=None,
            cluster_name="test",
            read_replies=lambda memories: answers(memories, made, budget),
        )
        report = run_pass((self.ns,), work, lambda r, books: deliver(r, made, books))
        return report.namespaces[0]

    def memory(self) -> Any:
        return json.loads(self.plane.api.request("GET", self.path(MEMORY))["data"]["memory.json"])

    def edit(self, name: str, *, stripped: bool) -> None:
        """As someone who may write ConfigMaps does, over the old signature or without any."""
        found = self.plane.api.request("GET", self.path(MEMORY))
        memory = json.loads(found["data"]["memory.json"])
        EDITS[name](memory)
        found["data"]["memory.json"] = json.dumps(memory)
        if stripped:
            del found["data"]["signature"]
        self.plane.api.request("PUT", self.path(MEMORY), found)

    def version(self) -> str:
        found = self.plane.api.request("GET", self.path("deployments/ledger"))
        return str(found["metadata"]["resourceVersion"])

    def _broken(self) -> Object:
        good, bad = self._template("ledger:1"), self._template("ledger:2")
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": "ledger"}}, "template": bad}
        owner = self._made("Deployment", "ledger", {"deployment.kubernetes.io/revision": "2"}, spec)
        failed = {
            "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
        }  # fmt: skip
        counts = {"replicas": 2, "updatedReplicas": 2, "unavailableReplicas": 2}
        self._status(owner, {**counts, "observedGeneration": 1, "conditions": [failed]})
        serving = {"replicas": 1, "availableReplicas": 1, "readyReplicas": 1}
        for number, template, status in ((1, good, serving), (2, bad, {"replicas": 2})):
            labels = {"app": "ledger", "pod-template-hash": f"{number}"}
            pods = {**template, "metadata": {"labels": labels}}
            own = {"replicas": status["replicas"], "selector": {"matchLabels": labels}}
            notes = {"deployment.kubernetes.io/revision": f"{number}"}
            made = self._made(
                "ReplicaSet", f"ledger-{number}", notes, {**own, "template": pods}, owner, labels
            )
            self._status(made, status)
            if number == 2:
                for letter in "ab":
                    self._pod(f"ledger-2-{letter * 5}", made, labels, bad["spec"])
        return owner

    def _pod(self, name: str, owner: Object, labels: Any, spec: Any) -> None:
        made = self._made("Pod", name, {}, {**spec, "nodeName": "none"}, owner, labels)
        unready = {"type": "Ready", "status": "False", "reason": "ContainersNotReady"}
        status = {"phase": "Running", "conditions": [unready], "containerStatuses": [CRASHES]}
        self._status(made, status)

    def _template(self, image: str) -> Any:
        return {
            "metadata": {"labels": {"app": "ledger"}},
            "spec": {"containers": [{"name": "main", "image": image}]},
        }

    def _made(  # noqa: PLR0913, PLR0917 - the parts of an object
        self,
        kind: str,
        name: str,
        notes: dict[str, str],
        spec: Any,
        owner: Object | None = None,
        labels: Any = None,
    ) -> Object:
        metadata: Any = {"name": name, "namespace": self.ns, "annotations": notes}
        metadata["labels"] = labels or {}
        if owner:
            metadata["ownerReferences"] = [
                {
                    "apiVersion": "apps/v1", "kind": owner["kind"], "controller": True,
                    "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
                }
            ]  # fmt: skip
        version = "v1" if kind == "Pod" else "apps/v1"
        made = self.plane.create(
            {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        )
        return {"apiVersion": version, "kind": kind, **made}

    def _status(self, obj: Object, status: Any) -> None:
        self.plane.status({**obj, "status": status})


def settings(slack: Slack, httpserver: HTTPServer) -> dict[str, Any]:
    """A bot, and a model that plans to go back to the release that serves."""
    answer = {
        "has_issue": True, "summary": "the release crashes", "root_cause": "the image is broken",
        "evidence": [], "confidence": 0.9, "remediation_actions": [
            {"kind": "rollout_undo", "target": "D1", "to_revision": 1},
        ],
    }  # fmt: skip
    model = ModelServer(httpserver).says(completion(json.dumps(answer)))
    return {
        "slack": SlackSettings(bot_token=TOKEN, channel="#ops", base_url=slack.base_url),
        "llm": LLMSettings(base_url=model.url, model="m"),
        "actions": ASKS,
    }


def wins(place: Place, slack: Slack, seen: NamespaceReport, version: str) -> Iterator[str]:
    """What an editor got by it."""
    if place.version() != version:
        yield "wrote to the workload"
    if [str(finding.target) for finding in seen.findings] != ["Deployment/ledger"]:
        yield "hid the failure"
    if not any("ConfigMap sre-watchdog" in sentence for sentence in seen.warnings):
        yield "was not reported"
    if WORD in seen.model_dump_json().lower():
        yield "spoke in the report"
    if any(WORD in json.dumps(message.body).lower() for message in slack.messages):
        yield "spoke in Slack"
    if any(message.channel == ELSEWHERE for message in slack.messages):
        yield "chose the channel"
    if WORD in json.dumps(place.memory()).lower():
        yield "is remembered"


@pytest.mark.parametrize("stripped", [False, True], ids=["signed", "stripped"])
def test_no_edit_of_the_memory_wins_on_a_real_api_server(
    plane: Plane, httpserver: HTTPServer, *, stripped: bool
) -> None:
    slack = Slack(httpserver, ("#ops", "#other"))
    given = settings(slack, httpserver)
    won: list[str] = []
    # Over the old signature nothing of the text is read, so a few of them speak for all.
    chosen = CHOSEN if stripped else CHOSEN[::4]
    assert len(CHOSEN) >= 30
    with plane.namespace("edited") as ns:
        place = Place(plane, ns, given)
        for name in chosen:
            place.look()
            held = place.memory()
            assert held["incidents"][0]["request"]
            assert held["diagnosed"]
            version = place.version()
            place.edit(name, stripped=stripped)
            won += [f"{name}: {what}" for what in wins(place, slack, place.look(), version)]
    assert won == []
