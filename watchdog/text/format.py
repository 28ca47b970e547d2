"""Small pure helpers for every view: durations, counts, and making foreign text harmless.

Text from logs, events, names and models is foreign: it passes `clean` before any view shows it, and
each view escapes for its own syntax on top. A model's prose passes `quoted` too.
"""

from __future__ import annotations

import re
import unicodedata

from watchdog.text.regex import regex

# CSI and OSC sequences, then the two-character escapes that are left.
_ANSI = regex(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-Z\\-_]")
# Bidi marks and overrides, zero-width characters and tag characters: they hide or reorder text.
# Joiners (U+200C, U+200D) stay: scripts and emoji need them, and they hide nothing.
_HIDDEN = regex("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_CONTROL = regex(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = regex("[\ud800-\udfff]")
_GAP = "\u200b"
_STARTS = regex(r"[@<\[`]|://|\bwww\.")
_KINDS = ("pods", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STRAIGHT = str.maketrans(dict.fromkeys("\u201c\u201d", '"'))
_ZERO_WIDTH_JOINER = "\u200d"


def clean(text: str) -> str:
    """Without terminal sequences, control, bidi and hidden characters; newlines stay."""
    text = _ANSI.sub("", text).replace("\r\n", "\n").replace("\t", "  ")
    text = re.sub("[\u2028\u2029\r]", "\n", text)
    return _SURROGATE.sub("\ufffd", _HIDDEN.sub("", _CONTROL.sub("", text)))


def one_line(text: str, limit: int = 400) -> str:
    """Cleaned, on one line, at most `limit` characters."""
    return shorten(" ".join(clean(text).split()), limit)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut with an ellipsis, never inside an emoji or a letter."""
    if len(text) <= limit:
        return text
    end = max(0, limit - 1)
    while end > 0 and (_sticks(text[end]) or text[end - 1] == _ZERO_WIDTH_JOINER):
        end -= 1
    return text[:end].rstrip() + "…"


def _sticks(char: str) -> bool:
    """Whether the character belongs to the one before it."""
    skin_tone = "\U0001f3fb" <= char <= "\U0001f3ff"
    return (
        char == _ZERO_WIDTH_JOINER or skin_tone or unicodedata.category(char) in {"Mn", "Me", "Mc"}
    )


def inert(text: str) -> str:
    """The same to read on one line, with nothing in it that becomes a mention, a link or markup.

    For services that read these out of plain text, each in its own way.
    """
    return _STARTS.sub(lambda found: _parted(found[0]), one_line(text, 2000))


def _parted(start: str) -> str:
    return f":{_GAP}//" if start == "://" else f"{start}{_GAP}"


def verbatim(words: str) -> str:
    """Words of a log or a manifest in quotation marks that they cannot close.

    They stay as they are: if they hold a straight quotation mark, curled ones stand around them.
    """
    if '"' not in words:
        return f'"{words}"'
    return f"\u201c{words.translate(_STRAIGHT)}\u201d"


def quoted(text: str, limit: int = 600) -> str:
    """A model's prose in quotation marks, which it cannot close, without links and commands."""
    # Only what a model said needs it: a healthy pass does without.
    from watchdog.text.model_text import plain_prose

    words = one_line(plain_prose(clean(text)), limit)
    return '"' + words.replace('"', "'") + '"'


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`, `9 days`: as a person says it."""
    seconds = max(0, round(seconds))
    if seconds < 2 * _MINUTE:
        return f"{seconds} s"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{seconds // _DAY} days"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 pod`, `2 pods`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def objects(counts: dict[str, int]) -> str:
    """`14 pods, 5 deployments`; kinds that are not there are left out."""
    return (
        ", ".join(count(counts[kind], kind[:-1]) for kind in _KINDS if counts.get(kind))
        or "no pods"
    )


def joined(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
