from __future__ import annotations

import io
import json
from datetime import timedelta

from tests.support.incident_samples import attempt, incident, memory, request
from tests.support.report_samples import STARTED
from watchdog.incidents.memory import Memory
from watchdog.model.outcome import Outcome
from watchdog.report.history import Page, history_json, render_history, tried

NOW = STARTED + timedelta(minutes=1)


def shown(*held: Memory, warning: str = "", readable: bool = True) -> str:
    to = io.StringIO()
    pages = [Page(one, warning, readable=readable) for one in held]
    render_history(pages, NOW, to)
    return to.getvalue()


def test_an_incident_is_a_line_with_its_state_and_how_long_it_lasts() -> None:
    text = shown(memory(incident(attempts=2, reopened=1)))

    assert text.startswith("shop: 1 incident, 1 needs you\n")
    (line,) = (line for line in text.splitlines() if "Deployment/ledger/main" in line)
    assert "missing environment variable" in line
    assert "needs you, reopened 1×" in line
    assert "2026-11-22 14:03" in line
    assert "13 min" in line


def test_what_is_fixed_lasted_until_its_fix_and_is_not_called_open() -> None:
    ended = STARTED - timedelta(minutes=5)
    done = attempt(Outcome.VERIFIED, at=ended - timedelta(seconds=20), ended_at=ended)
    fixed = incident(state="fixed", tries=(done,))
    text = shown(memory(fixed, incident(fingerprint="b"), incident(fingerprint="c")))

    assert text.startswith("shop: 3 incidents, 2 need you, 1 fixed\n")
    (line,) = (line for line in text.splitlines() if "  fixed  " in line)
    assert "  7 min  " in line


def test_each_try_says_how_it_ended() -> None:
    tries = (attempt(), attempt(Outcome.VERIFIED), attempt(Outcome.VERIFIED, lasted=False))

    text = shown(memory(incident(tries=(*tries, attempt(None)), escalated=True)))

    assert "1. 2026-11-22 14:07 set env LEDGER_REGION on container main: undone (0 of 2" in text
    assert "2. 2026-11-22 14:07 set env LEDGER_REGION on container main: healthy\n" in text
    assert "main: healthy, and it did not last" in text
    assert "main: not known yet" in text
    assert "Nothing more is tried: a person is needed." in text


def test_a_cool_down_and_an_open_ask_say_until_when() -> None:
    quiet = incident(quiet_until=NOW + timedelta(minutes=9), request=request())

    text = shown(memory(quiet))

    assert "Nothing is tried until 2026-11-22 14:25." in text
    assert "Waits until 2026-11-23 14:15 for approval 5f6e7d8c to roll back to revision 6:" in text
    assert "Approve it with the command that the report or Slack shows beside the whole" in text


def test_an_ask_that_expired_offers_no_command() -> None:
    text = shown(memory(incident(request=request(expires_at=STARTED))))

    assert "Approval 5f6e7d8c to roll back to revision 6: expired 2026-11-22 14:15." in text
    assert "kubectl" not in text


def test_of_a_memory_which_holds_no_change_no_command_approves_anything() -> None:
    text = shown(memory(incident(request=request())))

    assert "for approval 5f6e7d8c to roll back to revision 6:" in text
    assert "kubectl" not in text


def test_open_ones_come_first() -> None:
    over = incident(summary="first", state="resolved", resolved_at=STARTED, last_seen=NOW)

    text = shown(memory(over, incident(summary="second")))

    assert text.startswith("shop: 2 incidents, 1 needs you, 1 resolved")
    assert text.index("second") < text.index("first", text.index("tries"))


def test_an_empty_memory_is_one_plain_sentence() -> None:
    assert shown(memory()) == "shop: no incident is remembered.\n"


def test_a_memory_that_cannot_be_read_is_not_called_empty() -> None:
    text = shown(memory(), warning="The memory cannot be read: forbidden.", readable=False)

    assert text == "shop: The memory cannot be read: forbidden.\n"


def test_a_stopped_namespace_is_said_to_be_paused() -> None:
    assert "shop is paused by a stop sign in Slack" in shown(memory(stopped_by="1.2"))


def test_foreign_text_cannot_colour_or_break_lines() -> None:
    text = shown(memory(incident(summary="a\x1b[31m[red]b[/red]\nc", tries=(attempt(),))))

    assert "\x1b" not in text
    assert "a[red]b[/red] c" in text


def test_json_holds_the_same_and_no_value() -> None:
    dumped = history_json([Page(memory(incident(tries=(attempt(),))))])

    assert json.loads(json.dumps(dumped)) == dumped
    (place,) = dumped["namespaces"]
    assert place["namespace"] == "shop"
    assert place["readable"] is True
    assert place["incidents"][0]["tries"][0]["outcome"] == "undone"


def test_a_long_reason_is_cut() -> None:
    assert len(tried(attempt(reason="x " * 250))) < 300
