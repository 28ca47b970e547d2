from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.support.report_samples import STARTED, finding, fix, namespace, ref, report
from tests.support.slack_scenarios import Life, bot, incident
from tests.support.wire_slack import Fault, Slack
from watchdog.actions import PatchDeploymentEnv
from watchdog.clock import Budget, SystemClock
from watchdog.incidents.memory import Memory
from watchdog.model.diagnosis import Cause
from watchdog.model.incident import ApprovalRequest, Attempt, Incident, Thread
from watchdog.model.outcome import Outcome
from watchdog.slack.reactions import answers
from watchdog.snapshot.refs import ObjectRef

LOST = Fault(status=500, after=True, method="chat.postMessage")
SET_ENV = PatchDeploymentEnv(target=ref(), container="main", name="LEDGER_REGION")


@pytest.fixture
def slack(httpserver: HTTPServer) -> Slack:
    return Slack(httpserver, channels=("#ops", "#shop"))


@pytest.fixture
def life(slack: Slack) -> Life:
    return Life(slack, bot(slack))


def many(slack: Slack, number: int) -> Life:
    return Life(slack, bot(slack), *(incident(f"app-{i}") for i in range(number)))


def request(**changes: Any) -> ApprovalRequest:
    values: dict[str, Any] = {
        "id": "abc123",
        "action": SET_ENV,
        "uid": "u-1",
        "patch": "ff",
        "reason": "the value was suggested by the model",
        "asked_at": STARTED,
        "expires_at": STARTED + timedelta(hours=2),
    }
    return ApprovalRequest(**{**values, **changes})


def asking(life: Life, **changes: Any) -> Life:
    life.change(state="needs_you", request=request(**changes))
    waits = fix(Outcome.AWAITING_APPROVAL, request=request(**changes).id)
    life.pass_on(life.report(actions=(waits,)))
    return life


def said(life: Life) -> list[str]:
    """The replies below the one message."""
    return [reply.shown for reply in life.slack.replies(life.slack.posts[0].ts)]


def test_ten_passes_make_one_message_whose_durations_go_on(slack: Slack, life: Life) -> None:
    for _ in range(10):
        life.pass_on()

    (post,) = slack.posts
    assert post.metadata["incident"] == life.incidents[0].fingerprint
    assert post.shown.startswith("*❌ Broken: shop/ledger, missing environment variable*")
    assert "Down for 57 min" in post.shown
    assert post.edits == 9
    assert len(said(life)) == 1
    assert "BackOff" in said(life)[0]


def test_what_has_not_changed_is_not_edited(slack: Slack, life: Life) -> None:
    life.pass_on(minutes=0)

    assert life.pass_on() == []
    assert slack.count("chat.update") == 0


def test_the_message_follows_the_incident_and_its_thread_tells_each_change(
    slack: Slack, life: Life
) -> None:
    life.pass_on()
    life.change(state="fixed", attempts=1)
    life.pass_on(life.report(actions=(fix(),)), minutes=2)

    assert slack.posts[0].shown.startswith("*✅ Fixed: shop/ledger")
    assert "1 attempt" in slack.posts[0].shown
    assert said(life)[1].startswith("*✅ Fixed: shop/ledger")
    assert "value: (as in revision 6)" in said(life)[1]


def test_a_resolved_incident_says_so_and_how_long_it_took(slack: Slack, life: Life) -> None:
    life.pass_on(minutes=2)
    life.resolve()
    life.pass_on()
    life.pass_on()

    (post,) = slack.posts
    assert post.body["text"].startswith(
        "✅ Resolved: shop/ledger, missing environment variable (prod-eu). "
        "It was broken for 14 min."
    )
    assert said(life)[1:] == [
        (
            "*✅ Resolved after 14 min: shop/ledger*\n"
            "It is well again without a change by the watchdog."
        )
    ]


def test_what_helped_is_named_when_it_is_over(slack: Slack, life: Life) -> None:
    life.pass_on(minutes=2)
    helped = Attempt(id="aa", action=SET_ENV, patch="bb", at=STARTED, outcome=Outcome.VERIFIED)
    life.change(tries=(helped,), attempts=1)
    life.resolve()
    life.pass_on()

    assert "Fixed by: set env LEDGER_REGION on container main." in slack.posts[0].shown


def test_an_incident_that_comes_back_goes_on_in_the_same_thread(slack: Slack, life: Life) -> None:
    life.pass_on()
    life.resolve()
    life.pass_on()
    life.change(state="broken", resolved_at=None, reopened=1)
    life.pass_on()

    (post,) = slack.posts
    assert post.shown.startswith("*❌ Broken: shop/ledger")
    assert "came back 1 time" in post.shown
    assert said(life)[-1].startswith("*It is back: ❌ Broken: shop/ledger")


def test_one_that_came_and_went_between_two_passes_is_told_all_the_same(life: Life) -> None:
    life.change(state="fixed")
    life.pass_on()
    life.change(reopened=1)
    life.pass_on()

    assert said(life)[-1].startswith("*It is back: ✅ Fixed: shop/ledger")


def test_an_escalation_says_what_was_tried_and_how_it_failed(slack: Slack, life: Life) -> None:
    failed = Attempt(
        id="aa",
        action=SET_ENV,
        patch="bb",
        at=STARTED,
        outcome=Outcome.UNDONE,
        reason="0 of 2 pods ready",
    )
    life.change(state="needs_you", tries=(failed,), attempts=1, escalated=True)
    life.pass_on()

    assert (
        "Tried without success: set env LEDGER_REGION on container main: "
        "it did not help and was undone (0 of 2 pods ready)." in slack.posts[0].shown
    )


def test_an_incident_that_was_over_before_anyone_was_told_is_not_told(
    slack: Slack, life: Life
) -> None:
    life.resolve()

    assert life.pass_on() == []
    assert slack.calls == []


def test_a_namespace_that_could_not_be_looked_at_leaves_its_message_alone(
    slack: Slack, life: Life
) -> None:
    life.pass_on()
    blind = report(namespace(findings=(), actions=(), error="no answer"))
    life.pass_on(blind)

    assert slack.posts[0].edits == 0


def test_a_dry_run_says_nothing_and_notes_nothing(slack: Slack, life: Life) -> None:
    before = life.memory

    assert life.pass_on(life.report(mode="dry_run")) == []
    assert (life.memory, slack.calls, life.keeps) == (before, [], 0)


def test_a_message_is_marked_in_memory_before_it_is_posted(slack: Slack, life: Life) -> None:
    life.unkept = "configmaps is forbidden"

    (delivered,) = life.pass_on()

    assert "the memory of shop cannot be kept: configmaps is forbidden" in str(delivered.error)
    assert slack.calls == []
    assert life.incidents[0].thread is None


@pytest.mark.parametrize(("shards", "own"), [(1, 5), (2, 2), (5, 1), (16, 1)])
def test_shards_share_the_messages_of_one_incident_each(
    slack: Slack, shards: int, own: int
) -> None:
    settings = bot(slack).model_copy(update={"shards": shards})
    life = Life(slack, settings, *(incident(f"app-{i}") for i in range(8)))

    life.pass_on()

    assert len(slack.posts) == own + 1
    assert f"{8 - own} more problems" in slack.posts[-1].shown


def test_more_than_five_new_ones_share_a_digest_and_its_thread(slack: Slack) -> None:
    life = many(slack, 8)

    life.pass_on()
    assert len(slack.posts) == 6
    digest = slack.posts[-1]
    assert "3 more problems" in digest.shown

    life.resolve("app-6")
    life.resolve("app-7")
    life.pass_on()
    life.pass_on()
    assert digest.edits == 0
    (reply,) = slack.replies(digest.ts)
    assert "Resolved after 17 min: shop/app-6" in reply.shown
    assert "Resolved after 17 min: shop/app-7" in reply.shown


def test_incidents_with_one_cause_share_a_message(slack: Slack) -> None:
    life = Life(slack, bot(slack), incident("app"), incident("web"))
    cause = Cause(what="ConfigMap app is missing")
    both = tuple(finding(target=ref(name), cause=cause) for name in ("app", "web"))

    life.pass_on(report(namespace(findings=both, actions=())))
    life.resolve("web")
    life.pass_on()

    (post,) = slack.posts
    assert post.shown.startswith("*❌ Broken: shop/app")
    assert [item.thread.ts for item in life.incidents if item.thread] == [post.ts] * 2
    assert said(life)[-1].startswith("*✅ Resolved after 17 min: shop/web")


def test_who_waits_for_a_person_is_mentioned_again_after_the_interval(life: Life) -> None:
    life.change(state="needs_you")
    life.pass_on(minutes=239)
    life.pass_on(minutes=2)
    assert len(said(life)) == 1

    life.pass_on(minutes=5)
    life.pass_on(minutes=5)
    assert said(life)[1:] == ["*Still waiting for you: shop/ledger, broken for 4 h 13 min*"]


def test_a_muted_incident_is_not_mentioned_again(life: Life) -> None:
    life.change(state="needs_you")
    life.pass_on(minutes=300)
    life.muted = frozenset({life.incidents[0].fingerprint})
    life.pass_on()

    assert len(said(life)) == 1


def test_a_message_that_was_deleted_is_posted_anew(slack: Slack, life: Life) -> None:
    life.pass_on()
    slack.delete(slack.posts[0].ts)
    life.change(state="needs_you")
    life.pass_on()

    (post,) = slack.posts
    assert post.shown.startswith("*✋ Needs you: shop/ledger")
    assert life.incidents[0].thread is not None
    assert life.incidents[0].thread.ts == post.ts


@pytest.mark.parametrize("error", ["cant_update_message", "edit_window_closed"])
def test_a_message_that_can_no_longer_be_edited_is_followed_by_another(
    slack: Slack, life: Life, error: str
) -> None:
    life.pass_on(minutes=2)
    slack.fail(error, method="chat.update")
    life.resolve()
    life.pass_on()

    assert len(slack.posts) == 2
    assert slack.posts[1].shown.startswith("*✅ Resolved: shop/ledger")


def test_a_post_whose_answer_was_lost_is_found_and_not_doubled(slack: Slack) -> None:
    life = Life(slack, bot(slack, channel="C000"))
    slack.faults.append(LOST)

    (delivered,) = life.pass_on()
    assert "no clear answer" in str(delivered.error)
    life.pass_on()
    life.pass_on()

    (post,) = slack.posts
    assert life.incidents[0].thread is not None
    assert life.incidents[0].thread.ts == post.ts
    assert len(slack.replies(post.ts)) == 1


def test_a_post_that_did_not_arrive_is_posted_by_the_next_pass(slack: Slack) -> None:
    life = Life(slack, bot(slack, channel="C000"))
    slack.faults.append(Fault(status=500, method="chat.postMessage"))

    life.pass_on()
    life.pass_on()

    assert len(slack.posts) == 1


def test_a_pass_that_dies_before_it_saves_leaves_nothing_doubled(slack: Slack) -> None:
    life = Life(slack, bot(slack, channel="C000"))
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"state": "needs_you", "request": request()},
        {"state": "fixed", "request": None},
        {"state": "resolved", "resolved_at": STARTED},
        {"state": "broken", "resolved_at": None, "reopened": 1},
    )
    for change in changes:
        waits = (fix(Outcome.AWAITING_APPROVAL, request="abc123"),) if "request" in change else ()
        life.change(**change)
        life.pass_on(life.report(actions=waits), minutes=0, dies=True)
        life.pass_on(life.report(actions=waits), minutes=0)

    assert len(slack.posts) == 1
    assert [line.split(":")[0] for line in said(life)] == [
        "What changed",
        "*✋ Needs you",
        "*Approval needed for shop/ledger",
        "*✅ Fixed",
        "*✅ Resolved after 12 min",
        "*It is back",
    ]


def test_a_reminder_that_was_not_noted_is_not_repeated(life: Life) -> None:
    life.change(state="needs_you")
    life.pass_on(minutes=300)
    life.pass_on(minutes=1, dies=True)
    life.pass_on()

    assert len(said(life)) == 2


def test_a_digest_whose_answer_was_lost_is_found(slack: Slack) -> None:
    life = many(slack, 7)
    life.settings = bot(slack, channel="C000")
    life.pass_on(dies=True)
    digest = slack.posts[-1]
    life.pass_on()

    assert len(slack.posts) == 6
    assert {item.thread.ts for item in life.incidents[5:] if item.thread} == {digest.ts}
    assert all(item.thread.shared for item in life.incidents[5:] if item.thread)


def test_without_the_scope_a_lost_post_waits_for_the_next_change(slack: Slack) -> None:
    life = Life(slack, bot(slack, channel="C000"))
    slack.scopes = "chat:write"
    slack.faults.append(LOST)
    life.pass_on()

    (delivered,) = life.pass_on()
    assert "lacks the scope channels:history" in str(delivered.error)
    life.pass_on()
    assert len(slack.posts) == 1

    life.change(state="needs_you")
    life.pass_on()
    life.pass_on()
    assert [post.shown.split(":")[0] for post in slack.posts] == ["*❌ Broken", "*✋ Needs you"]


def test_a_channel_known_by_name_only_cannot_be_searched_and_says_what_to_set(
    slack: Slack, life: Life
) -> None:
    slack.faults.append(LOST)
    life.pass_on()

    (delivered,) = life.pass_on()

    assert "set the id (C...) for #ops" in str(delivered.error)
    assert len(slack.posts) == 1


def test_what_a_busy_slack_did_not_take_is_said_by_the_next_pass(slack: Slack, life: Life) -> None:
    slack.faults += [Fault(status=429, headers={"Retry-After": "3600"})]

    (delivered,) = life.pass_on()
    assert not delivered.ok
    assert not any(item.thread and item.thread.posting for item in life.kept.incidents)
    life.pass_on()

    assert len(slack.posts) == 1
    assert slack.count("conversations.history") == 0


def test_posts_keep_a_seconds_distance_in_a_channel(slack: Slack) -> None:
    life = many(slack, 3)

    life.pass_on()

    assert len(slack.messages) == 6
    assert sum(life.clock.slept) == pytest.approx(5)


def test_an_ask_is_a_reply_of_its_own_that_says_all_and_is_never_edited(
    slack: Slack, life: Life
) -> None:
    asking(life)
    life.pass_on()

    (ask,) = [m for m in slack.messages if m.metadata.get("approval")]
    assert ask.metadata == {"approval": "abc123"}
    assert ask.thread == slack.posts[0].ts
    assert life.incidents[0].request is not None
    assert life.incidents[0].request.ts == ask.ts
    command = "kubectl -n shop annotate deployment/ledger sre-watchdog/approve=abc123"
    for words in (
        "Approval needed for shop/ledger: set env LEDGER\u005fREGION on container main",
        "The value was suggested by the model",
        "value: (as in revision 6)",
        "until 2026-11-22 16:15 UTC",
        "React with :white_check_mark: (only: <@U1>, <@U2>)",
        command,
    ):
        assert words in ask.shown
    assert command in ask.body["text"]
    assert ask.edits == 0


def test_what_this_pass_cannot_show_is_not_asked_for(slack: Slack, life: Life) -> None:
    life.change(state="needs_you", request=request())
    life.pass_on()

    assert [m for m in slack.messages if m.metadata.get("approval")] == []

    asking(life)

    (ask,) = [m for m in slack.messages if m.metadata.get("approval")]
    assert "value: (as in revision 6)" in ask.shown


def test_a_listed_approvers_reaction_approves_that_request(slack: Slack, life: Life) -> None:
    asking(life)
    slack.react(str(life.incidents[0].request and life.incidents[0].request.ts), "+1", "U2")

    found = life.answers()

    assert found.approvals == {"abc123": "U2"}
    assert found.problems == ()


def test_a_strangers_reaction_approves_nothing_and_is_told(slack: Slack, life: Life) -> None:
    asking(life)
    ts = str(life.incidents[0].request and life.incidents[0].request.ts)
    slack.react(ts, "white_check_mark", "U9")
    slack.react(ts, "eyes", "U1")

    found = life.answers()

    assert found.approvals == {}
    assert "the reaction of U9 approves nothing for shop/ledger" in found.problems[0]


def test_with_an_empty_list_nobody_approves(slack: Slack, life: Life) -> None:
    life.settings = bot(slack, approvers=())
    asking(life)
    slack.react(str(life.incidents[0].request and life.incidents[0].request.ts), "+1", "U1")

    assert life.answers().approvals == {}
    assert "To approve, run:" in slack.messages[-1].shown


def test_a_reaction_on_another_message_approves_nothing(slack: Slack, life: Life) -> None:
    asking(life)
    other = slack.posts[0].ts
    slack.react(other, "white_check_mark", "U1")
    life.change(request=request(ts=other))

    found = life.answers()

    assert found.approvals == {}
    assert "is not ours or asks for something else" in found.problems[0]


def test_an_ask_for_something_else_approves_nothing(slack: Slack, life: Life) -> None:
    asking(life)
    ts = str(life.incidents[0].request and life.incidents[0].request.ts)
    slack.react(ts, "white_check_mark", "U1")
    life.change(request=request(id="abc1234", ts=ts))

    assert life.answers().approvals == {}


def test_an_ask_that_somebody_else_wrote_approves_nothing(slack: Slack, life: Life) -> None:
    asking(life)
    ts = str(life.incidents[0].request and life.incidents[0].request.ts)
    slack.message(ts).author = {"user": "U1"}
    slack.react(ts, "white_check_mark", "U1")

    found = life.answers()

    assert found.approvals == {}
    assert len(found.problems) == 1


@pytest.mark.parametrize("sign", ["no_entry", "octagonal_sign", "stop_sign"])
def test_a_stop_sign_on_any_of_its_messages_stops_a_namespace(
    slack: Slack, life: Life, sign: str
) -> None:
    life.pass_on()
    slack.react(slack.posts[0].ts, sign, "U9")

    assert life.answers().stopped == {"shop": f"U9/C000/{slack.posts[0].ts}"}


def test_a_stop_sign_holds_after_its_incident_ended(slack: Slack, life: Life) -> None:
    life.pass_on()
    slack.react(slack.posts[0].ts, "no_entry", "U9")
    life.resolve()
    life.memory = life.memory.model_copy(update={"stopped_by": f"U9/C000/{slack.posts[0].ts}"})

    assert life.answers().stopped == {"shop": f"U9/C000/{slack.posts[0].ts}"}


def test_stop_signs_cost_at_most_twenty_calls(slack: Slack) -> None:
    life = Life(slack, bot(slack))
    for number in range(5):
        life.memory = life.memory.model_copy(
            update={
                "incidents": (
                    *life.incidents,
                    *(incident(f"app-{number}-{i}") for i in range(5)),
                )
            }
        )
        life.pass_on()

    found = life.answers()

    assert slack.count("reactions.get") == 20
    assert "only 20 of 26 Slack messages" in found.problems[0]


def test_no_namespace_keeps_the_stop_sign_of_another_from_being_read(slack: Slack) -> None:
    """As many messages are looked at as one namespace has."""
    life = Life(slack, bot(slack))
    life.pass_on()
    ts = slack.posts[0].ts
    slack.react(ts, "no_entry", "U9")
    many = Memory(namespace="a", incidents=tuple(map(posted, range(30))))
    pods = tuple(posted(number, kind="Pod") for number in range(30))
    own = life.memory.model_copy(update={"incidents": (*pods, *life.incidents)})

    found = answers({"a": many, "shop": own}, life.settings, Budget(60, SystemClock()))

    assert found.stopped == {"shop": f"U9/C000/{ts}"}


def posted(number: int, kind: str = "Deployment") -> Incident:
    """An incident that has a message of its own."""
    target = ObjectRef(kind=kind, namespace="shop", name=f"app-{number}")
    thread = Thread(channel="C000", ts=f"{number}.1")
    return incident(f"{kind}{number}", target=target, thread=thread)


def test_a_missing_scope_is_a_problem_in_words(slack: Slack, life: Life) -> None:
    asking(life)
    slack.scopes = "chat:write"

    found = life.answers()

    assert len(found.problems) == 1
    assert "lacks the scope reactions:read" in found.problems[0]
    assert slack.count("reactions.get") == 1


def test_without_an_incident_nothing_is_asked_of_slack(slack: Slack, life: Life) -> None:
    life.memory = life.memory.model_copy(update={"incidents": ()})

    assert life.pass_on() == []
    assert life.answers().stopped == {}
    assert slack.calls == []


def point_at(life: Life, ts: str, **changes: Any) -> None:
    """Someone edits the memory: the incident's message is another one."""
    for item in life.incidents:
        assert item.thread is not None
        thread = item.thread.model_copy(update={"ts": ts, **changes})
        life.change(item.target.name, thread=thread)


@pytest.mark.parametrize("scopes", ["chat:write,channels:history", "chat:write"])
@pytest.mark.parametrize("changes", [{}, {"seal": ""}, {"seal": "", "shared": True}])
def test_a_message_that_an_edited_memory_names_is_neither_edited_nor_answered(
    slack: Slack, life: Life, scopes: str, changes: dict[str, Any]
) -> None:
    Life(slack, bot(slack), incident("other")).pass_on()
    other = slack.posts[0]
    answered = len(slack.replies(other.ts))
    life.pass_on()
    slack.scopes = scopes
    point_at(life, other.ts, shown="00", **changes)
    life.change(state="needs_you")

    life.pass_on()

    assert other.edits == 0
    assert len(slack.replies(other.ts)) == answered
    assert slack.posts[-1].shown.startswith("*✋ Needs you: shop/ledger")


def test_with_a_new_token_its_messages_are_looked_up_once_and_go_on(
    slack: Slack, life: Life
) -> None:
    life.pass_on()
    point_at(life, slack.posts[0].ts, seal="00")

    for _ in range(3):
        life.pass_on()

    assert len(slack.posts) == 1
    assert slack.posts[0].edits == 3
    assert slack.count("conversations.replies") == 1
