"""What credentials look like: the table behind redact.py. Each shape is matched in linear time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from watchdog.regex import regex

_NAME = (
    r"passwords?|passwd|passphrase|pwd|[_-]pass|pgpass|requirepass|masterauth|rediscli_auth|secrets?|tokens?|credentials?|api[_-]?keys?"
    r"|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|encryption[_-]?key|signing[_-]?key"
    r"|account[_-]?key|shared[_-]?key|master[_-]?key|auth[_-]?key|[_-]salt|signature|[?&;]sig|otp"
)
_NAME_NEEDS = "pass pwd secret token credential key salt sig otp masterauth rediscli_auth"
_SUFFIX = (
    r"(?:[_-]?(?:key|id|value|hash|text|string|data|base64|b64|old|new|prod|dev|\d{1,3})){0,2}"
)
_VALUE = (
    r"(?P<secret>\"[^\"\n]{1,4096}(?:\"|$)|'[^'\n]{1,4096}(?:'|$)"
    r"|[^\s\"',;&<>{}()\[\]][^\s\"',;&(){}]{0,4096})"
)
# On to a flag of the same command, and what comes after it, if that is no port, path or address.
_ON = r"[^\n|;&]{0,120}?\s"
_WORD = (
    r"(?P<secret>\"(?!<)[^\"\n$]{3,4096}\"|'(?!<)[^'\n$]{3,4096}'|(?!\d{1,5}(?:[\s\"'|;&)]|$))"
    r"(?![$<-]|/\w|https?:)[^\s\"'`|;&<>()]{3,4096})"
)
# What follows "token:" in prose, where it is not the token.
_PROSE = regex(
    r"(?:an?|access|and|at|be|but|can(?:not)?|could|does|empty|error|expected|expired|failed|for"
    r"|from|got|has|in|incorrect|invalid|is|it|key|length|malformed|missing|must|no|not|null|of|or"
    r"|permission|required|should|signature|the|this|to|unable|unauthorized|unexpected|unknown"
    r"|unrecognized|unset|unsupported|use|was|will|with|wrong|yes|your?)[.,:]?"
)
_NO_VALUE = regex(
    r"[*x.<>-]*|yes|no|\$|''|\"\"|false|true|nil|none|null|undefined|unset|redacted|fieldref|key|name"
    r"|valuefrom|(?:<redacted:|<env |<arg |\$\(|\$\{|\{\{|\(set\)|\[redacted).*",
    re.DOTALL,
)
# How a token of a known kind begins.
PREFIX = (
    r"(?:(?:gh[a-z]|github_pat|npm|[sr]k_live|[sr]k_test|whsec|hf|glsa|lin_api|sbp|gsk)_|sk-|xapp-"
    r"|gl[a-z]{2,5}-|xox[a-z]-|pypi-A|hv[sbr]\.|SG\.|ya29\.|GOCSPX-|AIza|eyJ|A[KS]IA|LS0tLS1C"
    r"|AGE-SECRET-KEY-)"
)
SECRET_FLAG = regex(rf"--?[\w.-]{{0,60}}?(?:{_NAME}){_SUFFIX}", re.IGNORECASE)
PRIVATE_KEY_END = regex(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")


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
    if name.endswith("s") and bare.isdigit():
        return False
    if value[0] in "\"'" or not match["gap"][-1:].isspace():
        return True
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
    return Shape(kind, tuple(needs.split()), regex(pattern))


def _named(pattern: str) -> Shape:
    return Shape(
        "secret",
        tuple(_NAME_NEEDS.split()),
        regex(pattern, re.IGNORECASE | re.MULTILINE),
        _is_value,
    )


SHAPES = (
    Shape(
        "private-key",
        ("private key",),
        regex(
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
    _shape(
        "hub-token",
        "glsa_ lin_api_ sbp_ gsk_ r8_ dapi sntrys_ pplx- xai- atatt3 nrak- pmak- sq0 dp.",
        r"\b(?:(?:glsa_|lin_api_|sbp_|gsk_|r8_|sntrys_|pplx-|xai-|ATATT3|NRAK-|PMAK-|sq0[a-z]{3}-"
        r"|dp\.(?:pt|st|ct|sa)\.)[\w-]{20,}|dapi[0-9a-f]{32})",
    ),
    _shape("age-key", "age-secret-key-1", r"\bAGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    _shape("mail-key", "key-", r"\bkey-[0-9a-f]{32}\b"),
    _shape("sms-key", "sk", r"\bSK[0-9a-f]{32}\b"),
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
        regex(
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
        regex(r"\bbearer\s{1,4}(?P<secret>[\w.~+/=-]{8,})", re.IGNORECASE),
        _is_no_word,
    ),
    Shape(
        "basic",
        ("basic",),
        regex(r"\bbasic\s{1,4}(?P<secret>[A-Za-z0-9+/]{6,}={0,2})", re.IGNORECASE),
        _is_basic,
    ),
    Shape(
        "cookie",
        ("cookie",),
        regex(
            r"\b(?:set-)?cookies?[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
            r"(?P<secret>[\w.-]{1,128}=[^\r\n\"']{1,4096})",
            re.IGNORECASE,
        ),
    ),
    _shape(
        "registry-auth",
        "auth",
        r"\bauth\\?[\"']\s{0,4}:\s{0,4}\\?[\"'](?P<secret>[A-Za-z0-9+/]{8,2048}={0,2})(?:\\?[\"']|$)",
    ),
    _shape(
        "password",
        "curl wget",
        r"\b(?:curl|wget)\b[^\n|;]{0,200}?\s(?:-u|--user|--proxy-user)[ =]{0,2}[\"']?[\w.@-]{1,64}:"
        r"(?P<secret>[^\s\"'`|;&<>()]{1,4096})",
    ),
    _shape(
        "password", "login", r"\blogin\s{1,4}\S{1,64}\s{1,4}password\s{1,4}(?P<secret>\S{1,256})"
    ),
    _shape(
        "password",
        "mysql mariadb",
        rf"\b(?:mysql|mariadb)(?:dump|admin|check|import|sh)?\b{_ON}-p{_WORD}",
    ),
    # Programs that take a password after a single letter, each after its own. Some look as if they
    # went on from the line before, see seams.py: then no word begins with them.
    _shape(
        "password",
        "redis-cli valkey-cli mosquitto_ mongo sqlcmd ldap openssl login",
        rf"(?:(?:redis|valkey)-cli\b{_ON}-a|(?:mosquitto_[ps]ub|\bsqlcmd)\b{_ON}-P"
        rf"|\bmongo(?:sh|dump|restore|export|import)?\b{_ON}-p|\bldap[a-z]{{3,8}}\b{_ON}-w"
        rf"|\bopenssl\b{_ON}-k|\blogin\b{_ON}-p)[ \t=]{{1,4}}{_WORD}",
    ),
    _shape("password", "sshpass", rf"\bsshpass\s{{1,4}}-p\s{{0,4}}{_WORD}"),
    # An env entry in YAML or JSON: the name on one line, the value on the next.
    _named(
        rf"\bname[\"']?\s{{0,4}}[:=](?P<gap>\s{{0,4}})[\"']?[\w.-]{{0,60}}?(?P<name>{_NAME})"
        rf"{_SUFFIX}[\"']?,?\s{{0,40}}[\"']?value[\"']?\s{{0,4}}[:=]\s{{0,4}}{_VALUE}"
    ),
    _named(
        # The first letters, so that most characters are told at once.
        rf"(?=[acemprsto?&;_-])(?P<name>{_NAME}){_SUFFIX}\\?[\"']?(?P<gap>\s{{0,4}}(?:=>|:=|[:=])\s{{0,4}}\\?){_VALUE}"
    ),
    _named(rf"(?<![\w-])--?[\w.-]{{0,60}}?(?P<name>{_NAME}){_SUFFIX}(?P<gap>\s{{1,4}}){_VALUE}"),
    Shape(
        "card",
        (),
        regex(
            r"(?<![\w.-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|5\d\d))"
            r"(?:(?:[ -]|\s{0,4}\n\s{0,8})?\d{4}){3}"
            r"|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?![\w.-])"
        ),
        _is_card,
    ),
    # The beginning of a token at the end of a line: the rest is on the next one, or was cut off.
    _shape(
        "torn",
        "gh github_pat npm k_live k_test whsec hf_ glsa lin_api sbp_ gsk_ sk- xapp- gl xox"
        " pypi-a hv sg. ya29. gocspx- aiza eyj akia asia ls0tls1c age-secret-key-",
        rf"(?m)\b{PREFIX}(?=[\w.-]{{0,64}}\d)[\w.~+/=-]{{6,}}$",
    ),
    # Forty characters of anything are evidence, but not beside the id of an AWS key.
    _shape(
        "aws-secret",
        "<redacted:aws-key",
        r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[g-z])"
        r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
    ),
)

# What any shape needs, so that most lines are told apart at once; the digits are a card's.
_NEEDS = sorted({need for shape in SHAPES for need in shape.needs if not need.startswith("<")})
_SHORT = 200
_DIGITS = regex(r"\d{4}[\s-]{0,12}\d{4}")
# A mask of ours, or the end of one: a second pass leaves it alone.
MASKED = regex(r"<redacted:|<env |<arg |\d+>")
# The start of a secret, at the end of a text that was cut there.
CUT_OFF = regex(
    rf"(?:\b{PREFIX}[\w.~+/=-]{{0,4096}}"
    r"|\b(?:bearer|basic)\s{1,4}[\w.~+/=-]{1,4096}"
    r"|(?<=://)[^\s/:@\"']{0,256}:(?!\d{1,5}\Z)[^\s/\"'<>@]{1,512}"
    r"|(?<![\w.-])[\w.-]{1,64}:(?!\d{1,5}\Z)[^\s@:/<>]{1,256}"
    r"|(?<![\w.-])\d{4}(?:[ -]\d{1,4}){1,3}|(?<![\w.-])\d{12,15})\Z",
    re.IGNORECASE,
)


def may_hold_a_secret(text: str) -> bool:
    """Whether any shape is worth a try."""
    return _may_hold_one(text) if len(text) < _SHORT else _may_hold_one.__wrapped__(text)


# The same names, reasons and images come with every pod.
@lru_cache(4096)
def _may_hold_one(text: str) -> bool:
    lower = text.lower()
    return any(need in lower for need in _NEEDS) or _DIGITS.search(text) is not None


def secrets_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of what looks like a secret, shape by shape; they may overlap."""
    if not may_hold_a_secret(text):
        return
    lower = text.lower()
    for shape in SHAPES:
        if shape.needs and not any(part in lower for part in shape.needs):
            continue
        group: str | int = "secret" if "secret" in shape.pattern.groupindex else 0
        for match in shape.pattern.finditer(text):
            if shape.holds(match) and not MASKED.match(match[group]):
                yield match.start(group), match.end(group), shape.kind
