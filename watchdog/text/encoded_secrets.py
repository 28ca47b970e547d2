"""Secrets within what was encoded: base64, hexadecimal, percent signs, entities, code points."""

from __future__ import annotations

import base64
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache

from watchdog.text.regex import regex
from watchdog.text.vendor_tokens import WORDS

Finder = Callable[[str], list[tuple[int, int, str]]]

_ESCAPE = regex(
    r"%[0-9A-Fa-f]{2}|&(?:quot|amp|apos|lt|gt|equals|colon|\#\d{1,5}|\#[xX][0-9A-Fa-f]{1,5});"
    # Colours, and what no eye sees: nothing stands there. Then any other character.
    r"|(?P<unseen>\\u001[bB]\[[\d;]{0,20}[A-Za-z]|\\u200[b-fB-F]|\\u0000)"
    r"|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[\"'\\/nrt]|=3D(?=\S)"
    # Between the words of a command line that is a list of texts: before a flag and behind it.
    r"|[\"'],[ ]?[\"'](?=-)|(?<=[\"']-[A-Za-z])[\"'],[ ]?[\"']"
)
# A text with ends of lines in it.
_STRING = regex(
    r"(?<!\\)\"(?P<text>(?:[^\"\\\n]|\\[^n])*\\n(?:[^\"\\\n]|\\.)*)(?:\"|$)", re.MULTILINE
)
_WORD = regex(r"(?<![\w+/-])(?:0[xX])?(?P<word>[A-Za-z0-9+/_-]{12,}={0,2})(?![\w+/=])")
_HEX = regex(r"(?:[0-9a-f]{2}){8,2000}|(?:[0-9A-F]{2}){8,2000}")
# A user and a password, as they are sent.
_PAIR = regex(r"[\w.@+-]{1,64}:[\x21-\x7e]{4,200}")
_TIME = regex(
    r".{0,60}\d\d:\d\d|.{0,30}(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}|\w{2,12}:/?/.*|[\w.-]+:\d{1,5}"
)
_LONGEST_LINE = 20_000
_LONGEST_WORD = 8_192
_LETTERS = {"n": "\n", "r": " ", "t": "\t"}
_LINES = str.maketrans("\n\r\t", "   ")
# An identity to act for, or none, a user and a password, as SASL sends them.
_SASL = regex(r"[^\0]{0,255}\0(?P<user>[^\0]{1,64})\0(?P<password>[^\0]{1,255})")


def escaped(text: str, secrets_in: Finder) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each secret that is read only once escapes are undone."""
    if _ESCAPE.search(text) is None:
        return
    at = 0
    for line in text.splitlines(keepends=True):
        if _ESCAPE.search(line) is not None and len(line) < _LONGEST_LINE:
            decoded, places = _undone(line)
            for start, end, kind in secrets_in(decoded):
                yield at + places(start), at + places(end), kind
            if "\\n" in line:
                for text_in_it in _STRING.finditer(line):
                    yield from _within(
                        text_in_it["text"], at + text_in_it.start("text"), secrets_in
                    )
        at += len(line)


def _within(text: str, at: int, secrets_in: Finder) -> Iterator[tuple[int, int, str]]:
    """The secrets of several lines that are one text of JSON, with where the text begins."""
    decoded, places = _undone(text)
    for start, end, kind in secrets_in(decoded):
        yield at + places(start), at + places(end), kind


def _undone(line: str) -> tuple[str, Callable[[int], int]]:
    """The line without escapes, and where its characters were."""
    pieces, at, ends, shift = [], 0, [0], [0]
    length = 0
    for found in _ESCAPE.finditer(line):
        pieces.append(line[at : found.start()])
        length += found.start() - at
        character = "" if found["unseen"] else _character(found[0])
        pieces.append(character)
        length += len(character)
        at = found.end()
        ends.append(length)
        shift.append(at - length)
    pieces.append(line[at:])

    def place(index: int) -> int:
        return index + shift[bisect_right(ends, index) - 1]

    return "".join(pieces), place


def _character(escape: str) -> str:
    if escape[0] in {'"', "'"}:
        return " "
    if escape[0] == "&":
        return html.unescape(escape) or " "
    if escape[0] == "\\" and escape[1] not in "ux":
        return _LETTERS.get(escape[1], escape[1])
    return chr(int(escape[2:] if escape[0] == "\\" else escape[1:], 16))


def words(text: str, secrets_in: Finder) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each word that a pair or an assignment was encoded into."""
    for found in _WORD.finditer(text):
        word = found["word"]
        if len(word) <= _LONGEST_WORD and (WORDS.fullmatch(word) or _holds_one(word, secrets_in)):
            yield *found.span("word"), "encoded"


def _holds_one(word: str, secrets_in: Finder) -> bool:
    plain = _plain(word)
    if plain is None:
        return False
    pair = _PAIR.fullmatch(plain) is not None and _TIME.fullmatch(plain) is None
    return pair or "PRIVATE KEY-----" in plain or bool(secrets_in(plain))


@lru_cache(4096)
def _plain(word: str) -> str | None:
    """What was encoded, if it is text."""
    if _HEX.fullmatch(word):
        return _text(bytes.fromhex(word))
    bare = word.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:  # no bytes at all give that
        return None
    raw = base64.b64decode(bare + "=" * (-len(bare) % 4))
    sent = _SASL.fullmatch(raw.decode("latin-1"))
    return f"{sent['user']}:{sent['password']}" if sent else _text(raw)


def _text(raw: bytes) -> str | None:
    plain = raw.decode("latin-1")
    return plain if raw.isascii() and plain.translate(_LINES).isprintable() else None
