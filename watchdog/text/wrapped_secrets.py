"""Secrets that someone tore apart: by ending a line inside one, or by cutting the text there."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from watchdog.text.regex import regex
from watchdog.text.secret_finder import secrets_in
from watchdog.text.secret_patterns import CUT_OFF, PREFIX
from watchdog.text.secret_values import is_reference

# How a line begins that does not go on from the one before: a time, an address, a level, a count,
# a name with its value, a path, a quote or a bracket, a flag, a token.
_BEGINNING = (
    r"\d{4}[-/.]|\d{1,2}[-/.]\d{1,2}[ T]\d"
    r"|\d{1,2}:\d\d|\d{1,3}\.\d{1,3}\.|[IWEF]\d{4}\s|\d{1,8}(?:\s|$)|[\[({<\"'`|#*>]"
    r"|[\w.-]{1,60}\\?[\"']?(?::|=(?![=\s\"']|$)|\s{1,4}[:=])|/[a-z][\w.-]{0,40}/|-----|https?:"
    rf"|--[a-z]|-[a-zA-Z](?:\s|$)|{PREFIX}"
)
# A run of characters that is no plain word, or words up to a quote that no one opened: it may be
# the rest of a secret.
_TORN = regex(
    rf"(?<=[^\n])\n[ \t]{{0,8}}(?=(?!{_BEGINNING})"
    r"(?:\S{16}|\S{0,64}?[\d/+=_.-]\S|\S{0,64}?\d(?:\s|$)|\S{0,64}?[a-z][A-Z]"
    r"|[^\s\"'][^\"'\n]{0,80}[\"'](?:[\s,;})\]]|$)))",
    re.MULTILINE,
)
_RUN = regex(r"\S*")
_LONGEST_TORN_WORD = 4096
_LINE_END = regex(r"\n")
# Of the surroundings of a line's end that many lines before it and after it are looked at.
_MOST_BEFORE, _MOST_AFTER = 1, 3
# Kinds that a name tells: half of one has no form of its own.
_BY_NAME = frozenset({"secret", "password"})
Token = Callable[[str, str], str]


class Seams:
    """A text, and where its lines may be one that was wrapped."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._torn = [found.span() for found in _TORN.finditer(text)]

    def fixed(self, hidden: Mapping[str, str], token: Token) -> str:
        """The text with masks for the secrets that go on over a line's end.

        `hidden` has masks for values known to be private, `token` names a secret of some kind.
        """
        if not self._torn:
            return self._text
        pieces, at = [], 0
        for start, end, mask in self._over_seams(hidden, token):
            pieces += [self._text[at:start], mask]
            at = end
        return "".join([*pieces, self._text[at:]])

    def _over_seams(
        self, hidden: Mapping[str, str], token: Token
    ) -> Iterator[tuple[int, int, str]]:
        """Start and end in the text, and what to put there, in order; none overlaps another."""
        joined = _Joined(self._text, self._torn)
        last = 0
        for start, end, kind in sorted(_found(joined.text, hidden), key=lambda item: item[:2]):
            first = bisect.bisect_right(joined.seams, start)
            beyond = bisect.bisect_left(joined.seams, end)
            if first >= beyond or start < last:
                continue
            begun = joined.text[start : joined.seams[first]]
            if kind in _BY_NAME and (is_reference(begun.strip("()[]")) or begun.isdigit()):
                continue  # that was all of it
            quoted = (
                joined.text[start - 1 : start + 1].strip("\"'")
                != joined.text[start - 1 : start + 1]
            )
            run = None if quoted else _RUN.match(joined.text, joined.seams[beyond - 1])
            # What follows the wrapped word is another one's.
            last = min(end, run.end()) if run else end
            mask = hidden.get(kind) or token(kind, joined.text[start:last].strip("\"'"))
            lines = "\n" * (beyond - first)
            yield joined.place(start), joined.place(last - 1) + 1, mask + lines


class _Joined:
    """The surroundings of wrapped lines, each as one line: `seams` are where their ends were."""

    def __init__(self, text: str, torn: list[tuple[int, int]]) -> None:
        starts = [0, *(found.end() for found in _LINE_END.finditer(text)), len(text)]
        pieces: list[str] = []
        self.seams: list[int] = []
        self._here: list[int] = []
        self._there: list[int] = []
        length = at = shown = 0

        def add(start: int, stop: int) -> None:
            nonlocal length
            self._here.append(length)
            self._there.append(start)
            pieces.append(text[start:stop])
            length += stop - start

        for start, end in torn:
            number = bisect.bisect_right(starts, start) - 1
            begin = starts[max(0, number - _MOST_BEFORE)]
            if begin > shown:
                add(at, shown)
                at = begin
            add(at, start)
            self.seams.append(length)
            at = end
            shown = starts[min(number + _MOST_AFTER, len(starts) - 1)]
        add(at, shown)
        self.text = "".join(pieces)

    def place(self, index: int) -> int:
        """Where in the text a character of the joined text is."""
        known = bisect.bisect_right(self._here, index) - 1
        return self._there[known] + index - self._here[known]


def _found(text: str, hidden: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each secret; of a hidden value the value itself."""
    for value in hidden:
        at = text.find(value)
        while at >= 0:
            yield at, at + len(value), value
            at = text.find(value, at + len(value))
    yield from secrets_in(text)


def without_cut_ends(text: str, *, begun: bool, ended: bool) -> str:
    """The text without a torn first line or word, and without the start of a secret at its end."""
    if not begun:
        start = text[:_LONGEST_TORN_WORD]
        torn = re.search(r"\n", start) or re.search(r"\s", start)
        text = text[torn.end() :] if torn else ""
    if not ended:
        text = CUT_OFF.sub("<redacted:cut>", text)
    return text
