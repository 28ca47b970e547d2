"""Slack's Block Kit, as far as it is used: text that is safe, and fits. Pure.

Slack's limits (field by field, and about 12,000 characters for all blocks together) are kept with
room to spare by the lengths that callers give, so that nothing is refused. Foreign text stands only
in plain text and in code blocks, because Slack's markup signs cannot be escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchdog.text.format import clean, one_line, shorten
from watchdog.text.regex import regex

Block = dict[str, Any]

TEXT, BODY = 2800, 2000  # characters of a message's fallback, and of a paragraph
_CODE = 2400
_SECTION = 2900
_LINKABLE = regex(r"<[!@#|]|://|\bwww\.|\bmailto:", re.IGNORECASE)
# What is quoted, JSON with quotes of its own too.
_QUOTED = regex(r'"(\{.*?\}|\[.*?\]|[^"]*)"(?=[\s.,;:)]|\Z)')
_ALL_QUOTED = regex(r'"(.*)"')
_URL = regex(r"https?://[^\s<>|]{1,900}", re.IGNORECASE)
_EMOJI = regex(r":(?!\d\dZ?:)[\w+-]+:")  # what a time has between colons is none
_EDGE_UNDERSCORE = regex(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_SIGNS = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "'"})


@dataclass(frozen=True)
class Message:
    """What is posted: `text` is the whole story in sentences, `thread` the details as replies.

    `namespace` is the one that it is about, or the first of several. `bar` stands below the blocks
    beside a bar of `color` (#rrggbb). A client may fold what stands there, so nothing to do does.
    """

    namespace: str
    text: str
    blocks: tuple[Block, ...]
    thread: tuple[Message, ...] = ()
    bar: tuple[Block, ...] = ()
    color: str = ""


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


def labelled(label: str, text: str, limit: int) -> Block:
    """A paragraph that begins with a bold label; what markup would change stays in plain text."""
    said = mrkdwn(text, limit)
    whole = said == escaped(one_line(text, 4000))
    if whole and not _LINKABLE.search(text) and not _EMOJI.search(text):
        return section(f"*{label}:* {said}")
    return told(f"{label}: {text}", limit)


def told(text: str, limit: int) -> Block:
    """A paragraph that may quote a log or a manifest: quotes with addresses stand in code."""
    if not _LINKABLE.search(text):
        return plain(text, limit)
    text = cut(one_line(text, 4000), limit)
    quotes = list(_QUOTED.finditer(text))
    if _LINKABLE.search(_QUOTED.sub("", text)):
        # A quotation has quotes of its own: all between the first and the last one.
        quotes = list(_ALL_QUOTED.finditer(text))
    parts, at = [], 0
    for quote in quotes:
        parts += [_beside_code(text[at : quote.start()], limit), _in_code(quote[1], limit)]
        at = quote.end()
    markup = "".join([*parts, _beside_code(text[at:], limit)])
    return section(markup) if units(markup) <= _SECTION else plain(text, limit)


def _in_code(piece: str, limit: int) -> str:
    return f"`{escape(piece.replace('`', chr(39)), limit)}`" if piece.strip() else '""'


def _beside_code(piece: str, limit: int) -> str:
    inner = mrkdwn(piece, limit)
    before, after = piece[:1].isspace(), piece[-1:].isspace() and inner
    return f"{' ' if before else ''}{inner}{' ' if after else ''}"


def context(text: str, links: Mapping[str, str] | None = None) -> Block:
    """A small line below a message; `links` gives addresses of the settings, by their label."""
    shown = [{"type": "plain_text", "text": cut(text, 300), "emoji": False}]
    known = [f"<{url}|{label}>" for label, url in (links or {}).items() if _URL.fullmatch(url)]
    linked = {"type": "mrkdwn", "text": " · ".join(known), "verbatim": True}
    return {"type": "context", "elements": [*shown, *([linked] if known else [])]}


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
