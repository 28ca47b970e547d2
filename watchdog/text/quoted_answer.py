"""What a line quotes of the answer that another server gave; the words are that server's. Pure.

A variable, a file or an option in such words is the other server's, not the program's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from watchdog.text.regex import regex

# Patterns are tried on every line; a line of any length must not make that slow.
_LONGEST = 2000
_SAID = r"(?:returned|responded|answered|replied|got|gave|failed|fails)"
_KIND = (
    r"(?: an?)?(?: with)?(?: an?)?(?: (?:HTTP|error|unexpected|response))?(?:/\d\.\d)?"
    r"(?: (?:error|status))?(?: code)?[:= (\[]{1,3}"
)
_NO_COUNT = r"(?! ?(?:rows|records|items|bytes|lines|results|entries|messages|times|ms|s|%)\b)"
# What answers at the pod's own address is a part of the workload.
_ADDRESS = (
    r"(?:(?<![\w./:-])[a-z]{1,15}://(?!localhost\b|127\.|\[::1\]|0\.0\.0\.0)[^\s\"']{1,300}"
    r"|(?<![\w./:-])(?!localhost\b)[a-z][\w.-]{0,100}:\d{2,5}\S{0,200})"
)
_ANSWER = regex(
    rf"{_ADDRESS}[\"']?:?(?: request)?(?: {_SAID}\b|(?= (?:HTTP |response )?status\b))"
    rf"{_KIND}(?P<one>[45])\d\d\b{_NO_COUNT}"
    rf"|(?<![\w/.:-])(?!localhost\b)[a-z][\w-]{{0,60}} {_SAID}\b{_KIND}"
    rf"(?P<two>[45])\d\d\b{_NO_COUNT}"
    r"|\brpc error: code = (?P<code>\w{1,30}) desc = (?!.{0,40}\b(?:transport|connection error)\b)"
    r"|^\W{0,3}remote: "
    rf"|\bupstream (?:\S{{1,80}} )?(?:{_SAID}|said|says|error|reported)\b(?! to\b)",
    re.IGNORECASE,
)
# By these the other server says that what it was asked is wrong, and not that it fails itself.
_OF_WHO_ASKS = frozenset({"invalidargument", "notfound", "unimplemented", "outofrange"})
_SERVER_ERROR = "5"


def own_words(text: str) -> str:
    """The text up to where it quotes what another server answered; all of it if it does not."""
    found = _ANSWER.search(text[:_LONGEST])
    return text[: found.end()] if found else text


def own_texts(texts: Sequence[str]) -> list[str]:
    """The same of each of a record's texts; one that stands within such an answer is left empty."""
    own = [own_words(text) for text in texts]
    answers = [text[len(said) :] for text, said in zip(texts, own, strict=True)]
    return [
        "" if any(text in answer for answer in answers) else said
        for text, said in zip(texts, own, strict=True)
    ]


def tells_of_their_failure(text: str) -> bool:
    """Whether the text quotes another server that failed, and not for what it was asked."""
    found = _ANSWER.search(text[:_LONGEST])
    if found is None:
        return False
    if code := found["code"]:
        return code.lower() not in _OF_WHO_ASKS
    return (found["one"] or found["two"] or _SERVER_ERROR) == _SERVER_ERROR
