"""One pass's way to Slack: patient within its budget, paced, and done with a channel that refuses.

A post whose answer was lost is not repeated here: anyone who asked for it looks for it first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tenacity

from watchdog.clock import Budget
from watchdog.settings.services import SlackSettings
from watchdog.slack.block_kit import Message
from watchdog.slack.messages import MAX_POSTS
from watchdog.slack.post_result import BLOCKS_REFUSED, NO_TIME, PostResult
from watchdog.slack.web_client import call, hook

_TRIES = 3
_LEAST_SECONDS = 0.1
_RESERVE_SECONDS = 10.0  # at most, and at most half of the budget: metrics are pushed after Slack
_POST_SECONDS = 1.0  # Slack takes about one message a second in a channel

_PARTS = ("blocks", "attachments")

Body = dict[str, Any]


@dataclass
class Sender:
    """What may be sent, and what became of it; `broken` holds the channels that took nothing.

    Of `shards` passes that run at the same time each posts its share of the new messages. `scopes`
    are the bot token's, as far as Slack's answers named them.
    """

    settings: SlackSettings
    budget: Budget
    shards: int = 1
    broken: dict[str, PostResult] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._reserve = min(_RESERVE_SECONDS, self.budget.remaining() / 2)
        self._posted: dict[str, float] = {}

    @property
    def left(self) -> float:
        """Seconds that Slack may still take."""
        return self.budget.remaining() - self._reserve

    @property
    def most_posts(self) -> int:
        """New messages for one incident each; a digest is for those beyond."""
        return max(1, MAX_POSTS // self.shards)

    @property
    def by_webhook(self) -> bool:
        """Whether there is no bot, so that nothing can be edited, answered or looked up."""
        return self.settings.bot_token is None

    def refusal(self, channel: str) -> PostResult | None:
        """Why nothing more can be posted in that channel in this pass; None where it can."""
        if channel in self.broken:
            return self.broken[channel]
        return NO_TIME if self.left <= self._pause(channel) else None

    def post(
        self, message: Message, channel: str, about: Mapping[str, Any], thread: str = ""
    ) -> PostResult:
        """A new message, or a reply in a thread. `about` goes with it as metadata."""
        refusal = self.refusal(channel)
        if refusal is not None:
            return refusal
        if pause := self._pause(channel):
            self.budget.clock.sleep(pause)
        body = body_of(message)
        if self.by_webhook:
            answer = self._patiently(hook, body)
        else:
            body |= {"channel": channel, "metadata": _metadata(about)}
            body |= {"thread_ts": thread} if thread else {}
            answer = self._patiently(_calls("chat.postMessage"), body)
        now = self.budget.clock.monotonic()
        self._posted |= {channel: now} | ({answer.channel: now} if answer.channel else {})
        return self._noted(channel, answer)

    def update(self, message: Message, channel: str, ts: str) -> PostResult:
        """Edit the message at that address: text and blocks both, or the old ones would stay.

        Its metadata stays as it was.
        """
        refusal = self.broken.get(channel) or (NO_TIME if self.left <= 0 else None)
        if refusal is not None:
            return refusal
        body = {**body_of(message), "channel": channel, "ts": ts}
        return self._noted(channel, self._patiently(_calls("chat.update"), body))

    def read(self, method: str, **body: Any) -> PostResult:
        """What a reading method answers."""
        return self.act(method, body)

    def act(self, method: str, body: Body) -> PostResult:
        """What any other method answers."""
        return self._patiently(_calls(method), body) if self.left > 0 else NO_TIME

    def _noted(self, channel: str, answer: PostResult) -> PostResult:
        if not answer.ok and not answer.gone:
            self.broken[channel] = answer
        return answer

    def _pause(self, channel: str) -> float:
        """Seconds until the channel takes another post."""
        last = self._posted.get(channel)
        if last is None:
            return 0.0
        return max(0.0, last + _POST_SECONDS - self.budget.clock.monotonic())

    def _patiently(
        self, send: Callable[[SlackSettings, Budget, Body], PostResult], body: Body
    ) -> PostResult:
        """Tries again only what was certainly not done, within the budget."""
        answer = self._tried(send, body)
        if answer.code in BLOCKS_REFUSED and "blocks" in body:
            bare = {key: value for key, value in body.items() if key not in _PARTS}
            # An edit without them would keep the old ones.
            none: Body = {part: [] for part in _PARTS}
            answer = self._tried(send, bare | (none if "ts" in body else {}))
        return answer

    def _tried(
        self, send: Callable[[SlackSettings, Budget, Body], PostResult], body: Body
    ) -> PostResult:
        def attempt() -> PostResult:
            seconds = min(self.settings.timeout_seconds, max(_LEAST_SECONDS, self.left))
            answer = send(self.settings, self.budget.part(seconds), body)
            self.scopes |= answer.scopes
            return answer

        def wait(state: tenacity.RetryCallState) -> float:
            answer = state.outcome.result() if state.outcome else PostResult()
            return float(answer.retry_after or 2 ** (state.attempt_number - 1))

        def stop(state: tenacity.RetryCallState) -> bool:
            return state.attempt_number >= _TRIES or state.upcoming_sleep >= self.left

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda answer: answer.again),
            wait=wait,
            stop=stop,
            sleep=self.budget.clock.sleep,
            retry_error_callback=lambda state: (
                state.outcome.result() if state.outcome else PostResult()
            ),
        )
        answer: PostResult = retrying(attempt)
        return answer


def _calls(method: str) -> Callable[[SlackSettings, Budget, Body], PostResult]:
    return lambda settings, budget, body: call(settings, budget, method, body)


def body_of(message: Message) -> Body:
    """What is posted of a message, without its place."""
    # Only an attachment has a colour. Always sent, as an edit without it would keep the old one.
    bar = [{"color": message.color, "blocks": list(message.bar)}] if message.bar else []
    return {
        "text": message.text,
        "blocks": list(message.blocks),
        "attachments": bar,
        "mrkdwn": False,  # the text quotes logs when it stands alone
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _metadata(about: Mapping[str, Any]) -> Body:
    return {"event_type": "sre_watchdog_incident", "event_payload": dict(about)}
