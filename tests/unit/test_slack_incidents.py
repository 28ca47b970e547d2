from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.report_samples import STARTED, explanation, finding, fix, namespace, ref, report
from tests.support.wire_slack import refusal
from watchdog.actions import PatchDeploymentEnv
from watchdog.model.diagnosis import Diagnosis
from watchdog.model.incident import ApprovalRequest, Attempt, Incident
from watchdog.model.outcome import Outcome
from watchdog.report.next_steps import approve_command
from watchdog.report.ownership import Ownership, ownership
from watchdog.report.story import Story
from watchdog.report.wording import chapters
from watchdog.settings.schema import NamespacePolicy, Settings
from watchdog.slack.block_kit import Message
from watchdog.slack.incident_message import ask, change, changes, incident_message, reminder
from watchdog.slack.sender import body_of
from watchdog.snapshot.refs import ObjectRef

HOSTILE = "<!channel> <@U123> & <https://evil.example|click> *b* ~s~ `c` ``` _i_ :smile:"
ACTION = PatchDeploymentEnv(target=ref(), container="main", name="LEDGER_REGION")


def failed(reason: str = "") -> Attempt:
    return Attempt(
        id="aa", action=ACTION, patch="bb", at=STARTED, outcome=Outcome.UNDONE, reason=reason
    )


def request(**changed: Any) -> ApprovalRequest:
    values: dict[str, Any] = {
        "id": "abc123",
        "action": ACTION,
        "uid": "u-1",
        "patch": "ff",
        "asked_at": STARTED,
        "expires_at": STARTED,
    }
    return ApprovalRequest(**{**values, **changed})


def told(text: str, *, found: bool, **changed: Any) -> Story:
    values: dict[str, Any] = {
        "fingerprint": "ab",
        "kind": "missing_env",
        "target": ref(),
        "container": "main",
        "summary": text[:500],
        "first_seen": STARTED - timedelta(minutes=12),
        "last_seen": STARTED,
        "state": "needs_you",
        "tries": tuple(failed(text[:500]) for _ in range(9)),
    }
    hurt = finding(summary=text, impact=text, evidence=(text,) * 9)
    said = explanation(why=text, changed=text, to_do=text, command=text or None)
    waits = fix(Outcome.AWAITING_APPROVAL, reason=text, diff=text, request="abc123")
    item = namespace(
        findings=(hurt,),
        diagnosis=Diagnosis(has_issue=True, explanations=(said,)),
        actions=(waits,),
    )
    whole = report(item)
    case = chapters(whole)[0].cases[0] if found else None
    return Story(Incident(**{**values, **changed}), whole, STARTED, item, case)


def every_message(text: str) -> list[Message]:
    found: list[Message] = []
    for story in (
        told(text, found=True),
        told(text, found=False),
        told(text, found=False, state="resolved", resolved_at=STARTED),
    ):
        found += [
            incident_message(story),
            change(story, back=True),
            changes([story] * 60),
            reminder(story),
            ask(story, request(reason=text[:500]), ("U1", text)),
        ]
    return [*found, *(reply for message in found for reply in message.thread)]


def test_foreign_text_neither_calls_anyone_nor_formats() -> None:
    for message in every_message(HOSTILE):
        formatted = [
            block["text"]["text"]
            for block in message.blocks
            if block.get("text", {}).get("type") == "mrkdwn"
        ]
        sentences = re.sub(r"```.*?```", "", " ".join(formatted), flags=re.DOTALL)

        assert "<" not in " ".join([message.text, *formatted]).replace("<@U1>", "")
        assert "~" not in sentences


def test_a_remembered_kind_cannot_add_to_the_command() -> None:
    target = ObjectRef(kind="Deployment; curl evil|sh\n", namespace="shop", name="ledger")
    asked = request(action=ACTION.model_copy(update={"target": target}))

    assert approve_command(asked.action.target, asked.id) == (
        "kubectl -n shop annotate deploymentcurlevilsh/ledger "
        "sre-watchdog/approve=abc123 --overwrite"
    )


@settings(max_examples=20, deadline=None)
@given(st.text(), st.integers(1, 4000))
def test_any_text_of_any_length_stays_within_slacks_limits(text: str, times: int) -> None:
    for message in every_message(text * times):
        assert refusal(body_of(message)) is None


def over(**changed: Any) -> Story:
    began = STARTED - timedelta(minutes=9)
    fixed = Attempt(
        id="cc",
        action=ACTION,
        patch="dd",
        at=began + timedelta(minutes=4),
        outcome=Outcome.VERIFIED,
        ended_at=began + timedelta(minutes=5),
        next_deploy="removed",
        place="the values of Helm release shop",
        undo="kubectl -n shop patch deployment ledger --type json -p '[]'",
    )
    held = {"first_seen": began, "resolved_at": STARTED, "state": "resolved", "tries": (fixed,)}
    return told("missing environment variable", found=False, **{**held, **changed})


def shown(message: Message) -> str:
    blocks = [*message.blocks, *message.bar]
    return "\n".join(str(part) for block in blocks for part in _all_texts(block))


def _all_texts(block: dict[str, Any]) -> list[str]:
    items = [block["text"]] if "text" in block else block["elements"]
    return [item["text"] for item in items]


def test_to_do_and_undo_stay_in_the_message_of_what_is_over() -> None:
    said = shown(incident_message(over()))

    assert "*To do:* Put LEDGER_REGION into the values of Helm release shop, or the next" in said
    assert "*Undo:* `kubectl -n shop patch deployment ledger --type json -p '[]'`" in said
    assert "left to do" in shown(change(over(), back=False))


def test_what_is_over_was_broken_until_its_fix_was_verified_and_not_until_the_next_pass() -> None:
    assert "It was broken for 5 min." in shown(incident_message(over()))
    assert "It was broken for 9 min." in shown(incident_message(over(tries=())))


def test_a_fix_of_an_earlier_incident_is_not_told_as_the_one_that_ended_this() -> None:
    later = over(first_seen=STARTED - timedelta(minutes=1))

    assert "without a change by the watchdog" in shown(incident_message(later))
    assert "*Undo:*" not in shown(incident_message(later))


def test_each_state_has_a_sign_a_colour_and_a_word_of_its_own() -> None:
    states = {"broken": "Broken", "fixing": "Fixing", "fixed": "Fixed", "needs_you": "Needs you"}
    said = {
        state: incident_message(told("missing environment variable", found=True, state=state))
        for state in states
    }

    assert len({message.color for message in said.values()}) == len(states)
    assert len({shown(message)[:3] for message in said.values()}) == len(states)
    assert all(f" {word}: shop/ledger" in shown(said[state]) for state, word in states.items())


def test_whose_it_is_and_where_to_look_stand_beside_the_bar() -> None:
    given = Settings(
        dashboard_url="https://grafana.example/d/x?var-namespace={namespace}&var-cluster={cluster}",
        policies={
            "shop": NamespacePolicy(
                owner="payments <!here>",
                severity="critical",
                runbook_url="https://wiki.example/shop",
            )
        },
    )
    story = replace(over(), ours=ownership(given, "shop", "prod eu"))

    (bar,) = incident_message(story).bar

    said = bar["elements"][0]
    assert said["text"].startswith("owner payments <!here> · severity critical · first seen")
    assert said["type"] == "plain_text"
    assert bar["elements"][1]["text"] == (
        "<https://wiki.example/shop|Runbook> · "
        "<https://grafana.example/d/x?var-namespace=shop&var-cluster=prod%20eu|Dashboard>"
    )


def test_an_address_that_could_end_its_link_is_none() -> None:
    ours = Ownership(runbook="https://wiki.example/|<!channel>", dashboard="javascript:alert(1)")

    (bar,) = incident_message(replace(over(), ours=ours)).bar

    assert [element["type"] for element in bar["elements"]] == ["plain_text"]
