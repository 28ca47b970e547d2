"""Where a value begins and ends, in whatever quotes, brackets or types a language writes it."""

from __future__ import annotations

from typing import NamedTuple

from watchdog.text.regex import regex

QUOTE = (
    r"(?:\\{0,8}[\"'`]|&quot;|&\#3[49];|[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb\u300c\u300d])"
)
"""A quote, as it stands, escaped, typographic or as an entity."""
# What may stand around a value: how languages write text, bytes, options and types.
_OPEN = regex(
    r"(?:(?:&\w{1,20}|!!?\w{1,20})[ \t]{1,4}|string\(\d{1,6}\)[ \t]|Just[ \t]"
    r"|\(string\) \(len=\d{1,6}\) |0x[0-9a-f]{1,16} (?=[\"'])|\$\{(?=[\"'])"
    r"|join\([\"'][^\"'\n]{0,3}[\"'], ?\[(?=[\"'])|\[[ \t\n]{0,8}"
    r"|[A-Za-z_][\w:.]{0,40}(?:::)?[(\[][ \t]{0,4}(?=[\"'`\\bruLNE@&$<A-Za-z0-9])|<<(?=[\"'])"
    r"|\([ \t\n]{0,40}(?=[\"'])"
    r"|[A-Za-z_][\w:.]{0,40}[(\[][ \t]{0,4}\n[ \t]{1,40}(?=[\"'])"
    r"|\{[ \t\n]{0,8}[\"']?(?:value|text|data|plain|raw|val|content|secret|\$|\#text"
    r"|_|S|string|stringValue|arrayValue|values|inline_?[sS]tring|plaintext)[\"']?[ \t]{0,4}"
    r"[:=][ \t]{0,4}){0,5}"
    r"(?:(?:[bBuUrRLNEFf@$]|br|rb|Rb|u8|q|Q|qq)(?=[\"'\\]))?(?:r\#{0,3}(?=\"))?"
    rf"(?P<quote>\"\"\"|'''|{QUOTE})?"
)
# Further values of a list: each with what comes before it.
NEXT = regex(rf"{QUOTE}?[ \t]{{0,4}},[ \t\n]{{0,8}}[bBuN]?(?P<quote>{QUOTE})")
GOES_ON = regex(
    rf"{QUOTE}[ \t]{{0,4}}(?:->|[+.&]|\|\||\.\.)[ \t\n\\]{{0,40}}[bBuNrf]?(?P<quote>{QUOTE})"
)
"""What a text in several parts, or what it was changed to, goes on with."""
IN_PARTS = regex(rf"{QUOTE}[ \t\n]{{1,40}}[bBuNrf]?(?P<quote>{QUOTE})")
"""The same between brackets, where nothing needs to stand between the parts."""
_JOINS = (
    r"|[,;&](?![\s\"'{\[&,;]|$|[\w.\- ]{1,60}=|[\w.\-]{1,60}[\"']?:|amp;|quot;|\#)"
    r"|[(\[{](?=[^\s\"'()\[\]{}]{1,80}[)\]}])|[)\]}](?=[\w!@#%^*+/=~-])"
)
_BARE = regex(
    rf"(?:[^\s\"'`,;&<>(){{}}\[\]|\\]|\\(?![nrt\"'\\]){_JOINS})"
    rf"(?:[^\s\"'`,;&<>(){{}}\[\]|\\]|\\(?![nrt\"'\\])|['\"`](?=[\w!@#$%^*+=~-]){_JOINS}"
    r"|[<>|](?=[\w!@#$%^*+=~-]{2})){0,4096}+"
)
_PLAIN = regex(r"[\w.+/=-]{1,64}(?![\w.+/=:#-]|[(\[\"'`]|[ \t]\")(?<!\bJust)")
_BRACED = regex(r"\{(?P<value>[^{}\s:=\"']{3,200})\}(?![\w+/=$.-])")
_ESCAPED = {
    '"': regex(r"(?:[^\"\\\n]|\\.){0,4096}"),
    "'": regex(r"(?:[^'\\\n]|\\.|''){0,4096}"),
}
_CLOSING = {
    "\u201c": "\u201d",
    "\u201e": "\u201c",
    "\u2018": "\u2019",
    "\u00ab": "\u00bb",
    "\u300c": "\u300d",
}
_LONGEST = 4096
_OVER_LINES = frozenset({'"""', "'''"})


class Value(NamedTuple):
    """Start and end of a value in its text, and the quote that it stands in, if any."""

    start: int
    end: int
    quote: str


def value_at(text: str, at: int) -> Value:
    """The value that begins there; its end is its start if there is none."""
    # Most values are bare: told at once by their first characters.
    if _PLAIN.match(text, at):
        bare = _BARE.match(text, at)
        return Value(at, bare.end() if bare else at, "")
    found = _OPEN.match(text, at)
    start = found.end() if found else at
    quote = (found["quote"] if found else None) or ""
    if quote:
        return Value(start, quoted_end(text, start, quote), quote)
    if braced := _BRACED.match(text, at):
        return Value(*braced.span("value"), "")
    bare = _BARE.match(text, start)
    return Value(start, bare.end() if bare else start, "")


def quoted_end(text: str, start: int, quote: str) -> int:
    """Where a text that was opened by that quote ends: at the next one, or with its line."""
    within = _ESCAPED.get(quote)
    if within is not None:
        found = within.match(text, start)
        return found.end() if found else start
    line_end = text.find("\n", start, start + _LONGEST)
    if quote in _OVER_LINES or line_end < 0:
        line_end = min(len(text), start + _LONGEST)
    end = text.find(_CLOSING.get(quote, quote), start, line_end)
    return line_end if end < 0 else end
