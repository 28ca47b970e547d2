"""Slack's Block Kit, as far as it is used: text that is safe, and fits. Pure.

Slack's limits (field by field, and about 12,000 characters for all blocks together) are kept with
room to spare by the lengths that callers give, so that nothing is refused. Foreign text stands only
in plain text and in code blocks, because Slack's markup signs cannot be escaped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from watchdog.regex import regex
from watchdog.report.phrases import clean, one_line, shorten

Block = dict[str, Any]

TEXT, BODY = 2800, 2000  # characters of a message's fallback, and of a paragraph
_CODE = 2400
_EDGE_UNDERSCORE = regex(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_SIGNS = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "'"})


@dataclass(frozen=True)
class Message:
    """What is posted: `text` is the whole story in sentences, `thread` the details as replies.

    `namespace` is the one that it is about, or the first of several.
    """

    namespace: str
    text: str
    blocks: tuple[Block, ...]
    thread: tuple[Message, ...] = ()


def section(markdown: str) -> Block:
    """A paragraph in Slack's markup: all that is foreign in it has passed `mrkdwn` or `code`."""
    # Verbatim: Slack would otherwise turn addresses and channel names into links.
    return {"type": "section", "text": {"type": "mrkdwn", "text": markdown, "verbatim": True}}


def plain(text: str, limit: int) -> Block:
    """A paragraph in which nothing means anything to Slack."""
    return {
        "type": "section",
        "text": {"type": "plain_text", "text": cut(clean(text), limit), "emoji": False},
    }


def context(text: str) -> Block:
    """A small line below a message."""
    return {
        "type": "context",
        "elements": [{"type": "plain_text", "text": cut(text, 300), "emoji": False}],
    }


def code(text: str) -> str:
    """A code block that its text cannot leave; cut before it is closed."""
    safe = re.sub(r"`{3,}", lambda run: "'" * len(run[0]), clean(text))
    return f"```\n{escape(safe, _CODE)}\n```"


def mrkdwn(text: str, limit: int) -> str:
    """A sentence in which nothing becomes bold, struck, code, a link or a mention."""
    safe = one_line(text, 4000).translate(_SIGNS)
    return escape(_EDGE_UNDERSCORE.sub("\u02cd", safe), limit)


def escaped(text: str) -> str:
    """Slack's three signs as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape(text: str, limit: int) -> str:
    """Escaped and at most `limit` long, never cut within an entity or a character."""
    text = shorten(text, limit)
    while units(escaped(text)) > limit:
        text = shorten(text, len(text) - max(1, (units(escaped(text)) - limit) // 5))
    return escaped(text)


def cut_escaped(text: str, limit: int) -> str:
    """At most so many characters of a text that is escaped already."""
    return text if len(text) <= limit else re.sub(r"&[a-z]*$", "", text[: limit - 1]) + "…"


def cut(text: str, limit: int) -> str:
    """At most so many characters as Slack counts them."""
    text = shorten(text, limit)
    while units(text) > limit:
        text = shorten(text, len(text) - max(1, (units(text) - limit) // 2))
    return text


def units(text: str) -> int:
    """Length as Slack may count it, in UTF-16: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2
