"""Where in a text secrets stand, by any of their forms: tokens, names, commands, encodings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from watchdog.text import encoded_secrets
from watchdog.text.assignments import assigned
from watchdog.text.lines import Lines
from watchdog.text.placed_secrets import placed
from watchdog.text.regex import regex
from watchdog.text.secret_commands import PROGRAMS
from watchdog.text.secret_elements import ELEMENTS
from watchdog.text.secret_names import NAME_PARTS, Strength, strength
from watchdog.text.secret_patterns import SHAPES
from watchdog.text.secret_sentences import SENTENCES, is_said
from watchdog.text.secret_statements import STATEMENTS
from watchdog.text.secret_values import MASK

Span = tuple[int, int, str]
"""Start and end of a secret in its text, and its kind."""

# Forty characters of anything are evidence, but not beside the id of an AWS key.
_AWS_SECRET = regex(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[g-z])"
    r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)

# Blanks, digits and letters of other widths and styles.
_STYLED = regex(
    "[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
    "\U0001d400-\U0001d7ff]"
)
_SHORT = 200
# What is in every text that has a secret: what parts words, or a token, or the number of a card.
_ANY_PART = regex(r"[=:\s>|@$%&\\\"',(/\u300c]|[\w.-]{20}|\d{16}|[^\x00-\x7f]|eyJ|[A-Za-z_]-\S*\d")
_MASK = regex(MASK)
_DEEPEST = 3


def secrets_in(text: str) -> list[Span]:
    """What looks like a secret, in order; none overlaps another."""
    if not text.isascii():
        text = _STYLED.sub(_plain, text)  # as long as it was
    return list(_short(text)) if len(text) < _SHORT else _found(Lines(text), 0)


def _plain(found: re.Match[str]) -> str:
    """The one that it stands for."""
    one = unicodedata.normalize("NFKC", found[0])
    return " " if one.isspace() else one


# The same names, reasons and images come with every pod.
@lru_cache(4096)
def _short(text: str) -> tuple[Span, ...]:
    return tuple(_found(Lines(text), 0)) if _ANY_PART.search(text) else ()


def _found(lines: Lines, depth: int) -> list[Span]:
    text = lines.text
    spans = [*_shaped(lines), *_told(lines)]
    spans += [(*found, "secret") for found in placed(lines)]
    for start, stop in lines.with_any(NAME_PARTS):
        spans += [(begin, end, "secret") for begin, end in assigned(text, start, stop)]
    if depth < _DEEPEST:
        deeper = lambda plain: _found(Lines(plain), depth + 1)  # noqa: E731
        spans += encoded_secrets.escaped(text, deeper)
        spans += encoded_secrets.words(text, deeper)
    if any(kind == "aws-key" for _, _, kind in spans):
        spans += [(*found.span(), "aws-secret") for found in _AWS_SECRET.finditer(text)]
    return _merged(text, spans)


def _shaped(lines: Lines) -> Iterator[Span]:
    for shape in SHAPES:
        group: str | int = "secret" if "secret" in shape.pattern.groupindex else 0
        for start, stop in lines.with_any(shape.needs):
            for match in shape.pattern.finditer(lines.text, start, stop):
                if shape.holds(match):
                    yield match.start(group), match.end(group), shape.kind


def _told(lines: Lines) -> Iterator[Span]:
    """What commands, statements, elements and sentences tell."""
    for told in (*SENTENCES, *STATEMENTS, *PROGRAMS, *ELEMENTS):
        for start, stop in lines.with_any(told.needs):
            if told.also and lines.lower.find(told.also, start, stop) < 0:
                continue
            for match in told.pattern.finditer(lines.lower, start, stop):
                span = _span(match)
                if span and told.holds(lines.text[slice(*span)]) and _is_named(lines.text, match):
                    yield *span, told.kind


def _span(match: re.Match[str]) -> tuple[int, int] | None:
    for group in ("secret", "bare"):
        if match.groupdict().get(group) is not None:
            start = match.start(group)
            return start, start + len(match[group].rstrip(" \t\n"))
    return None


def _is_named(text: str, match: re.Match[str]) -> bool:
    groups = match.re.groupindex
    if "word" in groups:
        quoted = match["secret"] is not None
        value = text[slice(*match.span("secret" if quoted else "bare"))]
        return is_said(match["word"], match["verb"], value, quoted=quoted)
    if "name" not in groups:
        return True
    name = text[slice(*match.span("name"))].rpartition(":")[2]
    return strength(name) not in {Strength.NONE, Strength.VENDOR}


def _merged(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap as one, without masks of ours."""
    masks = [found.span() for found in _MASK.finditer(text)]
    merged: list[Span] = []
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if any(start < stop and end > begin for begin, stop in masks):
            continue
        if merged and start < merged[-1][1]:
            before = merged[-1]
            merged[-1] = (
                before[0],
                max(end, before[1]),
                before[2] if before[2] != "secret" else kind,
            )
        else:
            merged.append((start, end, kind))
    return merged
