"""A stand-in for Slack's API and webhooks that enforces Slack's limits and keeps the messages.

It refuses what Slack refuses (field-notes: section text 3000, 50 blocks, about 12,000 characters in
all, unknown channels, foreign tokens), so that a test which posts through it proves the limits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

TOKEN = "xoxb-stand-in"
API = "/api"
HOOK = "/services/T0/B0/hook"
ALL_BLOCKS = 11_000
_TEXT_LIMITS = {"section": 3000, "header": 150, "context": 3000, "field": 2000, "button": 75}


BOT = {"user": "U0BOT", "bot_id": "B0BOT"}
SCOPES = "chat:write,reactions:read,channels:history"


@dataclass
class Posted:
    """One message; `thread` is the ts of its parent, `edits` how often it was changed.

    `reactions` gives the users for each sign, `author` who wrote it.
    """

    channel: str
    ts: str
    body: dict[str, Any]
    thread: str | None = None
    edits: int = 0
    reactions: dict[str, list[str]] = field(default_factory=dict)
    author: dict[str, str] = field(default_factory=lambda: dict(BOT))

    @property
    def metadata(self) -> dict[str, Any]:
        """What went with it unseen."""
        payload: dict[str, Any] = (self.body.get("metadata") or {}).get("event_payload") or {}
        return payload

    @property
    def shown(self) -> str:
        """All text that a reader would see."""
        blocks = [*(self.body.get("blocks") or []), *_attached(self.body)]
        return "\n".join(_texts(blocks)) if blocks else str(self.body["text"])

    @property
    def color(self) -> str:
        """The colour of the bar beside its attachment; empty without one."""
        return next((str(a["color"]) for a in self.body.get("attachments") or []), "")


@dataclass
class File:
    """A file as it was announced, what came for it, and the thread that it was put into."""

    id: str
    name: str
    length: int
    content: bytes = b""
    authorization: str = ""
    thread: str = ""


@dataclass
class Fault:
    """What one call answers instead; `after` posts the message all the same.

    With a `method` it waits for a call of that one; without, any call takes it.
    """

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    after: bool = False
    method: str = ""


class Slack:
    """Serves on a pytest-httpserver; `base_url` and `webhook_url` are for the settings."""

    def __init__(self, server: HTTPServer, channels: tuple[str, ...] = ("#ops",)) -> None:
        self.channels = {name: f"C{number:03}" for number, name in enumerate(channels)}
        self.messages: list[Posted] = []
        self.files: dict[str, File] = {}
        self.upload_address = server.url_for(f"{API}/upload")
        self.calls: list[dict[str, Any]] = []
        self.methods: list[str] = []
        self._next = -1
        self.scopes = SCOPES
        self.faults: list[Fault] = []
        self.base_url = server.url_for(API)
        self.webhook_url = server.url_for(HOOK)
        for method, act in (
            ("chat.postMessage", self._post),
            ("chat.update", self._update),
            ("auth.test", self._who),
            ("conversations.history", self._history),
            ("conversations.replies", self._replies),
            ("reactions.get", self._reactions),
            ("files.getUploadURLExternal", self._place),
            ("files.completeUploadExternal", self._complete),
        ):
            server.expect_request(f"{API}/{method}").respond_with_handler(
                partial(self._call, method, act)
            )
        server.expect_request(HOOK, method="POST").respond_with_handler(self._hook)
        server.expect_request(f"{API}/upload", method="POST").respond_with_handler(self._upload)

    @property
    def posts(self) -> list[Posted]:
        """Messages that stand in a channel, not in a thread."""
        return [message for message in self.messages if message.thread is None]

    def replies(self, ts: str) -> list[Posted]:
        """The thread below a message."""
        return [message for message in self.messages if message.thread == ts]

    def fail(self, *errors: str, method: str = "") -> None:
        """The next calls (of that method) answer 200 with these errors."""
        self.faults += [
            Fault(body=f'{{"ok": false, "error": "{error}"}}', method=method) for error in errors
        ]

    def react(self, ts: str, name: str, user: str) -> None:
        """A person reacts to a message."""
        self.message(ts).reactions.setdefault(name, []).append(user)

    def delete(self, ts: str) -> None:
        """A person deletes a message."""
        self.messages.remove(self.message(ts))

    def message(self, ts: str) -> Posted:
        """The message with that ts."""
        return next(message for message in self.messages if message.ts == ts)

    def count(self, method: str) -> int:
        """How often a method was called."""
        return self.methods.count(method)

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        refused = refusal(body)
        if refused:
            return _error(refused)
        return self._keep(body, self.channels.get(body["channel"]))

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        refused = refusal(body)
        if refused:
            return _error(refused)
        for message in self._at(body.get("channel"), body.get("ts")):
            message.body |= body
            message.edits += 1
            return {"ok": True, "ts": message.ts, "channel": message.channel}
        return _error("message_not_found")

    def _who(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "user_id": BOT["user"], "bot_id": BOT["bot_id"]}

    def _history(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["channel"] not in self.channels.values():
            return _error("channel_not_found")
        found = [m for m in self.posts if m.channel == body["channel"]]
        return self._page(found[::-1], body)

    def _replies(self, body: dict[str, Any]) -> dict[str, Any]:
        parents = self._at(body["channel"], body["ts"])
        if not parents:
            return _error("thread_not_found")
        return self._page([*parents, *self.replies(body["ts"])], body)

    def _page(self, found: list[Posted], body: dict[str, Any]) -> dict[str, Any]:
        if "channels:history" not in self.scopes:
            return {**_error("missing_scope"), "needed": "channels:history,groups:history"}
        start, size = int(body.get("cursor") or 0), int(body.get("limit") or 100)
        more = str(start + size) if start + size < len(found) else ""
        shown = [_listed(m, body) for m in found[start : start + size]]
        return {"ok": True, "messages": shown, "response_metadata": {"next_cursor": more}}

    def _reactions(self, body: dict[str, Any]) -> dict[str, Any]:
        if "reactions:read" not in self.scopes:
            return {**_error("missing_scope"), "needed": "reactions:read"}
        for message in self._at(body["channel"], body["timestamp"]):
            signs = [
                {"name": name, "users": users, "count": len(users)}
                for name, users in message.reactions.items()
            ]
            shown = _listed(message, {}) | ({"reactions": signs} if signs else {})
            return {"ok": True, "type": "message", "channel": message.channel, "message": shown}
        return _error("message_not_found")

    def _place(self, body: dict[str, Any]) -> dict[str, Any]:
        if "files:write" not in self.scopes:
            return {**_error("missing_scope"), "needed": "files:write"}
        file = File(f"F{len(self.files):03}", body["filename"], int(body["length"]))
        self.files[file.id] = file
        address = f"{self.upload_address}?file={file.id}"
        return {"ok": True, "upload_url": address, "file_id": file.id}

    def _upload(self, request: Request) -> Response:
        file = self.files[request.args["file"]]
        self.methods.append("upload")
        file.authorization = request.headers.get("Authorization", "")
        fault = self._fault("upload", lambda: None)
        if fault is not None:
            return fault
        file.content = request.get_data()
        if len(file.content) != file.length:
            return Response("length", status=400)
        return Response(f"OK - {file.length}")

    def _complete(self, body: dict[str, Any]) -> dict[str, Any]:
        if not self._at(body["channel_id"], body["thread_ts"]):
            return _error("channel_not_found")
        for each in body["files"]:
            self.files[each["id"]].thread = body["thread_ts"]
        return {"ok": True, "files": body["files"]}

    def _at(self, channel: Any, ts: Any) -> list[Posted]:
        return [m for m in self.messages if (m.channel, m.ts) == (channel, ts)]

    def _call(
        self, method: str, act: Callable[[dict[str, Any]], dict[str, Any]], request: Request
    ) -> Response:
        body: dict[str, Any] = request.get_json(silent=True) or request.values.to_dict()
        self.methods.append(method)
        self.calls.append(body)
        fault = self._fault(method, lambda: act(body))
        if fault is not None:
            return fault
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _json(_error("invalid_auth"))
        answer = _json(act(body))
        answer.headers["X-OAuth-Scopes"] = self.scopes
        return answer

    def _hook(self, request: Request) -> Response:
        body: dict[str, Any] = request.get_json()
        self.calls.append(body)
        self.methods.append("webhook")
        fault = self._fault("webhook", lambda: self._keep(body, "C000"))
        if fault is not None:
            return fault
        refused = refusal(body)
        if refused:
            return Response(refused, status=400)
        self._keep(body, "C000")
        return Response("ok")

    def _keep(self, body: dict[str, Any], channel: str | None) -> dict[str, Any]:
        known = channel or (body["channel"] if body["channel"] in self.channels.values() else None)
        if known is None:
            return _error("channel_not_found")
        self._next += 1
        ts = f"1700000000.{self._next:06}"
        self.messages.append(Posted(known, ts, body, body.get("thread_ts")))
        return {"ok": True, "ts": ts, "channel": known}

    def _fault(self, method: str, act: Callable[[], object]) -> Response | None:
        fault = next((f for f in self.faults if f.method in {"", method}), None)
        if fault is None:
            return None
        self.faults.remove(fault)
        if fault.after:
            act()
        # The far end is slow on purpose: there is no condition to poll.
        time.sleep(fault.delay_seconds)
        kind = "application/json" if fault.body.startswith("{") else "text/plain"
        return Response(fault.body, status=fault.status, headers=fault.headers, content_type=kind)


def refusal(body: dict[str, Any]) -> str | None:
    """Slack's error for a message beyond its limits, or None."""
    blocks = [*(body.get("blocks") or []), *_attached(body)]
    if any(not re.fullmatch("#[0-9a-f]{6}", a["color"]) for a in body.get("attachments") or []):
        return "invalid_attachments"
    if not body.get("text") and not blocks:
        return "no_text"
    if _length(body.get("text") or "") > 4000:
        return "msg_too_long"
    if len(blocks) > 50 or not all(_fits(block) for block in blocks):
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(map(_length, _texts(blocks))) > ALL_BLOCKS else None


def _attached(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The blocks of the attachments."""
    return [block for each in body.get("attachments") or [] for block in each["blocks"]]


def _fits(block: dict[str, Any]) -> bool:
    if block["type"] not in {"section", "context", "header", "divider", "actions", "rich_text"}:
        return False
    elements = block.get("elements", [])
    if block["type"] == "context" and not 1 <= len(elements) <= 10:
        return False
    items = [block["text"]] if "text" in block else elements
    limit = _TEXT_LIMITS.get(block["type"], 3000)
    return all(_fine(item, limit) for item in items)


def _fine(item: dict[str, Any], limit: int) -> bool:
    text = item["text"]
    # Emoji shortcodes belong to plain text, verbatim to mrkdwn: Slack refuses the other way round.
    foreign = "verbatim" if item["type"] == "plain_text" else "emoji"
    whole = text.encode("utf-8", "surrogatepass").decode("utf-8", "ignore") == text
    return 1 <= _length(text) <= limit and foreign not in item and whole


def _texts(blocks: list[dict[str, Any]]) -> list[str]:
    found = []
    for block in blocks:
        items = [block["text"]] if "text" in block else block.get("elements", [])
        found += [str(item["text"]) for item in items]
    return found


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _listed(message: Posted, asked: dict[str, Any]) -> dict[str, Any]:
    """A message as Slack lists it; its metadata only where it was asked for."""
    shown = {"ts": message.ts, "text": message.body.get("text"), **message.author}
    shown |= {"blocks": message.body["blocks"]} if message.body.get("blocks") else {}
    if str(asked.get("include_all_metadata")).lower() in {"1", "true"}:
        shown |= {"metadata": message.body["metadata"]} if "metadata" in message.body else {}
    return shown


def _error(code: str) -> dict[str, Any]:
    return {"ok": False, "error": code}


def _json(body: dict[str, Any]) -> Response:
    import json

    return Response(json.dumps(body), content_type="application/json")
