"""Removes what looks like a credential from any text, before it is cut, kept or sent.

There is no entropy rule: digests, UUIDs and paths are evidence. Values that we know to be private
(literal env values) are masked by `Redactor.hide`. The shapes are in secret_shapes.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from watchdog.observation.secret_shapes import PRIVATE_KEY_END, SECRET_FLAG, SHAPES, Shape

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)?|\x1b[@-Z\\^_]"
)
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
_PEM_LAST = re.compile(r"[A-Za-z0-9+/=]{4,}")
_PEM_LINE = re.compile(r"[A-Za-z0-9+/=]{40,}")
# A mask of ours, or the end of one: a second pass leaves it alone.
_MASKED = re.compile(r"<redacted:|<env |\d+>")
_SHORTEST_HIDDEN = 6
_SHORTEST_SECRET = 3
_SECRET_NAME = re.compile(r"PASS|PWD|SECRET|TOKEN|KEY|CRED|(?:^|_)(?:PIN|OTP)(?:_|$)")
_TOO_COMMON = re.compile(
    r"console|debug|default|development|disabled|enabled|localhost|production|staging|warning"
    r"|verbose|127\.0\.0\.1|0\.0\.0\.0",
    re.IGNORECASE,
)
# Where a workload looks for another one is what a failed connection is about: the name of a host
# under a name that says so is shown. Anything that is not just a host name stays masked.
_ADDRESS_NAME = re.compile(
    r"(?:^|_)(?:ADDR|ADDRESS|BROKERS?|ENDPOINT|HOST|HOSTNAME|SERVER|SERVICE)$"
)
_HOST = re.compile(r"[a-z](?:[a-z-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*(?::\d{1,5})?")


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
            address = _ADDRESS_NAME.search(name.upper()) and _HOST.fullmatch(plain)
            shortest = _SHORTEST_SECRET if _SECRET_NAME.search(name.upper()) else _SHORTEST_HIDDEN
            if address or len(plain) < shortest or _TOO_COMMON.fullmatch(plain):
                continue
            if plain not in self._hidden:
                self._hidden[plain] = f"<env {name}>"
        # The longest first, so that a value inside another one does not split it.
        self._hidden = dict(sorted(self._hidden.items(), key=lambda item: -len(item[0])))

    def redact(self, text: str) -> str:
        """The text without secrets, escape sequences and invisible characters."""
        text = clean(text)
        for value, mask in self._hidden.items():
            if len(value) >= _SHORTEST_HIDDEN:
                text = text.replace(value, mask)
            else:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", mask, text)
        for shape in SHAPES:
            lower = text.lower()
            if not shape.needs or any(part in lower for part in shape.needs):
                text = self._apply(shape, text)
        return self._without_key_ends(text)

    def words(self, words: Iterable[str]) -> tuple[str, ...]:
        """A command line: the word after `--password` is a secret too."""
        return tuple(self._words(words))

    def _words(self, words: Iterable[str]) -> Iterator[str]:
        follows = False
        for word in words:
            hidden = follows and word[:1] not in {"-", "$"}
            yield self._token("secret", word) if hidden else self.redact(word)
            follows = SECRET_FLAG.fullmatch(word) is not None

    def _apply(self, shape: Shape, text: str) -> str:
        group: str | int = "secret" if "secret" in shape.pattern.groupindex else 0

        def replace(match: re.Match[str]) -> str:
            secret = match[group]
            if _MASKED.match(secret) or not shape.holds(match):
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
            before = text[at : found.start()].rstrip("\n").split("\n")
            body = []
            shape = _PEM_LAST
            while before and shape.fullmatch(before[-1].strip()):
                body.append(before.pop())
                shape = _PEM_LINE
            pieces.append("\n".join([*before, self._token("private-key", "\n".join(body))]))
            at = found.end()
        return "".join(pieces) + text[at:]

    def _token(self, kind: str, secret: str) -> str:
        if secret not in self._tokens:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._tokens[secret] = f"<redacted:{kind}:{self._counts[kind]}>"
        return self._tokens[secret]


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
