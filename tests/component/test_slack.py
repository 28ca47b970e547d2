from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tests.report_samples import finding, healthy, namespace, ref, report
from tests.wire_slack import TOKEN, Fault, Slack
from watchdog.clock import Budget
from watchdog.nouns import Delivery, Report
from watchdog.report.slack import deliver
from watchdog.settings import Settings, SlackSettings


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def slack(httpserver: HTTPServer) -> Slack:
    return Slack(httpserver, channels=("#ops", "#shop"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bot(slack: Slack, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "bot_token": SecretStr(TOKEN),
        "channel": "#ops",
        "base_url": slack.base_url,
        "timeout_seconds": 1,
    }
    return Settings(slack=SlackSettings(**{**values, **changes}))


def webhook(slack: Slack) -> Settings:
    url = SecretStr(slack.webhook_url)
    return Settings(slack=SlackSettings(webhook_url=url, timeout_seconds=1))


def send(
    settings: Settings, clock: Clock, shown: Report | None = None, seconds: float = 120
) -> list[Delivery]:
    return deliver(shown or report(), settings, Budget(seconds, clock))


def many(number: int) -> Report:
    return report(
        namespace(
            findings=tuple(finding(target=ref(f"app-{i}")) for i in range(number)), actions=()
        )
    )


def test_a_finding_is_one_message_with_its_details_in_the_thread(
    slack: Slack, clock: Clock
) -> None:
    delivered = send(bot(slack), clock)

    assert delivered == [Delivery(to="slack", ok=True)]
    (post,) = slack.posts
    assert post.body["text"].startswith(
        "Fixed: shop/ledger, missing environment variable (prod-eu)."
    )
    assert post.body["unfurl_links"] is False
    assert post.body["metadata"]["event_payload"] == {
        "incident": "prod-eu/shop/Deployment/ledger/missing_env/main"
    }
    assert "BackOff" in slack.replies(post.ts)[0].shown


def test_nothing_is_posted_when_nothing_is_wrong_or_in_a_dry_run(
    slack: Slack, clock: Clock
) -> None:
    assert send(bot(slack), clock, healthy()) == []
    assert send(bot(slack), clock, report(mode="dry_run")) == []
    assert send(Settings(), clock) == []
    assert slack.calls == []


def test_a_namespaces_policy_names_its_channel(slack: Slack, clock: Clock) -> None:
    deliver(report(), bot(slack), Budget(60, clock), {"shop": "#shop"})

    assert [post.channel for post in slack.posts] == [slack.channels["#shop"]]


def test_many_problems_make_five_messages_and_a_digest(slack: Slack, clock: Clock) -> None:
    send(bot(slack), clock, many(20))

    assert len(slack.posts) == 6
    assert "15 more problems" in slack.posts[-1].shown


def test_retry_after_is_obeyed(slack: Slack, clock: Clock) -> None:
    slack.faults.append(Fault(status=429, headers={"Retry-After": "7"}))

    assert send(bot(slack), clock) == [Delivery(to="slack", ok=True)]
    assert clock.slept == [7.0]
    assert len(slack.posts) == 1


@pytest.mark.parametrize("after", ["3600", "abc", ""])
def test_waiting_stays_within_the_budget(slack: Slack, clock: Clock, after: str) -> None:
    slack.faults += [Fault(status=429, headers={"Retry-After": after})] * 9

    delivered = send(bot(slack), clock, seconds=60)

    assert [item.ok for item in delivered] == [False]
    assert "longer than this pass may take" in str(delivered[0].error)
    assert sum(clock.slept) < 50
    assert len(slack.calls) <= 3


def test_slack_leaves_time_for_the_metrics(slack: Slack, clock: Clock) -> None:
    slack.faults += [Fault(status=429, headers={"Retry-After": "6"})] * 9

    send(bot(slack), clock, seconds=20)

    assert sum(clock.slept) <= 10


def test_without_time_nothing_is_posted(slack: Slack, clock: Clock) -> None:
    (delivered,) = send(bot(slack), clock, seconds=0)

    assert "no time is left in this pass" in str(delivered.error)
    assert slack.calls == []


def test_a_post_that_arrived_before_the_timeout_is_not_posted_again(
    slack: Slack, clock: Clock
) -> None:
    slack.faults.append(Fault(delay_seconds=1.5, after=True))

    (delivered,) = send(bot(slack), clock)

    assert not delivered.ok
    assert "not sent again" in str(delivered.error)
    assert len(slack.messages) == 1


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(body="<html>hello</html>")])
def test_an_unclear_answer_is_not_posted_again(slack: Slack, clock: Clock, fault: Fault) -> None:
    slack.faults.append(fault)

    (delivered,) = send(bot(slack), clock)

    assert not delivered.ok
    assert len(slack.calls) == 1


def test_a_transient_refusal_is_tried_again(slack: Slack, clock: Clock) -> None:
    slack.fail("service_unavailable")

    assert send(bot(slack), clock) == [Delivery(to="slack", ok=True)]
    assert len(slack.posts) == 1


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("not_in_channel", "the bot is not in #ops: invite it there with /invite"),
        ("channel_not_found", "the bot sees no channel #ops"),
        ("invalid_auth", "set SRE_AGENT_SLACK__BOT_TOKEN"),
        ("is_archived", "the channel #ops is archived"),
        ("missing_scope", "lacks the scope chat:write"),
        ("something_new", "Slack refused the message (something_new)"),
    ],
)
def test_a_permanent_refusal_is_told_with_its_remedy(
    slack: Slack, clock: Clock, error: str, remedy: str
) -> None:
    slack.fail(error)

    (delivered,) = send(bot(slack), clock)

    assert remedy in str(delivered.error)
    assert clock.slept == []
    assert len(slack.calls) == 1


def test_what_a_channel_refuses_for_good_is_not_tried_there_again(
    slack: Slack, clock: Clock
) -> None:
    slack.fail("not_in_channel")

    delivered = send(bot(slack), clock, many(3))

    assert [item.ok for item in delivered] == [False] * 3
    assert len(slack.calls) == 1


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
def test_refused_blocks_go_out_once_more_as_plain_text(
    slack: Slack, clock: Clock, error: str
) -> None:
    slack.fail(error)

    assert send(bot(slack), clock)[0].ok
    assert "blocks" not in slack.posts[0].body
    assert slack.posts[0].body["text"].startswith("Fixed: shop/ledger")


def test_a_lost_thread_reply_is_reported_while_the_message_stands(
    slack: Slack, clock: Clock
) -> None:
    first = Fault(body='{"ok": true, "ts": "1.2", "channel": "C000"}')
    slack.faults += [first, Fault(status=500)]

    posted, lost = send(bot(slack), clock)

    assert posted.ok
    assert "details are missing in the thread" in str(lost.error)


def test_slack_out_of_reach_is_a_delivery_that_failed(clock: Clock) -> None:
    settings = Settings(
        slack=SlackSettings(
            bot_token=SecretStr(TOKEN), channel="#ops", base_url="http://127.0.0.1:1/api"
        )
    )

    (delivered,) = send(settings, clock)

    assert delivered.error == "Slack cannot be reached: connection refused"


def test_a_token_without_a_channel_says_what_to_set(slack: Slack, clock: Clock) -> None:
    (delivered,) = send(bot(slack, channel=None), clock)

    assert "SRE_AGENT_SLACK__CHANNEL" in str(delivered.error)
    assert slack.calls == []


def test_a_webhook_gets_the_same_message(slack: Slack, clock: Clock) -> None:
    assert send(webhook(slack), clock) == [Delivery(to="slack", ok=True)]
    assert "Undo:" in slack.posts[0].shown


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(status=404, body="no_service"), "the webhook is gone"),
        (Fault(status=410, body="channel_is_archived"), "is archived"),
        (Fault(status=404, body="<html>"), "the webhook is gone"),
        (Fault(status=403, body="action_prohibited"), "may not post"),
        (Fault(status=200, body="hello"), "no clear answer"),
        (Fault(status=500, body="rollup_error"), "no clear answer"),
    ],
)
def test_a_webhook_that_did_not_say_ok_has_failed(
    slack: Slack, clock: Clock, fault: Fault, words: str
) -> None:
    slack.faults.append(fault)

    (delivered,) = send(webhook(slack), clock)

    assert words in str(delivered.error)
    assert slack.messages == []


def test_no_secret_is_in_what_is_reported(slack: Slack, clock: Clock) -> None:
    slack.faults.append(Fault(status=404, body="no_service"))

    (delivered,) = send(webhook(slack), clock)

    assert "hook" not in str(delivered.error).replace("webhook", "").replace("WEBHOOK", "")
