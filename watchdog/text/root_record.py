"""The record of a log that says why the run ended: FATAL before ERROR, the cause before its echo.

The heaviest entry is the telling one, the first of several. Pure.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from watchdog.text import record_neighbours as near
from watchdog.text.failure_words import ENDS, FAILED, FOLLOWS, GOES_ON, SYSTEM, words_of
from watchdog.text.log_line import Level
from watchdog.text.log_records import Entry, Reading, Role, read_records
from watchdog.text.record_weights import SURE, of_others, tells, weigh
from watchdog.text.regex import regex

# Characters of a quoted line; what stands at its end is a part of the cause.
LONGEST_LINE = 330
_LONGEST_QUOTE, _SHORTEST_QUOTE = 240, 40
_MOST_DETAILS, _SHORT_DETAIL = 6, 60
# Lines: how far a record reaches.
_FAR = 200
_FEW_WORDS = 3
# The lines of a program that says little, and what is sure to be the cause among them.
_FEW_LINES, _SURE_ALONE = 6, 18
_COUNTED = regex(r"\b\d+ (?:\w+ )?errors?\b|\bfollowing\b")
# A dotted name, a flag or a variable, or words in quotation marks or behind a scheme.
_NAMED = regex(r"\b\w+(?:\.\w+){2,}\b|(?<!\w)--[a-z][\w-]+|\b[A-Z]+(?:_[A-Z]+)+\b|'[^']{2,60}'")
# The name of what was raised, before its words.
_RAISED_AS = regex(
    r"^(?:Exception in thread \"[^\"]*\" )?(?:[\w$]+\.)*\w*(?:Error|Exception): (?=.{12})"
)
_SOURCE = regex(r"\S+\.\w+:\d+")
# How to learn more, not what to do.
_TO_LEARN = regex(r"backtrace|trace\b|verbose|debug|help\b|\blog|issue|report", re.IGNORECASE)


class Telling(NamedTuple):
    """What a log says of why the run ended.

    `line` is to be quoted; `texts` are what kinds are asked about: the record's own words, then
    those of its chain and its details. `also` is the next best line. `sure` tells an error from the
    last words of a log without one. `at` is the number of the line, `source` the source code that
    the trace shows.
    """

    line: str
    texts: tuple[str, ...]
    level: Level | None
    sure: bool
    at: int
    source: str = ""
    also: str = ""


def find_telling(lines: list[str]) -> Telling | None:
    """The record that says why the run ended; its last words if no record does; None of nothing."""
    return _find(tuple(lines))


@lru_cache(maxsize=64)
def _find(lines: tuple[str, ...]) -> Telling | None:
    reading = read_records(list(lines))
    if not reading.entries:
        return None
    weights = weigh(reading.entries)
    sure = SURE if _formatted(reading.entries) else _SURE_ALONE
    best = max(range(len(weights)), key=lambda i: (weights[i], -i))
    errors = [i for i, entry in enumerate(reading.entries) if entry.level is not Level.WARN]
    worst = max(errors, key=lambda i: (weights[i], -i), default=best)
    best = worst if weights[worst] >= sure else best
    says_what = weights[best] >= SURE or tells(words_of(reading.entries[best].text))
    if weights[best] < sure or not says_what:
        return _last_words(reading)
    return _telling(reading, _fuller(reading.entries, best), weights)


def _formatted(entries: tuple[Entry, ...]) -> bool:
    """Whether the log is more than a few bare lines, of which the last ones tell why it ended."""
    return len(entries) > _FEW_LINES or any(e.stamped or e.level is not None for e in entries)


def _fuller(entries: tuple[Entry, ...], best: int) -> int:
    """The entry that says the same and more, close above or below; else the same one."""
    whole = entries[best].text.removeprefix("Error: ")
    said = _RAISED_AS.sub("", whole)
    *_, first = (entries[best], *near.just_above(entries, best, near.TWICE))
    around = range(entries.index(first), min(len(entries), best + near.TWICE + 1))
    # A warning that says it is no better than the exception below it.
    same = [
        i
        for i in around
        if said in entries[i].text and i != best and entries[i].level is not Level.WARN
    ]
    goes_on = (words_of(entries[i].text.partition(said)[2]) for i in same)
    same = [i for i, more in zip(same, goes_on, strict=True) if said == whole or tells(more)]
    return max(same, key=lambda i: len(entries[i].text), default=best)


def _last_words(reading: Reading) -> Telling:
    said = [e for e in reading.entries if not (_only_ends(e.text) or _only_follows(e.text))]
    entry = (said or list(reading.entries))[-1]
    why = near.reason_above(reading.entries, reading.entries.index(entry), chained=False)
    bare = entry.level is None and FOLLOWS.says(words_of(entry.text))
    if bare and why is not None and (why.level is Level.WARN or near.AGAIN.search(why.text)):
        line = f"{_cut(_quotable(why), _LONGEST_QUOTE)} … {_quotable(entry)}"
        texts = (entry.text, why.text)
        return Telling(_cut(line, LONGEST_LINE), texts, entry.level, sure=True, at=why.at)
    sure = _gave_up(entry) and entry.record not in of_others(reading.entries)
    return Telling(_quotable(entry), (entry.text,), entry.level, sure=sure, at=entry.at)


def _gave_up(entry: Entry) -> bool:
    """Whether the last words are of something that failed and was tried again until the end."""
    words = words_of(entry.text)
    calm = entry.own and entry.level is not None and entry.level <= Level.INFO
    tried = near.AGAIN.search(entry.text) or not (calm or GOES_ON.says(words))
    failed = FAILED.says(words) and tells(words)
    return bool(tried) and (failed or SYSTEM.says(words))


def _only_follows(text: str) -> bool:
    """Whether the text is only `giving up` or `aborted`."""
    words = words_of(text)
    return len(words.tokens) <= _FEW_WORDS and FOLLOWS.says(words) and not tells(words)


def _only_ends(text: str) -> bool:
    words = words_of(text)
    return ENDS.says(words) and not FAILED.says(words)


def _telling(reading: Reading, best: int, weights: list[int]) -> Telling:
    """The record of the entry, with the head of its chain and what stands below it."""
    entries = reading.entries
    entry = entries[best]
    chain = [e for e in entries if e.record == entry.record and abs(e.at - entry.at) <= _FAR]
    raised = [e for e in chain if e.role in {Role.RAISED, Role.CAUSE} and e.text != entry.text]
    below = [e for e in entries[best + 1 :] if near.belongs(e, entry)]
    below = below or near.labelled(entries, best)
    texts = [entry.text, *(e.text for e in raised), *(e.text for e in below), entry.line]
    above = (
        near.reason_above(entries, best, chained=bool(raised))
        or near.told_of_its_file(entries, best)
        or near.head(entries, best)
        or near.named_above(entries, best, below)
        or near.located_above(entries, best)
    )
    texts += [e.text for e in (above, near.related(entries, best)) if e is not None]
    texts += [e.text for e in near.details_of(entries, above)]
    said = [
        above
        or near.topmost(entry, raised)
        or near.first(entry, raised)
        or near.code_above(entry, raised),
        entry,
        near.deepest(entry, raised),
    ]
    if above is not None:
        said.insert(0, near.located_above(entries, entries.index(above)))
    parts = [
        _words(e, below if e.at >= entry.at else []) for e in dict.fromkeys(said) if e is not None
    ]
    line = " … ".join(_cut(part, LONGEST_LINE // len(parts)) for part in parts)
    advice = "" if near.names(_SOURCE.sub("", line)) else _advised(reading, entry)
    if advice and len(line) + len(advice) < _LONGEST_QUOTE:
        line = f"{line} {advice}"
    return Telling(
        line,
        tuple(texts),
        entry.level,
        sure=entry.level is not Level.WARN,
        at=entry.at,
        source=reading.source,
        also=_second(entries, best, weights),
    )


def _advised(reading: Reading, entry: Entry) -> str:
    """The advice just below the entry, if it names something: a setting, a command."""
    nearest = (reading.advice.get(entry.at + i, "") for i in range(1, 3))
    advice = next(filter(None, nearest), "")
    return advice if _NAMED.search(advice) and not _TO_LEARN.search(advice) else ""


def _words(entry: Entry, below: list[Entry]) -> str:
    """What is quoted of the entry: its own words, and those that it is nothing without."""
    line = _quotable(entry)
    few = len(entry.text) < _SHORTEST_QUOTE or _COUNTED.search(entry.text)
    if near.announces(entry.text) or few:
        said = (e for e in below if e.at > entry.at and e.role is not Role.CAUSE)
        details = [e for e in said if not _only_ends(e.text)]
        # A list of short lines is quoted to its end.
        details = details[:2] + list(takewhile(_is_short, details[2:_MOST_DETAILS]))
    else:
        named = near.only_names(entry.text)
        bare = entry.role is Role.RAISED and (named or not tells(words_of(entry.text)))
        details = [e for e in below[:1] if bare or near.locates(e, entry)]
        details = details or [e for e in below[:3] if e.role is Role.DETAIL]
        details = details or [e for e in below[:1] if near.names_more(e, entry)]
    for detail in details:
        if len(line) < _LONGEST_QUOTE and detail.text not in line:
            line = f"{line} {detail.text}"
    return line


def _is_short(entry: Entry) -> bool:
    return len(entry.text) < _SHORT_DETAIL


def _second(entries: tuple[Entry, ...], best: int, weights: list[int]) -> str:
    """What else is sure to be an error and says something else; empty if nothing is."""
    related = near.related(entries, best)
    if related is not None:
        return _cut(_quotable(related), _LONGEST_QUOTE)
    said = entries[best].text
    rest = [i for i, e in enumerate(entries) if e.text not in said and said not in e.text]
    if not rest:
        return ""
    second = max(rest, key=lambda i: (weights[i], -i))
    return _cut(_quotable(entries[second]), _LONGEST_QUOTE) if weights[second] >= SURE else ""


def _quotable(entry: Entry) -> str:
    """The words of the entry; the whole line if they are few."""
    line = " ".join(entry.line.split())
    text = " ".join(entry.text.split())
    if len(text) < _SHORTEST_QUOTE or (len(line) <= _LONGEST_QUOTE and line[:1] != "{"):
        return line
    return text


def _cut(text: str, limit: int) -> str:
    """The text with its middle left out where it is long: causes stand at the ends of a chain."""
    if len(text) <= limit:
        return text
    head = (limit - 3) * 3 // 5
    return f"{text[:head].rstrip()} … {text[len(text) - (limit - 3 - head) :].lstrip()}"
