"""Secrets within what was encoded: base64, hexadecimal, percent signs, entities, code points."""

from __future__ import annotations

import base64
import html
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache

from watchdog.text.regex import regex
from watchdog.text.vendor_tokens import WORDS

Finder = Callable[[str], list[tuple[int, int, str]]]

_ESCAPE = regex(
    r"%[0-9A-Fa-f]{2}|&(?:quot|amp|apos|lt|gt|equals|colon|\#\d{1,5}|\#[xX][0-9A-Fa-f]{1,5});"
    r"|\\u00[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|=3D(?=\S)"
)
_WORD = regex(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{12,}={0,2}(?![\w+/=])")
_HEX = regex(r"(?:[0-9a-f]{2}){8,2000}|(?:[0-9A-F]{2}){8,2000}")
# A user and a password, as they are sent.
_PAIR = regex(r"[\w.@+-]{1,64}:[\x21-\x7e]{4,200}")
_TIME = regex(
    r".{0,60}\d\d:\d\d|.{0,30}(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}|\w{2,12}:/?/.*|[\w.-]+:\d{1,5}"
)
_LONGEST_LINE = 20_000
_LONGEST_WORD = 8_192
_LINES = str.maketrans("\n\r\t", "   ")


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
        at += len(line)


def _undone(line: str) -> tuple[str, Callable[[int], int]]:
    """The line without escapes, and where its characters were."""
    pieces, at, ends, shift = [], 0, [0], [0]
    length = 0
    for found in _ESCAPE.finditer(line):
        pieces.append(line[at : found.start()])
        length += found.start() - at
        pieces.append(_character(found[0]))
        length += 1
        at = found.end()
        ends.append(length)
        shift.append(at - length)
    pieces.append(line[at:])

    def place(index: int) -> int:
        return index + shift[bisect_right(ends, index) - 1]

    return "".join(pieces), place


def _character(escape: str) -> str:
    if escape[0] == "&":
        return html.unescape(escape) or " "
    return chr(int(escape[-2:], 16))


def words(text: str, secrets_in: Finder) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each word that a pair or an assignment was encoded into."""
    for found in _WORD.finditer(text):
        word = found[0]
        if len(word) <= _LONGEST_WORD and (WORDS.fullmatch(word) or _holds_one(word, secrets_in)):
            yield found.start(), found.end(), "encoded"


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
    return _text(base64.b64decode(bare + "=" * (-len(bare) % 4)))


def _text(raw: bytes) -> str | None:
    plain = raw.decode("latin-1")
    return plain if raw.isascii() and plain.translate(_LINES).isprintable() else None
