"""Whole passes in a row on the embedded cluster: what one remembers, the next one knows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tests.support.simulated_cluster import MANIFEST, NAMESPACE, SET, Arena, outcomes
from tests.support.wire import Wire
from tests.support.wire_model import ModelServer, completion
from tests.support.wire_slack import TOKEN, Fault, Slack
from watchdog.incidents.attempt_history import ATTEMPTS
from watchdog.model.outcome import Outcome
from watchdog.settings.schema import IncidentSettings
from watchdog.settings.services import (
    AlertmanagerSettings,
    BlockerSettings,
    LLMSettings,
    SlackSettings,
)

ASK_FIRST = {"patch_deployment_env": "approve", "rollout_undo": "never"}
BOTH_ASK = {"patch_deployment_env": "approve", "rollout_undo": "approve"}
GONE = "[{name: OTHER, value: x}]"
ASKS = {
    "kind": "patch_deployment_env",
    "target": "D1",
    "container": "main",
    "name": "REQUIRED_CONFIG",
    "value": "https://not-plain",
}


def answer(**changes: Any) -> str:
    return json.dumps(
        {
            "has_issue": True,
            "summary": "a variable is missing",
            "root_cause": "REQUIRED_CONFIG is not set",
            "evidence": [],
            "remediation_actions": [],
            "confidence": 0.9,
            **changes,
        }
    )


@pytest.fixture
def slack(httpserver: HTTPServer) -> Slack:
    return Slack(httpserver)


def bot(slack: Slack, **given: Any) -> SlackSettings:
    return SlackSettings(bot_token=TOKEN, channel="#ops", base_url=slack.base_url, **given)


def never_set(arena: Arena) -> None:
    """A Deployment that no revision and no approval has a value for."""
    arena.deploy(env="[]")
    arena.wire.advance(120)


def test_ten_passes_over_one_failure_make_one_message_and_one_call(
    arena: Arena, slack: Slack, httpserver: HTTPServer
) -> None:
    never_set(arena)
    asked = ModelServer(httpserver).says(completion(answer()))
    llm = LLMSettings(base_url=asked.url, model="m")

    for _ in range(10):
        report = arena.run(llm=llm, slack=bot(slack))
        arena.wire.advance(300)

    assert len(asked.bodies) == 1
    assert len(slack.posts) == 1
    assert report.namespaces[0].diagnosis.asked_at is not None
    assert arena.incident().state == "needs_you"
    assert all(item.ok for item in report.deliveries), report.deliveries


def test_a_person_repairs_it_and_it_comes_back_in_the_same_thread(
    arena: Arena, slack: Slack
) -> None:
    never_set(arena)
    arena.run(slack=bot(slack))
    arena.wire.advance(600)
    arena.deploy(env=SET)
    arena.wire.advance(120)
    arena.run(slack=bot(slack))

    assert arena.memory().incidents[0].state == "resolved"
    assert slack.posts[0].shown.startswith("*✅ Resolved")
    arena.deploy(env=GONE)
    arena.wire.advance(120)
    arena.run(slack=bot(slack), actions={"patch_deployment_env": "never", "rollout_undo": "never"})

    assert len(slack.posts) == 1
    assert arena.incident().reopened == 1


def test_what_is_left_to_do_and_the_undo_outlive_the_incident(arena: Arena, slack: Slack) -> None:
    arena.break_env()
    fixed = arena.run(slack=bot(slack)).namespaces[0]
    arena.wire.advance(300)
    again = arena.run(slack=bot(slack)).namespaces[0]

    held = arena.memory().incidents[0]
    undo = fixed.actions[0].undo

    assert again.findings == ()
    assert held.state == "resolved"
    assert undo
    assert f"*Undo:* `{undo}`" in slack.posts[0].shown
    assert "*To do:* Put REQUIRED_CONFIG into" in slack.posts[0].shown
    assert held.helped
    assert held.helped.ended_at
    assert held.resolved_at
    assert held.helped.ended_at < held.resolved_at


def test_a_write_is_recorded_first_and_marked_on_what_it_changes(arena: Arena) -> None:
    arena.break_env()

    arena.look()

    (attempt,) = arena.memory().incidents[0].tries
    held = arena.wire.get("Deployment", NAMESPACE, "ledger")["metadata"]["annotations"]
    assert json.loads(held[ATTEMPTS])["id"] == attempt.id
    assert attempt.outcome is Outcome.VERIFIED
    assert "canary" not in str(arena.wire.get("ConfigMap", NAMESPACE, "sre-watchdog"))


@pytest.mark.parametrize("verb", ["create", "update"])
def test_what_cannot_be_recorded_is_not_done(arena: Arena, verb: str) -> None:
    arena.break_env()
    if verb == "update":
        arena.look(actions=ASK_FIRST)
    arena.wire.forbid(verb, "configmaps")

    part = arena.look()

    assert outcomes(part) == [("patch_deployment_env", "failed")]
    assert arena.wire.real_writes == []
    assert "configmap" in part.actions[0].reason.lower()


HOSTILE = {
    "truncated": '{"version": 1, "namespace": "shop", "incidents": [{"finger',
    "garbage": "\x00\ufffd not JSON",
    "newer": '{"version": 99}',
    "of the future": json.dumps(
        {"version": 1, "namespace": "shop", "use": {"day": "2999-01-01", "calls": 0, "tokens": 0}}
    ),
    "another namespace's": '{"version": 1, "namespace": "bank"}',
    "a million incidents": json.dumps(
        {"version": 1, "namespace": "shop", "incidents": [{}] * 9999}
    ),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_memory_that_is_none_leaves_a_pass_that_reports_and_changes_nothing(
    arena: Arena, text: str
) -> None:
    arena.break_env()
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "sre-watchdog"},
        "data": {"memory.json": text},
    }
    arena.wire.apply(json.dumps(held), NAMESPACE)

    part = arena.look()

    assert [finding.kind for finding in part.findings] == ["missing_env"]
    assert outcomes(part) == [("patch_deployment_env", "refused")]
    assert part.actions[0].rule == "memory"
    assert any("ConfigMap sre-watchdog in namespace shop" in line for line in part.warnings)
    assert arena.wire.real_writes == []


def test_a_dry_run_touches_neither_memory_nor_lease_nor_slack(arena: Arena, slack: Slack) -> None:
    arena.break_env()

    arena.run(dry_run=True, slack=bot(slack))

    assert [w for w in arena.wire.writes if not w.dry_run] == []
    assert slack.messages == []


def test_a_held_lease_keeps_a_pass_from_writing_and_says_who_holds_it(arena: Arena) -> None:
    arena.break_env()
    hold(arena.wire, "pod-of-another-release")

    part = arena.look()

    assert outcomes(part) == [("patch_deployment_env", "refused")]
    assert part.actions[0].rule == "lease"
    assert "pod-of-another-release" in part.warnings[0]


BOTH = (
    "[{name: REQUIRED_CONFIG, value: v}, "
    "{name: MODE, valueFrom: {configMapKeyRef: {name: settings, key: mode}}}]"
)
PATIENT: dict[str, Any] = {"max_remediation_attempts": 2, "run_budget_seconds": 600}
QUICK = IncidentSettings(cooldown_seconds=600, tries=2)


def broken_for_good(arena: Arena) -> Any:
    """The variable alone does not help, and going back needs a ConfigMap that is gone."""
    arena.wire.apply(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {mode: fast}}",
        NAMESPACE,
    )
    arena.deploy(env=BOTH)
    arena.wire.advance(600)
    arena.deploy(env="[]", script="exit 3")
    arena.wire.delete("ConfigMap", NAMESPACE, "settings")
    arena.wire.advance(120)
    return arena.spec()


def test_the_second_try_differs_and_then_a_person_is_asked(arena: Arena, slack: Slack) -> None:
    before = broken_for_good(arena)

    report = arena.run(slack=bot(slack), incidents=QUICK, **PATIENT)

    assert outcomes(report.namespaces[0])[:2] == [
        ("patch_deployment_env", "undone"),
        ("rollout_undo", "undone"),
    ]
    assert arena.spec() == before
    incident = arena.incident()
    assert incident.escalated
    assert incident.state == "needs_you"
    assert "Roll back to revision 1: applied, then undone" in slack.posts[0].shown
    arena.wire.advance(7200)
    later = arena.look(slack=bot(slack), incidents=QUICK)
    assert {result.rule for result in later.actions} <= {"escalated", None}
    assert arena.wire.real_writes == []


def test_after_two_failed_tries_there_is_a_pause_that_a_deleted_memory_does_not_end(
    arena: Arena,
) -> None:
    broken_for_good(arena)
    arena.look(**PATIENT)

    arena.wire.delete("ConfigMap", NAMESPACE, "sre-watchdog")
    arena.wire.advance(60)
    part = arena.look()

    assert {result.rule for result in part.actions} == {"cooling_down"}
    assert arena.wire.real_writes == []


def test_a_recreated_owner_is_a_new_incident(arena: Arena, slack: Slack) -> None:
    never_set(arena)
    arena.look(slack=bot(slack))
    first = arena.incident().fingerprint
    arena.wire.delete("Deployment", NAMESPACE, "ledger")
    arena.wire.advance(60)
    never_set(arena)

    arena.look(slack=bot(slack))

    assert arena.incident().fingerprint != first


def annotate(arena: Arena, name: str, value: str) -> None:
    item = arena.wire.get("Deployment", NAMESPACE, "ledger")
    item["metadata"].setdefault("annotations", {})[name] = value
    item["metadata"].pop("managedFields", None)
    arena.wire.apply(json.dumps(item), NAMESPACE)
    arena.wire.advance(2)  # it is another generation, and the controller takes note of that


def test_an_approval_by_annotation_lets_the_next_pass_do_exactly_that(arena: Arena) -> None:
    arena.break_env()
    asked = arena.look(actions=ASK_FIRST)
    request = asked.actions[0].request
    assert outcomes(asked) == [("patch_deployment_env", "awaiting_approval")]
    assert request

    annotate(arena, "sre-watchdog/approve", request)
    done = arena.look(actions=ASK_FIRST)

    assert outcomes(done) == [("patch_deployment_env", "verified")]
    assert done.actions[0].source == "revision 1, approved by annotation"


def test_why_a_change_waits_never_says_how_to_approve_it(arena: Arena) -> None:
    arena.break_env()

    first = arena.look(actions=ASK_FIRST)
    annotate(arena, "sre-watchdog/approve", "another")
    again = arena.look(actions=ASK_FIRST)

    for part in (first, again):
        (waits,) = part.actions
        assert waits.request
        assert waits.reason
        assert waits.request not in waits.reason


def mistyped_command(arena: Arena, httpserver: HTTPServer) -> LLMSettings:
    """A command with a mistake, and a model that corrects it."""
    mistyped = MANIFEST.format(name="ledger", env="[]", image="busybox:1.36", script="")
    arena.wire.apply(mistyped.replace("[sh, -c", "[slepe"), NAMESPACE)
    arena.wire.advance(120)
    proposal = {
        "kind": "patch_deployment_command",
        "target": "D1",
        "container": "main",
        "command": ["sleep", "86400"],
        "args": None,
    }
    asked = ModelServer(httpserver).says(completion(answer(remediation_actions=[proposal])))
    return LLMSettings(base_url=asked.url, model="m")


def test_what_slack_did_not_take_at_first_is_asked_for_with_all_that_would_change(
    arena: Arena, httpserver: HTTPServer, slack: Slack
) -> None:
    given: dict[str, Any] = {"llm": mistyped_command(arena, httpserver), "slack": bot(slack)}
    lost = Fault(body='{"ok": false, "error": "channel_not_found"}', method="chat.postMessage")
    slack.faults += [lost] * 3
    arena.run(**given)
    slack.faults.clear()

    waiting = arena.look(**given)

    assert waiting.diagnosis.asked_at is not None, "remembered"
    (ask,) = (message for message in slack.messages if message.metadata.get("approval"))
    assert '+ command: ["sleep", "86400"]' in ask.shown


@pytest.mark.parametrize("by_webhook", [False, True])
def test_a_suggestion_that_was_not_shown_at_first_is_worked_out_again_and_asked_for(
    arena: Arena, httpserver: HTTPServer, slack: Slack, by_webhook: bool
) -> None:
    """Its value is not remembered, so that only another answer of the model can be shown whole."""
    never_set(arena)
    plan = answer(remediation_actions=[{**ASKS, "value": "fast"}])
    asked = ModelServer(httpserver).says(completion(plan))
    hook = SlackSettings(webhook_url=SecretStr(slack.webhook_url))
    given: dict[str, Any] = {
        "llm": LLMSettings(base_url=asked.url, model="m"),
        "slack": hook if by_webhook else bot(slack),
    }
    slack.faults += [Fault(status=404, body='{"ok": false, "error": "channel_not_found"}')] * 4
    first = arena.run(**given)
    assert not any(delivery.ok for delivery in first.deliveries)
    slack.faults.clear()

    arena.run(**given)
    arena.run(**given)

    request = arena.incident().request
    assert request
    (ask,) = (m for m in slack.messages if f"sre-watchdog/approve={request.id}" in m.shown)
    assert "+   value: fast" in ask.shown


def test_a_suggested_command_waits_for_its_approval_and_is_done_then(
    arena: Arena, httpserver: HTTPServer
) -> None:
    llm = mistyped_command(arena, httpserver)
    request = arena.look(llm=llm).actions[0].request
    assert request

    waiting = arena.look(llm=llm)
    assert outcomes(waiting) == [("patch_deployment_command", "awaiting_approval")]
    assert waiting.actions[0].request == request

    annotate(arena, "sre-watchdog/approve", request)
    done = arena.look(llm=llm)
    assert outcomes(done) == [("patch_deployment_command", "verified")]
    assert arena.spec()["template"]["spec"]["containers"][0]["command"] == ["sleep", "86400"]


def breaks_with_two_ways_out(arena: Arena, httpserver: HTTPServer) -> LLMSettings:
    """A model that proposes to set the variable that is gone, and to go back."""
    arena.break_env()
    undo = {"kind": "rollout_undo", "target": "D1", "to_revision": 1}
    plan = answer(remediation_actions=[ASKS, undo])
    return LLMSettings(base_url=ModelServer(httpserver).says(completion(plan)).url, model="m")


def test_a_change_that_waits_is_not_replaced_by_the_next_of_a_remembered_plan(
    arena: Arena, httpserver: HTTPServer
) -> None:
    llm = breaks_with_two_ways_out(arena, httpserver)
    first = arena.look(llm=llm, actions=BOTH_ASK)
    request = first.actions[0].request
    assert request

    second = arena.look(llm=llm, actions=BOTH_ASK)

    assert second.diagnosis.asked_at is not None, "remembered"
    assert sorted(outcomes(second)) == sorted(outcomes(first))
    assert [r.rule for r in second.actions if r.action.kind == "rollout_undo"] == ["one_at_a_time"]
    kept = arena.incident()
    assert kept.request
    assert (kept.request.id, kept.state) == (request, "needs_you")


def test_an_approval_outlasts_a_pass_in_which_nothing_may_be_changed(
    arena: Arena, httpserver: HTTPServer
) -> None:
    llm = breaks_with_two_ways_out(arena, httpserver)
    request = arena.look(llm=llm, actions=BOTH_ASK).actions[0].request
    assert request
    annotate(arena, "sre-watchdog/approve", request)
    silent = BlockerSettings(prometheus_url="http://127.0.0.1:9", query="up == 0")

    held = arena.look(llm=llm, actions=BOTH_ASK, blocker=silent)
    assert {r.rule for r in held.actions} == {"blocker_unreachable", "one_at_a_time"}
    assert arena.incident().state == "needs_you", "as for any change that this holds back"
    assert arena.wire.real_writes == []

    done = arena.look(llm=llm, actions=BOTH_ASK)
    assert ("patch_deployment_env", "verified") in outcomes(done)


def test_a_change_that_may_no_longer_be_made_makes_way_for_the_next(
    arena: Arena, httpserver: HTTPServer
) -> None:
    llm = breaks_with_two_ways_out(arena, httpserver)
    request = arena.look(llm=llm, actions=BOTH_ASK).actions[0].request
    assert request
    annotate(arena, "sre-watchdog/approve", request)

    part = arena.look(llm=llm, actions={**BOTH_ASK, "patch_deployment_env": "never"})

    assert outcomes(part) == [
        ("patch_deployment_env", "refused"),
        ("rollout_undo", "awaiting_approval"),
    ]
    assert arena.incident().state == "needs_you"


def test_an_approval_that_expired_does_nothing_and_says_so(arena: Arena) -> None:
    arena.break_env()
    request = arena.look(actions=ASK_FIRST).actions[0].request
    assert request
    annotate(arena, "sre-watchdog/approve", request)
    arena.wire.advance(90_000)

    part = arena.look(actions=ASK_FIRST)

    assert outcomes(part) == [("patch_deployment_env", "awaiting_approval")]
    assert "has expired" in part.actions[0].reason
    assert arena.wire.real_writes == []


def test_an_approval_by_reaction_of_a_listed_user_counts_and_a_strangers_does_not(
    arena: Arena, slack: Slack
) -> None:
    arena.break_env()
    given: dict[str, Any] = {"slack": bot(slack, approvers=("U1",)), "actions": ASK_FIRST}
    arena.run(**given)
    thread = arena.incident().thread
    request = arena.incident().request
    assert thread
    assert request
    slack.react(request.ts, "white_check_mark", "U666")

    refused = arena.look(**given)
    assert outcomes(refused) == [("patch_deployment_env", "awaiting_approval")]
    assert "U666" in " ".join(refused.warnings)

    slack.react(request.ts, "white_check_mark", "U1")
    done = arena.look(**given)
    assert outcomes(done) == [("patch_deployment_env", "verified")]
    assert done.actions[0].source == "revision 1, approved by U1 in Slack"


def test_a_stop_sign_on_a_message_pauses_the_namespace(arena: Arena, slack: Slack) -> None:
    arena.break_env()
    never = {"patch_deployment_env": "never", "rollout_undo": "never"}
    arena.run(slack=bot(slack), actions=never)
    slack.react(slack.posts[0].ts, "no_entry", "U7")

    part = arena.look(slack=bot(slack))

    assert [result.rule for result in part.actions] == ["paused"]
    assert arena.wire.real_writes == []


def test_what_a_killed_pass_began_is_recognised_by_the_next(arena: Arena) -> None:
    """It was recorded and sent, and then nothing more was heard of that pass."""
    arena.break_env()
    arena.look()

    def before_the_end(memory: Any) -> None:
        for incident in memory["incidents"]:
            incident["state"] = "fixing"
            for attempt in incident["tries"]:
                attempt.pop("outcome")

    arena.edit_memory(before_the_end, sign=True)
    arena.wire.advance(300)

    part = arena.look()

    assert outcomes(part) == [("patch_deployment_env", "verified")]
    assert arena.wire.real_writes == []
    assert arena.memory().incidents[0].tries[0].outcome is Outcome.VERIFIED


def test_the_day_s_calls_are_counted_and_then_the_rules_speak_alone(
    arena: Arena, slack: Slack, httpserver: HTTPServer
) -> None:
    never_set(arena)
    asked = ModelServer(httpserver).says(completion(answer()))
    llm = LLMSettings(base_url=asked.url, model="m", calls_per_day=1)
    arena.run(llm=llm, slack=bot(slack))
    arena.deploy(env=GONE)
    arena.wire.advance(120)

    part = arena.look(llm=llm, slack=bot(slack))

    assert len(asked.bodies) == 1
    assert "1 calls" in str(part.diagnosis.model_error)


def hold(wire: Wire, holder: str) -> None:
    now = datetime.fromtimestamp(wire.now(), UTC)
    spec = {
        "holderIdentity": holder,
        "leaseDurationSeconds": 300,
        "renewTime": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    wire.apply(
        json.dumps(
            {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": "sre-watchdog"},
                "spec": spec,
            }
        ),
        NAMESPACE,
    )


def test_without_the_chart_a_pass_that_changes_nothing_leaves_nothing(arena: Arena) -> None:
    never_set(arena)

    arena.look()

    assert [r.path for r in arena.wire.writes if "configmaps" in r.path] == []


def test_a_host_whose_clock_is_ahead_remembers_what_it_told(arena: Arena, slack: Slack) -> None:
    arena.clock_ahead = timedelta(hours=1)
    never_set(arena)

    for _ in range(4):
        part = arena.look(slack=bot(slack))
        arena.wire.advance(300)

    assert part.warnings == ()
    assert len(slack.posts) == 1


def test_an_alert_of_a_host_whose_clock_is_behind_has_not_ended_yet(
    arena: Arena, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/api/v2/alerts").respond_with_json([])
    url = httpserver.url_for("").rstrip("/")
    arena.clock_ahead = -timedelta(minutes=65)
    never_set(arena)

    arena.look(alertmanager=AlertmanagerSettings(url=url))

    sent = httpserver.log[0][0].get_json()
    (firing,) = (alert for alert in sent if alert.get("annotations"))
    now = datetime.fromtimestamp(arena.wire.now(), UTC)
    assert datetime.fromisoformat(firing["endsAt"]) > now


NEVER = {"patch_deployment_env": "never", "rollout_undo": "never"}


def test_a_stop_sign_outlasts_the_incident_that_its_message_is_about(
    arena: Arena, slack: Slack
) -> None:
    arena.break_env()
    arena.look(slack=bot(slack), actions=NEVER)
    sign = slack.posts[0]
    slack.react(sign.ts, "no_entry", "U7")
    arena.wire.advance(300)
    arena.look(slack=bot(slack))
    arena.deploy(env=SET)
    arena.wire.advance(600)
    arena.look(slack=bot(slack))
    arena.wire.advance(90_000)
    arena.deploy(env=GONE)
    arena.wire.advance(120)

    for _ in range(2):
        part = arena.look(slack=bot(slack))
        assert [result.rule for result in part.actions] == ["paused"]
        arena.wire.advance(300)
    sign.reactions.clear()

    assert outcomes(arena.look(slack=bot(slack))) == [("patch_deployment_env", "verified")]
    assert arena.memory().stopped_by == ""
