"""What credentials look like: the table of shapes. Each is matched in linear time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from watchdog.text.regex import regex
from watchdog.text.secret_values import is_loose, is_object_name, is_prose, is_reference
from watchdog.text.vendor_tokens import BEGINNINGS, FORMS, HOOKS, STARTED

# How a token of a known kind begins.
PREFIX = (
    r"(?:(?:gh[a-z]|github_pat|npm|[sr]k_live|[sr]k_test|whsec|hf|glsa|lin_api|sbp|gsk)_|sk-|xapp-"
    r"|gl[a-z]{2,5}-|xox[a-z]-|pypi-A|hv[sbr]\.|SG\.|ya29\.|GOCSPX-|AIza|eyJ|A[KS]IA|LS0tLS1C"
    r"|AGE-SECRET-KEY-)"
)
_KEY_BLOCK = (
    r"(?:[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?|USER NKEY SEED|OpenVPN Static key V1"
    r"|PGP MESSAGE)"
)
PRIVATE_KEY_END = regex(rf"-----END {_KEY_BLOCK}-----")
# The ids of objects read like this: words, and at most two ids behind them.
_OBJECT = regex(r"[a-z]+(?:-[a-z]+\d{0,2})*(?:-[a-z0-9]{4,10}){0,2}")
_RUN = r"[\w.~+/=%-]"


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


def _is_card(match: re.Match[str]) -> bool:
    """The Luhn sum."""
    digits = [int(char) for char in match[0] if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_no_word(match: re.Match[str]) -> bool:
    value = match["secret"]
    return len(value) >= 24 or any(char.isdigit() for char in value)  # noqa: PLR2004 - longer than words


def _is_token(match: re.Match[str]) -> bool:
    """Whether enough follows the beginning, and the whole is no name of an object."""
    token = match[0]
    # The beginning of one at the end of a line: the rest is on the next one, or was cut off.
    torn = match.end() == len(match.string) or match.string[match.end()] == "\n"
    rest = next(
        (
            token[len(start) :]
            for start, least in _BY_LENGTH
            if token.startswith(start) and len(token) - len(start) >= (6 if torn else least)
        ),
        "",
    )
    mixed = rest.lower() != rest != rest.upper() and "_" not in rest and "/" not in rest
    return (any(c.isdigit() for c in rest) or mixed) and not _OBJECT.fullmatch(token)


def _is_mixed(match: re.Match[str]) -> bool:
    return any(c.isdigit() for c in match[0]) and any(c.isalpha() for c in match[0])


def _is_loose_secret(match: re.Match[str]) -> bool:
    return is_loose(match["secret"]) and not is_object_name(match["secret"])


def _is_userinfo(match: re.Match[str]) -> bool:
    """Whether what stands before a host is a password, and no reference to one."""
    return not is_reference(match["secret"])


def _shape(
    kind: str,
    needs: str,
    pattern: str,
    holds: Callable[[re.Match[str]], bool] = lambda _match: True,
) -> Shape:
    return Shape(kind, tuple(needs.split()), regex(pattern, re.MULTILINE), holds)


def _tree(words: Iterable[str]) -> str:
    """A pattern for any of these words that looks at each character once."""
    branches: dict[str, list[str]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    ends = "" in branches
    inner = [re.escape(c) + _tree(rest) for c, rest in sorted(branches.items()) if c]
    if not inner:
        return ""
    return f"(?:{'|'.join(inner)})" + ("?" if ends else "")


_BY_LENGTH = sorted(BEGINNINGS, key=lambda item: -len(item[0]))
_HASH = r"[A-Za-z0-9./+=,$_-]"
SHAPES = (
    Shape(
        "private-key",
        ("private key", "nkey seed", "static key", "pgp message"),
        regex(
            rf"-----BEGIN {_KEY_BLOCK}-----[\s\S]*?"
            rf"(?:{PRIVATE_KEY_END.pattern}|\Z)"
        ),
    ),
    _shape(
        "private-key",
        "private-lines",
        r"Private-Lines: \d{1,4}\n(?P<secret>(?:[A-Za-z0-9+/=]{1,100}(?:\n|\Z)){1,200})",
    ),
    _shape("private-key", "private-mac", r"Private-MAC: (?P<secret>[0-9a-f]{40,64})"),
    _shape("private-key", "ls0tls1crudjti", r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]{16,}"),
    # Keys without their PEM lines: of OpenSSH, and what begins the DER of RSA, EC and PKCS #8.
    _shape("private-key", "b3blbnnzac1rzxktdje", r"\bb3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]{16,}"),
    _shape(
        "private-key",
        "mi mh mc",
        r"(?<![A-Za-z0-9+/])(?:MII[A-Za-z0-9+/]{2}[QgwAo]IBA(?:AKC|AKB|DANBg)|MHcCAQEE|MI"
        r"GkAgEBBD|MIHcAgEBBEI"
        r"|MI(?:GH|G2|Hu)AgEAMB[AM]GByqGSM49|MC4CAQAwBQYDK2Vw)[A-Za-z0-9+/=]{16,}+"
        r"(?:(?:\\n|\n)[A-Za-z0-9+/=]{40,}+)*+(?!(?:(?:\\n|\n)[A-Za-z0-9+/=]{4,63})?(?:\\"
        r"n|\n)-----END)",
    ),
    _shape("jwt", "eyj", r"\beyJ[\w-]{6,}\.[\w-]{4,}\.[\w-]*(?:\.[\w-]{8,}){0,2}"),
    _shape("jwt", "zxlk", r"\bZXlK[A-Za-z0-9+/]{40,}={0,2}"),
    _shape(
        "jwk", "kty", r"[\"'](?:d|k|p|q|dp|dq|qi)[\"']\s?:\s?[\"'](?P<secret>[\w+/=-]{16,4096})"
    ),
    _shape("slack-hook", "hooks.slack", r"\bhttps://hooks\.slack(?:-gov)?\.com/[\w/-]{10,}"),
    # Addresses of which the path is all that one needs to write there.
    *(
        _shape(
            "webhook",
            host,
            rf"\bhttps?://(?:[\w.-]{{1,80}}\.)?{re.escape(host)}(?::\d{{1,5}})?/(?P<secret>{path})",
        )
        for host, path in HOOKS
    ),
    _shape("webhook", ".m.pipedream.net", r"//(?P<secret>[a-z0-9]{12,})(?=\.m\.pipedream\.net)"),
    _shape("slack-token", "xox xapp", r"\b(?:xox[a-z]|xapp)-(?:[\w-]|%[0-9A-F]{2}){8,}"),
    _shape("github-token", "gh github", r"\b(?:gh[a-z]_[A-Za-z0-9]{16,}|github_pat_\w{20,})"),
    _shape(
        "gitlab-token",
        "gl",
        r"\bgl(?:pat|dt|rtr?|cbt|ptt|soat|agent|ft|imt|oas|ffct|wt)-[\w.-]{16,}",
    ),
    _shape("stripe-key", "k_live k_test whsec", r"\b(?:[esr]k_(?:live|test)_|whsec_)\w{12,}"),
    _shape("api-key", "sk-", r"\bsk-(?:[a-z0-9]{1,12}-){0,3}\w{12,}[\w-]{4,}"),
    _shape("mail-key", "key-", r"\bkey-[0-9a-f]{32}\b"),
    _shape(
        "token",
        "",
        rf"(?<![A-Za-z0-9_]){_tree(start for start, _ in BEGINNINGS)}{_RUN}{{6,}}",
        _is_token,
    ),
    *(
        _shape("token", needs, rf"(?<![\w.~+-])(?:{form})" if needs else form)
        for needs, form in FORMS
    ),
    # What stands before it is looked at behind it: a pattern that begins with letters is quick.
    *(
        _shape("token", start.lower(), rf"{re.escape(start)}(?<![\w.~+-]{re.escape(start)}){rest}")
        for start, rest in STARTED
    ),
    _shape("ceph-key", "==", r"(?<![\w+/])AQ[A-Za-z0-9+/]{30,60}=="),
    _shape("aws-key", "akia asia abia acca", r"\bA(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}\b"),
    _shape(
        "password", "://", r"://[^\s/:@\"']{0,256}:(?P<secret>[^\s/\"'<>]{1,512})@", _is_userinfo
    ),
    _shape(
        "password",
        "://",
        r"://[^\s/:@\"']{0,256}:(?P<secret>[^\s@\"'<>]{1,512})@(?=[\w.-]{1,253}[:/?\s])",
        _is_userinfo,
    ),
    _shape(
        "password",
        "@",
        r"(?<![\w.@:-])(?!git@)[\w.+-]{1,64}@[\w.-]{1,100}\.[a-z]{2,20}:(?P<secret>[^\s@:"
        r"/\"'<>,;]{6,256})(?=[\s\"',;]|$)",
        _is_loose_secret,
    ),
    # The same without a scheme.
    _shape(
        "password",
        "@",
        r"(?<![\w./@:-])[\w.-]{1,64}:(?P<secret>[^\s@:/\"'<>]{1,256})@(?=[a-z][\w.-]{0,10"
        r"0}:\d{2,5}(?!\w)"
        r"|(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,20}(?![\w.])|[a-z][a-z0-9_-]{1,62}/[a-z])",
        _is_loose_secret,
    ),
    _shape("token", "://", r"\bhttps?://(?P<secret>[A-Za-z0-9_-]{16,256})(?=@)", _is_loose_secret),
    _shape(
        "password",
        "@tcp( @unix(",
        r"(?<![\w.-])[\w.-]{1,64}:(?P<secret>[^\s@:/]{1,256})@(?=(?:tcp|unix)\()",
    ),
    _shape(
        "token",
        "token reset invite magic verify confirm unsubscribe activate hook login share au"
        "th sso /join/ integrations/",
        r"(?i)/(?:[\w-]{0,30}(?:token|reset|invite|magic|verify|confirm|unsubscribe|activ"
        r"ate|webhook|hook|login|share|join"
        r"|auth|sso)[\w-]{0,30}|webhooks?/\d{15,22}|integrations/v\d/\w{1,40})/(?:(?:key|"
        r"confirm|done|id|[a-z]{2})/){0,2}(?P<secret>[\w.~+=@%-]{8,1024}(?:/["
        r"\w.~+=@%-]{16,1024}){0,6})",
        _is_loose_secret,
    ),
    _shape(
        "secret",
        "code= key= &t= ?t= &k= ?k= &h= ?h= sig= hmac= tok= ticket= hash= access= asserti"
        "on= saml ve"
        "rifier= magic= otp= pin=",
        r"[?&#](?:amp;)?(?:[\w.-]{0,40}[_-])?(?:code|key|k|t|tok|h|hmac|sig|ticket|hash|access|ass"
        r"ertion|samlresponse"
        r"|samlart|verifier|code_verifier|state_token|magic|otp|pin|nonce_token)=(?P<secr"
        r"et>[^\s&#\"'<>]{6,4096})",
        _is_loose_secret,
    ),
    _shape("secret", "appid=", r"[?&]appid=(?P<secret>[0-9a-f]{32})\b"),
    # What proves that a sender knows a secret: of webhooks, and of Couch and Windows.
    _shape("secret", "v0= v1=", r"\bv[01]=(?P<secret>[0-9a-f]{64})\b"),
    _shape("hash", "-pbkdf2-", r"-pbkdf2-[0-9a-f]{40,128},[0-9a-f]{16,64}"),
    _shape("hash", "$krb5", r"\$krb5(?:asrep|tgs|pa)\$\d{1,2}\$[^\s\"']{32,}"),
    _shape("hash", "$dcc2$", r"\$DCC2\$[^\s\"']{16,}"),
    _shape(
        "hash",
        "::",
        r"(?<![\w.])[\w.$-]{1,64}::[\w.-]{0,64}:(?P<secret>[0-9A-Fa-f]{16,48}:[0-9A-Fa-f]{32,"
        r"48}:[0-9A-Fa-f]{16,})",
    ),
    _shape(
        "ansible-vault",
        "$ansible_vault",
        r"\$ANSIBLE_VAULT;[\d.]{3};AES(?:256)?(?:;\w{1,40})?\s{1,8}(?P<secret>(?:[0-9a-f]{2,1"
        r"00}\s{0,8}){1,2000})",
    ),
    _shape("password", "sip: sips:", r"\bsips?:[\w.+-]{1,64}:(?P<secret>[^\s@:/\"'<>]{2,128})@"),
    _shape("password", "&p=", r"[?&]u=[^&\s]{1,80}&p=(?P<secret>[^\s&#\"'<>]{1,512})"),
    # What proves a password in SCRAM: from it the password can be guessed.
    _shape("secret", ",p=", r"\bc=[\w+/=]{2,200},r=[^,\s]{8,200},p=(?P<secret>[\w+/=]{16,200})"),
    Shape(
        "authorization",
        ("authorization",),
        regex(
            r"\bauthorization\\{0,4}[\"']?\s{0,4}[:=\s]\s{0,4}\\{0,4}[\"']?"
            r"(?:(?:bearer|basic|digest|token|apikey|aws4-hmac-sha256)\s+)?"
            r"(?P<secret>(?!(?:error|failed|denied|required|mode|policy|header|plugin|ser"
            r"ver|code|webhook|rule)\b)"
            r"[^\s\"',<\\][^\r\n\"'\\]{3,4096})",
            re.IGNORECASE,
        ),
        lambda match: (
            "<redacted:" not in match["secret"]
            and (any(c in match[0] for c in ":=") or is_loose(match["secret"].split()[-1]))
            and not is_reference(match["secret"])
            and not is_prose(match["secret"])
        ),
    ),
    Shape(
        "bearer",
        ("bearer",),
        regex(r"\bbearer,?\s{1,4}(?P<secret>[\w.~+/=-]{7,})", re.IGNORECASE),
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
            r"\b(?:set-)?cookies?\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?"
            r"(?P<secret>[\w.-]{1,128}=[^\r\n\"']{1,4096})",
            re.IGNORECASE,
        ),
    ),
    _shape(
        "registry-auth",
        "auth",
        r"\bauth\\?[\"']\s{0,4}:\s{0,4}\\?[\"'](?P<secret>[A-Za-z0-9+/]{8,2048}={0,2})(?:"
        r"\\?[\"']|$)",
    ),
    # The crypt(5) formats, the PHC string format, and what LDAP, PostgreSQL, MySQL, Django,
    # Werkzeug, GRUB and Windows write.
    _shape(
        "hash",
        "$",
        rf"\$(?:[1567]|2[abxy]|y|gy|sha1|md5|apr1|argon2(?:id?|d)|scrypt|pbkdf2[\w-]{{0,1"
        rf"2}}|P|H|bcrypt-sha256|8|9|7)\$(?=\S{{0,200}}\d){_HASH}{{8,}}",
    ),
    _shape("hash", "$p$ $h$", r"\$[PH]\$[A-Za-z0-9./]{20,}"),
    _shape(
        "hash",
        "pbkdf2 scrypt: bcrypt",
        rf"\b(?:pbkdf2[_:](?:sha\d{{1,3}}|md5)|scrypt(?::\d{{1,8}}){{1,3}}|bcrypt(?:_sha2"
        rf"56)?)[$:]{_HASH}{{4,60}}[$:](?P<secret>[A-Za-z0-9./+=$_-]{{8,}}+(?:[$:]{_HASH}"
        rf"{{8,}}+)?)(?!<)",
    ),
    _shape(
        "hash",
        "",
        r"\{(?:S?SHA\d{0,3}|S?MD5|CRYPT|BCRYPT|bcrypt|PBKDF2[\w-]{0,10}|crypt|ssha\d{0,3}"
        r"|sha\d{0,3})\}[A-Za-z0-9./+=$]{12,}",
    ),
    _shape(
        "hash",
        "scram-sha",
        r"\bSCRAM-SHA-\d{1,3}\$\d{1,8}:(?P<secret>[A-Za-z0-9+/=]{4,}\$[A-Za-z0-9+/=:]{16,})",
    ),
    _shape(
        "hash",
        "grub.pbkdf2",
        r"\bgrub\.pbkdf2\.sha512\.\d{1,8}\.[0-9A-Fa-f]{8,}\.[0-9A-Fa-f]{8,}|(?<=grub\.pbk"
        r"df2\.sha512\.10000\.)\S{8,}",
    ),
    _shape(
        "hash",
        ":::",
        r"(?<![\w.])[\w.$-]{1,64}:\d{1,10}:(?P<secret>[0-9A-Fa-f]{32}:[0-9A-Fa-f]{20,32}):",
    ),
    _shape("hash", "", r"\*(?<![\w*].)(?P<secret>[0-9A-F]{40})\b"),
    _shape(
        "hash",
        "ntlm nthash lmhash md5 hash",
        r"(?i)\b(?:nt|lm|ntlm|password|pw)[ _-]?(?:v2 )?hash(?:es)?[ :=]{1,3}(?P<secret>["
        r"0-9a-f]{32,128})\b",
    ),
    _shape(
        "product-key", "", r"[A-Z0-9](?<![\w-].)[A-Z0-9]{4}(?:-[A-Z0-9]{5}){4}(?![\w-])", _is_mixed
    ),
    Shape(
        "card",
        (),
        regex(
            r"(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|5\d\d))(?<![\w.-]\d{4})"
            r"(?:(?:[ -]|\s{0,4}\n\s{0,8})?\d{4}){3}(?![\w.-])"
            r"|3[47]\d\d(?<![\w.-]\d{4})[ -]?\d{6}[ -]?\d{5}(?![\w.-])"
        ),
        _is_card,
    ),
)
# The start of a secret, at the end of a text that was cut there.
CUT_OFF = regex(
    rf"(?:\b{PREFIX}[\w.~+/=-]{{0,4096}}"
    r"|\b(?:bearer|basic)\s{1,4}[\w.~+/=-]{1,4096}"
    r"|(?<=://)[^\s/:@\"']{0,256}:(?!\d{1,5}\Z)[^\s/\"'<>@]{1,512}"
    r"|(?<![\w.-])[\w.-]{1,64}:(?!\d{1,5}\Z)[^\s@:/<>]{1,256}"
    r"|(?<![\w.-])\d{4}(?:[ -]\d{1,4}){1,3}|(?<![\w.-])\d{12,15})\Z",
    re.IGNORECASE,
)
