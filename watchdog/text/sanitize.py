"""Small words: ages, and text from elsewhere made safe to stand in one line of ours."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

from watchdog.text.regex import regex

_ANSI = regex(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CHANGING = regex(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[0-9a-f]*\d)[0-9a-f]{5,}\b|\d+",
    re.IGNORECASE,
)
_NO_TERM = regex(r"(?:[^\w.:/-]|//)+", re.ASCII)
_LONGEST_TERM = 128
_DIGITS = regex(r"[0-9]{1,18}")
_CLIPPED = "… (cut)"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(now: datetime, then: datetime | None) -> str:
    """How long ago, in the largest unit that says enough: `40 s`, `12 min`, `3 h`, `9 days`."""
    if then is None:
        return "unknown"
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < 2 * _MINUTE:
        return f"{seconds} s"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} h"
    return f"{seconds // _DAY} days"


def visible(text: str) -> str:
    """The text without what no eye sees: ANSI sequences, control, zero-width and bidi characters.

    Lines end with a line feed, whatever Unicode calls them.
    """
    lines = _ANSI.sub("", text).replace("\t", " ").splitlines()
    return "\n".join(line if line.isprintable() else _without_hidden(line) for line in lines)


def _without_hidden(line: str) -> str:
    return "".join(c for c in line if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})


def clean(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters, cut with an ellipsis."""
    line = " ".join(visible(text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def term(text: Any) -> str:
    """A reason, type or kind as Kubernetes writes it: one word, at most 128 characters long.

    Tenants write some of them, and views show them without quotation marks. What else is in them
    becomes `_`.
    """
    return _NO_TERM.sub("_", str(text or "").strip()).lstrip("-_")[:_LONGEST_TERM]


def whole_number(text: Any) -> int | None:
    """The number that a text holds in decimal digits; None for any other text.

    Tenants write annotations, and `int` raises ValueError for some digits of other scripts and for
    more than 4,300 of any.
    """
    found = isinstance(text, str) and _DIGITS.fullmatch(text)
    return int(text) if found else None


def quoted(text: str, limit: int) -> str:
    """The text on one line in double quotes that it cannot close."""
    return '"' + clean(text, limit).replace('"', "'") + '"'


def clipped(text: str, limit: int) -> str:
    """The text in at most `limit` characters; a cut is said at its end."""
    if len(text) <= limit:
        return text
    kept = text[: max(0, limit - len(_CLIPPED))] + _CLIPPED
    return kept[: max(0, limit)]


def folded(text: str) -> str:
    """The text with `#` for what differs from time to time: numbers, ids, times, hexadecimals."""
    return _CHANGING.sub("#", text)
