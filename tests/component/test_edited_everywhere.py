"""A pass with a memory that someone edited, in each way that could win something.

Each edit is tried with the signature taken away, as of an earlier version, and some over the old
signature. Either way the pass writes nothing to a workload, says no word of the editor's, posts
nowhere that the editor chose, and still tells what is broken.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.support.simulated_cluster import NAMESPACE, Arena
from tests.support.wire_model import ModelServer, completion
from tests.support.wire_slack import TOKEN, Slack
from watchdog.model.report import NamespaceReport
from watchdog.settings.services import LLMSettings, SlackSettings

WORD = "trustme"  # plain, so that no filter of words takes it out
ELSEWHERE = "C001"
ASKS = {"patch_deployment_env": "approve", "rollout_undo": "approve"}
Edit = Callable[[Any], None]


def item(memory: Any) -> Any:
    return memory["incidents"][0]


def put(*path: str, value: Any) -> Edit:
    """Sets one field of the incident."""

    def change(memory: Any) -> None:
        place = item(memory)
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value

    return change


def attempt(memory: Any, **changes: Any) -> Any:
    seen = item(memory)
    restart = {"kind": "rollout_restart", "target": seen["target"]}
    return {
        "id": "ab", "action": restart, "patch": "cd", "at": seen["last_seen"],
        "uid": seen["uid"], "generation": 1, **changes,
    }  # fmt: skip


def tried(**changes: Any) -> Edit:
    def change(memory: Any) -> None:
        item(memory)["tries"] = [attempt(memory, **changes)]

    return change


def planned(*actions: dict[str, Any]) -> Edit:
    """Puts actions into the diagnosis that a model gave."""

    def change(memory: Any) -> None:
        target = item(memory)["target"]
        aimed = [{"target": target, **action} for action in actions]
        memory["diagnosed"]["diagnosis"]["remediation_actions"] = aimed

    return change


def said(name: str, value: Any) -> Edit:
    def change(memory: Any) -> None:
        memory["diagnosed"]["diagnosis"][name] = value

    return change


def later(memory: Any) -> None:
    request = item(memory)["request"]
    asked = datetime.fromisoformat(request["asked_at"]) + timedelta(minutes=2)
    request["asked_at"] = asked.isoformat()
    request["expires_at"] = (asked + timedelta(hours=40)).isoformat()


def another(memory: Any) -> None:
    made_up = copy.deepcopy(item(memory))
    made_up |= {"fingerprint": "ab" * 16, "summary": WORD, "state": "needs_you"}
    made_up["target"]["name"] = WORD
    made_up.pop("thread", None)
    memory["incidents"].append(made_up)


def ended(memory: Any) -> None:
    another(memory)
    memory["incidents"][-1] |= {"state": "resolved", "resolved_at": item(memory)["last_seen"]}


def nothing_left(memory: Any) -> None:
    memory["incidents"] = []


RESTART = {"kind": "rollout_restart"}
PARTS = 4
EDITS: dict[str, Edit] = {
    "summary": put("summary", value=WORD),
    "kind": put("kind", value=WORD),
    "name of the object": put("target", "name", value=WORD),
    "kind of the object": put("target", "kind", value=WORD),
    "container": put("container", value=WORD),
    "uid": put("uid", value=WORD),
    "fingerprint": put("fingerprint", value="ab" * 16),
    "selector": put("selector", value=f"app={WORD}"),
    "began long ago": put("first_seen", value="2001-01-01T00:00:00Z"),
    "is fixed": put("state", value="fixed"),
    "waits for a person": put("state", value="needs_you"),
    "given up": put("escalated", value=True),
    "reopened": put("reopened", value=99_999),
    "attempts": put("attempts", value=1000),
    "no incident": nothing_left,
    "one more incident": another,
    "one more that ended": ended,
    "tried in vain": tried(outcome="undone", reason=WORD),
    "began a restart": tried(),
    "began an undo": tried(action={"kind": "rollout_undo", "target": {"kind": "Deployment",
        "namespace": NAMESPACE, "name": "ledger"}, "to_revision": 1}),
    "began to scale": tried(action={"kind": "scale_deployment", "target": {"kind": "Deployment",
        "namespace": NAMESPACE, "name": "ledger"}, "replicas": 2}, replicas=0),
    "began on another object": tried(action={"kind": "rollout_restart", "target": {
        "kind": "Deployment", "namespace": NAMESPACE, "name": WORD}}),
    "request of another id": put("request", "id", value="ab" * 32),
    "request of another action": lambda memory: item(memory)["request"].update(
        action={"kind": "rollout_restart", "target": item(memory)["target"]}
    ),
    "request of another patch": put("request", "patch", value="ab" * 32),
    "request of another state": put("request", "state", value="ab" * 32),
    "request of another uid": put("request", "uid", value="ab"),
    "request with other words": put("request", "reason", value=WORD),
    "request that lasts": later,
    "request answered elsewhere": put("request", "ts", value="1.1"),
    "thread elsewhere": put("thread", "channel", value=ELSEWHERE),
    "thread of another message": put("thread", "ts", value="1.1"),
    "thread of another mark": put("thread", "mark", value="ab" * 16),
    "thread with another seal": put("thread", "seal", value="ab" * 32),
    "thread being posted": lambda memory: item(memory).update(
        thread={"channel": ELSEWHERE, "name": ELSEWHERE, "posting": True}
    ),
    "thread that is shared": put("thread", "shared", value=True),
    "told already": put("thread", "told", value="resolved"),
    "words of the model": said("summary", WORD),
    "cause by the model": said("root_cause", WORD),
    "evidence of the model": said("evidence", [WORD]),
    "doubts of the model": said("unverified_evidence", [WORD]),
    "disagreements": said("disagreements", [WORD]),
    "name of the model": said("model", WORD),
    "plan: restart": planned(RESTART),
    "plan: undo": planned({"kind": "rollout_undo", "to_revision": 1}),
    "plan: scale": planned({"kind": "scale_deployment", "replicas": 9}),
    "plan: image": planned({"kind": "patch_deployment_image", "container": "main", "image": WORD}),
    "plan: words": planned({"kind": "custom_instruction", "instruction": WORD, "command": WORD}),
    "stop sign": lambda memory: memory.update(stopped_by=f"U{WORD}/C000/1.1"),
    "another cluster": lambda memory: memory.update(cluster=WORD),
    "a field more": lambda memory: memory.update({WORD: WORD}),
    "newer": lambda memory: memory.update(version=99),
}  # fmt: skip


@pytest.mark.parametrize("part", range(PARTS))
def test_an_edited_memory_wins_its_editor_nothing(
    arena: Arena, httpserver: HTTPServer, part: int
) -> None:
    slack = Slack(httpserver, ("#ops", "#other"))
    given = settings(slack, httpserver)
    arena.break_env()
    won: list[str] = []
    for number, name in enumerate(list(EDITS)[part::PARTS]):
        # Over the old signature nothing of the text is read, so a few of them speak for all.
        for stripped in (True, False) if number % 4 == 0 else (True,):
            arena.wire.advance(60)
            arena.look(**given)
            assert arena.incident().request is not None
            assert arena.memory().diagnosed is not None
            change(arena, EDITS[name], stripped=stripped)
            seen = arena.look(**given)
            won += [f"{name}, {stripped=}: {what}" for what in wins(arena, slack, seen)]
    assert won == []


def wins(arena: Arena, slack: Slack, seen: NamespaceReport) -> Iterator[str]:
    """What an editor got by it."""
    if arena.wire.real_writes:
        yield f"wrote {arena.wire.real_writes}"
    if [finding.kind for finding in seen.findings] != ["missing_env"]:
        yield "hid the failure"
    if not any("ConfigMap sre-watchdog" in sentence for sentence in seen.warnings):
        yield "was not told of"
    if WORD in seen.model_dump_json().lower():
        yield "spoke in the report"
    if any(WORD in json.dumps(message.body).lower() for message in slack.messages):
        yield "spoke in Slack"
    if any(message.channel == ELSEWHERE for message in slack.messages):
        yield "chose the channel"
    if WORD in arena.memory().model_dump_json().lower():
        yield "is remembered"


def settings(slack: Slack, httpserver: HTTPServer) -> dict[str, Any]:
    """A bot and a model that says nothing but that something is wrong."""
    answer = {
        "has_issue": True, "summary": "a variable is missing",
        "root_cause": "REQUIRED_CONFIG is not set", "evidence": [], "remediation_actions": [
            {"kind": "patch_deployment_env", "target": "D1", "container": "main",
             "name": "REQUIRED_CONFIG", "value": None},
        ], "confidence": 0.9,
    }  # fmt: skip
    model = ModelServer(httpserver).says(completion(json.dumps(answer)))
    return {
        "slack": SlackSettings(bot_token=TOKEN, channel="#ops", base_url=slack.base_url),
        "llm": LLMSettings(base_url=model.url, model="m"),
        "actions": ASKS,
    }


def change(arena: Arena, edit: Edit, *, stripped: bool) -> None:
    arena.edit_memory(edit)
    if stripped:
        found = arena.wire.get("ConfigMap", NAMESPACE, "sre-watchdog")
        found["metadata"].pop("managedFields", None)
        del found["data"]["signature"]
        arena.wire.delete("ConfigMap", NAMESPACE, "sre-watchdog")
        found["metadata"] = {"name": "sre-watchdog"}
        arena.wire.apply(json.dumps(found), NAMESPACE)
