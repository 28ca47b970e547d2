"""What credentials look like: the table behind redact.py. Each shape is matched in linear time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import NamedTuple

_NAME = (
    r"passwords?|passwd|passphrase|pwd|[_-]pass|pgpass|secrets?|tokens?|credentials?|api[_-]?keys?"
    r"|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key"
    r"|account[_-]?key|shared[_-]?key|master[_-]?key|auth[_-]?key|[_-]salt|signature|[?&;]sig|otp"
)
_NAME_NEEDS = ("pass", "pwd", "secret", "token", "credential", "key", "salt", "sig", "otp")
_SUFFIX = (
    r"(?:[_-]?(?:key|id|value|hash|text|string|data|base64|b64|old|new|prod|dev|\d{1,3})){0,2}"
)
_VALUE = (
    r"(?P<secret>\"[^\"\n]{1,4096}\"|'[^'\n]{1,4096}'"
    r"|[^\s\"',;&<>{}()\[\]][^\s\"',;&(){}]{0,4096})"
)
# What follows "token:" in prose, where it is not the token.
_PROSE = re.compile(
    r"(?:an?|access|and|at|be|but|can(?:not)?|could|does|empty|error|expected|expired|failed|for"
    r"|from|got|has|in|incorrect|invalid|is|it|key|length|malformed|missing|must|no|not|null|of|or"
    r"|permission|required|should|signature|the|this|to|unable|unauthorized|unexpected|unknown"
    r"|unrecognized|unset|unsupported|use|was|will|with|wrong|your?)[.,:]?"
)
_NO_VALUE = re.compile(
    r"[*x.<>-]*|\$|''|\"\"|false|true|nil|none|null|undefined|unset|redacted|fieldref|key|name"
    r"|valuefrom|(?:<redacted:|<env |\$\(|\$\{|\{\{|\(set\)|\[redacted).*",
    re.DOTALL,
)
SECRET_FLAG = re.compile(rf"--?[\w.-]{{0,60}}?(?:{_NAME}){_SUFFIX}", re.IGNORECASE)
PRIVATE_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")


class Shape(NamedTuple):
    """A kind of secret.

    The group `secret` is replaced, or the whole match where there is none. `needs` are lower-case
    parts, one of which must occur for a match: without them the pattern is not even tried.
    """

    kind: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] = lambda _match: True


def _is_basic(match: re.Match[str]) -> bool:
    try:
        return b":" in base64.b64decode(match["secret"] + "==", validate=False)
    except (binascii.Error, ValueError):
        return False


def _is_value(match: re.Match[str]) -> bool:
    """Whether what follows the name is a value, and not a reference, a count or a sentence."""
    value, name = match["secret"], match["name"].lower()
    bare = value.strip("\"'").lower()
    if _NO_VALUE.fullmatch(bare) or (name == "pwd" and bare.startswith("/")):
        return False
    if value[0] in "\"'" or not match["gap"][-1:].isspace():
        return not (name.endswith("s") and bare.isdigit())
    return not (_PROSE.fullmatch(bare) or (bare.isdigit() and len(bare) < 4))  # noqa: PLR2004 - a count


def _is_card(match: re.Match[str]) -> bool:
    """The Luhn sum."""
    digits = [int(char) for char in match[0] if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_no_word(match: re.Match[str]) -> bool:
    value = match["secret"]
    return len(value) >= 24 or any(char.isdigit() for char in value)  # noqa: PLR2004 - longer than words


def _shape(kind: str, needs: str, pattern: str) -> Shape:
    return Shape(kind, tuple(needs.split()), re.compile(pattern))


def _named(pattern: str) -> Shape:
    return Shape("secret", _NAME_NEEDS, re.compile(pattern, re.IGNORECASE), _is_value)


SHAPES = (
    Shape(
        "private-key",
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
            rf"(?:{PRIVATE_KEY_END.pattern}|\Z)"
        ),
    ),
    _shape("private-key", "ls0tls1crudjti", r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]{16,}"),
    _shape("jwt", "eyj", r"\beyJ[\w-]{6,}\.[\w-]{4,}\.[\w-]*"),
    _shape("jwt", "zxlk", r"\bZXlK[A-Za-z0-9+/]{40,}={0,2}"),
    _shape("slack-hook", "hooks.slack", r"\bhttps://hooks\.slack(?:-gov)?\.com/[\w/-]{10,}"),
    _shape("slack-token", "xox xapp", r"\b(?:xox[a-z]|xapp)-[\w-]{8,}"),
    _shape("github-token", "gh github", r"\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_\w{20,})"),
    _shape("gitlab-token", "gl", r"\bgl(?:pat|dt|rt|cbt|ptt|soat|agent)-[\w.-]{16,}"),
    _shape("stripe-key", "k_live k_test whsec", r"\b(?:[sr]k_(?:live|test)_|whsec_)\w{12,}"),
    _shape("api-key", "sk-", r"\bsk-(?:[a-z0-9]{1,12}-){0,3}[\w-]{16,}"),
    _shape("google-key", "aiza ya29. gocspx", r"\b(?:AIza[\w-]{30,}|(?:ya29\.|GOCSPX-)[\w-]{16,})"),
    _shape("npm-token", "npm_", r"\bnpm_[A-Za-z0-9]{30,}"),
    _shape("pypi-token", "pypi-ag", r"\bpypi-Ag[\w-]{16,}"),
    _shape("hub-token", "pat_ hf_ v1_ glc_", r"\b(?:dckr_pat_|hf_|dop_v1_|shpat_|glc_)[\w-]{20,}"),
    _shape("sendgrid-key", "sg.", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    _shape("vault-token", "hvs. hvb. hvr.", r"\bhv[sbr]\.[\w-]{20,}"),
    _shape("bot-token", ":aa", r"\b\d{8,10}:AA[\w-]{30,}"),
    _shape("aws-key", "akia asia abia acca", r"\bA(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}\b"),
    _shape("password", "://", r"://[^\s/:@\"']{0,256}:(?P<secret>[^\s/\"'<>]{1,512})@"),
    _shape(
        "password",
        "@tcp( @unix(",
        r"(?<![\w.-])[\w.-]{1,64}:(?P<secret>[^\s@:/]{1,256})@(?=(?:tcp|unix)\()",
    ),
    Shape(
        "authorization",
        ("authorization",),
        re.compile(
            r"\bauthorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
            r"(?:(?:bearer|basic|digest|token|apikey|aws4-hmac-sha256)\s+)?"
            r"(?P<secret>(?!error|failed|denied|required|mode|policy|header)[^\s\"',<][^\r\n\"']{3,4096})",
            re.IGNORECASE,
        ),
        lambda match: "<redacted:" not in match["secret"],
    ),
    Shape(
        "bearer",
        ("bearer",),
        re.compile(r"\bbearer\s{1,4}(?P<secret>[\w.~+/=-]{8,})", re.IGNORECASE),
        _is_no_word,
    ),
    Shape(
        "basic",
        ("basic",),
        re.compile(r"\bbasic\s{1,4}(?P<secret>[A-Za-z0-9+/]{6,}={0,2})", re.IGNORECASE),
        _is_basic,
    ),
    Shape(
        "cookie",
        ("cookie",),
        re.compile(
            r"\b(?:set-)?cookies?[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
            r"(?P<secret>[\w.-]{1,128}=[^\r\n\"']{1,4096})",
            re.IGNORECASE,
        ),
    ),
    # An env entry in YAML or JSON: the name on one line, the value on the next.
    _named(
        rf"\bname[\"']?\s{{0,4}}[:=](?P<gap>\s{{0,4}})[\"']?[\w.-]{{0,60}}?(?P<name>{_NAME})"
        rf"{_SUFFIX}[\"']?,?\s{{0,40}}[\"']?value[\"']?\s{{0,4}}[:=]\s{{0,4}}{_VALUE}"
    ),
    _named(
        rf"(?P<name>{_NAME}){_SUFFIX}\\?[\"']?(?P<gap>\s{{0,4}}(?:=>|:=|[:=])\s{{0,4}}\\?){_VALUE}"
    ),
    _named(rf"(?<![\w-])--?[\w.-]{{0,60}}?(?P<name>{_NAME}){_SUFFIX}(?P<gap>\s{{1,4}}){_VALUE}"),
    Shape(
        "card",
        (),
        re.compile(
            r"(?<![\w.-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|5\d\d))(?:[ -]?\d{4}){3}"
            r"|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?![\w.-])"
        ),
        _is_card,
    ),
    # Forty characters of anything are evidence, but not beside the id of an AWS key.
    _shape(
        "aws-secret",
        "<redacted:aws-key",
        r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[g-z])"
        r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
    ),
)
