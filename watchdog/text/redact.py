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
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import LogTail
from watchdog.text.regex import regex
from watchdog.text.sanitize import term
from watchdog.text.secret_names import is_secret_name

if TYPE_CHECKING:
    from watchdog.text.secret_finder import Span

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
_HIDDEN = regex("[" + "".join(map(re.escape, map(chr, _INVISIBLE))) + "]")
# The lines of a key are long, but for its last one.
_PEM_LAST = regex(r"[A-Za-z0-9+/=]{4,}")
_PEM_LINE = regex(r"[A-Za-z0-9+/=]{40,}")
_LINE_END = regex(r"\\r\\n|\\n|\n")
_KEY_MASK = regex(r"<redacted:private-key:\d+>")
# How a word begins that is no value: the next flag, or a reference to one.
_NO_VALUE = frozenset("-$")
_SHORTEST_HIDDEN = 6
_SHORTEST_SECRET = 3
_SHORTEST_LINE = 16
_TOO_COMMON = regex(
    r"console|debug|default|development|disabled|enabled|localhost|production|staging|warning"
    r"|verbose|127\.0\.0\.1|0\.0\.0\.0|true|false|yes|off|auto|none|null|always|never|required"
    r"|optional",
    re.IGNORECASE,
)
# Under these names a word with digits in it is a host, a version or an identifier.
_PLAIN_NAME = regex(
    r"(?:^|_)(?:ADDR|ADDRESS|BROKERS?|BUILD|COMMIT|DIGEST|ENDPOINT|HOST|HOSTNAME|IMAGE|IP|NAMESPACE"
    r"|NODE|POD|REVISION|SERVER|SERVICE|SHA|TAG|VERSION)(?:_NAME|_ID|_IP)?$"
)
_PLAIN_VALUE = regex(r"[A-Za-z0-9][\w.:/@,+-]*")
_FLAG = regex(r"--?([A-Za-z][\w.-]{1,60})(?:=(.*))?", re.DOTALL)
# Arguments that say where or how much are what a failure is about.
_PLAIN_ARGUMENT = regex(
    r"[./~$%{@-].*|\S*\s.*|[a-z][a-z0-9+.-]{1,20}://[^@]*|[\d.,:/]+[A-Za-z%]{0,4}|[\w.-]*:\d{1,5}"
    r"|[\w-]{1,60}\.(?:cfg|conf|crt|db|ini|jar|jsonl?|[cm]?js|key|log|pem|php|properties|py|rb|sh|sql"
    r"|toml|ts|txt|war|xml|ya?ml)",
    re.DOTALL,
)
T = TypeVar("T")


def _secrets_in(text: str) -> list[Span]:
    # Loaded with the first text that is shown: a healthy pass shows none.
    from watchdog.text.secret_finder import secrets_in

    return secrets_in(text)


class Redactor:
    """Redacts with tokens that stay the same for the same secret: `<redacted:jwt:1>`.

    One instance serves one snapshot. Tokens are numbered by kind in the order of appearance.
    """

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._hidden: dict[str, str] = {}
        self._shown: set[str] = set()

    def show(self, names: Iterable[str]) -> None:
        """Never mask these as a whole: names of objects, which every report prints anyway.

        A name that has the form of a token is not taken for one.
        """
        new = {name for name in names if name and name not in self._shown}
        self._shown.update(name for name in new if not _secrets_in(name))

    def hide(self, values: Mapping[str, str], *, secret: bool = False) -> None:
        """Mask these literal values of variables (by name) wherever they turn up, as `<env NAME>`.

        Masked are those that may be secret: all of them if they come from where secrets are kept,
        else those of a secret's name, what in them looks like a secret, and what no host, table or
        word of a program is made of. Everyday words and what `show` was given are left.
        """
        for name, value in values.items():
            named = secret or is_secret_name(name)
            plain = _PLAIN_NAME.search(name.upper()) and _PLAIN_VALUE.fullmatch(value.strip())
            if named or not plain:
                self._hide(value.strip(), f"<env {term(name)}>", secret=named)
        self._longest_first()

    def hide_arguments(self, words: Iterable[str], shown: Iterable[str] = ()) -> None:
        """Mask what may be secret of a command line's flags, as `<arg NAME>`.

        So are passwords that its programs take after a letter. The flags listed in `shown`
        (`log-level` or LOG_LEVEL) are left.
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
        from watchdog.text.command_passwords import passwords

        for value in passwords(words):
            self._hide(value, self._token("password", value), secret=True)
        self._longest_first()

    def _hide(self, value: str, mask: str, *, secret: bool) -> None:
        from watchdog.text.secret_values import is_plain, is_reference

        shortest = _SHORTEST_SECRET if secret else _SHORTEST_HIDDEN
        parts = [value[start:end].strip("\"'") for start, end, _ in _secrets_in(value)]
        if secret and is_reference(value):
            return
        if secret or not (parts or is_plain(value)):
            parts.append(value)
        for part in parts:
            if len(part) >= (shortest if part is value else _SHORTEST_SECRET):
                self._hide_forms(part, mask)

    def _hide_forms(self, value: str, mask: str) -> None:
        """Mask a value as it stands, in JSON, in a URL, in base64, and each long line of it."""
        if value in self._shown or _TOO_COMMON.fullmatch(value):
            return
        forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        if len(value) >= _SHORTEST_HIDDEN:
            forms |= {quote(value), quote(value, safe="")}
            forms.add(base64.b64encode(value.encode("utf-8", "replace")).decode())
        forms |= {line for line in value.splitlines() if len(line) >= _SHORTEST_LINE}
        for form in forms:
            self._hidden.setdefault(form, mask)

    def _longest_first(self) -> None:
        """So that a value inside another one does not split it."""
        self._hidden = dict(sorted(self._hidden.items(), key=lambda item: -len(item[0])))

    def redact(self, text: str, *, begun: bool = True, ended: bool = True) -> str:
        """The text without secrets, escape sequences and invisible characters.

        Where someone else may have cut it already, it is not `begun` or not `ended`: the torn
        word at that end is left out, where it may be a part of a secret.
        """
        from watchdog.text.wrapped_secrets import Seams, without_cut_ends

        text = without_cut_ends(clean(text), begun=begun, ended=ended)
        text = Seams(text).fixed(self._hidden, self._token)
        for value, mask in self._hidden.items():
            if value not in text:
                continue
            if len(value) >= _SHORTEST_HIDDEN and not value.isalpha():
                text = text.replace(value, mask)
            else:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", mask, text)
        return self.shapes(text)

    def shapes(self, text: str) -> str:
        """The text without what looks like a secret; literal values are left as they are."""
        pieces, at = [], 0
        for start, end, kind in _secrets_in(text):
            secret = text[start:end].strip("\"'")
            if not secret or secret in self._shown:
                continue
            pieces += [text[at:start], self._token(kind, secret)]
            at = end
        return self._without_key_ends("".join([*pieces, text[at:]]))

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
        """A command line: the word after `--password` is a secret too.

        So is what only the words around it tell, as in `zip -P PASSWORD`.
        """
        return tuple(self._words(tuple(words)))

    def _words(self, words: tuple[str, ...]) -> Iterator[str]:
        found, at = _secrets_in(" ".join(words)), 0
        for flag, word in pairwise(("", *words)):
            hidden = _is_secret_flag(flag, word) and word[:1] not in _NO_VALUE
            yield self._token("secret", word) if hidden else self._word(word, at, found)
            at += len(word) + 1

    def _word(self, word: str, at: int, found: list[Span]) -> str:
        """A word of a line without the secrets found in that line, in which it begins there."""
        for start, end, kind in reversed(found):
            within = at <= start and end <= at + len(word)
            secret = word[start - at : end - at] if within else ""
            if secret and secret not in self._shown:
                word = word[: start - at] + self._token(kind, secret) + word[end - at :]
        return self.redact(word)

    def _without_key_ends(self, text: str) -> str:
        """Removes the ends of private keys whose beginnings were cut away."""
        from watchdog.text.secret_patterns import PRIVATE_KEY_END

        pieces: list[str] = []
        at = 0
        for found in PRIVATE_KEY_END.finditer(text):
            before = text[at : found.start()]
            # A key whose beginning is masked already goes on right behind the mask.
            masked = max((mask.end() for mask in _KEY_MASK.finditer(before)), default=0)
            start = len(before)
            shape = _PEM_LAST
            for line, begins in _lines_backwards(before[masked:]):
                if line and not shape.fullmatch(line):
                    break
                shape = _PEM_LINE if line else shape
                if line or begins:
                    start = masked + begins
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
    """Whether that is a secret; `--max-tokens 8192` counts them, and `$PW` is none's flag."""
    counts = flag.endswith("s") and value.isdigit()
    return not counts and flag[:1] != "$" and is_secret_name(flag.lstrip("-/"))


def _as_env(name: str) -> str:
    """`log-level` as LOG_LEVEL."""
    return re.sub(r"\W", "_", name).upper()


def clean(text: str) -> str:
    """The text without terminal escapes, control, zero-width and bidirectional characters."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_INVISIBLE) if _HIDDEN.search(text) else text


def redact(text: str) -> str:
    """The text without secrets, with tokens of its own."""
    return Redactor().redact(text)
