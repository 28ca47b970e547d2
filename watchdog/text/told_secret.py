"""The form of a pattern that finds a secret, and what must be true of what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from watchdog.text.regex import regex
from watchdog.text.secret_values import is_file, is_loose, is_mechanism, is_prose, is_reference

Holds = Callable[[str], bool]
# What follows `--password` in a sentence about it. None of these is a password.
_CLAUSE = regex(
    r"(?:is|was|are|must|should|or|and|via|cannot|not|has|to|from|for|with|the|in|on|of|as|at|by|if|but"
    r"|can|may|will|when|because|without|requires?|needs?|flags?|options?|arguments?|instead|does|given"
    r"|required|missing|set|unset|invalid|unknown|deprecated|ignored|takes|expects|specified)[.,;:!?]?"
)

VALUE = (
    r"(?:[nebu@]?\\{0,4}[\"'`](?P<secret>[^\"'`\n\\]{3,4096})|(?P<bare>[^\s\"'`,;|&<>(){}\[\]"
    r"\\][^\s\"'`;|&<>()]{2,4096}))"
)
"""A value in quotes or up to the next blank, for text of either case."""
QUOTED = r"[neub@]?\\{0,4}[\"'](?P<secret>[^\"'\n]{1,4096})"
"""A value that has to stand in quotes."""


class Told(NamedTuple):
    """A pattern with the group `secret`, and what must be true of the secret.

    `needs` are lower-case parts, one of which must occur for a match.
    """

    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    holds: Holds
    kind: str = "secret"
    also: str = ""


def any_value(value: str) -> bool:
    """Any value but a reference to one."""
    return not is_reference(value)


def no_prose(value: str) -> bool:
    """Neither a reference, prose nor the name of a mechanism."""
    return any_value(value) and not is_prose(value) and not is_mechanism(value)


def no_clause(value: str) -> bool:
    """Neither a reference nor a word that goes on with a sentence about a flag."""
    return any_value(value) and _CLAUSE.fullmatch(value.lower()) is None


def no_place(value: str) -> bool:
    """No reference, port, path, address or flag."""
    return (
        any_value(value) and not is_file(value) and not value.isdigit() and value[:1] not in "-/<"
    )


def loose(value: str) -> bool:
    """Letters and digits as a password has them."""
    return is_loose(value.strip(".,:;!?")) and not is_mechanism(value)


def told(needs: str, pattern: str, holds: Holds = any_value, kind: str = "secret") -> Told:
    """A pattern on text in lower case; `needs` are its parts, separated by blanks."""
    return Told(tuple(needs.split()), regex(pattern, re.MULTILINE), holds, kind)
