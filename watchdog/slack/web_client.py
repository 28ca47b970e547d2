"""Calling Slack's Web API and webhooks, within the bounds of integrations/http.py.

A call that failed is a PostResult with the remedy in words, never an exception. What is said, and
where, is decided in threads.py; patience and pace are sender.py's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from watchdog.clock import Budget
from watchdog.errors import DeliveryError
from watchdog.integrations.answers import CallError, Fault, Reply, parsed
from watchdog.integrations.http import Access, Call, send
from watchdog.model.report import Report
from watchdog.settings.services import SlackSettings
from watchdog.slack.block_kit import Message
from watchdog.slack.messages import messages
from watchdog.slack.post_result import UNCLEAR, PostResult
from watchdog.text.format import shorten
from watchdog.text.regex import regex

Body = dict[str, Any]
_API = "https://slack.com/api"
_JSON = "application/json; charset=utf-8"
_OK = 200
_ALL = 3600.0  # the caller's budget is what bounds a call

_CODE = regex(r"[a-z][a-z_]{2,60}")
_ADDRESS = regex(r"[A-Za-z0-9.#_-]{1,40}")
_SCOPE = regex(r"[a-z_.]{1,40}(?::[a-z_.]{1,40}){0,2}")
_WITH_QUERY = {
    "conversations.history",
    "conversations.replies",
    "files.getUploadURLExternal",
    "reactions.get",
}
_SCOPES = {
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "files.completeUploadExternal": "files:write",
    "files.getUploadURLExternal": "files:write",
    "reactions.get": "reactions:read",
}


def configured(settings: SlackSettings) -> bool:
    """Whether there is a bot token or a webhook."""
    return settings.bot_token is not None or settings.webhook_url is not None


def preview(report: Report) -> str:
    """The Slack messages as they will look, for a terminal; empty when nothing would be posted."""
    return "\n\n".join(_drawn(message) for message in messages(report))


class SlackCheck(NamedTuple):
    """What works, in a few words, and the bot token's scopes: none where Slack does not say."""

    words: str
    scopes: frozenset[str] = frozenset()


def probe(settings: SlackSettings, budget: Budget) -> SlackCheck:
    """Try token or webhook without posting anything; what works, in a few words.

    Raises DeliveryError with the remedy. Whether the bot may post in a channel shows only when it
    does, unless the channel's archive is open to it.
    """
    part = budget.part(settings.timeout_seconds)
    if settings.bot_token is None:
        # Slack judges the webhook before the message, and refuses one without content.
        answer = hook(settings, part, {})
        if answer.code in {"no_text", "invalid_payload"}:
            return SlackCheck("the webhook is there")
        raise DeliveryError(answer.words("the webhook's channel"))
    answer = call(settings, part, "auth.test", {})
    scopes = answer.scopes
    if not answer.ok:
        raise DeliveryError(answer.words(settings.channel or "any channel"))
    # A gateway may not hand Slack's headers through: then nothing is known of the scopes.
    if scopes and "chat:write" not in scopes:
        raise DeliveryError(PostResult(code="missing_scope").words(""))
    known = f"scopes {', '.join(sorted(scopes))}" if scopes else "scopes unknown"
    where = settings.channel or "by namespace"
    return SlackCheck(f"the bot token is valid, {known}; channel {where}", frozenset(scopes))


def _drawn(message: Message) -> str:
    lines: list[str] = []
    for block in (*message.blocks, *message.bar):
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


def call(settings: SlackSettings, budget: Budget, method: str, body: Body) -> PostResult:
    """One call of Slack's API as the bot, within the budget; never raises for what it does."""
    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    url = f"{(settings.base_url or _API).rstrip('/')}/{method}"
    wanted = Access((("Authorization", f"Bearer {token}"),))
    if method in _WITH_QUERY:
        request = Call(
            f"{url}?{urlencode(_plain(body), errors='replace')}", seconds=_ALL, access=wanted
        )
    else:
        content = json.dumps(body).encode()
        request = Call(url, "POST", content, _JSON, seconds=_ALL, access=wanted)
    try:
        reply = send(request, budget)
    except CallError as error:
        return _unanswered(error)
    data = _object(reply)
    if reply.status != _OK or data.get("ok") is not True:
        answer = _refused(reply, str(data.get("error") or "")[:80])
        return replace(answer, needed=_needed(method, str(data.get("needed") or "")))
    ts, channel = (_text(data.get(name)) for name in ("ts", "channel"))
    if not all(_ADDRESS.fullmatch(part) for part in (ts, channel) if part):
        return PostResult(code="unclear", detail="no address of a message")
    return PostResult(ts=ts, channel=channel, data=data, scopes=_scopes(reply.headers))


def _plain(body: Body) -> dict[str, str]:
    """Parameters as a query: booleans as Slack writes them."""
    words = {True: "1", False: "0"}
    return {
        name: words[value] if isinstance(value, bool) else str(value)
        for name, value in body.items()
        if value is not None
    }


def _object(reply: Reply) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        data = parsed(reply.body)
    except DeliveryError:
        return {}
    return data if isinstance(data, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _needed(method: str, said: str) -> str:
    """The scope to add: Slack may name all that would do, for every sort of channel."""
    ours, named = _SCOPES.get(method, "chat:write"), said.split(",")
    return ours if ours in named or not all(map(_SCOPE.fullmatch, named)) else shorten(said, 80)


def _scopes(headers: Mapping[str, str]) -> frozenset[str]:
    listed = headers.get("x-oauth-scopes", "").split(",")
    return frozenset(scope.strip() for scope in listed if _SCOPE.fullmatch(scope.strip()))


def hook(settings: SlackSettings, budget: Budget, body: Body) -> PostResult:
    """One post to the incoming webhook, which tells no address."""
    url = settings.webhook_url.get_secret_value() if settings.webhook_url else ""
    try:
        reply = send(Call(url, "POST", json.dumps(body).encode(), _JSON, seconds=_ALL), budget)
    except CallError as error:
        return _unanswered(error)
    # Only 200 with this very body means posted.
    said = reply.body[:200].decode("utf-8", "replace").strip()
    if reply.status == _OK and said == "ok":
        return PostResult()
    return _refused(reply, said if reply.status >= 400 else "")  # noqa: PLR2004 -- HTTP


def _refused(reply: Reply, said: str) -> PostResult:
    """An answer that is a refusal; `said` is Slack's code, or whatever a proxy put in its place."""
    code = said if _CODE.fullmatch(said) else f"HTTP {reply.status}"
    if reply.status == 429:  # noqa: PLR2004 -- HTTP
        code = "ratelimited"
    if code in UNCLEAR or code == "HTTP 200":
        return PostResult(code="unclear", detail=code)
    return PostResult(code=code, retry_after=_seconds(reply.headers))


def _seconds(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; None for a date, garbage or nothing."""
    value = headers.get("retry-after", "")
    return float(value) if re.fullmatch(r"\d{1,6}", value) else None


def _unanswered(error: CallError) -> PostResult:
    """No answer. Only where no connection came about is it certain that nothing was posted."""
    if not error.sent:
        return PostResult(code="unreachable", detail=str(error))
    detail = str(Fault.TIMEOUT) if error.fault is Fault.TIMEOUT else str(error)
    return PostResult(code="unclear", detail=detail)
