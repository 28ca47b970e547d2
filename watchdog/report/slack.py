"""Calling Slack: the only importer of the Slack client, and only when something is to be said.

A call that failed is an Answer with the remedy in words, never an exception. What is said to whom
is decided in slack_threads.py; patience and pace are slack_mail.py's.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import URLError

from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.nouns import Report
from watchdog.regex import regex
from watchdog.report.phrases import shorten
from watchdog.report.slack_answers import UNCLEAR, Answer
from watchdog.report.slack_blocks import messages
from watchdog.report.slack_kit import Message
from watchdog.settings import SlackSettings

Body = dict[str, Any]

_CODE = regex(r"[a-z][a-z_]{2,60}")
_ADDRESS = regex(r"[A-Za-z0-9.#_-]{1,40}")
_READS = {"conversations.history", "conversations.replies", "reactions.get"}
_SCOPES = {
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "reactions.get": "reactions:read",
}


def configured(settings: SlackSettings) -> bool:
    """Whether there is a bot token or a webhook."""
    return settings.bot_token is not None or settings.webhook_url is not None


def preview(report: Report) -> str:
    """The Slack messages as they will look, for a terminal; empty when nothing would be posted."""
    return "\n\n".join(_drawn(message) for message in messages(report))


class Probe(NamedTuple):
    """What works, in a few words, and the bot token's scopes: none where Slack does not say."""

    words: str
    scopes: frozenset[str] = frozenset()


def probe(settings: SlackSettings, budget: Budget) -> Probe:
    """Try token or webhook without posting anything; what works, in a few words.

    Raises DeliveryError with the remedy. Whether the bot may post in a channel shows only when it
    does, unless the channel's archive is open to it.
    """
    timeout = budget.timeout(settings.timeout_seconds)
    if settings.bot_token is None:
        # Slack judges the webhook before the message, and refuses one without content.
        answer = hook(settings, timeout, {})
        if answer.code in {"no_text", "invalid_payload"}:
            return Probe("the webhook is there")
        raise DeliveryError(answer.words("the webhook's channel"))
    answer = call(settings, timeout, "auth.test", {})
    scopes = answer.scopes
    if not answer.ok:
        raise DeliveryError(answer.words(settings.channel or "any channel"))
    # A gateway may not hand Slack's headers through: then nothing is known of the scopes.
    if scopes and "chat:write" not in scopes:
        raise DeliveryError(Answer(code="missing_scope").words(""))
    known = f"scopes {', '.join(sorted(scopes))}" if scopes else "scopes unknown"
    where = settings.channel or "by namespace"
    return Probe(f"the bot token is valid, {known}; channel {where}", frozenset(scopes))


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


def call(settings: SlackSettings, timeout: float, method: str, body: Body) -> Answer:
    """One call of Slack's API as the bot, within so many seconds; never raises for what it does."""
    from slack_sdk import WebClient  # noqa: TID251 -- this module owns it; loaded only when needed
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: TID251 -- the same

    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    address = settings.base_url or WebClient.BASE_URL
    # No retry handlers: the client's own post again after a reset, and sleep as long as told.
    client = WebClient(token, address, timeout=_whole(timeout), retry_handlers=[], logger=_silent())
    try:
        if method in _READS:
            reply = client.api_call(method, http_verb="GET", params=body)
        else:
            reply = client.api_call(method, json=body)
    except SlackApiError as error:
        said = error.response
        data = said.data if isinstance(said.data, dict) else {}
        answer = _refused(said.status_code, str(data.get("error") or ""), said.headers)
        return replace(answer, needed=_needed(method, str(data.get("needed") or "")))
    except (OSError, HTTPException, ValueError, SlackClientError) as error:
        return _unanswered(error)
    found = reply.data if isinstance(reply.data, dict) else {}
    ts, channel = str(found.get("ts") or ""), str(found.get("channel") or "")
    if not all(_ADDRESS.fullmatch(part) for part in (ts, channel) if part):
        return Answer(code="unclear", detail="no address of a message")
    return Answer(ts=ts, channel=channel, data=found, scopes=_scopes(reply.headers))


def _needed(method: str, said: str) -> str:
    """The scope to add: Slack may name all that would do, for every sort of channel."""
    ours = _SCOPES.get(method, "chat:write")
    return ours if not said or ours in said.split(",") else shorten(said, 80)


def _scopes(headers: Mapping[str, Any]) -> frozenset[str]:
    listed = next((v for k, v in headers.items() if k.lower() == "x-oauth-scopes"), "")
    text = listed[0] if isinstance(listed, list) and listed else listed
    return frozenset(scope.strip() for scope in str(text or "").split(",") if scope.strip())


def hook(settings: SlackSettings, timeout: float, body: Body) -> Answer:
    """One post to the incoming webhook, which tells no address."""
    from slack_sdk.errors import SlackClientError  # noqa: TID251 -- this module owns it
    from slack_sdk.webhook import WebhookClient  # noqa: TID251 -- the same

    url = settings.webhook_url.get_secret_value() if settings.webhook_url else ""
    client = WebhookClient(url, timeout=_whole(timeout), retry_handlers=[], logger=_silent())
    try:
        reply = client.send_dict(body)
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
