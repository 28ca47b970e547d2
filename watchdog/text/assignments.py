"""Secrets that a name tells: every way to write that a name has a value.

A head is a name with what parts it from its value. The value behind it is read by its quotes,
brackets or end, and judged by how much the name says and how they are parted.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import NamedTuple

from watchdog.text.regex import regex
from watchdog.text.secret_names import MARKS, Strength, strength, vendor_of
from watchdog.text.secret_values import (
    is_file,
    is_loose,
    is_lower_word,
    is_mechanism,
    is_object_name,
    is_place,
    is_prose,
    is_reference,
    is_word,
)
from watchdog.text.value_forms import (
    GOES_ON,
    IN_PARTS,
    NEXT,
    QUOTE,
    Value,
    quoted_end,
    value_at,
)

Found = tuple[int, int]
"""Start and end of a secret in its text."""


class Parted(enum.IntEnum):
    """How a name and its value are parted, from the plainest to the least sure."""

    SET = enum.auto()
    """`=`, `:=`, `=>`, an element, an attribute, a flag: a value follows."""
    COLON = enum.auto()
    """`:` and nothing between, or within JSON."""
    SAID = enum.auto()
    """`: ` as in YAML, a header, or a sentence."""
    PAIR = enum.auto()
    """`,` or `(`: a value only if it is quoted."""
    BESIDE = enum.auto()
    """Blanks, or a verb."""


_HEAD = regex(
    rf"(?<![\w.\-{MARKS}])(?P<name>[\w.\-{MARKS}]++)(?P<close>{QUOTE}|>>|\]|\[\d{{0,5}}\]"
    r"|:(?:\"[\w\\]{1,80}\":)?(?:protected|private)(?=\]))*+"
    r"(?P<sep>[ \t]{0,20}(?:=>[ \t\n]{0,8}|\\?[:?]?[=\uff1d](?:=?=?)[ \t]{0,4}(?:\\\n[ \t]{0,8})?"
    r"|->[ \t]{0,4}"
    r"|<-[ \t]{0,4}|!==?[ \t]{0,4}|:-|(?:\\?[:\uff1a](?!:)|::(?=[ \t]))[ \t]{0,20}|,[ \t\n]{0"
    r",8}|\|[ \t]{1,20})|\("
    r"|[ \t]\.{3,80}[ \t]|[ \t][.\u2013\u2014][ \t]|\t{1,8}|;s:\d{1,6}:)"
)
_BLOCK = regex(
    r"(?:[!&][\w!/:.-]{1,60}[ \t]{1,4}){0,2}[|>][+-]?\d?[+-]?[ \t]*\n"
    r"(?P<indent>[ \t]+)[^\n]*(?:\n(?P=indent)[^\n]*){0,200}"
)
_HEREDOC = regex(
    r"<<[-~]?[ \t]{0,2}[\"']?(?P<mark>\w{2,40})[\"']?[ \t]*\n(?:(?![ \t]*(?P=mark)\b)[^\n]"
    r"*\n){1,200}"
)
# A secret as a list of its characters or their codes, as Java's char[] and Erlang's strings are.
_CHARACTERS = regex(
    r"(?:\w{0,20}(?:\[\]\s?|\()){0,2}(?:\w{1,20}(?=[\[{(]))?[\[{(]\s{0,4}"
    r"(?:(?:0x[0-9a-f]{1,2}|\d{1,3}|'[^'\n]'|[^\s,])"
    r"(?:,\s{0,4}(?:0x[0-9a-f]{1,2}|\d{1,3}|'[^'\n]'|[^\s,])){3,200}"
    r"|\d{1,3}(?: \d{1,3}){3,4000})\s{0,4}[\]})]"
)
_BELOW = regex(r"[ \t]*\n(?P<indent>[ \t]{1,40})(?P<dash>-[ \t]+)?(?=\S)")
_ITEM = regex(r"[ \t]*\n[ \t]{1,40}-[ \t]+")
_LINE = regex(r"[^\n]*")
_MOST_ITEMS = 50
_LONGEST_ARN, _LONGEST_WORDS = 120, 60
_MOST_NAMES = 10  # in one value, which has none as a rule
_BLANK = frozenset(" \t\n")
_LIST = frozenset("[(")
_BLOCKS = frozenset("|>!&<")
_BESIDE = ".|\u2013\u2014"
_COLONS = frozenset({Parted.SAID, Parted.COLON})
_PHRASE_WORDS = 8
_CODE_DIGITS = 4
_NUMBER_DIGITS = 2
_SESSION_DIGITS = 8  # shorter ones are those of processes
_WINDOWS_USER = regex(r"S-1-\d{1,3}(?:-\d{1,10}){1,15}")
# Words that a name ends with, where the words before them say of what: `api key`, `key provided`.
_TAIL = frozenset(
    {"key", "keys", "id", "ids", "code", "phrase", "string", "token", "tokens", "value", "provided",
     "given", "is", "was", "are", "supplied", "used", "received", "secret", "passe", "pass", "now",
     "returned", "found", "incorrect", "invalide", "wrong", "incorrecto", "incorrecta", "falsch",
     "set", "hash", "password", "api", "secreta", "secrete", "secr\u00e8te", "priv\u00e9e", "sandi",
     "kh\u1ea9u", "ordine", "\u0627\u0644\u0645\u0631\u0648\u0631", "\u0627\u0644\u0633\u0631",
     "laluan", "\u0441\u04e9\u0437", "\u04af\u0433", "\u0648\u0631\u0688",
     "\u0639\u0628\u0648\u0631", "\u1243\u120d"}
)  # fmt: skip
# Those of them that only stand between the name and the value.
_FILLERS = frozenset(
    {"provided", "given", "is", "was", "are", "supplied", "used", "received", "value", "now", "not",
     "returned", "found", "incorrect", "invalide", "wrong", "incorrecto", "incorrecta", "falsch",
     "set", "string", "hash"}
)  # fmt: skip
_BEFORE = regex(r"(?<![\w.'=:/-])(?:[\w.'-]+[ \t']){1,4}\Z")
_DIGITS = frozenset(
    {"pin", "pin_code", "otp", "code", "passcode", "verification_code", "cvv", "cvc"}
)


# What of AWS is a secret's own name follows here, or a digest of one: neither is a secret.
_NO_NAME = regex(r"\b(?:arn:[\w-]{1,20}:[\w-]{1,40}:[\w-]{0,40}:\d{0,12}:|checksum/)\Z")

# A token behind one of these is a word that a parser reads.
_PARSED = regex(r"\b(?:[Uu]nexpected|[Ss]tray|[Nn]ext|[Ll]ookahead)[ \t]\Z")


class _Run:
    """The value that was read last: each name inside of it has the rest of it for its own.

    Reading that again for every one of many names would cost the square of its length. What has
    so many names of secrets in one value is taken for a secret to its end.
    """

    def __init__(self) -> None:
        self.end = -1
        self._names = 0

    def is_crowded(self, at: int) -> bool:
        """Whether the value at that place is the rest of one with too many names in it."""
        self._names = self._names + 1 if at < self.end else 0
        return self._names > _MOST_NAMES


class _Head(NamedTuple):
    """A name, how much it says, and how it is parted from its value."""

    name: str
    told: Strength
    how: Parted


# In `credentials:edit` what follows is what to do with them.
_TASKS = frozenset({"credentials", "creds", "secrets", "tokens", "keys", "token", "secret"})


def assigned(text: str, start: int, stop: int) -> Iterator[Found]:
    """Each value that a name before it tells to be a secret, of the names between these places."""
    run = _Run()
    for head in _HEAD.finditer(text, start, stop):
        name = head["name"].removeprefix("-D")
        if text[head.start() - 1 : head.start()] in {"/", "\\"} and is_file(name):
            continue
        told = strength(name)
        begin = max(0, head.start() - _LONGEST_ARN)
        if told is Strength.OBJECT and _NO_NAME.search(text, begin, head.start()):
            continue
        if told is Strength.NONE:
            number = len(name) <= _NUMBER_DIGITS and name.isdigit()  # `Unseal Key 1:`
            if not (number or name.lower() in _TAIL) or text[
                head.start() - 1 : head.start()
            ] not in {" ", "'"}:
                continue
            name, told = _longer(text, head.start(), name)
            if told is Strength.NONE:
                continue
        elif told is Strength.WEAK and name.lower() in _TAIL:
            name, told = _longer(text, head.start(), name)
        if told is Strength.STRONG and _PARSED.search(text, begin, head.start()):
            continue
        if text[head.start() - 1 : head.start()] == "`" and text[head.end() - 1 :][:2] == "='":
            continue  # the name of a method of Ruby, in quotation marks
        how = _parted(head["sep"], head["close"])
        yield from _values(text, head.end(), _Head(name, told, how), run)


def _longer(text: str, start: int, name: str) -> tuple[str, Strength]:
    """The name with up to four words before it, if these make it a secret's."""
    found = _BEFORE.search(text, max(0, start - _LONGEST_WORDS), start)
    words = found[0].split() if found else []
    last = strength(name)
    for count in range(1, len(words) + 1):
        longer = "_".join([*words[-count:], name])
        trimmed = longer
        while "_" in trimmed and trimmed.rpartition("_")[2].lower() in _FILLERS:
            trimmed = trimmed.rpartition("_")[0]
        told = strength(trimmed)
        if told in {Strength.STRONG, Strength.OBJECT}:
            return trimmed, told
    return name, last


def _parted(sep: str, close: str | None) -> Parted:
    mark = sep.strip(" \t\n\\")
    if mark in {",", "(", "."}:
        return Parted.PAIR
    if mark in {":", "\uff1a"}:
        tight = not sep[-1:].isspace() or mark == "\uff1a" or (close or "")[-1:] in {'"', "'"}
        return Parted.COLON if tight else Parted.SAID
    if not mark.strip(_BESIDE):
        return Parted.BESIDE
    return Parted.SET


def _values(text: str, at: int, head: _Head, run: _Run) -> Iterator[Found]:
    """The value at that place, or those of a list or block there, if they are secrets."""
    first = text[at : at + 1]
    if first in _BLANK and head.how in _COLONS and (below := _BELOW.match(text, at)):
        yield from _below(text, below.end(), head, listed=bool(below["dash"]))
        return
    if first in _BLOCKS and (block := _BLOCK.match(text, at) or _HEREDOC.match(text, at)):
        for line in _LINE.finditer(text, text.index("\n", at) + 1, block.end()):
            start = line.start() + len(line[0]) - len(line[0].lstrip())
            if line[0].strip():
                yield start, line.end()
        return
    sure = head.told is Strength.STRONG and head.name[-1:] not in {"s", "S"}
    if sure and (listed := _CHARACTERS.match(text, at)):
        yield listed.span()
        return
    if run.is_crowded(at):
        yield at, run.end
        return
    value = value_at(text, at)
    run.end = value.end
    yield from _with_others(text, at, value, head)


def _with_others(text: str, at: int, value: Value, head: _Head) -> Iterator[Found]:
    """The value, and those that go on with it: of a list, in parts, or what it was changed to."""
    secret = _is_secret(text, value, head)
    if secret:
        yield value.start, value.end
    opened = set(text[at : value.start])
    listed = bool(_LIST & opened)
    following = NEXT if listed else GOES_ON
    if not value.quote or not (secret or listed):
        return
    for _ in range(_MOST_ITEMS):
        found = following.match(text, value.end)
        if found is None and "(" in opened:
            found = IN_PARTS.match(text, value.end)
        if found is None:
            return
        end = quoted_end(text, found.end(), found["quote"])
        value = Value(found.end(), end, found["quote"])
        if secret or _is_secret(text, value, head):
            yield value.start, value.end


def _below(text: str, at: int, head: _Head, *, listed: bool) -> Iterator[Found]:
    """A value on the next lines, further in; each item of a list there."""
    head = head._replace(how=Parted.SAID)
    for _ in range(_MOST_ITEMS):
        value = value_at(text, at)
        alone = text[value.end : value.end + 2].strip(" \t\"'")[:1] in {"", "\n"}
        if not alone or not _is_secret(text, value, head):
            return
        yield value.start, value.end
        following = _ITEM.match(text, value.end + len(value.quote)) if listed else None
        if following is None:
            return
        at = following.end()


def _is_secret(text: str, found: Value, head: _Head) -> bool:
    """Whether what stands there is a secret, by its own form and by what stands around it."""
    value = text[found.start : found.end].strip()
    if not value or is_reference(value) or is_reference(value.strip("()[]")):
        return False
    if head.told is Strength.VENDOR:
        form = vendor_of(head.name)
        return form is not None and form.fullmatch(value) is not None
    if value.isdigit():
        return _is_code(value, head)
    if _is_plain(value, head):
        return False
    if head.how is Parted.PAIR:
        key = text[found.end + 1 : found.end + 2] in {":", "="}
        plain = key or " " in value or is_prose(value)
        return (
            bool(found.quote) and not plain and (head.told is not Strength.WEAK or is_loose(value))
        )
    if found.quote:
        return head.how not in {Parted.SAID, Parted.BESIDE} or not _is_sentence(value)
    return _is_bare_secret(text, found.end, value, head)


def _is_plain(value: str, head: _Head) -> bool:
    """Whether the value is a path, the name of an object, a mechanism or a task."""
    unsure = head.how in {Parted.PAIR, Parted.BESIDE} and not is_loose(value)
    folder = head.name.upper() in {"PWD", "OLDPWD"}
    path = head.how is not Parted.SET or folder
    return (
        (head.told is Strength.OBJECT and (unsure or is_object_name(value)))
        or is_place(value)
        or (path and is_file(value))
        or (folder and value.startswith("/"))
        or _WINDOWS_USER.fullmatch(value) is not None
        or (head.how in _COLONS and head.name.lower().endswith("key") and _is_name(value))
        or (head.told is Strength.WEAK and is_mechanism(value))
        or (head.how is Parted.COLON and is_lower_word(value) and head.name.lower() in _TASKS)
    )


def _is_name(value: str) -> bool:
    """Whether that is itself what a secret is called, as the keys of a Secret are."""
    return strength(value) in {Strength.STRONG, Strength.WEAK} and not is_loose(value)


def _is_bare_secret(text: str, end: int, value: str, head: _Head) -> bool:
    if head.how is Parted.SAID and head.name == "PASS":
        return False  # of a test
    if head.how is Parted.SET:
        return text[end : end + 1] != "{" or not is_word(value)
    if head.how is Parted.COLON and head.told is not Strength.WEAK:
        return not is_prose(value) and text[end : end + 1] != "("
    if head.how is Parted.BESIDE:
        return is_loose(value)
    return _is_said(text, end, value, head.told)


def _is_sentence(value: str) -> bool:
    words = value.split()
    return len(words) > 1 and (is_prose(words[0]) or len(words) > _PHRASE_WORDS)


def _is_code(value: str, head: _Head) -> bool:
    """Whether digits are a secret: a count of several things, or a short number, is none."""
    if head.name[-1:] in "sS" and head.name.lower() not in {"pass", "sess"}:
        return False
    enough = len(value) >= _CODE_DIGITS
    if head.told is Strength.WEAK:
        last = head.name.lower().replace("-", "_").rpartition("_")[2]
        enough &= last != "sid" or len(value) >= _SESSION_DIGITS
        return enough and (head.how is Parted.SET or last in _DIGITS)
    return enough or head.how is Parted.SET


def _is_said(text: str, end: int, value: str, told: Strength) -> bool:
    """Of a bare value after a colon: whether it is one, and not the rest of a sentence."""
    bare = value.rstrip(".,:;!?")
    if is_prose(value) or is_prose(bare) or is_file(bare) or text[end : end + 1] in {"(", "["}:
        return False
    if "=" in bare.rstrip("="):
        return told is Strength.STRONG and is_loose(bare.partition("=")[0])
    if told is Strength.WEAK:
        return is_loose(bare) and not is_mechanism(bare)
    # Two words in a row are a sentence; one alone may be a password.
    follows = text[end : end + 2]
    if is_lower_word(value) and follows[:1] == " " and follows[1:].isalpha():
        return False
    return not (is_word(value) and follows[:1] in {" ", '"', "'"} and follows[1:] != "")
