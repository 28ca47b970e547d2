"""A stand-in for Slack's API and webhooks that enforces Slack's limits and keeps the messages.

It refuses what Slack refuses (field-notes: section text 3000, 50 blocks, about 12,000 characters in
all, unknown channels, foreign tokens), so that a test which posts through it proves the limits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

TOKEN = "xoxb-stand-in"
API = "/api"
HOOK = "/services/T0/B0/hook"
ALL_BLOCKS = 11_000
_TEXT_LIMITS = {"section": 3000, "header": 150, "context": 3000, "field": 2000, "button": 75}


@dataclass
class Posted:
    """One message; `thread` is the ts of its parent."""

    channel: str
    ts: str
    body: dict[str, Any]
    thread: str | None = None

    @property
    def shown(self) -> str:
        """All text that a reader would see."""
        blocks = self.body.get("blocks") or []
        return "\n".join(_texts(blocks)) if blocks else str(self.body["text"])


@dataclass
class Fault:
    """What one call answers instead; `after` posts the message all the same."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    after: bool = False


class Slack:
    """Serves on a pytest-httpserver; `base_url` and `webhook_url` are for the settings."""

    def __init__(self, server: HTTPServer, channels: tuple[str, ...] = ("#ops",)) -> None:
        self.channels = {name: f"C{number:03}" for number, name in enumerate(channels)}
        self.messages: list[Posted] = []
        self.calls: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.base_url = server.url_for(API)
        self.webhook_url = server.url_for(HOOK)
        server.expect_request(f"{API}/chat.postMessage", method="POST").respond_with_handler(
            self._post
        )
        server.expect_request(f"{API}/chat.update", method="POST").respond_with_handler(
            self._update
        )
        server.expect_request(HOOK, method="POST").respond_with_handler(self._hook)

    @property
    def posts(self) -> list[Posted]:
        """Messages that stand in a channel, not in a thread."""
        return [message for message in self.messages if message.thread is None]

    def replies(self, ts: str) -> list[Posted]:
        """The thread below a message."""
        return [message for message in self.messages if message.thread == ts]

    def fail(self, *errors: str) -> None:
        """The next calls answer 200 with these errors."""
        self.faults += [Fault(body=f'{{"ok": false, "error": "{error}"}}') for error in errors]

    def _post(self, request: Request) -> Response:
        return self._call(
            request, lambda body: self._keep(body, self.channels.get(body["channel"]))
        )

    def _update(self, request: Request) -> Response:
        def change(body: dict[str, Any]) -> dict[str, Any]:
            for message in self.messages:
                if (message.channel, message.ts) == (body.get("channel"), body.get("ts")):
                    message.body |= body
                    return {"ok": True, "ts": message.ts, "channel": message.channel}
            return {"ok": False, "error": "message_not_found"}

        return self._call(request, change)

    def _call(self, request: Request, act: Any) -> Response:
        body: dict[str, Any] = request.get_json()
        self.calls.append(body)
        fault = self._fault(lambda: act(body))
        if fault is not None:
            return fault
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _json({"ok": False, "error": "invalid_auth"})
        refused = refusal(body)
        return _json({"ok": False, "error": refused} if refused else act(body))

    def _hook(self, request: Request) -> Response:
        body: dict[str, Any] = request.get_json()
        self.calls.append(body)
        fault = self._fault(lambda: self._keep(body, "C000"))
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
            return {"ok": False, "error": "channel_not_found"}
        ts = f"1700000000.{len(self.messages):06}"
        self.messages.append(Posted(known, ts, body, body.get("thread_ts")))
        return {"ok": True, "ts": ts, "channel": known}

    def _fault(self, act: Any) -> Response | None:
        if not self.faults:
            return None
        fault = self.faults.pop(0)
        if fault.after:
            act()
        # The far end is slow on purpose: there is no condition to poll.
        time.sleep(fault.delay_seconds)
        kind = "application/json" if fault.body.startswith("{") else "text/plain"
        return Response(fault.body, status=fault.status, headers=fault.headers, content_type=kind)


def refusal(body: dict[str, Any]) -> str | None:
    """Slack's error for a message beyond its limits, or None."""
    blocks = body.get("blocks") or []
    if not body.get("text") and not blocks:
        return "no_text"
    if _length(body.get("text") or "") > 4000:
        return "msg_too_long"
    if len(blocks) > 50 or not all(_fits(block) for block in blocks):
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(map(_length, _texts(blocks))) > ALL_BLOCKS else None


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


def _json(body: dict[str, Any]) -> Response:
    import json

    return Response(json.dumps(body), content_type="application/json")
