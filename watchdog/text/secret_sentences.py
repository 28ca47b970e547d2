"""Secrets that a sentence gives: `the password is ...`, in several languages.

Matched against the text in lower case. Each is linear: what may repeat is bounded, or cannot begin
where it could also end.
"""

from __future__ import annotations

from watchdog.text.lines import NON_ASCII
from watchdog.text.regex import regex
from watchdog.text.secret_names import FURTHER, MARKS
from watchdog.text.secret_values import is_loose, is_mechanism, is_prose, is_reference
from watchdog.text.told_secret import Told, any_value, loose, told


def is_said(word: str, verb: str | None, value: str, *, quoted: bool) -> bool:
    """Whether a sentence gives the value: quotes do, behind a verb or the word for a password.

    Else it takes letters and digits. In 'secret "web-tls"' an object is named.
    """
    if is_reference(value) or is_prose(value) or is_mechanism(value):
        return False
    sure = verb or (_PASSWORD.match(word) and " " not in value and "_" not in value)
    return bool(quoted and sure) or is_loose(value.strip(".,:;!?"))


_PASSWORD = regex(
    r"pass|pwd|kennw|mot|mdp|contra|senha|heslo|has|wachtw|l\u00f6s|jelsz|\u043f\u0430"
    r"\u0440\u043e\u043b"
)


_WORDS = (
    r"pass(?:word|wd|phrase|code|key)s?|pwd|api[ _-]?keys?|(?:access|secret|private|auth|"
    r"encryption|signing"
    r"|licen[cs]e|product|activation)[ _-]keys?|(?:[a-z]{2,12}[ _-])?tokens?|client[ _-]secrets?"
    r"|session[ _-]?ids?|credentials?|(?:recovery|verification|security|one-time)[ _-]codes?"
    r"|passworte?s?|kennwort|zugangsdaten|mots? de passe|mdp|jeton|contrase(?:\u00f1|n)a|"
    r"clave|senha"
    r"|palavra-passe|parola(?: d.ordine)?|wachtwoord|has\u0142o|heslo|l\u00f6senord|adgan"
    r"gskode|passord"
    r"|salasana|jelsz\u00f3|\u015fifre|sifre|lozinka|\u043f\u0430\u0440\u043e\u043b\u044c"
    r"|\u0442\u043e\u043a\u0435\u043d|segredo|segreto"
    r"|\u03ba\u03c9\u03b4\u03b9\u03ba\u03cc\u03c2|m\u1eadt kh\u1ea9u|\u0643\u0644\u0645"
    r"\u0629 \u0627\u0644\u0645\u0631\u0648\u0631"
)
_WORDS_NEED = (
    "pass",
    "pwd",
    "key",
    "token",
    "secret",
    "session",
    "credential",
    "code",
    "kennwort",
    "zugang",
    "mdp",
    "jeton",
    "clave",
    "senha",
    "parola",
    "wacht",
    "heslo",
    "adgang",
    "salasana",
    "ifre",
    "lozinka",
    "segre",
    "contrasena",
    NON_ASCII,
)
_OF = (
    r"passworte?s?|kennwort|zugangscode|mots? de passe|mdp|jeton|code d.acc\u00e8s|cl(?:"
    r"\u00e9|e|ef)s?|contrase(?:\u00f1|n)a|clave"
    r"|senha|palavra-passe|chave|parola|chiave|wachtwoord|sleutel|has(?:\u0142|l)o|klucz|"
    r"heslo|kl\u00ed\u010d|l\u00f6senord"
    r"|adgangskode|passord|salasana|jelsz\u00f3|kulcs|parol\u0103|cheie|(?:\u015f|s)ifre|"
    r"anahtar\u0131?|lozinka"
    r"|\u043f\u0430\u0440\u043e\u043b[\u044c\u0430]|\u043a\u043b\u044e\u0447|\u0442\u043e"
    r"\u043a\u0435\u043d"
    r"|\u03ba\u03c9\u03b4\u03b9\u03ba\u03cc\u03c2|\u03ba\u03bb\u03b5\u03b9\u03b4\u03af|m"
    r"\u1eadt kh\u1ea9u"
    r"|\u0917\u0941\u092a\u094d\u0924 \u0915\u0941\u0902\u091c\u0940"
)
_VERBS = (
    r"is|was|are|were|set to|changed to|reset to|equals|provided|given|lautet|ist|war|est|es|era"
    r"|\u00e9|\u00e8|incorrect|incorrecte|invalide|value"
)
_CJK = (
    r"(?:\u5bc6\u7801|\u5bc6\u78bc|\u53e3\u4ee4|\u5bc6\u94a5|\u5bc6\u9470|\u4ee4\u724c|"
    r"\u91d1\u9470|\u30d1\u30b9\u30ef\u30fc\u30c9|\u6697\u8a3c\u756a\u53f7|\u79d8\u5bc6"
    r"\u9375"
    r"|\u30c8\u30fc\u30af\u30f3|\ube44\ubc00\ubc88\ud638|\uc554\ud638|\ud1a0\ud070)"
)

_SPOKEN = (
    "|".join(FURTHER).replace("_", "[ _]"),
    (
        "kata[ _]sandi|\u0631\u0645\u0632[ _]\u0639\u0628\u0648\u0631"
        "|\u0e23\u0e2b\u0e31\u0e2a\u0e1c\u0e48\u0e32\u0e19|\u092a\u093e\u0938\u0935\u0930"
        "\u094d\u0921"
    ),
)

SENTENCES = (
    Told(
        _WORDS_NEED,
        regex(
            rf"(?<![\w.-])(?P<word>{_WORDS})[\"']?(?:[ \t](?:for|of)[ \t][^\s:]{{1,60}}"
            rf"(?:[ \t][^\s:]{{1,60}})?(?=:|[ \t](?:is|was)\b))?(?P<verb>:?[ \t]{{1,3}}(?"
            rf":{_VERBS}))?[ \t]?:?[ \t]{{1,3}}"
            r"(?:[neub@]?\\{0,4}[\"'\u201c\u00ab\u300c](?P<secret>[^\"'\u201d\u00bb\u300d"
            r"\n]{1,4096})"
            r"|(?P<bare>[^\s\"'`<>()\[\]{},;]{4,4096}))"
        ),
        any_value,
    ),
    # The secret of something or someone, in languages that say of what behind it.
    Told(
        (*_WORDS_NEED, "klucz", "cheie", "kulcs", "chiave", "chave", "cl\u00e9", "acc\u00e8s"),
        regex(
            rf"(?<![\w.-])(?:{_OF})(?:[ \t]{{1,2}}[^\s:=,;()\[\]{{}}\"]{{1,24}}){{0,3}}"
            r"(?:[ \t]?[:=\uff1a]|[ \t](?:es|est|ist|lautet|\u00e9|\u00e8)(?=[ \t]))[ \t]"
            r"{0,4}[\"'\u201e\u201c\u00ab]?"
            r"(?P<secret>[^\s\"'`<>()\[\]{},;\u201c\u201d\u00bb]{6,4096})"
        ),
        loose,
    ),
    told(
        "password pwd passphrase pw",
        r"(?<![\w.-])(?:pw|pwd|password|passphrase)[ \t](?:for|of)(?:[ \t][^\s:;,]{1,60})"
        r"{1,4}[ \t](?:is|was)[ \t]"
        r"(?P<secret>[^\s\"'`<>()\[\]{},;]{4,4096})",
        loose,
    ),
    told("assword", r"\bpassword for '[^'\n]{1,200}': (?P<secret>[^\s\"']{4,256})", loose),
    # What stands in brackets between the name and the value.
    told(
        "key token password secret passphrase",
        r"(?<![\w.-])(?:key|token|password|secret|passphrase)(?:[ \t]\d{1,2})?[ \t]\([^()"
        r"\n]{1,60}\)[:=][ \t]{0,4}"
        r"(?P<secret>[^\s\"'`<>()\[\]{},;]{6,4096})",
        loose,
    ),
    # What was wanted and what was given, of which either may still be valid.
    *(
        told(
            "expected",
            rf"\b(?:token|password|secret|api[ _-]?key)\b[^\n\"']{{0,40}}[: ]expected[ \t]{value}",
            loose,
        )
        for value in (
            r"[\"'`]?(?P<secret>[^\s\"'`,;]{12,4096})",
            (
                r"[\"'`]?[^\s\"'`,;]{12,4096}[\"'`]?,?[ \t](?:but[ \t])?(?:got|found|received"
                r"|was)[ \t][\"'`]?(?P<secret>[^\s\"'`,;]{12,4096})"
            ),
        )
    ),
    *(
        told(
            "mismatch",
            rf"\b(?:token|password|secret|api[ _-]?key)[ _-]mismatch:?[ \t]{value}",
            loose,
        )
        for value in (
            r"[\"'`](?P<secret>[^\"'`\n]{4,4096})",
            (
                r"[\"'`][^\"'`\n]{4,4096}[\"'`][ \t](?:[!=]=|<>|vs\.?|and|,)[ \t]?[\"'`](?P<s"
                r"ecret>[^\"'`\n]{4,4096})"
            ),
        )
    ),
    *(
        told(
            "changed from",
            r"\b(?:token|password|secret|passphrase|api[ _-]?key)[ \t](?:was[ \t])?chang"
            rf"ed[ \t]from[ \t]{value}",
        )
        for value in (
            r"[\"'`](?P<secret>[^\"'`\n]{3,4096})",
            r"[\"'`][^\"'`\n]{3,4096}[\"'`][ \t]to[ \t][\"'`](?P<secret>[^\"'`\n]{3,4096})",
        )
    ),
    told(
        "credential",
        r"\bcredentials?[ \t](?:for|of)[ \t][\w.@-]{1,64}[ \t][/:][ \t](?P<secret>[^\s\"',;]{"
        r"4,256})",
        loose,
    ),
    told("login", r"\blogin[ \t]attempt[ \t]\[[^/\]\n]{1,64}/(?P<secret>[^\]\n]{1,256})\]"),
    told(
        "code",
        r"\b(?:one-time|verification|security|login|access|confirmation|authentication|sm"
        r"s)[ _-](?:pass)?code"
        r"(?:[ \t](?:is|was|for[ \t]\S{1,60}[ \t]is))?[ \t:]{1,3}(?P<secret>\d{4,10})(?![\w.-])",
    ),
    told(
        "secret",
        r"(?<![\w.-])secret[ \t](?P<secret>[a-z0-9+/_]{20,4096}={0,2})(?![\w.-])",
        loose,
    ),
    told(
        "secret",
        r"(?<![\w.-])secret[ \t](?:is|was|key)[ \t:]{1,3}(?P<secret>[^\s\"'`<>()\[\]{},;]{4,4096})",
        loose,
    ),
    Told(
        (NON_ASCII,),
        regex(
            rf"{_CJK}[^\x00-\x7f]{{0,4}}[ \t:=]{{0,3}}[\"'\u300c\u201c]?(?P<secret>[\x21\x23-"
            rf"\x26\x28-\x7e]{{4,200}})"
        ),
        lambda value: any(c.isdigit() for c in value) and any(c.isalpha() for c in value),
    ),
    *(
        Told(
            (NON_ASCII, "kata"),
            regex(
                rf"(?<!\w)(?:{word})[{MARKS}]{{0,2}}[ \t]{{1,3}}[\"'](?P<secret>[^\"'\n]{{1,4096}})"
            ),
            any_value,
        )
        for word in _SPOKEN
    ),
    told("logged", r"logged in as [\w.@-]{1,64}[/:](?P<secret>[^\s\"',;]{4,256})", loose),
    told(
        "password",
        r"user(?:name)?/password\s?[:=]\s?[\w.@-]{1,64}[/:](?P<secret>[^\s\"',;]{3,256})",
    ),
    told(
        "login auth credential",
        r"(?:login|logged in|authenticat\w{1,4}|basic auth|credentials?)(?: with| as| of|"
        r" for)?[ \t]"
        r"[\w.-]{1,64}:(?P<secret>[^\s\"'@/,;]{4,256})",
        loose,
    ),
)
