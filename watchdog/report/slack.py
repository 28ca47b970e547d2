"""Sending to Slack: the only importer of the Slack client, and only when something is to be said.

A post whose answer was lost is not repeated: two messages are worse than a missing one, which the
report names. A failed post is a Delivery with the remedy in words, never an exception.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

import tenacity

from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.nouns import Delivery, Report
from watchdog.report.slack_answers import BLOCKS_REFUSED, UNCLEAR, Answer
from watchdog.report.slack_blocks import Message, messages
from watchdog.settings import Settings, SlackSettings

_TRIES = 3
_RESERVE_SECONDS = 10.0  # at most, and at most half of the budget: metrics are pushed after Slack
_CODE = re.compile(r"[a-z][a-z_]{2,60}")


Send = Callable[[dict[str, Any]], Answer]


@dataclass
class _Mail:
    """One pass's way to Slack."""

    settings: SlackSettings
    budget: Budget
    broken: dict[str, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reserve = min(_RESERVE_SECONDS, self.budget.remaining() / 2)

    @property
    def _left(self) -> float:
        """Seconds that Slack may still take."""
        return self.budget.remaining() - self._reserve

    def post(self, message: Message, channel: str) -> list[Delivery]:
        """The message and its thread; what a channel refused for good is not tried there again."""
        if channel in self.broken:
            return [Delivery(to="slack", ok=False, error=self.broken[channel].words(channel))]
        answer = self._send(message, channel, None)
        if not answer.ok:
            self.broken[channel] = answer
            return [Delivery(to="slack", ok=False, error=answer.words(channel))]
        delivered = [Delivery(to="slack", ok=True)]
        if answer.ts and answer.channel:
            for reply in message.thread:
                said = self._send(reply, answer.channel, answer.ts)
                if not said.ok:
                    error = f"details are missing in the thread: {said.words(channel)}"
                    return [*delivered, Delivery(to="slack", ok=False, error=error)]
        return delivered

    def _send(self, message: Message, channel: str, thread: str | None) -> Answer:
        if self._left <= 0:
            return Answer(code="unreachable", detail="no time is left in this pass")
        send = _by_webhook if self._webhook else _by_bot
        payload: dict[str, Any] = {
            "text": message.text,
            "blocks": list(message.blocks),
            "mrkdwn": False,  # the text quotes logs when it stands alone
        }
        if not self._webhook:
            payload |= {"channel": channel} | ({"thread_ts": thread} if thread else {})
            if message.incident:
                event = {"incident": message.incident}
                payload["metadata"] = {
                    "event_type": "sre_watchdog_incident",
                    "event_payload": event,
                }
        attempt: Send = lambda body: send(self.settings, self._timeout(), body)  # noqa: E731
        answer = self._patiently(attempt, payload)
        if answer.code in BLOCKS_REFUSED:
            del payload["blocks"]
            answer = self._patiently(attempt, payload)
        return answer

    @property
    def _webhook(self) -> bool:
        return self.settings.bot_token is None

    def _timeout(self) -> float:
        return self.budget.timeout(min(self.settings.timeout_seconds, self._left))

    def _patiently(self, attempt: Send, payload: dict[str, Any]) -> Answer:
        """Tries again only what was certainly not posted, within the budget."""

        def wait(state: tenacity.RetryCallState) -> float:
            answer = state.outcome.result() if state.outcome else Answer()
            return float(answer.retry_after or 2 ** (state.attempt_number - 1))

        def stop(state: tenacity.RetryCallState) -> bool:
            return state.attempt_number >= _TRIES or state.upcoming_sleep >= self._left

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda answer: answer.again),
            wait=wait,
            stop=stop,
            sleep=self.budget.clock.sleep,
            retry_error_callback=lambda state: (
                state.outcome.result() if state.outcome else Answer()
            ),
        )
        answer: Answer = retrying(attempt, payload)
        return answer


def configured(settings: SlackSettings) -> bool:
    """Whether there is a bot token or a webhook."""
    return settings.bot_token is not None or settings.webhook_url is not None


def deliver(
    report: Report, settings: Settings, budget: Budget, channels: Mapping[str, str] | None = None
) -> list[Delivery]:
    """Post what is broken, one message for each finding; nothing when nothing is, or in a dry run.

    `channels` maps namespaces to the channels that their policies name. Never raises for what Slack
    does; every failure is a Delivery with its remedy.
    """
    slack = settings.slack
    posts = messages(report, channels) if report.mode == "act" and configured(slack) else []
    if posts and slack.bot_token and not (slack.channel or channels):
        return [
            Delivery(to="slack", ok=False, error="no channel is set: set SRE_AGENT_SLACK__CHANNEL")
        ]
    mail = _Mail(slack, budget)
    delivered: list[Delivery] = []
    for message in posts:
        delivered += mail.post(
            message, (channels or {}).get(message.namespace) or slack.channel or ""
        )
    return delivered


def preview(report: Report) -> str:
    """The Slack messages as they will look, for a terminal; empty when nothing would be posted."""
    return "\n\n".join(_drawn(message) for message in messages(report))


def probe(settings: SlackSettings, budget: Budget) -> str:
    """Try token or webhook without posting anything; what works, in a few words.

    Raises DeliveryError with the remedy. Whether the bot may post in a channel shows only when it
    does, unless the channel's archive is open to it.
    """
    timeout = budget.timeout(settings.timeout_seconds)
    if settings.bot_token is None:
        # Slack judges the webhook before the message, and refuses one without content.
        answer = _by_webhook(settings, timeout, {})
        if answer.code in {"no_text", "invalid_payload"}:
            return "the webhook is there"
        raise DeliveryError(answer.words("the webhook's channel"))
    answer, scopes = _who_am_i(settings, timeout)
    if not answer.ok:
        raise DeliveryError(answer.words(settings.channel or "any channel"))
    # A gateway may not hand Slack's headers through: then nothing is known of the scopes.
    if scopes and "chat:write" not in scopes:
        raise DeliveryError(Answer(code="missing_scope").words(""))
    known = f"scopes {', '.join(sorted(scopes))}" if scopes else "scopes unknown"
    return f"the bot token is valid, {known}; channel {settings.channel or 'by namespace'}"


def _who_am_i(settings: SlackSettings, timeout: float) -> tuple[Answer, set[str]]:
    """Slack's answer to auth.test, and the token's scopes."""
    from slack_sdk import WebClient  # noqa: TID251 -- this module owns it
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: TID251 -- the same

    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    address = settings.base_url or WebClient.BASE_URL
    client = WebClient(token, address, timeout=_whole(timeout), retry_handlers=[], logger=_silent())
    try:
        reply = client.auth_test()
    except SlackApiError as error:
        said = error.response
        data = said.data if isinstance(said.data, dict) else {}
        return _refused(said.status_code, str(data.get("error") or ""), said.headers), set()
    except (OSError, HTTPException, ValueError, SlackClientError) as error:
        return _unanswered(error), set()
    listed = next((v for k, v in reply.headers.items() if k.lower() == "x-oauth-scopes"), "")
    text = listed[0] if isinstance(listed, list) and listed else listed
    return Answer(), {scope.strip() for scope in str(text or "").split(",") if scope.strip()}


def _drawn(message: Message) -> str:
    lines: list[str] = []
    for block in message.blocks:
        text = block["text"] if "text" in block else block["elements"][0]
        raw = text["text"]
        if text["type"] == "mrkdwn":
            raw = re.sub(r"\*([^*\n]+)\*", r"\1", raw)
            raw = raw.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        lines += raw.split("\n")
    lines += (
        [f"({len(message.thread)} reply in the thread: evidence and change)"]
        if message.thread
        else []
    )
    return "\n".join(f"| {line}" for line in lines)


def _by_bot(settings: SlackSettings, timeout: float, body: dict[str, Any]) -> Answer:
    from slack_sdk import WebClient  # noqa: TID251 -- this module owns it; loaded only when needed
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: TID251 -- the same

    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    address = settings.base_url or WebClient.BASE_URL
    # No retry handlers: the client's own post again after a reset, and sleep as long as told.
    client = WebClient(token, address, timeout=_whole(timeout), retry_handlers=[], logger=_silent())
    try:
        reply = client.chat_postMessage(unfurl_links=False, unfurl_media=False, **body)
    except SlackApiError as error:
        said = error.response
        data = said.data if isinstance(said.data, dict) else {}
        answer = _refused(said.status_code, str(data.get("error") or ""), said.headers)
        return Answer(**{**vars(answer), "needed": str(data.get("needed") or "chat:write")})
    except (OSError, HTTPException, ValueError, SlackClientError) as error:
        return _unanswered(error)
    return Answer(ts=str(reply.get("ts") or ""), channel=str(reply.get("channel") or ""))


def _by_webhook(settings: SlackSettings, timeout: float, body: dict[str, Any]) -> Answer:
    from slack_sdk.errors import SlackClientError  # noqa: TID251 -- this module owns it
    from slack_sdk.webhook import WebhookClient  # noqa: TID251 -- the same

    url = settings.webhook_url.get_secret_value() if settings.webhook_url else ""
    client = WebhookClient(url, timeout=_whole(timeout), retry_handlers=[], logger=_silent())
    try:
        reply = client.send_dict({**body, "unfurl_links": False, "unfurl_media": False})
    except (OSError, HTTPException, ValueError, SlackClientError) as error:
        return _unanswered(error)
    # The client does not raise for any status: only 200 with this very body means posted.
    said = (reply.body or "").strip()
    if reply.status_code == 200 and said == "ok":  # noqa: PLR2004 -- HTTP
        return Answer()
    return _refused(reply.status_code, said if reply.status_code >= 400 else "", reply.headers)  # noqa: PLR2004 -- HTTP


def _refused(status: int, said: str, headers: Mapping[str, Any]) -> Answer:
    """An answer that is a refusal; `said` is Slack's code, or whatever a proxy put in its place."""
    code = said if _CODE.fullmatch(said) else f"HTTP {status}"
    if status == 429:  # noqa: PLR2004 -- HTTP
        code = "ratelimited"
    if code in UNCLEAR or code == "HTTP 200":
        return Answer(code="unclear", detail=code)
    return Answer(code=code, retry_after=_seconds(headers))


def _seconds(headers: Mapping[str, Any]) -> float | None:
    """Retry-After in seconds; None for a date, garbage or nothing."""
    value = next((v for name, v in headers.items() if name.lower() == "retry-after"), None)
    value = value[0] if isinstance(value, list) and value else value
    return float(value) if isinstance(value, str) and re.fullmatch(r"\d{1,6}", value) else None


def _unanswered(error: Exception) -> Answer:
    """No answer. Only where no connection came about is it certain that nothing was posted."""
    cause = (
        error.reason
        if isinstance(error, URLError) and isinstance(error.reason, Exception)
        else error
    )
    if isinstance(cause, ConnectionRefusedError):
        return Answer(code="unreachable", detail="connection refused")
    if isinstance(cause, socket.gaierror):
        return Answer(code="unreachable", detail="its name cannot be resolved")
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Answer(code="unreachable", detail="its certificate is not trusted")
    detail = "no answer in time" if isinstance(cause, TimeoutError) else "the connection broke"
    return Answer(code="unclear", detail=detail)


def _whole(seconds: float) -> int:
    """The client takes whole seconds."""
    return max(1, int(seconds))


def _silent() -> logging.Logger:
    """The client's own logger writes whole messages at debug level, and failures twice."""
    logger = logging.getLogger("watchdog.slack_client")
    logger.propagate = False
    logger.setLevel(logging.CRITICAL)
    return logger
