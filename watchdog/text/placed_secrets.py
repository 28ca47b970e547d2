"""Secrets that their place tells: a column of SQL, an argument of a call, the data of a Secret.

Each is linear: what may repeat is bounded, or cannot begin where it could also end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from watchdog.text.lines import Lines
from watchdog.text.regex import regex
from watchdog.text.secret_names import Strength, strength
from watchdog.text.secret_values import is_loose, is_plain, is_reference

Found = tuple[int, int]
"""Start and end of a secret in its text."""

# Statements with values in the order of columns, and where the values begin.
_INSERT = regex(
    r"(?i)\b(?:insert|replace|merge)\s[^()\n]{0,200}\((?P<columns>[^()]{1,2000})\)\s{0,8}values?"
    r"\s{0,8}(?=\()"
)
_VALUE = (
    r"(?:[nebx]?'(?P<single>(?:[^'\\\n]|\\.|''){0,4096})'|\\{0,4}\"(?P<double>[^\"\\\n]{0,"
    r"4096})\\{0,4}\""
    r"|(?P<bare>[^,()\[\]'\"\s]{1,400}))"
)
_CELL = regex(
    rf"(?i)[\s(\[]{{0,8}}{_VALUE}(?:\([\w ]{{0,40}}\)|::\w{{1,40}})?\s{{0,8}}(?P<end>[,)\]]|\Z|\n)"
)
_NEXT_ROW = regex(r"\s{0,8},\s{0,8}\(")
_MOST_ROWS, _MOST_CELLS = 100, 200
# What stands for a value that is given elsewhere, and the name that it is given to.
_MARK = regex(r"(?:(?P<name>[\w.]{1,80})[\"`\]]?\s{0,4}=\s{0,4})?(?P<mark>\?|\$\d{1,3}|%s)(?!\w)")
_STATEMENT = regex(r"(?i)\b(?:insert\s|update\s|select\s|delete\s|merge\s|replace\s|call\s)")
_PARAMETERS = regex(
    r"(?i)\b(?:param(?:eter)?s?|arg(?:ument)?s?|bind(?:ing)?s?|bound|generated in [^\]\n]{1,20})"
    r"(?: values)?\]?[:=\s]{1,4}(?=[\[('\"\w$])"
)
_NUMBERED = regex(r"[\s(\[]{0,8}\$\d{1,3}\s=\s")
# A line for each parameter, as Hibernate writes them.
_BOUND = regex(
    r"(?i)(?:\bbind(?:ing)? parameter \[|\()(?P<number>\d{1,3})(?:\]|:\w{1,20}\))[^\n]{0,40}?"
    r"(?:-|<-) \[(?P<secret>[^\n]{1,4096})\](?=\n|\Z)"
)
_LONGEST_STATEMENT = 4000
# Calls that take a user and a password, and what their last argument is.
_CALL = regex(
    r"(?i)\b(?:(?P<sure>log_?in|sign_?in|authenticate|[\w.]{0,40}?(?:auth|credentials?|pas"
    r"sword|passwd)"
    r"|create_?user|add_?user)|[\w.]{0,40}?connect\w{0,20}|bind|driver|__construct)"
    r"(?:\s?=\s?)?\((?P<given>[^()\n]{3,600})\)"
)
_CONNECTS = regex(r"connect\w{0,20}(?:\s?=\s?)?\(")
_LONGEST_OBJECT, _LONGEST_CALL = 41, 601
_QUOTED = regex(r"[\"'](?P<secret>[^\"'\n]{1,256})[\"']")
_KIND = regex(r"(?i)\bkind\\{0,4}[\"']?\s{0,4}:\s{0,4}\\{0,4}[\"']?(?P<kind>[a-z]{2,60})")
_DATA = regex(
    r"(?im)(?<![\w.-])(?P<name>string)?data\\{0,4}[\"']?[ \t]{0,4}:[ \t]{0,4}(?P<brace>\{|$)"
)
_PAIR = regex(
    r"[\s,]{0,200}\\{0,4}[\"']?[\w.-]{1,253}\\{0,4}[\"']?\s{0,4}:\s{0,4}(?:\\{0,4}[\"'](?P"
    r"<secret>[^\"'\\\n]{1,8192})"
    r"(?:\\n)?\\{0,4}[\"']|(?P<bare>[^\s,{}\"'\\|>][^\s,{}]{0,8192}))"
)
_LINE = regex(
    r"\n(?P<indent>[ \t]{1,40})[\w.-]{1,253}:[ \t]{1,4}[\"']?(?P<secret>[^\s\"'|>][^\n\"']{0,8192})"
)
_MOST_APART = 4000
_MOST_PAIRS = 200


def placed(lines: Lines) -> Iterator[Found]:
    """Each secret that its place tells."""
    text = lines.text
    if lines.with_any(("insert", "update", "select", "merge", "replace")):
        yield from _columns(text)
    for start, stop in lines.with_any(_CALLEES):
        for call in _CALL.finditer(text, start, stop):
            yield from _arguments(call)
    # Most lines that say `connect` call nothing.
    for opened in _CONNECTS.finditer(lines.lower):
        start, stop = opened.start() - _LONGEST_OBJECT, opened.end() + _LONGEST_CALL
        if found := _CALL.search(text, max(0, start), stop):
            yield from _arguments(found)
    if lines.with_any(("stringdata", "secret")) and lines.with_any(("data",)):
        yield from _manifests(text)


_CALLEES = (
    "login(", "signin(", "sign_in(", "log_in(", "auth", "credential", "password(", "passwd(",
    "user(", "bind(", "driver(", "__construct(",
)  # fmt: skip


def _columns(text: str) -> Iterator[Found]:
    """The values of columns with a secret's name, as they stand and as parameters."""
    for statement in _STATEMENT.finditer(text):
        stop = statement.start() + _LONGEST_STATEMENT
        insert = _INSERT.match(text, statement.start(), stop)
        secret: set[int] = set()
        if insert:
            names = [name.strip(' \t\n"`[]') for name in insert["columns"].split(",")]
            columns = {number for number, name in enumerate(names) if _is_secret(name)}
            if columns:
                found, secret = _rows(text, insert.end(), columns)
                yield from found
        begin = _PARAMETERS.search(text, statement.end(), stop)
        marks = list(_MARK.finditer(text, statement.end(), begin.start() if begin else stop))
        for number, mark in enumerate(marks, 1):
            if mark["name"] and _is_secret(mark["name"]):
                secret.add(int(mark["mark"][1:]) if mark["mark"][0] == "$" else number)
        if begin and secret:
            yield from _parameters(text, begin.end(), secret)
        for bound in _BOUND.finditer(text, statement.end(), stop) if secret else ():
            if int(bound["number"]) in secret:
                yield bound.span("secret")


def _is_secret(name: str) -> bool:
    return strength(name) in {Strength.STRONG, Strength.OBJECT, Strength.WEAK}


def _rows(text: str, at: int, columns: set[int]) -> tuple[list[Found], set[int]]:
    """The secrets in rows of values, and the numbers of the parameters that stand for some."""
    found: list[Found] = []
    numbers: set[int] = set()
    marks = 0
    for _ in range(_MOST_ROWS):
        at += 1
        for column in range(_MOST_CELLS):
            cell = _CELL.match(text, at)
            if cell is None:
                return found, numbers
            at = cell.end()
            mark = _MARK.fullmatch(cell["bare"] or "")
            marks += mark is not None
            if column in columns and mark:
                numbers.add(int(mark["mark"][1:]) if mark["mark"][0] == "$" else marks)
            elif column in columns:
                found += _within(cell)
            if cell["end"] != ",":
                break
        following = _NEXT_ROW.match(text, at)
        if following is None:
            break
        at = following.end() - 1
    return found, numbers


def _within(cell: re.Match[str]) -> Iterator[Found]:
    """The value of a cell, if it has one of its own."""
    for group in ("single", "double", "bare"):
        if cell[group] and not (group == "bare" and is_reference(cell[group])):
            yield cell.span(group)


def _parameters(text: str, at: int, secret: set[int]) -> Iterator[Found]:
    """Those values of a list of parameters that have these numbers."""
    for number in range(1, _MOST_CELLS):
        # PostgreSQL writes `$1 = 'app', $2 = '...'`.
        named = _NUMBERED.match(text, at)
        cell = _CELL.match(text, named.end() if named else at)
        if cell is None:
            return
        if number in secret:
            yield from _within(cell)
        if cell["end"] != ",":
            return
        at = cell.end()


def _arguments(call: re.Match[str]) -> Iterator[Found]:
    """What stands behind a first argument and is made as a password is."""
    given = list(_QUOTED.finditer(call.string, *call.span("given")))
    for argument in given[1:]:
        value = argument["secret"]
        last = argument is given[-1] and call["sure"]
        if is_loose(value) and (last or not is_plain(value)):
            yield argument.span("secret")


def _manifests(text: str) -> Iterator[Found]:
    """The values of a Secret that someone printed, as YAML or as JSON."""
    kinds = [(found.start(), found["kind"].lower()) for found in _KIND.finditer(text)]
    behind = 0
    for data in _DATA.finditer(text):
        # The nearest is the last one before it or the first one behind.
        while behind < len(kinds) and kinds[behind][0] < data.start():
            behind += 1
        beside = kinds[max(0, behind - 1) : behind + 1]
        near = [(abs(at - data.start()), kind) for at, kind in beside]
        apart, kind = min(near, default=(_MOST_APART, ""))
        if data["name"] or (apart < _MOST_APART and kind in {"secret", "secretlist"}):
            yield from _of_json(text, data.end()) if data["brace"] else _of_yaml(text, data.end())


def _of_json(text: str, at: int) -> Iterator[Found]:
    for _ in range(_MOST_PAIRS):
        pair = _PAIR.match(text, at)
        if pair is None:
            return
        yield pair.span("secret" if pair["secret"] else "bare")
        at = pair.end()


def _of_yaml(text: str, at: int) -> Iterator[Found]:
    indent = None
    for _ in range(_MOST_PAIRS):
        line = _LINE.match(text, at)
        if line is None or (indent is not None and line["indent"] != indent):
            return
        indent = line["indent"]
        yield line.span("secret")
        at = line.end()
