"""Which views may carry the command that approves a change: those that show all of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.report_samples import STARTED, finding, fix, namespace, ref, report
from tests.support.slack_scenarios import incident
from watchdog.actions import PatchDeploymentEnv
from watchdog.messengers.words import document, told
from watchdog.model.diagnosis import Cause
from watchdog.model.incident import ApprovalRequest
from watchdog.model.outcome import Outcome
from watchdog.report.html import render_html
from watchdog.report.markdown import render_markdown
from watchdog.report.story import Story
from watchdog.report.text import plain_text
from watchdog.report.wording import chapters
from watchdog.slack.incident_message import ask, incident_message

COMMAND = "sre-watchdog/approve=abc123"
ACTION = PatchDeploymentEnv(target=ref(), container="main", name="LEDGER_REGION")
LINES = tuple(f"+ line {number}" for number in range(40))
REQUEST = ApprovalRequest(
    id="abc123", action=ACTION, uid="u-1", patch="ff", asked_at=STARTED, expires_at=STARTED
)


def story(diff: str = "\n".join(LINES), **changed: Any) -> Story:
    waits = fix(Outcome.AWAITING_APPROVAL, action=ACTION, diff=diff, request="abc123")
    item = namespace(actions=(waits,), **changed)
    whole = report(item)
    kept = incident(state="needs_you", request=REQUEST)
    return Story(kept, whole, STARTED, item, chapters(whole)[0].cases[0])


def slack(told_of: Story) -> str:
    message = incident_message(told_of)
    return json.dumps([message.text, message.blocks])


@pytest.mark.parametrize(
    "view",
    [
        lambda it: told(it).body(100_000),
        lambda it: told(it).body(100_000, markdown=True),
        lambda it: told(it).body(500),
        lambda it: json.dumps(document(it)),
        slack,
    ],
)
def test_what_approves_stands_only_beside_all_that_it_approves(
    view: Callable[[Story], str],
) -> None:
    said = view(story())

    assert COMMAND not in said
    assert "with the command that the report or Slack shows beside the whole change" in said


@pytest.mark.parametrize(
    "view",
    [lambda it: plain_text(it.report), lambda it: render_markdown(it.report),
     lambda it: render_html(it.report), lambda it: ask(it, REQUEST, ()).text,
     lambda it: json.dumps(ask(it, REQUEST, ()).blocks)],
)  # fmt: skip
def test_a_view_with_the_whole_change_has_the_command_beside_it(
    view: Callable[[Story], str],
) -> None:
    said = view(story())

    assert COMMAND in said
    assert all(line in said for line in LINES)


def test_a_report_that_lacks_the_change_says_where_else_it_is_approved() -> None:
    said = " ".join(plain_text(story("").report).split())

    assert COMMAND not in said
    assert "that an earlier report or Slack shows beside the whole change, or at a terminal" in said


def test_changes_told_under_one_cause_each_stand_beside_their_command() -> None:
    cause = Cause(what="the same key is missing")
    names = ("ledger", "invoices", "orders", "search", "web")
    found = tuple(finding(target=ref(name), cause=cause) for name in names)
    actions = tuple(
        fix(
            Outcome.AWAITING_APPROVAL,
            action=ACTION.model_copy(update={"target": ref(name)}),
            diff=f"+ of {name}",
            request=f"abc{number}",
        )
        for number, name in enumerate(names)
    )
    text = plain_text(report(namespace(findings=found, actions=actions)))

    for number, name in enumerate(names):
        assert f"deployment/{name} sre-watchdog/approve=abc{number}" in text
        assert f"+ of {name}" in text


@pytest.mark.parametrize("diff", ["", "+ x\n" * 2000, "+ image: " + "\t" * 1500 + "x"])
def test_slack_is_given_no_command_for_what_it_cannot_show_whole(diff: str) -> None:
    message = ask(story(diff), REQUEST, ())

    assert COMMAND not in json.dumps([message.text, message.blocks])
