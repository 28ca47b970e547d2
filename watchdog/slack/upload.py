"""Puts the HTML report into an incident's thread, if the bot may write files (`files:write`).

Slack takes a file in three steps: it gives an address, gets the bytes there, and is asked to show
them in a thread. The address gets no token, as it is chosen by what answers for Slack.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from watchdog.clock import Budget
from watchdog.integrations.answers import CallError
from watchdog.integrations.http import Call, send
from watchdog.model.incident import Thread
from watchdog.model.report import Report
from watchdog.report.html import render_html
from watchdog.settings.services import SlackSettings
from watchdog.slack.post_result import NO_TIME, PostResult
from watchdog.slack.sender import Sender
from watchdog.text.regex import regex

_MOST_BYTES = 1_000_000
_LEAST_SECONDS = 3.0
_OK = 200
_ID = regex(r"F[A-Z0-9]{2,30}")


def upload(mail: Sender, thread: Thread, report: Report, namespace: str) -> PostResult:
    """The report of that namespace as a file below the message.

    A file that failed is not sent again: the thread holds the same in words.
    """
    if mail.left < _LEAST_SECONDS:
        return NO_TIME
    parts = tuple(part for part in report.namespaces if part.namespace == namespace)
    content = render_html(report.model_copy(update={"namespaces": parts})).encode()
    if len(content) > _MOST_BYTES:
        return PostResult(code="file_too_large", detail=f"{len(content)} bytes")
    name = f"{namespace}-{report.started_at:%Y%m%d-%H%M%S}.html"
    place = mail.read("files.getUploadURLExternal", filename=name, length=len(content))
    if not place.ok:
        return place
    address, file = (str(place.data.get(part) or "") for part in ("upload_url", "file_id"))
    if not (_ID.fullmatch(file) and _is_slacks(address, mail.settings)):
        return PostResult(code="unclear", detail="no address for a file")
    if not (sent := _put(address, content, mail.budget.part(max(0.1, mail.left)))).ok:
        return sent
    about = {"id": file, "title": f"Report of {namespace}"}
    body = {"files": [about], "channel_id": thread.channel, "thread_ts": thread.ts}
    return mail.act("files.completeUploadExternal", body)


def _is_slacks(address: str, settings: SlackSettings) -> bool:
    """Whether the address is Slack's own, or the gateway's that was set in its place."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if settings.base_url:
        gateway = urlsplit(settings.base_url)
        if (parts.scheme, parts.netloc) == (gateway.scheme, gateway.netloc):
            return True
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))


def _put(address: str, content: bytes, budget: Budget) -> PostResult:
    call = Call(address, "POST", content, "text/html; charset=utf-8", seconds=budget.remaining())
    try:
        reply = send(call, budget)
    except CallError as error:
        return PostResult(code="unreachable", detail=str(error))
    return PostResult() if reply.status == _OK else PostResult(code=f"HTTP {reply.status}")
