"""Anyone who edits the memory or a mark can make nothing be written, and nothing be forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.support.simulated_cluster import NAMESPACE, SET, Arena, outcomes
from tests.support.wire_slack import TOKEN, Slack
from watchdog.demo import Request, Response
from watchdog.incidents.attempt_history import ATTEMPTS
from watchdog.settings.schema import ObserveSettings
from watchdog.settings.services import SlackSettings

NEVER = dict.fromkeys(
    ("scale_deployment", "rollout_undo", "rollout_restart", "patch_deployment_env"), "never"
)
SERVICE = """{apiVersion: v1, kind: Service, metadata: {name: web},
 spec: {selector: {app: nope}, ports: [{port: 80}]}}"""


@pytest.fixture
def slack(httpserver: HTTPServer) -> SlackSettings:
    """A bot, so that a memory is kept in any case."""
    server = Slack(httpserver)
    return SlackSettings(bot_token=TOKEN, channel="C000", base_url=server.base_url)


def never_set(arena: Arena) -> None:
    arena.deploy(env="[]")
    arena.wire.advance(120)


def test_a_try_that_nobody_made_is_not_taken_back(arena: Arena, slack: SlackSettings) -> None:
    never_set(arena)
    arena.look(actions=NEVER, slack=slack)
    live = arena.wire.get("Deployment", NAMESPACE, "ledger")["metadata"]

    def forge(memory: Any) -> None:
        item = memory["incidents"][0]
        scale = {"kind": "scale_deployment", "target": item["target"], "replicas": 2}
        item["tries"] = [
            {
                "id": "ab",
                "action": scale,
                "patch": "00",
                "at": item["last_seen"],
                "uid": live["uid"],
                "generation": live["generation"] - 1,
                "replicas": 0,
            }
        ]

    arena.edit_memory(forge, sign=True)
    arena.look(actions=NEVER, slack=slack)

    assert arena.wire.real_writes == []
    assert arena.spec()["replicas"] == 2


@pytest.mark.parametrize("place", ["cluster", "name"])
def test_half_a_character_in_the_memory_ends_no_pass(
    arena: Arena, slack: SlackSettings, place: str
) -> None:
    never_set(arena)
    arena.look(slack=slack)

    def spoil(memory: Any) -> None:
        holder = memory if place == "cluster" else memory["incidents"][0]["target"]
        holder[place] = "\ud800"

    arena.edit_memory(spoil, sign=True)

    assert arena.look(slack=slack).findings


def test_a_mark_that_is_no_mark_ends_no_pass(arena: Arena) -> None:
    never_set(arena)
    item = arena.wire.get("Deployment", NAMESPACE, "ledger")
    item["metadata"]["annotations"] = {ATTEMPTS: "[" * 100_000}
    arena.wire.apply(json.dumps(item), NAMESPACE)

    assert arena.look().findings


def test_tries_left_out_of_the_memory_still_count_by_the_mark(
    arena: Arena, slack: SlackSettings
) -> None:
    arena.break_env()
    arena.deploy(env="[]", script="exit 3")
    arena.wire.advance(60)
    arena.look(slack=slack, max_remediation_attempts=1)

    def forget(memory: Any) -> None:
        for item in memory["incidents"]:
            item["tries"] = []

    arena.edit_memory(forget, sign=True)
    before = json.loads(
        arena.wire.get("Deployment", NAMESPACE, "ledger")["metadata"]["annotations"][ATTEMPTS]
    )
    arena.wire.advance(60)
    arena.look(slack=slack, max_remediation_attempts=1)

    after = json.loads(
        arena.wire.get("Deployment", NAMESPACE, "ledger")["metadata"]["annotations"][ATTEMPTS]
    )
    assert (before["tries"], after["tries"]) == (1, 2)


def test_what_could_not_be_looked_at_is_not_resolved(arena: Arena, slack: SlackSettings) -> None:
    arena.deploy()
    arena.wire.apply(SERVICE, NAMESPACE)
    arena.wire.advance(900)
    assert arena.look(slack=slack).findings
    arena.wire.forbid("list", "services")

    arena.look(slack=slack)

    assert [item.state for item in arena.memory().incidents] == ["needs_you"]


def test_what_there_was_no_room_for_is_not_resolved(arena: Arena, slack: SlackSettings) -> None:
    for number in range(4):
        arena.deploy(name=f"app{number}", env="[]")
    arena.wire.advance(120)
    arena.look(slack=slack)

    arena.look(slack=slack, observe=ObserveSettings(max_owners=2))

    assert [item.open for item in arena.memory().incidents] == [True] * 4


def test_under_a_label_selector_incidents_end_too(arena: Arena, slack: SlackSettings) -> None:
    never_set(arena)
    arena.look(slack=slack, label_selector="app=ledger")
    arena.deploy(env=SET)
    arena.wire.advance(120)
    arena.look(slack=slack, label_selector="app=other")
    assert arena.incident().open

    arena.look(slack=slack, label_selector="app=ledger")

    assert [item.state for item in arena.memory().incidents] == ["resolved"]


def test_a_workload_that_cannot_be_read_for_once_is_the_same_incident(
    arena: Arena, slack: SlackSettings
) -> None:
    never_set(arena)
    arena.look(slack=slack)
    mark = arena.incident().fingerprint
    arena.wire.fail("get", "deployments", 500, times=4)

    arena.look(slack=slack)

    assert {item.fingerprint for item in arena.memory().incidents} == {mark}


def test_an_approval_is_not_used_up_by_a_write_that_met_a_conflict(arena: Arena) -> None:
    arena.break_env()
    ask_first = {**NEVER, "patch_deployment_env": "approve"}
    request = arena.look(actions=ask_first).actions[0].request
    item = arena.wire.get("Deployment", NAMESPACE, "ledger")
    item["metadata"]["annotations"] = {"sre-watchdog/approve": request}
    arena.wire.apply(json.dumps(item), NAMESPACE)
    arena.wire.advance(5)
    left = [1]

    def once(asked: Request) -> Response | None:
        if asked.dry_run or not left:
            return arena.wire.answer(asked)
        left.clear()
        body = {"kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict"}
        return Response(409, {**body, "apiVersion": "v1", "message": "someone was faster"})

    arena.wire.on("patch", "deployments", once)

    assert outcomes(arena.look(actions=ask_first)) == [("patch_deployment_env", "verified")]


def put_back(arena: Arena, older: Any) -> None:
    """Write an older ConfigMap over the one that is there, signature and all."""
    found = arena.wire.get("ConfigMap", NAMESPACE, "sre-watchdog")
    found["metadata"].pop("managedFields", None)
    found["data"] = older["data"]
    arena.wire.apply(json.dumps(found), NAMESPACE)


def test_a_memory_that_a_pass_left_is_told_from_one_that_was_put_back(
    arena: Arena, slack: SlackSettings
) -> None:
    never_set(arena)
    arena.look(actions=NEVER, slack=slack)
    older = arena.wire.get("ConfigMap", NAMESPACE, "sre-watchdog")
    arena.wire.advance(60)

    assert not arena.look(actions=NEVER, slack=slack).warnings
    put_back(arena, older)
    arena.wire.advance(60)
    (said,) = arena.look(actions=NEVER, slack=slack).warnings
    arena.wire.advance(60)

    assert "was written since the last pass ended" in said
    assert not arena.look(actions=NEVER, slack=slack).warnings
