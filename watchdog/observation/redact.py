"""Removes what looks like a credential from any text, before it is cut, kept or sent.

There is no entropy rule: digests, UUIDs and paths are evidence. Values that we know to be private
(literal env and args values) are masked by `Redactor.hide`. The shapes are in secret_shapes.py,
what is torn apart by line ends or cut off is seams.py's.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from watchdog.observation.base import ObjectRef
from watchdog.observation.command_passwords import passwords
from watchdog.observation.seams import Seams, without_cut_ends
from watchdog.observation.secret_shapes import (
    MASKED,
    PRIVATE_KEY_END,
    SECRET_FLAG,
    SHAPES,
    Shape,
    may_hold_a_secret,
    secrets_in,
)
from watchdog.observation.snapshot import LogTail
from watchdog.regex import regex

_ESCAPES = regex(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)?|\x1b[@-Z\\^_]")
# Control characters but tab and newline; zero-width and bidirectional ones hide or reorder text.
_INVISIBLE = dict.fromkeys(
    [
        *(code for code in range(0x20) if code not in {0x09, 0x0A}),
        *range(0x7F, 0xA0),
        *(0xAD, 0x061C, 0x180E, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0080),
    ]
)
# The lines of a key are long, but for its last one.
_PEM_LAST = regex(r"[A-Za-z0-9+/=]{4,}")
_PEM_LINE = regex(r"[A-Za-z0-9+/=]{40,}")
_LINE_END = regex(r"\\r\\n|\\n|\n")
# How a word begins that is no value: the next flag, or a reference to one.
_NO_VALUE = frozenset("-$")
_SHORTEST_HIDDEN = 6
_SHORTEST_SECRET = 3
_SHORTEST_LINE = 16
_SECRET_NAME = regex(r"PASS|PWD|SECRET|TOKEN|KEY|CRED|(?:^|_)(?:PIN|OTP)(?:_|$)")
_TOO_COMMON = regex(
    r"console|debug|default|development|disabled|enabled|localhost|production|staging|warning"
    r"|verbose|127\.0\.0\.1|0\.0\.0\.0|true|false|yes|off|auto|none|null|always|never|required"
    r"|optional",
    re.IGNORECASE,
)
# Where a workload looks for another one is what a failed connection is about: the name of a host
# under a name that says so is shown. Anything that is not just a host name stays masked.
_ADDRESS_NAME = regex(r"(?:^|_)(?:ADDR|ADDRESS|BROKERS?|ENDPOINT|HOST|HOSTNAME|SERVER|SERVICE)$")
_HOST = regex(r"[a-z](?:[a-z-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*(?::\d{1,5})?")
_FLAG = regex(r"--?([A-Za-z][\w.-]{1,60})(?:=(.*))?", re.DOTALL)
# Arguments that say where or how much are what a failure is about.
_PLAIN_ARGUMENT = regex(
    r"[./~$%{@-].*|\S*\s.*|[a-z][a-z0-9+.-]{1,20}://[^@]*|[\d.,:/]+[A-Za-z%]{0,4}|[\w.-]*:\d{1,5}"
    r"|[\w-]{1,60}\.(?:cfg|conf|crt|db|ini|jar|jsonl?|[cm]?js|key|log|pem|php|properties|py|rb|sh|sql"
    r"|toml|ts|txt|war|xml|ya?ml)",
    re.DOTALL,
)
T = TypeVar("T")


class Redactor:
    """Redacts with tokens that stay the same for the same secret: `<redacted:jwt:1>`.

    One instance serves one snapshot. Tokens are numbered by kind in the order of appearance.
    """

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._hidden: dict[str, str] = {}

    def hide(self, values: Mapping[str, str]) -> None:
        """Mask these literal env values (by name) wherever they turn up, as `<env NAME>`.

        Values under six characters and everyday words are left: they would mask ordinary text. So
        are host names under the name of an address (DB_HOST).
        """
        for name, value in values.items():
            plain = value.strip()
            if not (_ADDRESS_NAME.search(name.upper()) and _HOST.fullmatch(plain)):
                self._hide(plain, f"<env {name}>", secret=_is_secret_name(name))
        self._longest_first()

    def hide_arguments(self, words: Iterable[str], shown: Iterable[str] = ()) -> None:
        """Mask the values of a command line's flags, as `<arg NAME>`, but for what says where, and
        passwords that its programs take after a letter.

        Paths, addresses, numbers and sizes stay, and the flags listed in `shown` (`log-level` or
        LOG_LEVEL).
        """
        harmless = {_as_env(name) for name in shown}
        words, flag = tuple(words), ""
        for word in words:
            found = _FLAG.fullmatch(word)
            name, value = (found[1], found[2]) if found else (flag, word)
            flag = name if found and value is None else ""
            if not name or not value or _as_env(name) in harmless:
                continue
            secret = _is_secret_flag(f"--{name}", value)
            if secret or not _PLAIN_ARGUMENT.fullmatch(value):
                self._hide(value.strip(), f"<arg {name}>", secret=secret)
        for value in passwords(words):
            self._hide(value, self._token("password", value), secret=True)
        self._longest_first()

    def _hide(self, value: str, mask: str, *, secret: bool) -> None:
        shortest = _SHORTEST_SECRET if secret else _SHORTEST_HIDDEN
        if len(value) < shortest or _TOO_COMMON.fullmatch(value):
            return
        forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        if len(value) >= _SHORTEST_HIDDEN:
            forms |= {quote(value), quote(value, safe="")}
            forms.add(base64.b64encode(value.encode("utf-8", "replace")).decode())
        forms |= {line for line in value.splitlines() if len(line) >= _SHORTEST_LINE}
        found = (value[start:end].strip("\"'") for start, end, _ in secrets_in(value))
        forms |= {part for part in found if len(part) >= _SHORTEST_SECRET}
        for form in forms:
            self._hidden.setdefault(form, mask)

    def _longest_first(self) -> None:
        """So that a value inside another one does not split it."""
        self._hidden = dict(sorted(self._hidden.items(), key=lambda item: -len(item[0])))

    def redact(self, text: str, *, begun: bool = True, ended: bool = True) -> str:
        """The text without secrets, escape sequences and invisible characters.

        Where somebody else may have cut it already, it is not `begun` or not `ended`: the torn
        word at that end is left out, where it may be a part of a secret.
        """
        text = without_cut_ends(clean(text), begun=begun, ended=ended)
        text = Seams(text).mended(self._hidden, self._token)
        for value, mask in self._hidden.items():
            if value not in text:
                continue
            if len(value) >= _SHORTEST_HIDDEN:
                text = text.replace(value, mask)
            else:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", mask, text)
        return self.shapes(text)

    def shapes(self, text: str) -> str:
        """The text without what looks like a secret; literal values are left as they are."""
        if not may_hold_a_secret(text):
            return text
        lower = text.lower()
        for shape in SHAPES:
            if not shape.needs or any(part in lower for part in shape.needs):
                changed = self._apply(shape, text)
                if changed != text:
                    text, lower = changed, changed.lower()
        return self._without_key_ends(text)

    def sweep(self, value: T) -> T:
        """The value without secrets in any text of it; names of objects and logs are left.

        For what is shown as it stands in the API: labels, selectors, reasons, tolerations.
        """
        return self._swept(value)  # type: ignore[no-any-return]

    def _swept(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.shapes(value)
        if isinstance(value, BaseModel):
            if isinstance(value, ObjectRef | LogTail):
                return value
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            changed = {
                name: new
                for name, old in fields.items()
                if (new := self._swept(old)) is not old and new != old
            }
            return value.model_copy(update=changed) if changed else value
        if isinstance(value, tuple):
            return tuple(self._swept(item) for item in value)
        if isinstance(value, dict):
            return {self._swept(key): self._swept(item) for key, item in value.items()}
        return value

    def words(self, words: Iterable[str]) -> tuple[str, ...]:
        """A command line: the word after `--password` is a secret too."""
        return tuple(self._words(words))

    def _words(self, words: Iterable[str]) -> Iterator[str]:
        for flag, word in pairwise(("", *words)):
            hidden = _is_secret_flag(flag, word) and word[:1] not in _NO_VALUE
            yield self._token("secret", word) if hidden else self.redact(word)

    def _apply(self, shape: Shape, text: str) -> str:
        group: str | int = "secret" if "secret" in shape.pattern.groupindex else 0

        def replace(match: re.Match[str]) -> str:
            secret = match[group]
            if MASKED.match(secret) or not shape.holds(match):
                return match[0]
            quote = secret[0] if secret[0] in "\"'" and secret[-1] == secret[0] else ""
            token = quote + self._token(shape.kind, secret.strip("\"'")) + quote
            start, end = match.start(group) - match.start(), match.end(group) - match.start()
            return match[0][:start] + token + match[0][end:]

        return shape.pattern.sub(replace, text)

    def _without_key_ends(self, text: str) -> str:
        """Removes the ends of private keys whose beginnings were cut away."""
        pieces: list[str] = []
        at = 0
        for found in PRIVATE_KEY_END.finditer(text):
            before = text[at : found.start()]
            start = len(before)
            shape = _PEM_LAST
            for line, begins in _lines_backwards(before):
                if line and not shape.fullmatch(line):
                    break
                shape = _PEM_LINE if line else shape
                start = begins
            pieces += [before[:start], self._token("private-key", before[start:])]
            at = found.end()
        return "".join(pieces) + text[at:]

    def _token(self, kind: str, secret: str) -> str:
        if secret not in self._tokens:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._tokens[secret] = f"<redacted:{kind}:{self._counts[kind]}>"
        return self._tokens[secret]


def _lines_backwards(text: str) -> Iterator[tuple[str, int]]:
    """The lines from the last to the first, each with where it begins; also those in a string."""
    end = len(text)
    for found in reversed(list(_LINE_END.finditer(text))):
        yield text[found.end() : end].strip(), found.end()
        end = found.start()
    yield text[:end].strip(), 0


def _is_secret_flag(flag: str, value: str) -> bool:
    """Whether that is a secret; `--max-tokens 8192` counts them."""
    counts = flag.endswith("s") and value.isdigit()
    return not counts and SECRET_FLAG.fullmatch(flag) is not None


def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name.upper()) is not None


def _as_env(name: str) -> str:
    """`log-level` as LOG_LEVEL."""
    return re.sub(r"\W", "_", name).upper()


def clean(text: str) -> str:
    """The text without terminal escapes, control, zero-width and bidirectional characters."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_INVISIBLE)


def redact(text: str) -> str:
    """The text without secrets, with tokens of its own."""
    return Redactor().redact(text)
