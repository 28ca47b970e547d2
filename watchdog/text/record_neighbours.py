"""What stands near the telling entry of a log and belongs to it: details, reasons, places, names.

Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile

from watchdog.text.failure_words import (
    CLEANUP,
    ENDS,
    FAILED,
    FOLLOWS,
    GOES_ON,
    SYSTEM,
    Words,
    words_of,
)
from watchdog.text.log_line import Level
from watchdog.text.log_records import Entry, Role
from watchdog.text.log_shapes import NAME_ALONE
from watchdog.text.record_weights import NAMES, PLACE, tells
from watchdog.text.regex import regex

# Lines: how far below the telling line its details stand, and how far a list reaches.
_NEAR, _LIST, _NEAR_CODE = 12, 4, 3
# Entries: how far apart the same error stands that is written twice.
TWICE = 2
# Entries: how far above the same failure may have been said with its name or its reason.
_ABOVE = 6
# What is shorter says only that something failed.
_FEW_WORDS = 4
# Entries: how far around it is looked for what every line says.
_AROUND = 8
# Characters: how long the name is that stands in a line of its own.
_NAME = 60
# Two lines are about the same if they share so many words of so many letters.
_SHARED, _LONG_WORD, _STEM = 2, 4, 6
_AHEAD = regex(r"\bfollowing\b|\bbelow\b", re.IGNORECASE)
_OF_CLASS = regex(r"\s*\([A-Z][\w:.]*\)$")
# Where in a file it is, said in a line of its own.
_LOCATES = regex(
    r"(?:in|at|-->|>>>|Location:|File|near|on|Reading)\s.*|line \d+\b.*", re.IGNORECASE
)
_QUOTED = regex(r"(?<!\w)['\"`\u00ab\u2018\u201c][^'\"`\s]{3,80}['\"`\u00bb\u2019\u201d]")
_FAILED_TO = regex(r"\b[Ff]ail(?:ed|ure|ing)? to\b")
# A path, and the line of the file.
_IN_FILE = regex(r"(?<![\w/.:])(/[\w./-]*\w)(:\d+|,? (?:on )?line \d+)?")
# That it is tried once more.
AGAIN = regex(
    r"\b(?:retry|retries|retrying|reconnect\w*|attempt\w*|again|sleeping|waiting)\b", re.IGNORECASE
)
_VERSION = regex(r"\d+\.\d+")
_LABELLED = regex(r"[A-Z][\w .]{2,25}: \S|p?npm (?:ERR!|error) (?:path|dest|file) \S")


def belongs(below: Entry, entry: Entry) -> bool:
    """Whether an entry further down goes on with this one."""
    if below.role is Role.RAISED or below.at - entry.at > _NEAR:
        return False
    if below.record == entry.record:
        return True
    return announces(entry.text) and not below.stamped and below.at - entry.at <= _LIST


def announces(text: str) -> bool:
    """Whether the lines below are what the text speaks of."""
    text = _OF_CLASS.sub("", text)
    return text.endswith(":") or bool(_AHEAD.search(text))


def head(entries: tuple[Entry, ...], best: int) -> Entry | None:
    """The line above that announces what the entry says, as a list's head does."""
    entry = entries[best]
    if entry.line[:1] not in " \t*-\u2022" or entry.role is not Role.PLAIN:
        return None
    above = (e for e in reversed(entries[max(0, best - _LIST) : best]) if not e.line[:1].isspace())
    head = next(above, None)
    if head is None or entry.at - head.at > _LIST:
        return None
    # Without a colon, it is a name: of the field that is wrong, in a line of its own.
    named = head.at == entry.at - 1 and not head.stamped and len(head.text) <= _NAME
    named = named and head.record == entry.record and not tells(words_of(head.text))
    return head if head.text.endswith(":") or named else None


def reason_above(entries: tuple[Entry, ...], best: int, *, chained: bool) -> Entry | None:
    """The line just above that says what is wrong, if the entry only sums that up."""
    own = words_of(entries[best].text)
    sums_up = FOLLOWS.says(own)
    # That something failed is no reason yet.
    says_why = tells(words_of(_FAILED_TO.sub("", entries[best].text)))
    if chained or (not sums_up and (says_why or entries[best].role is Role.RAISED)):
        return None
    far = _ABOVE if sums_up else TWICE
    tried_last = logged = None
    for above in just_above(entries, best, far):
        words = words_of(_FAILED_TO.sub("", above.text))
        if not sums_up and _shows_progress(above):
            return None
        if FOLLOWS.says(words):
            continue
        bad = above.own and (above.level or Level.INFO) >= Level.ERROR
        if not tells(words):
            few = len(words.tokens) < _FEW_WORDS
            sure = bad and not (few or GOES_ON.says(words) or CLEANUP.says(words))
            logged = logged or (above if sums_up and sure else None)
            continue
        if not GOES_ON.says(words):
            # An error comes before a warning above it, whatever its words.
            return _own_words(entries, above) if bad or logged is None else logged
        failed = FAILED.says(words) or SYSTEM.says(words)
        if sums_up and failed and AGAIN.search(above.text):
            tried_last = tried_last or above
    return tried_last or logged


def told_of_its_file(entries: tuple[Entry, ...], best: int) -> Entry | None:
    """The error just above that says where in the file is wrong what the entry only names."""
    entry = entries[best]
    files = {file for file, line in _IN_FILE.findall(entry.text) if not line}
    for above in just_above(entries, best, _ABOVE) if files else ():
        places = {file for file, line in _IN_FILE.findall(above.text) if line}
        if files & places and tells(words_of(above.text)):
            return above
    return None


def _own_words(entries: tuple[Entry, ...], entry: Entry) -> Entry:
    """What the line of that detail says before its fields, if that tells something."""
    first = next(e for e in entries if e.at == entry.at)
    return first if entry.role is Role.DETAIL and tells(words_of(first.text)) else entry


def _shows_progress(entry: Entry) -> bool:
    """Whether the program went on at this line, so that what stands above it was no reason."""
    calm = entry.own and entry.level is not None and entry.level <= Level.INFO
    words = words_of(entry.text)
    bad = FAILED.says(words) or ENDS.says(words) or tells(words)
    return calm and entry.role is not Role.DETAIL and not bad


def just_above(entries: tuple[Entry, ...], best: int, far: int) -> Iterator[Entry]:
    """The entries above, the nearest first; details are not counted."""
    for above in reversed(entries[:best]):
        far -= above.role is not Role.DETAIL
        if far < 0:
            return
        yield above


def related(entries: tuple[Entry, ...], best: int) -> Entry | None:
    """A warning just above that speaks of the same; None if there is none."""
    own = words_of(entries[best].text)
    usual = _usual(entries, best)
    for above in reversed(entries[max(0, best - TWICE) : best]):
        words = words_of(above.text)
        if _shows_progress(above):
            return None
        if above.level is Level.WARN and tells(words) and not GOES_ON.says(words):
            shared = _stems(Words("", "", words.tokens & own.tokens)) - usual
            if len(shared) >= _SHARED:
                return above
    return None


def named_above(entries: tuple[Entry, ...], best: int, below: list[Entry]) -> Entry | None:
    """The error above that says the same and names what it is about, if the entry does not."""
    entry = entries[best]
    # What nothing caught is no summary of what was logged before.
    uncaught = entry.role is Role.RAISED and entry.level is Level.FATAL and not entry.own
    if uncaught or any(names(e.text) for e in (entry, *below)):
        return None
    own = _stems(words_of(entry.text)) - _usual(entries, best)
    closest = [e.at for e in just_above(entries, best, TWICE)]
    for above in just_above(entries, best, _ABOVE):
        words = words_of(above.text)
        if _shows_progress(above):
            return None
        shared = len(_stems(words) & own)
        near = above.at in closest and (above.level is Level.WARN or SYSTEM.says(words))
        same = shared >= (1 if near else _SHARED)
        says = tells(words) or (above.level is Level.WARN and above.at in closest)
        says = says and names(above.text) and not GOES_ON.says(words)
        if same and says and above.at < entry.at:
            return above
    return None


def _usual(entries: tuple[Entry, ...], best: int) -> set[str]:
    """What most lines around say, such as the names of a thread and a logger."""
    around = entries[max(0, best - _AROUND) : best + _AROUND]
    said = Counter(stem for entry in around for stem in _stems(words_of(entry.text)))
    return {stem for stem, times in said.items() if times > max(3, len(around) / 2)}


def _stems(words: Words) -> set[str]:
    """The beginnings of the longer words, which a name and a plural share."""
    parts = (part for word in words.tokens for part in re.split(r"[_-]", word))
    return {part[:_STEM] for part in parts if len(part) >= _LONG_WORD}


def only_names(text: str) -> bool:
    """Whether the text is the name of what was raised and nothing else."""
    return bool(NAME_ALONE.fullmatch(text))


def names(text: str) -> bool:
    """Whether the text names a host, a path, a URL or something in quotation marks."""
    return bool(NAMES.search(text) or _QUOTED.search(text))


def located_above(entries: tuple[Entry, ...], best: int) -> Entry | None:
    """The line just above that shows what in a file is wrong, if the entry does not."""
    entry, above = entries[best], entries[best - 1] if best else None
    if above is None or above.record != entry.record or entry.role is not Role.PLAIN:
        return None
    return above if locates(above, entry) and above.at == entry.at - 1 else None


def locates(place: Entry, entry: Entry) -> bool:
    """Whether one line says where the other is: the words of a file, or its name and line."""
    place_of = PLACE.search(place.text) or place.text.startswith(">>>") or names(place.text)
    shown = _LOCATES.fullmatch(place.text) and place_of
    return bool(shown) and not place.stamped and not PLACE.search(entry.text)


def topmost(entry: Entry, raised: list[Entry]) -> Entry | None:
    """What was raised because of the entry, unless that only sums it up."""
    if entry.role is not Role.CAUSE:
        return None
    above = [e for e in raised if e.at < entry.at and e.role is Role.RAISED]
    says = [e for e in above if not FOLLOWS.says(words_of(e.text)) and entry.text not in e.text]
    return says[-1] if says else None


def first(entry: Entry, raised: list[Entry]) -> Entry | None:
    """What was raised first in a chain that names its causes above what they led to."""
    above = [e for e in raised if e.at < entry.at and entry.role is e.role is Role.RAISED]
    said = above[0].text.partition(": ")[2] if above else ""
    return above[0] if said and said not in entry.text else None


def details_of(entries: tuple[Entry, ...], above: Entry | None) -> list[Entry]:
    """The details just below an entry that stands above the telling one."""
    start = entries.index(above) + 1 if above is not None else len(entries)
    return list(takewhile(lambda e: e.role is Role.DETAIL, entries[start:]))


def code_above(entry: Entry, raised: list[Entry]) -> Entry | None:
    """The error's code that stands in a line of its own just above what it means."""
    above = [e for e in raised if 0 < entry.at - e.at <= _NEAR_CODE and e.role is Role.RAISED]
    plain = entry.role is Role.PLAIN and not entry.stamped
    return above[-1] if plain and above and NAME_ALONE.fullmatch(above[-1].text) else None


def names_more(below: Entry, entry: Entry) -> bool:
    """Whether the line directly below names what the entry speaks of but does not name."""
    words = words_of(below.text)
    other = GOES_ON.says(words) or FOLLOWS.says(words) or ENDS.says(words)
    near = below.at == entry.at + 1 and not below.stamped and below.role is not Role.CAUSE
    return near and not other and names(below.text) and not names(entry.text)


def labelled(entries: tuple[Entry, ...], best: int) -> list[Entry]:
    """The `Key: value` lines below an entry that names nothing itself."""
    entry, found = entries[best], []
    for below in entries[best + 1 : best + 1 + _ABOVE]:
        if below.stamped or below.level is not entry.level or below.at - entry.at > _NEAR:
            break
        named = names(below.text) or _VERSION.search(below.text)
        if _LABELLED.match(below.text) and named and not GOES_ON.says(words_of(below.text)):
            found.append(below._replace(role=Role.DETAIL))
    return found if found and not names(entry.text) else []


def deepest(entry: Entry, raised: list[Entry]) -> Entry | None:
    """The last cause below the entry, if it says more than the entry does."""
    below = [e for e in raised if e.at >= entry.at and e.text not in entry.text]
    return below[-1] if below else None
