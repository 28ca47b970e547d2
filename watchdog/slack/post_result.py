"""What Slack's answers to a post mean: taken, refused for good, worth another try, or unclear.

`internal_error` and `fatal_error` are unclear: Slack says that some of it may have happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NOT_POSTED = {"ratelimited", "service_unavailable", "request_timeout", "HTTP 503"}
UNCLEAR = {"internal_error", "fatal_error", "HTTP 500", "HTTP 502", "HTTP 504", "rollup_error"}
GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
BLOCKS_REFUSED = {
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_payload",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
}
_TOKEN = "Slack refuses the bot token: make a new one and set SRE_AGENT_SLACK__BOT_TOKEN"  # noqa: S105 -- words
_HOOK = "the webhook is gone: make a new one and set SRE_AGENT_SLACK__WEBHOOK_URL"
_ARCHIVED = "the channel {channel} is archived: set another one"
_REMEDIES = {
    "not_in_channel": "the bot is not in {channel}: invite it there with /invite",
    "channel_not_found": "the bot sees no channel {channel}: check its name, or invite it there",
    "is_archived": _ARCHIVED,
    "channel_is_archived": _ARCHIVED,
    "restricted_action": "the bot may not post in {channel}: ask the workspace's administrator",
    "action_prohibited": "the webhook may not post: ask the workspace's administrator",
    "missing_scope": "the bot token lacks the scope {needed}: add it and install the app again",
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "account_inactive": _TOKEN,
    "no_service": _HOOK,
    "no_active_hooks": _HOOK,
    "no_team": _HOOK,
    "invalid_token": _HOOK,
    "HTTP 404": _HOOK,
    "HTTP 410": _HOOK,
    "file_too_large": "the report is larger than what is sent as a file: {detail}",
    "by_name": "Slack looks messages up by a channel's id only: set the id (C...) for {channel}",
    "ratelimited": "Slack asks to wait for longer than this pass may take",
    "unreachable": "Slack cannot be reached: {detail}",
    "no_time": "no time is left in this pass for Slack",
    "unclear": "no clear answer from Slack ({detail}); not sent again, as it may have arrived",
}


@dataclass(frozen=True)
class PostResult:
    """What Slack said to one post; `code` is empty when it was taken.

    `ts` and `channel` are the message's address, `retry_after` is in seconds, `data` is the answer
    as it came and `scopes` the token's, where Slack names them.
    """

    code: str = ""
    detail: str = ""
    ts: str | None = None
    channel: str | None = None
    needed: str = "chat:write"
    retry_after: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()

    @property
    def ok(self) -> bool:
        """Whether the message is there."""
        return not self.code

    @property
    def gone(self) -> bool:
        """Whether the message is not there any more, or cannot be edited."""
        return self.code in GONE

    @property
    def again(self) -> bool:
        """Whether it is certain that nothing was posted, and worth another try."""
        return self.code in {"unreachable", "no_time"} or self.code in _NOT_POSTED

    def words(self, channel: str) -> str:
        """What went wrong and what to do about it."""
        remedy = _REMEDIES.get(self.code, "Slack refused the message ({code})")
        detail = self.detail or self.code
        return remedy.format(channel=channel, needed=self.needed, detail=detail, code=self.code)


NO_TIME = PostResult(code="no_time")
