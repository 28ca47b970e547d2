"""One pass's way to Slack: patient within its budget, paced, and done with a channel that refuses.

A post whose answer was lost is not repeated here: whoever asked for it looks for it first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import tenacity

from watchdog.clock import Budget
from watchdog.report.slack import call, hook
from watchdog.report.slack_answers import BLOCKS_REFUSED, Answer
from watchdog.report.slack_blocks import MAX_POSTS
from watchdog.report.slack_kit import Message
from watchdog.settings import SlackSettings

_TRIES = 3
_RESERVE_SECONDS = 10.0  # at most, and at most half of the budget: metrics are pushed after Slack
_POST_SECONDS = 1.0  # Slack takes about one message a second in a channel
NO_TIME = Answer(code="unreachable", detail="no time is left in this pass")

Body = dict[str, Any]


@dataclass
class Mail:
    """What may be sent, and what became of it; `broken` holds the channels that took nothing.

    Of `shards` passes that run at the same time each posts its share of the new messages.
    """

    settings: SlackSettings
    budget: Budget
    shards: int = 1
    broken: dict[str, Answer] = field(default_factory=dict)

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

    def refusal(self, channel: str) -> Answer | None:
        """Why nothing more can be posted in that channel in this pass; None where it can."""
        if channel in self.broken:
            return self.broken[channel]
        return NO_TIME if self.left <= self._pause(channel) else None

    def post(
        self, message: Message, channel: str, about: Mapping[str, Any], thread: str = ""
    ) -> Answer:
        """A new message, or a reply in a thread. `about` goes with it as metadata."""
        refusal = self.refusal(channel)
        if refusal is not None:
            return refusal
        if pause := self._pause(channel):
            self.budget.clock.sleep(pause)
        body = _said(message)
        if self.by_webhook:
            answer = self._patiently(hook, body)
        else:
            body |= {"channel": channel, "metadata": _metadata(about)}
            body |= {"thread_ts": thread} if thread else {}
            answer = self._patiently(_calls("chat.postMessage"), body)
        now = self.budget.clock.monotonic()
        self._posted |= {channel: now} | ({answer.channel: now} if answer.channel else {})
        return self._noted(channel, answer)

    def update(self, message: Message, channel: str, ts: str) -> Answer:
        """Edit the message at that address: text and blocks both, or the old ones would stay.

        Its metadata stays as it was.
        """
        refusal = self.broken.get(channel) or (NO_TIME if self.left <= 0 else None)
        if refusal is not None:
            return refusal
        body = {**_said(message), "channel": channel, "ts": ts}
        return self._noted(channel, self._patiently(_calls("chat.update"), body))

    def read(self, method: str, **body: Any) -> Answer:
        """What a reading method answers."""
        return self._patiently(_calls(method), body) if self.left > 0 else NO_TIME

    def _noted(self, channel: str, answer: Answer) -> Answer:
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
        self, send: Callable[[SlackSettings, float, Body], Answer], body: Body
    ) -> Answer:
        """Tries again only what was certainly not done, within the budget."""
        answer = self._tried(send, body)
        if answer.code in BLOCKS_REFUSED and "blocks" in body:
            bare = {key: value for key, value in body.items() if key != "blocks"}
            # An edit without blocks would keep the old ones.
            answer = self._tried(send, bare | ({"blocks": []} if "ts" in body else {}))
        return answer

    def _tried(self, send: Callable[[SlackSettings, float, Body], Answer], body: Body) -> Answer:
        def attempt() -> Answer:
            timeout = self.budget.timeout(min(self.settings.timeout_seconds, max(0.1, self.left)))
            return send(self.settings, timeout, body)

        def wait(state: tenacity.RetryCallState) -> float:
            answer = state.outcome.result() if state.outcome else Answer()
            return float(answer.retry_after or 2 ** (state.attempt_number - 1))

        def stop(state: tenacity.RetryCallState) -> bool:
            return state.attempt_number >= _TRIES or state.upcoming_sleep >= self.left

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda answer: answer.again),
            wait=wait,
            stop=stop,
            sleep=self.budget.clock.sleep,
            retry_error_callback=lambda state: (
                state.outcome.result() if state.outcome else Answer()
            ),
        )
        answer: Answer = retrying(attempt)
        return answer


def _calls(method: str) -> Callable[[SlackSettings, float, Body], Answer]:
    return lambda settings, timeout, body: call(settings, timeout, method, body)


def _said(message: Message) -> Body:
    return {
        "text": message.text,
        "blocks": list(message.blocks),
        "mrkdwn": False,  # the text quotes logs when it stands alone
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _metadata(about: Mapping[str, Any]) -> Body:
    return {"event_type": "sre_watchdog_incident", "event_payload": dict(about)}
