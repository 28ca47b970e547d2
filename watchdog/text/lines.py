"""The lines of a text, and where in it there is something worth a closer look."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from watchdog.text.regex import regex

Window = tuple[int, int]
NON_ASCII = "\x80"
_LINE_END = regex(r"\n")
_LETTERS = regex(r"[a-z]{2,}")
_BEYOND = regex(r"[^\x00-\x7f][^\n]*")
# A list of users and their passwords goes on for a few lines below the word that names it.
_BEFORE, _AFTER = 2, 7
_SHORT = 4096


class Lines:
    """A text with windows around the lines that have some part in them.

    Of a long text most lines have nothing of a secret in them, and most patterns are about words
    that few lines have. Only windows are searched, so that the time stays short.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lower = _lower(text)
        self._known: dict[tuple[str, ...], list[Window]] = {}
        if len(text) < _SHORT:
            return
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
        self._vocabulary = "\n".join(set(_LETTERS.findall(self.lower)))
        self._numbers: dict[str, list[int]] = {}

    def with_any(self, parts: tuple[str, ...]) -> list[Window]:
        """Start and end of what surrounds lines with any of these parts; of all if none is given.

        The parts are in lower case. `NON_ASCII` stands for any character beyond ASCII.
        """
        if not parts:
            return [(0, len(self.text))]
        if parts not in self._known:
            self._known[parts] = self._windows(parts)
        return self._known[parts]

    def _windows(self, parts: tuple[str, ...]) -> list[Window]:
        if len(self.text) < _SHORT:
            return [(0, len(self.text))] if any(map(self._has, parts)) else []
        windows: list[Window] = []
        for number in sorted({number for part in parts for number in self._lines_with(part)}):
            start = self._starts[max(0, number - _BEFORE)]
            after = number + _AFTER
            stop = self._starts[after] if after < len(self._starts) else len(self.text)
            if windows and start <= windows[-1][1]:
                windows[-1] = (windows[-1][0], stop)
            else:
                windows.append((start, stop))
        return windows

    def _has(self, part: str) -> bool:
        return not self.text.isascii() if part == NON_ASCII else part in self.lower

    def _lines_with(self, part: str) -> list[int]:
        """The lines that the part begins in."""
        if part not in self._numbers:
            letters = _longest_word(part)
            known = not letters or letters in self._vocabulary
            self._numbers[part] = list(self._searched(part)) if known else []
        return self._numbers[part]

    def _searched(self, part: str) -> Iterator[int]:
        if part == NON_ASCII:
            beyond = () if self.text.isascii() else _BEYOND.finditer(self.text)
            yield from (bisect_right(self._starts, found.start()) - 1 for found in beyond)
            return
        at = self.lower.find(part)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            yield number
            if number + 1 == len(self._starts):
                return
            at = self.lower.find(part, self._starts[number + 1])


@lru_cache(1024)
def _longest_word(part: str) -> str:
    """The most letters in a row of a part, of which the vocabulary has at least two."""
    words = _LETTERS.findall(part)
    return max(words, key=len) if words else ""


def _lower(text: str) -> str:
    """The text in lower case, with as many characters."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
