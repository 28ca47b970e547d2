from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.report_samples import (
    BY_HAND,
    STARTED,
    UNDO,
    diagnosis,
    explanation,
    finding,
    fix,
    healthy,
    namespace,
    ref,
    report,
)
from tests.support.wire_slack import refusal
from watchdog.model.diagnosis import Finding
from watchdog.model.incident import Incident
from watchdog.model.outcome import Outcome
from watchdog.model.report import TargetHealth
from watchdog.slack.block_kit import Message, labelled, told
from watchdog.slack.messages import messages
from watchdog.slack.sender import body_of
from watchdog.slack.web_client import preview

HOSTILE = "<!channel> <@U123> & <https://evil.example|click> *b* ~s~ `c` ``` _i_ :smile:"


def texts(message: Message) -> list[str]:
    blocks = [*message.blocks, *message.bar]
    items = [block.get("text") or block["elements"][0] for block in blocks]
    return [str(item["text"]) for item in items]


def many(number: int) -> tuple[Finding, ...]:
    return tuple(finding(target=ref(f"app-{i}")) for i in range(number))


def test_the_first_block_and_the_fallback_say_the_same() -> None:
    (message,) = messages(report())

    headline = "\u2705 Fixed: shop/ledger, missing environment variable"
    assert texts(message)[0] == f"*{headline}* (prod-eu)"
    assert message.text.startswith(f"{headline} (prod-eu). Was down for 12 min, 0 of 2")


def test_why_a_fix_was_undone_is_said_once_and_under_the_name_of_every_view() -> None:
    why = "0 of 2 pods are ready"
    seen = TargetHealth(healthy=False, problems=(why,))
    undone = fix(Outcome.UNDONE, reason=f"it did not help: {why}", verification=seen)

    (message,) = messages(report(namespace(actions=(undone,))))

    (said,) = (text for text in texts(message) if text.startswith("*Fix:*"))
    assert said.count(why) == 1


def test_undo_is_code_and_the_context_counts() -> None:
    (message,) = messages(report())

    assert f"*Undo:* `{UNDO}`" in texts(message)
    assert texts(message)[-1] == "first seen 14:03 UTC · 1 attempt · 812 tokens"


def test_details_stand_in_the_thread() -> None:
    (message,) = messages(report())
    (reply,) = message.thread

    assert not any("BackOff" in text for text in texts(message))
    assert any("BackOff" in text for text in texts(reply))
    assert any("value: (as in revision 6)" in text for text in texts(reply))
    assert any("(unverified)" in text for text in texts(reply))


def test_what_needs_a_person_says_what_to_do() -> None:
    (message,) = messages(report(namespace(actions=(fix(Outcome.REFUSED, reason="Flux owns it"),))))

    assert texts(message)[0].startswith("*\u270b Needs you: shop/ledger")
    assert "Flux owns it" in texts(message)[3]
    assert f"*To do:* Set LEDGER\u005fREGION on the container. `{BY_HAND}`" in texts(message)


def test_memory_knows_better_when_it_began_and_how_often_it_was_tried() -> None:
    known = Incident(
        fingerprint="ab",
        kind="missing_env",
        target=ref(),
        first_seen=STARTED - timedelta(days=1),
        last_seen=STARTED,
        attempts=3,
    )

    (message,) = messages(report(namespace(incidents=(known,))))

    assert texts(message)[-1].startswith("first seen 2026-11-21 14:15 UTC · 3 attempts")


def test_nothing_broken_is_no_message() -> None:
    assert messages(healthy()) == []
    assert preview(healthy()) == ""


def test_foreign_text_neither_calls_anyone_nor_formats() -> None:
    said = explanation(why=HOSTILE, changed=HOSTILE, to_do=HOSTILE, command=None)
    hurt = finding(summary=HOSTILE, impact=HOSTILE, evidence=(HOSTILE,))
    refused = fix(Outcome.REFUSED, reason=HOSTILE, diff=HOSTILE)
    (message,) = messages(
        report(
            namespace(
                findings=(hurt,), diagnosis=diagnosis(explanations=(said,)), actions=(refused,)
            )
        )
    )

    blocks = [*message.blocks, *message.thread[0].blocks]
    formatted = [b["text"]["text"] for b in blocks if b.get("text", {}).get("type") == "mrkdwn"]

    assert not any("<" in text for text in formatted)
    assert "<" not in message.text
    assert all("```" not in text.removeprefix("```\n").removesuffix("\n```") for text in formatted)
    assert formatted[0].count("*") == 2
    assert all("`" not in text for text in formatted if not text.startswith("```"))


def test_more_than_five_problems_end_in_one_digest() -> None:
    posts = messages(report(namespace(findings=many(9), actions=())))

    assert len(posts) == 6
    assert texts(posts[-1])[0] == "*4 more problems in this pass (prod-eu)*"
    assert "shop/app-8, missing environment variable" in texts(posts[-1])[1]


def test_hundreds_of_problems_stay_within_the_limits() -> None:
    posts = messages(report(namespace(findings=many(300), actions=())))

    assert [refusal(body_of(message)) for message in posts] == [None] * 6
    assert "and 255 more" in texts(posts[-1])[1]


def test_a_command_too_long_for_slack_is_left_out_whole() -> None:
    long = explanation(command="kubectl " + "x" * 5000)
    (message,) = messages(report(namespace(actions=(), diagnosis=diagnosis(explanations=(long,)))))

    assert not any("kubectl" in text for text in texts(message))
    assert any("too long for Slack" in text for text in texts(message))


def test_the_preview_reads_as_the_message_will() -> None:
    lines = preview(report()).splitlines()

    assert lines[0] == "| \u2705 Fixed: shop/ledger, missing environment variable (prod-eu)"
    assert f"| Undo: `{UNDO}`" in lines
    assert lines[-1] == "| (1 reply in the thread: evidence and change)"


@settings(max_examples=30, deadline=None)
@given(st.text(), st.integers(1, 4000))
def test_any_text_of_any_length_stays_within_slacks_limits(text: str, times: int) -> None:
    long = text * times
    said = explanation(why=long, changed=long, to_do=long, command=long or None)
    hurt = finding(summary=long, impact=long, evidence=(long,) * 9)
    refused = fix(Outcome.REFUSED, reason=long, diff=long)
    diagnosed = diagnosis(explanations=(said,), root_cause=long)

    (message,) = messages(
        report(namespace(findings=(hurt,), diagnosis=diagnosed, actions=(refused,)))
    )

    assert refusal(body_of(message)) is None
    assert [refusal(body_of(reply)) for reply in message.thread] == [None] * len(message.thread)


def test_a_label_is_bold_beside_a_time_and_plain_beside_what_slack_may_draw() -> None:
    paused = labelled("Paused", "until 2026-12-01T18:00:00Z: migration, since 09:30:10", 200)
    drawn = labelled("Paused", "moved :truck: at 18:100:00", 200)

    assert paused["text"]["text"].startswith("*Paused:* until")
    assert (drawn["text"]["type"], drawn["text"]["emoji"]) == ("plain_text", False)


def test_a_quotation_with_an_address_or_a_mention_stands_in_code_and_reads_as_the_log_has_it() -> (
    None
):
    said = (
        'It fails: "GET https://api.example.com/v1/rates: 403 `x`" and "<!channel> {a}". Then *b*.'
    )

    block = told(said, 2000)

    assert block["text"] == {
        "type": "mrkdwn",
        "text": "It fails: `GET https://api.example.com/v1/rates: 403 'x'` and "
        "`&lt;!channel&gt; {a}`. Then \u2217b\u2217.",
        "verbatim": True,
    }


def test_a_quotation_of_json_is_one_and_without_addresses_all_is_plain() -> None:
    line = '{"level":"fatal","url":"http://db/x"}'

    assert told(f'It says "{line}".', 2000)["text"]["text"] == f"It says `{line}`."
    assert told('It says "{"a":"b"}".', 2000)["text"]["type"] == "plain_text"


def test_a_quotation_that_has_quotes_of_its_own_is_in_code_as_a_whole() -> None:
    said = 'It says "a " b http://x/y" and "c".'

    assert told(said, 2000)["text"]["text"] == 'It says `a " b http://x/y" and "c`.'
