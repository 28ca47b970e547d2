"""How likely each entry of a log is to say why the run ended.

An entry is weighed by its level, by what its words say, and by what came after it. Pure.
"""

from __future__ import annotations

import re
from itertools import pairwise

from watchdog.text.failure_words import (
    CLEANUP,
    ENDS,
    FAILED,
    FOLLOWS,
    GOES_ON,
    MEASURED,
    SPECIFIC,
    SYSTEM,
    Words,
    words_of,
)
from watchdog.text.log_line import Level
from watchdog.text.log_records import Entry, Role
from watchdog.text.log_shapes import NAME_ALONE
from watchdog.text.regex import regex

_LONGEST, _FIRST = 600, 200
# A record in JSON says late in which process it was logged.
_LONGEST_LINE = 2000
_WEIGHTS = {
    Level.FATAL: 58,
    Level.ERROR: 40,
    Level.WARN: 8,
    Level.INFO: -10,
    Level.DEBUG: -14,
}
_RAISED, _WORDS = 44, 22
# What is shorter says only that something failed.
_FEW_WORDS = 4
# Lines: how far below its colon something stands that was announced.
_GAP = 3
# What weighs less is no cause, only something that was said.
SURE = 22
# What a server says of one who asks it.
_REQUEST = regex(
    r"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\b.{0,200}\b[1-5]\d\d\b"
    r"|\bclient: [\d.]+, server|\bCSRF\b|(?i:\bstat(?:us)?=deferred\b)"
    r"|(?i:\bfailed (?:\S+ ){0,6}from (?:\d{1,3}\.){3}\d)"
)
# What a server says of a client, by the client's address or in the process that serves it.
_OF_A_CLIENT = regex(
    r"\[(?!1\])\d+\] (?:\S+ )?FATAL:  (?:password authentication failed|role \"|database \""
    r"|no pg_hba\.conf entry|the database system is (?:starting|shutting|not|in)|sorry, too many"
    r"|remaining connection slots|canceling authentication|too many connections for"
    r"|permission denied for database|terminating connection due to (?:admin|idle))"
    r"|\"client backend\"|\[CLIENT: ?[\d.:a-f<]|\bhandshake error from \S+:\d"
    r"|\bfrom:? /?(?:\d{1,3}\.){3}\d{1,3}(?:, user: | \(channelId=)|:\d+ - cid:\d+ - "
    r"|\((?:\d{1,3}\.){3}\d+:\d+ -> (?:\d{1,3}\.){3}\d+:\d+|\blogin refused: user '"
    r"|<Error> (?:\w+Handler|executeQuery): |\bInvalid user \S* ?from "
)
# How a framework heads the exception of a request, after which it takes the next one.
_OF_A_REQUEST = regex(
    r"\bServlet\.service\(\) for servlet\b|\bException on /\S* \[[A-Z]+\]"
    r"|^Internal Server Error: /|\bException in ASGI application\b|\bError handling request\b"
    r"|\bAn unhandled exception has occurred while executing the request\b"
)
# What ends the program wherever it is met.
_ENDS_IT_ALL = regex(r"OutOfMemory|MemoryError|SystemExit|out of memory|StackOverflow")
# What was tried before has come about: between a colon and what it is connected to.
_CAME_ABOUT = regex(
    r"[^:]{0,40}\b(?:re)?(?:connected|connection (?:is |was |has been )?(?:re-?)?established)\b"
    r".{0,60}"
)
_NO_CONNECTION = regex(r"\b(?:not|never|no longer|dis|un)[ -]?(?:connected|established)\b")
_SOMEWHERE = regex(r"[a-z][a-z0-9]{2,}(?:[.-][a-z0-9]+)*|(?:\d{1,3}\.){3}\d{1,3}")
_NOWHERE = {
    "after", "and", "client", "connect", "connected", "connecting", "connection", "could", "dial",
    "error", "established", "failed", "for", "from", "getaddrinfo", "has", "host", "info", "lookup",
    "main", "name", "not", "refused", "server", "service", "such", "tcp", "the", "unable", "using",
    "via", "was", "with",
}  # fmt: skip
PLACE = regex(r"\S\.\w+:\d+|\bline \d+")
# A host and port, a path or a URL.
NAMES = regex(r"[\w-]:\d{2,5}\b|(?<![\w/.])/[\w.-]+/[\w.-]|://\w")
# Without a time of its own: what only goes on with the line above, and the head of a list.
_PART = regex(r"\s|\.?[A-Z][\w .]{1,25}: \S|[-*#>|]|[^\d:]{1,60}:$")
_AHEAD = regex(r"\bfollowing\b|\bbelow\b", re.IGNORECASE)
# It was waited for in vain; why it did not come may have been said before.
_WAITED = regex(
    r"^(?:[\w ]{1,40}: ){0,2}(?:context deadline exceeded"
    r"|(?:timed? ?out|timeout)\b[^:/]{0,80}\bwait\w*"
    r"[^:/]{0,60}|[^:/]{0,60}(?:gave|giving) up[^:/]{0,40}|context canceled)\W*$",
    re.IGNORECASE,
)
_NAMED = regex(r"(?<!\w)['\"`][^'\"`\s]{3,80}['\"`]")
# A sentence that goes on in the next line.
_UNFINISHED = regex(
    r"\b(?:an?|and|are|as|at|be|by|can|could|for|from|in|is|it|may|not|of|on|or|that|the|this|to"
    r"|will|with|your)$"
)
# What a program does about a failure, said in the same line.
_TRAILER = regex(
    r"(?<![,;.:!-])[,;.:!-]{1,3} {0,3}(?:so |now |and ){0,3}(?:exit(?:ing)?|abort(?:ing)?"
    r"|quit(?:ting)?|terminating"
    r"|giving up|stopping|shutting down|bye)\b[^:]{0,20}$",
    re.IGNORECASE,
)
# Codes and components that a format puts before the message.
_TAGS = regex(r"^(?:\[[^\]]{1,40}\]:? *)+")
# How a runtime begins what it says of an exception that ends the program.
_UNCAUGHT = regex(
    r"(?:PHP Fatal error: +)?(?:Unhandled (?:exception|rejection)|Uncaught|terminate called"
    r"|panic(?:\([^)]{1,40}\))?:"
    r"|Exception in thread \"main\"|thread 'main')",
    re.IGNORECASE,
)
_FAILED = regex(r"\bfailed\W*$")
_OWN = regex(r"^(?:[\w./+-]+: )+(?:\(\d+\) )?|^\W{0,3}(?:Error|ERROR|error|FATAL|fatal)\b")


def weigh(entries: tuple[Entry, ...]) -> list[int]:
    """How likely each entry is to be the cause; read from the end, as what follows matters."""
    weights: list[int] = []
    beside = _beside(entries)
    others = of_others(entries)
    came_about: set[str] = set()
    went_on = 0
    below: Entry | None = None
    failed_at: int | None = None
    for at, entry in reversed(tuple(enumerate(entries))):
        weight, progress = _weight(entry, went_on)
        if at and _of_a_retry(entry, entries[at - 1], went_on):
            weight -= 26
        if entry.level is Level.ERROR and failed_at is not None and went_on > failed_at:
            # The program went on after it, and failed again.
            weight -= 26
        if failed_at is None and _ended_it(entry):
            failed_at = went_on
        cut = below is not None and _goes_on_in(below, entry)
        weight -= 26 if entry.record in beside and entry.role is not Role.PLAIN else 0
        weight -= 60 if entry.record in others else 0
        if came_about and _reached_later(entry, came_about):
            weight -= 45
        came_about |= _reached(entry)
        weights.append(weight - (14 if cut or _announces_nothing(entry, below) else 0))
        below = entry
        went_on += progress * (2 if entry.stamped else 1)
    return weights[::-1]


def _beside(entries: tuple[Entry, ...]) -> set[int]:
    """Records of exceptions under a line that says that what is measured could not be sent."""
    raised = {entry.record for entry in entries if entry.role in {Role.RAISED, Role.CAUSE}}
    found = set()
    for head, below in pairwise(entries):
        own = head.record in raised
        # A line of a format that is not known is no head of a record.
        next_ = below.record in raised and below.at == head.at + 1
        plain = head.role is Role.PLAIN and head.level is not Level.FATAL
        if plain and (own or next_) and MEASURED.says(words_of(head.text)):
            found.add(head.record if own else below.record)
    return found


def of_others(entries: tuple[Entry, ...]) -> set[int]:
    """Records of what a server says of its clients, and of what one request met."""
    found = {entry.record for entry in entries if _OF_A_CLIENT.search(entry.line[:_LONGEST_LINE])}
    for i, head in enumerate(entries):
        if not _OF_A_REQUEST.search(head.text[:_FIRST]):
            continue
        raised = {below.record for below in entries[i + 1 : i + 2] if below.role is Role.RAISED}
        met = {head.record, *raised}
        if not any(e.record in met and _ENDS_IT_ALL.search(e.text[:_LONGEST]) for e in entries):
            found |= met
    return found


def _reached(entry: Entry) -> set[str]:
    """Where the entry says that the program is connected now; empty if it does not say so."""
    text = entry.text[:_FIRST].lower()
    found = _CAME_ABOUT.search(text) if entry.level is None or entry.level <= Level.INFO else None
    if found is None or _NO_CONNECTION.search(text) or FAILED.says(words_of(text)):
        return set()
    return _places(found[0])


def _reached_later(entry: Entry, places: set[str]) -> bool:
    """Whether the entry, no fatal one, says that what was reached later does not answer."""
    text = entry.text[:_FIRST]
    failed = entry.level is not Level.FATAL and SYSTEM.says(words_of(text))
    return failed and not places.isdisjoint(_places(text.lower()))


def _places(text: str) -> set[str]:
    return set(_SOMEWHERE.findall(text)) - _NOWHERE


def _ended_it(entry: Entry) -> bool:
    """Whether the entry is an error that says something: no summary, and not of the ending."""
    if entry.level not in {Level.ERROR, Level.FATAL} or not entry.own:
        return False
    text = _message_alone(entry.text[:_FIRST])
    words = words_of(text)
    few = len(words.tokens) < _FEW_WORDS
    return not (few or sums_up(text) or CLEANUP.says(words) or _waited(text))


def _of_a_retry(entry: Entry, above: Entry, went_on: int) -> bool:
    """Whether the exception only explains the line above it, which says that it tries again.

    That is a warning, or an error after which the program went on.
    """
    explains = entry.role is Role.RAISED and entry.at == above.at + 1 and above.own
    calm = above.level is Level.WARN and not entry.own
    over = above.level is Level.ERROR and went_on > 0 and not entry.stamped
    return (
        explains
        and (calm or over)
        and not _UNCAUGHT.match(entry.text)
        and GOES_ON.says(words_of(above.text[:_FIRST] if over else above.text))
    )


def _waited(text: str) -> bool:
    """Whether the text says that something was waited for, and not for what."""
    return bool(_WAITED.match(text)) and not (NAMES.search(text) or _NAMED.search(text))


def _weight(entry: Entry, went_on: int) -> tuple[int, bool]:
    """The entry's weight, and whether it shows that the program went on."""
    text, words = entry.text[:_LONGEST], words_of(entry.text)
    # What follows in a long message is advice.
    first = words_of(text[:_FIRST])
    follows = sums_up(_message_alone(text))
    raised = entry.role in {Role.RAISED, Role.CAUSE}
    calm = entry.level is None or entry.level <= Level.WARN
    specific, failed = tells(words), FAILED.says(words)
    weight = _by_level(entry, went_on, wrong=specific or failed, failed=failed)
    if follows:
        weight -= 18
    else:
        fatal = entry.level is Level.FATAL
        weight += 12 if specific else 4 if fatal else -4 if not (failed or calm) else 0
    system = SYSTEM.says(words)
    weight += 6 if system else 0
    weight -= 26 if CLEANUP.says(first) else 0
    weight -= 3 if entry.role is Role.DETAIL else 0
    # A name alone says less than the words that were logged for it.
    weight -= 8 if raised and not specific and NAME_ALONE.fullmatch(text) else 0
    weight -= 8 if _AHEAD.search(text) else 0
    weight -= 30 if _REQUEST.search(text) else 0
    weight -= 24 if _waited(text) else 0
    if entry.level is not Level.FATAL and GOES_ON.says(first):
        weight -= 30 if calm else 26 if went_on else 16
    if (raised or not calm) and NAMES.search(text):
        weight += 7 if raised else 3
    weight -= _cooled(entry, went_on, raised=raised, firm=system or bool(_OWN.match(text)))
    said = raised or failed or entry.role is Role.DETAIL or ENDS.says(words) or system
    part = not entry.stamped and bool(_PART.match(entry.line))
    return weight, calm and not (said or part) and (entry.stamped or entry.level is None)


def _goes_on_in(below: Entry, entry: Entry) -> bool:
    """Whether a sentence begins in one line and goes on in the next, as prose about a failure."""
    bare = entry.level is None and not (entry.stamped or below.stamped)
    return bare and bool(_UNFINISHED.search(entry.text)) and below.line[:1].islower()


def _announces_nothing(entry: Entry, below: Entry | None) -> bool:
    """Whether an exception ends with a colon, and what it announces does not follow."""
    ends = entry.role is Role.RAISED and entry.text.endswith(":")
    return ends and (below is None or below.stamped or below.at - entry.at > _GAP)


def _message_alone(text: str) -> str:
    """The text without tags before it, and what the program says that it does now: `, exiting`."""
    return _TRAILER.sub("", _TAGS.sub("", text))


def sums_up(text: str) -> bool:
    """Whether the text only follows from the failure: `command failed: exit status 1`.

    What ended with an error and says which behind a colon does not.
    """
    if not FOLLOWS.says(words_of(text[:_FIRST])):
        return False
    reason = words_of(text[:_LONGEST].rpartition(": ")[2])
    few = len(reason.tokens) < _FEW_WORDS
    return few or reason.text == text[:_LONGEST] or not tells(reason) or FOLLOWS.says(reason)


def tells(words: Words) -> bool:
    """Whether the words say what is wrong with what."""
    return SPECIFIC.says(words) or SYSTEM.says(words)


def _by_level(entry: Entry, went_on: int, *, wrong: bool, failed: bool) -> int:
    """What the level weighs, or else that something was raised or is called a failure."""
    level, raised = entry.level, entry.role in {Role.RAISED, Role.CAUSE}
    if raised and _UNCAUGHT.match(entry.text):
        return _WEIGHTS[Level.FATAL]
    if raised and level is not None and level <= Level.WARN:
        calm = _WORDS if level is Level.WARN or not entry.own else _WORDS - 14
        return calm if went_on else _RAISED - 4
    if raised:
        return max(_RAISED, _WEIGHTS[level] if level is not None else 0)
    if level is not None and (entry.own or wrong):
        return _WEIGHTS[level]
    words = _WORDS - 2 if failed else _WORDS - 10 if wrong else -20
    place = 4 if PLACE.search(entry.text) else 2 if _FAILED.search(entry.text) else 0
    return words + place + (3 if _OWN.match(entry.text) else 0)


def _cooled(entry: Entry, went_on: int, *, raised: bool, firm: bool) -> int:
    """What an entry loses for the lines of normal work that follow it.

    A line without a time counts half: it may be a part of what was said.
    """
    if entry.level is Level.FATAL:
        return 0
    if raised:
        return min(went_on, 14)
    if entry.level is None:
        return min((2 if firm else 3) * went_on, 40)
    return min(2 * went_on, 16)
