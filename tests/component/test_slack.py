from __future__ import annotations

import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer

from tests.support.report_samples import STARTED, fix
from tests.support.slack_scenarios import Life, bot, incident, webhook
from tests.support.wire_slack import TOKEN, Fault, Slack, refusal
from watchdog.actions import PatchDeploymentEnv
from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.model.incident import ApprovalRequest
from watchdog.model.outcome import Outcome
from watchdog.model.report import Delivery
from watchdog.settings.schema import Settings
from watchdog.settings.services import SlackSettings
from watchdog.slack.web_client import probe


@pytest.fixture
def slack(httpserver: HTTPServer) -> Slack:
    return Slack(httpserver, channels=("#ops", "#shop"))


@pytest.fixture
def life(slack: Slack) -> Life:
    return Life(slack, bot(slack))


@pytest.fixture
def hooked(slack: Slack) -> Life:
    return Life(slack, webhook(slack))


def many(slack: Slack, settings: Settings, number: int) -> Life:
    return Life(slack, settings, *(incident(f"app-{i}") for i in range(number)))


def ask() -> ApprovalRequest:
    return ApprovalRequest(
        id="abc123",
        action=PatchDeploymentEnv(target=incident().target, container="main", name="LEDGER_REGION"),
        uid="u-1",
        patch="ff",
        asked_at=STARTED,
        expires_at=STARTED,
    )


def test_a_finding_is_one_message_with_its_details_in_the_thread(slack: Slack, life: Life) -> None:
    assert life.pass_on() == [Delivery(to="slack", ok=True)]

    (post,) = slack.posts
    assert post.body["text"].startswith(
        "❌ Broken: shop/ledger, missing environment variable (prod-eu)."
    )
    assert post.body["unfurl_links"] is False
    assert "BackOff" in slack.replies(post.ts)[0].shown


def test_without_bot_and_webhook_nothing_is_said(slack: Slack) -> None:
    life = Life(slack, Settings())

    assert life.pass_on() == []
    assert slack.calls == []


def test_a_namespaces_policy_names_its_channel(slack: Slack, life: Life) -> None:
    life.channels = {"shop": "#shop"}

    life.pass_on()

    assert [post.channel for post in slack.posts] == [slack.channels["#shop"]]


def test_retry_after_is_obeyed(slack: Slack, life: Life) -> None:
    slack.faults.append(Fault(status=429, headers={"Retry-After": "7"}))

    assert life.pass_on() == [Delivery(to="slack", ok=True)]
    assert life.clock.slept[0] == 7.0
    assert len(slack.posts) == 1


@pytest.mark.parametrize("after", ["3600", "abc", ""])
def test_waiting_stays_within_the_budget(slack: Slack, life: Life, after: str) -> None:
    slack.faults += [Fault(status=429, headers={"Retry-After": after})] * 9

    delivered = life.pass_on(seconds=60)

    assert [item.ok for item in delivered] == [False]
    assert "longer than this pass may take" in str(delivered[0].error)
    assert sum(life.clock.slept) < 50
    assert len(slack.calls) <= 3


def test_slack_leaves_time_for_the_metrics(slack: Slack) -> None:
    life = many(slack, bot(slack), 30)
    slack.faults += [Fault(status=429, headers={"Retry-After": "6"})] * 9

    life.pass_on(seconds=20)

    assert sum(life.clock.slept) <= 10


def test_without_time_nothing_is_posted(slack: Slack, life: Life) -> None:
    (delivered,) = life.pass_on(seconds=0)

    assert "no time is left in this pass for Slack" in str(delivered.error)
    assert slack.calls == []
    assert life.keeps == 0


def test_a_post_that_arrived_before_the_timeout_is_not_posted_again(
    slack: Slack, life: Life
) -> None:
    slack.faults.append(Fault(delay_seconds=1.5, after=True))

    (delivered,) = life.pass_on()

    assert not delivered.ok
    assert "not sent again" in str(delivered.error)
    assert len(slack.messages) == 1


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(body="<html>hello</html>")])
def test_an_unclear_answer_is_not_posted_again(slack: Slack, life: Life, fault: Fault) -> None:
    slack.faults.append(fault)

    (delivered,) = life.pass_on()

    assert not delivered.ok
    assert len(slack.calls) == 1


def test_a_transient_refusal_is_tried_again(slack: Slack, life: Life) -> None:
    slack.fail("service_unavailable")

    assert life.pass_on() == [Delivery(to="slack", ok=True)]
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
    slack: Slack, life: Life, error: str, remedy: str
) -> None:
    slack.fail(error)

    (delivered,) = life.pass_on()

    assert remedy in str(delivered.error)
    assert life.clock.slept == []
    assert len(slack.calls) == 1


def test_what_a_channel_refuses_for_good_is_not_tried_there_again(slack: Slack) -> None:
    life = many(slack, bot(slack), 3)
    slack.fail("not_in_channel")

    delivered = life.pass_on()

    assert [item.ok for item in delivered] == [False]
    assert len(slack.calls) == 1


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
def test_refused_blocks_go_out_once_more_as_plain_text(
    slack: Slack, life: Life, error: str
) -> None:
    slack.fail(error)

    assert life.pass_on()[0].ok
    assert "blocks" not in slack.posts[0].body
    assert slack.posts[0].body["text"].startswith("❌ Broken: shop/ledger")


def test_a_lost_thread_reply_is_reported_while_the_message_stands(slack: Slack, life: Life) -> None:
    first = Fault(body='{"ok": true, "ts": "1.2", "channel": "C000"}')
    slack.faults += [first, Fault(status=500)]

    posted, lost = life.pass_on()

    assert posted.ok
    assert "a reply is missing: no clear answer" in str(lost.error)


def test_an_answer_without_an_address_is_unclear(slack: Slack, life: Life) -> None:
    slack.faults.append(Fault(body='{"ok": true, "ts": "<!channel>", "channel": "C000"}'))

    (delivered,) = life.pass_on()

    assert "no address of a message" in str(delivered.error)


def test_slack_out_of_reach_is_a_delivery_that_failed(slack: Slack) -> None:
    settings = Settings(
        slack=SlackSettings(
            bot_token=SecretStr(TOKEN), channel="#ops", base_url="http://127.0.0.1:1/api"
        )
    )

    (delivered,) = Life(slack, settings).pass_on()

    assert delivered.error == "Slack cannot be reached: connection refused"


def test_a_token_without_a_channel_says_what_to_set(slack: Slack) -> None:
    (delivered,) = Life(slack, bot(slack, channel=None)).pass_on()

    assert "SRE_AGENT_SLACK__CHANNEL" in str(delivered.error)
    assert slack.calls == []


def test_the_probe_names_the_tokens_scopes(slack: Slack, life: Life) -> None:
    budget = Budget(60, life.clock)

    assert "channels:history, chat:write, reactions:read" in str(probe(bot(slack).slack, budget))
    slack.scopes = "reactions:read"
    with pytest.raises(DeliveryError, match="lacks the scope chat:write"):
        probe(bot(slack).slack, budget)


def test_a_webhook_is_told_of_changes_only(slack: Slack, hooked: Life) -> None:
    for _ in range(3):
        hooked.pass_on()
    hooked.resolve()
    hooked.pass_on()
    hooked.pass_on()
    hooked.change(state="broken", resolved_at=None, reopened=1)
    hooked.pass_on()

    assert [post.shown.split(":")[0] for post in slack.posts] == [
        "*❌ Broken",
        "*✅ Resolved",
        "*❌ Broken",
    ]
    assert set(slack.methods) == {"webhook"}


def test_a_webhook_gets_a_digest_of_what_is_beyond_five(slack: Slack) -> None:
    life = many(slack, webhook(slack), 8)

    life.pass_on()
    life.pass_on()

    assert len(slack.posts) == 6
    assert "3 more problems" in slack.posts[-1].shown


def test_by_webhook_too_shards_share_the_messages_of_one_incident_each(slack: Slack) -> None:
    life = many(slack, webhook(slack).model_copy(update={"shards": 4}), 8)

    life.pass_on()

    assert len(slack.posts) == 2
    assert "7 more problems" in slack.posts[-1].shown


def test_by_webhook_an_ask_is_part_of_the_message_once(slack: Slack, hooked: Life) -> None:
    hooked.pass_on()
    hooked.change(state="needs_you", request=ask())
    hooked.pass_on(hooked.report(actions=(fix(Outcome.AWAITING_APPROVAL, request="abc123"),)))
    hooked.pass_on()

    assert len(slack.posts) == 2
    shown = slack.posts[1].shown
    assert "annotate deployment/ledger sre-watchdog/approve=abc123" in shown
    assert "React with" not in shown
    assert refusal(slack.posts[1].body) is None


def test_by_webhook_what_only_a_digest_named_is_asked_for_in_the_next_pass(slack: Slack) -> None:
    life = many(slack, webhook(slack), 8)
    waits = []
    for number, item in enumerate(life.incidents):
        action = PatchDeploymentEnv(target=item.target, container="main", name="LEDGER_REGION")
        request = ask().model_copy(update={"id": f"abc{number}", "action": action})
        life.change(item.target.name, state="needs_you", request=request)
        waits.append(fix(Outcome.AWAITING_APPROVAL, action=action, request=request.id))

    life.pass_on(life.report(actions=tuple(waits)))
    assert "3 more problems" in slack.posts[-1].shown
    life.pass_on(life.report(actions=tuple(waits)))
    life.pass_on(life.report(actions=tuple(waits)))

    said = "".join(post.shown for post in slack.posts)
    assert [said.count(f"sre-watchdog/approve=abc{number}") for number in range(8)] == [1] * 8
    assert len(slack.posts) == 6 + 3


def test_by_webhook_what_may_have_arrived_is_not_posted_again(slack: Slack, hooked: Life) -> None:
    slack.faults.append(Fault(status=500, after=True))

    hooked.pass_on()
    hooked.pass_on()

    assert len(slack.posts) == 1


def test_a_pass_that_dies_doubles_no_post_of_a_webhook(slack: Slack, hooked: Life) -> None:
    hooked.pass_on(dies=True)
    hooked.pass_on()

    assert len(slack.posts) == 1


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
    slack: Slack, hooked: Life, fault: Fault, words: str
) -> None:
    slack.faults.append(fault)

    (delivered,) = hooked.pass_on()

    assert words in str(delivered.error)
    assert slack.messages == []


def test_what_a_webhook_refused_is_posted_by_the_next_pass(slack: Slack, hooked: Life) -> None:
    slack.faults.append(Fault(status=429, headers={"Retry-After": "3600"}))

    hooked.pass_on()
    hooked.pass_on()

    assert len(slack.posts) == 1


def test_no_secret_is_in_what_is_reported(slack: Slack, hooked: Life) -> None:
    slack.faults.append(Fault(status=404, body="no_service"))

    (delivered,) = hooked.pass_on()

    assert "hook" not in str(delivered.error).replace("webhook", "").replace("WEBHOOK", "")
