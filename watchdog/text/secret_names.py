"""Names whose values are secrets: of variables, keys, flags, fields, headers and in prose.

A name is judged by its last words: `DB_PASSWORD` and `secretKeyBase` name a secret, `PASSWORD_FILE`
and `secretName` name something about one.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache

from watchdog.text.lines import NON_ASCII
from watchdog.text.regex import regex
from watchdog.text.vendor_tokens import VENDOR_VALUES


class Strength(enum.IntEnum):
    """How much a name says about what stands behind it."""

    NONE = enum.auto()
    VENDOR = enum.auto()
    """The name of a vendor: only a value of the form that the vendor's keys have is one."""
    WEAK = enum.auto()
    """A short or ambiguous name (`pass`, `auth`): the value or the place must say more."""
    OBJECT = enum.auto()
    """`secret`, which in Kubernetes also stands before the name of an object."""
    STRONG = enum.auto()
    """Nothing but a secret has such a name."""


# What the last words of a name are, in lower case and joined by `_`. Keys are secret only with a
# word before them that says so: a primary, a routing or a cache key is none.
_KEYS = (
    r"access|account|activation|admin|api|app|application|auth|cert|client|cipher|consume"
    r"r|cookie|cryp"
    r"t|csrf|db|database"
    r"|decryption|deploy|derived|ecdsa|ed25519|encryption|enc|fernet|functions?|hash|hmac|host"
    r"|identity|ingest(?:ion)?|insert|"
    r"instrumentation|integration"
    r"|jwt|licen[cs]e|master|pre_?shared|priv|private|product|prod|provision(?:ing)?|publishable"
    r"|registration|role|root|rsa|sas|secret|serial|server|service|session|shared_?access"
    r"|shared|sign"
    r"|signing|ssh|ssl|sse|storage|stripe|subscription|symmetric|tls|token|transit|unseal"
    r"|validation|vault"
    r"|webhook|write|read|wep|wpa|x509"
)
_STRONG = (
    r"pass(?:word|wd|wrd|phrase|code|key)s?|pwds?|pswd|psw|passw|_pass|_pw|bindpw|rootpw|olcrootpw"
    r"|(?:admin|amqp|become|db|ftp|http|ldap|mail|mongo|mqtt|mysql|pg|proxy|rdp|redis|root|rpc"
    r"|smb|smtp|sql|ssh|sudo|vnc|vpn|web|wifi|zip)pass(?:wd)?|auth_?tok|rootpwmodpw"
    r"|chap2?_response|authpass|requirepass|masterauth|auth_pass|rediscli_auth|login_?pas"
    r"s|userpass(?:word)?"
    r"|secrets?|tokens?|credentials?|creds|apikeys?|"
    rf"(?:{_KEYS})_?(?:pass_?)?keys?|account_key|pre_?shared_key|psk|key_?pass|store_?pass"
    r"|private_lines|connection_string|conn_str|mnemonic|seed_phrase|recovery_(?:code|key|phrase)s?"
    r"|backup_codes?|verification_code|security_code|one_time_(?:code|pin)|signature|bearer|jwt"
    r"|session_?ids?|[a-z]*sess_?ids?|connect_sid|_salt|client_assertion"
    r"|pin_?code|otp_?(?:code|seed)|secret_access_key|access_key_id|secret_id|key_base|app_key"
    r"|dsn_password|webhook_(?:url|uri)|code_verifier|crumb|(?:device|authorization|auth)_code"
    r"|saml_?(?:response|request|art)"
    # German, French, Spanish, Portuguese, Italian, Dutch
    r"|passwort|passw\u00f6rter|kennwort|zugangsdaten|geheimnis|geheimer?_schl\u00fcssel|"
    r"losungswort"
    r"|mots?_de_passe|motdepasse|mdp|jeton|cl(?:\u00e9|e|ef)_(?:api|secr\u00e8te|priv\u00e9e)"
    r"|contrase(?:\u00f1|n)as?|contraseya|clave_(?:api|secreta|privada)|credenciales|credenciais"
    r"|senhas?|palavras?_passe|palavra_chave|segredo|chave_(?:api|secreta|privada)"
    r"|parola_d_ordine|parola_chiave|segreto|chiave_(?:api|segreta|privata)|wachtwoord|geheim"
    # Polish, Czech, Croatian, Serbian, Hungarian, Romanian, Swedish, Danish, Norwegian, Finnish
    r"|has(?:\u0142|l)o|heslo|lozinka|zaporka|jelsz(?:\u00f3|o)|parol(?:\u0103|a)|l(?:"
    r"\u00f6|o)senord"
    r"|adgangskode|kodeord|passord|salasana|geslo|parool|slapta\u017eodis"
    # Turkish, Greek, Russian, Ukrainian, Bulgarian
    r"|(?:\u015f|s)ifre|\u03ba\u03c9\u03b4\u03b9\u03ba\u03cc\u03c2|\u03ba\u03c9\u03b4"
    r"\u03b9\u03ba\u03bf\u03c2|\u03c3\u03c5\u03bd\u03b8\u03b7\u03bc\u03b1\u03c4\u03b9"
    r"\u03ba\u03cc"
    r"|\u043f\u0430\u0440\u043e\u043b[\u044c\u044f\u044e\u0430]|\u0442\u043e\u043a\u0435"
    r"\u043d|\u0441\u0435\u043a\u0440\u0435\u0442"
    r"|\u043b\u043e\u0437\u0438\u043d\u043a\u0430"
    # Chinese, Japanese, Korean
    r"|\u5bc6\u7801|\u5bc6\u78bc|\u53e3\u4ee4|\u5bc6\u94a5|\u5bc6\u9470|\u79d8\u94a5|"
    r"\u4ee4\u724c|\u6191\u8bc1|\u91d1\u9470"
    r"|\u30d1\u30b9\u30ef\u30fc\u30c9|\u6697\u8a3c\u756a\u53f7|\u79d8\u5bc6\u9375|\u30c8"
    r"\u30fc\u30af\u30f3|\u30b7\u30fc\u30af\u30ec\u30c3\u30c8"
    r"|\ube44\ubc00\ubc88\ud638|\uc554\ud638|\ud328\uc2a4\uc6cc\ub4dc|\ud1a0\ud070|\ube44"
    r"\ubc00\ud0a4"
    # Vietnamese, Indonesian, Thai, Hindi, Arabic, Persian, Hebrew
    r"|m\u1eadt_kh\u1ea9u|kata_sandi|\u0e23\u0e2b\u0e31\u0e2a\u0e1c\u0e48\u0e32\u0e19|"
    r"\u092a\u093e\u0938\u0935\u0930\u094d\u0921"
    r"|\u0643\u0644\u0645\u0629_(?:\u0627\u0644\u0645\u0631\u0648\u0631|\u0627\u0644"
    r"\u0633\u0631)|\u0631\u0645\u0632_\u0639\u0628\u0648\u0631|\u05e1\u05d9\u05e1\u05de"
    r"\u05d4|\u05e1\u05d9\u05e1\u05de\u05d0"
)
# Signs above, below and beside letters, without which no word of these scripts is whole. To a
# pattern they are no letters.
MARKS = r"\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u17b4-\u17d3"
# Further words for a password, each of one or two: Catalan, Galician, Basque, Albanian, Latvian,
# Icelandic, Irish, Welsh, Afrikaans, Swahili, Malay, Azerbaijani, Georgian, Armenian, Kazakh,
# Mongolian, Bengali, Gujarati, Punjabi, Tamil, Telugu, Kannada, Malayalam, Sinhala, Lao, Khmer,
# Urdu, Amharic
FURTHER = (
    "contrasenya", "contrasinal", "pasahitza", "fjal\u00ebkalimi?", "fjalekalimi?", "parole",
    "lykilor\u00f0", "pasfhocal", "cyfrinair", "wagwoord", "nenosiri", "kata_laluan",
    "\u015fifr\u0259", "parol", "\u10de\u10d0\u10e0\u10dd\u10da\u10d8",
    "\u0563\u0561\u0572\u057f\u0576\u0561\u0562\u0561\u057c",
    "\u049b\u04b1\u043f\u0438\u044f_\u0441\u04e9\u0437", "\u043d\u0443\u0443\u0446_\u04af\u0433",
    "\u09aa\u09be\u09b8\u0993\u09af\u09bc\u09be\u09b0\u09cd\u09a1",
    "\u09aa\u09be\u09b8\u0993\u09df\u09be\u09b0\u09cd\u09a1",
    "\u0aaa\u0abe\u0ab8\u0ab5\u0ab0\u0acd\u0aa1", "\u0a2a\u0a3e\u0a38\u0a35\u0a30\u0a21",
    "\u0b95\u0b9f\u0bb5\u0bc1\u0b9a\u0bcd\u0b9a\u0bca\u0bb2\u0bcd",
    "\u0c2a\u0c3e\u0c38\u0c4d\u0c35\u0c30\u0c4d\u0c21",
    "\u0caa\u0cbe\u0cb8\u0ccd\u0cb5\u0cb0\u0ccd\u0ca1",
    "\u0d2a\u0d3e\u0d38\u0d4d\u0d35\u0d47\u0d21", "\u0db8\u0dd4\u0dbb\u0db4\u0daf\u0dba",
    "\u0ea5\u0eb0\u0eab\u0eb1\u0e94\u0e9c\u0ec8\u0eb2\u0e99",
    "\u1796\u17b6\u1780\u17d2\u1799\u179f\u1798\u17d2\u1784\u17b6\u178f\u17cb",
    "\u067e\u0627\u0633_\u0648\u0631\u0688", "\u12e8\u12ed\u1208\u134d_\u1243\u120d",
)  # fmt: skip
_WEAK = (
    r"pass|pw|pin|otp|totp|salt|sid|sess|session|auth|authn|cred|sig|csrf|xsrf|csrf_?middleware"
    r"|community|cvv2?|cvc|ssn|seed|nonce_key|cookie|authkey|clave|chave|chiave|schl\u00fcssel"
    r"|cl\u00e9|klucz|kl\u00ed\u010d|anahtar\u0131?|cheie|kulcs|avain|\w*(?:nyckel|n\u00f"
    r"8gle|n\u00f8kkel)"
    r"|\w*sleutel|toegangscode|\u03ba\u03bb\u03b5\u03b9\u03b4\u03af|\u0915\u0941\u0902\u091c\u0940"
    r"|\u30a2\u30af\u30bb\u30b9\u30ad\u30fc|\u043a\u043b\u044e\u0447|\uc554\ud638\ud0a4"
)
# What may follow: the name still names the secret.
_AFTER = (
    r"(?:_?(?:again|b64|base64|base|confirm(?:ation)?|current|data|default|dev|enc|encryp"
    r"ted|env|hash"
    r"|hex|key|new|old|orig|original|override|phrase|plain|plaintext|previous|primary|pro"
    r"d|production|raw"
    r"|secondary|staging|str|string|temp|test|text|tmp|val|value|verify|\d{1,4}|[ab])){0,2}"
)
_IS_STRONG = regex(
    rf"(?:.*[^a-z]|.*?)(?:{_STRONG}|(?:{'|'.join(FURTHER)})[{MARKS}]{{0,2}}){_AFTER}", re.DOTALL
)
_IS_WEAK = regex(rf"(?:.*_)?(?:{_WEAK}){_AFTER}", re.DOTALL)
# Kinds of names that end like a secret's and are none: names of objects, counts, questions.
_NO_SECRET = regex(
    r"(?:.*_)?(?:(?:image_)?pull_secrets?|existing_secret|tls_secret|env_from_secret"
    r"|(?:max|min|num|total|prompt|completion|input|output|cached|reasoning|used|unused|remaining"
    r"|count|bad|invalid|next|unexpected|expected|missing|public|stop|special|pad|eos|bos|unk|cls"
    r"|sep|mask)_tokens?"
    r"|(?:public|primary|foreign|partition|sort|routing|cache|config|message|object|unique|index"
    r"|composite|candidate|natural|surrogate|redis|map|dict|row|column|shift|hot|sub)_?keys?"
    r"|(?:http|status|exit|error|country|currency|zip|postal|return|response|language)_?code)"
    r"|(?:no|has|is|use|needs|requires?|show|hide|checksum)_\w+|keys?"
)
_OBJECT = frozenset({"secret", "secrets", "secret_ref", "credential", "credentials"})
_CAMEL = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = regex(rf"(?:[^\w{MARKS}]|_)+")
_LONGEST = 120
# What any of these has in it, in lower case; told first, since most names have none.
_TWO_WORDS = (("connection", "str"), ("conn", "str"), ("connect", "sid"))
_PARTS = (
    "pass",
    "pw",
    "psk",
    "secret",
    "token",
    "cred",
    "key",
    "auth",
    "sess",
    "sid",
    "sig",
    "pin",
    "otp",
    "salt",
    "jwt",
    "bear",
    "mnemonic",
    "seed",
    "code",
    # Not `conn`: each refused connection would be searched for passwords.
    *(
        f"{first}{mark}{last}"
        for first, last in _TWO_WORDS
        for mark in ("", "_", "-", ".", " ", "\t")
    ),
    "csrf",
    "xsrf",
    "chap",
    "commun",
    "cookie",
    "cvv",
    "cvc",
    "ssn",
    "private",
    "webhook",
    "kennw",
    "zugang",
    "geheim",
    "losung",
    "mdp",
    "jeton",
    "cl\u00e9",
    "clef",
    "contrase",
    "clave",
    "credenc",
    "senha",
    "palavra",
    "segred",
    "segreto",
    "chave",
    "chiave",
    "parol",
    "parool",
    "crumb",
    "saml",
    "verifier",
    "wacht",
    "has\u0142o",
    "haslo",
    "heslo",
    "lozinka",
    "zaporka",
    "jelsz",
    "senord",
    "adgang",
    "kodeord",
    "salasana",
    "geslo",
    "slapta",
    "ifre",
    "schl\u00fcssel",
    "klucz",
    "kl\u00ed\u010d",
    "anahtar",
    "cheie",
    "kulcs",
    "avain",
    "nyckel",
    "n\u00f8gle",
    "n\u00f8kkel",
    "sleutel",
    "toegang",
    "\u03ba\u03bb\u03b5\u03b9\u03b4",
    "\u0915\u0941\u0902\u091c\u0940",
    "\u30a2\u30af\u30bb\u30b9\u30ad\u30fc",
    "sandi",
    "kh\u1ea9u",
    "\u03ba\u03c9\u03b4\u03b9\u03ba",
    "\u03c3\u03c5\u03bd\u03b8\u03b7\u03bc",
    "\u043f\u0430\u0440\u043e\u043b",
    "\u0442\u043e\u043a\u0435\u043d",
    "\u0441\u0435\u043a\u0440\u0435\u0442",
    "\u043b\u043e\u0437\u0438\u043d",
    "\u043a\u043b\u044e\u0447",
    "\u5bc6",
    "\u53e3\u4ee4",
    "\u79d8",
    "\u4ee4\u724c",
    "\u6191\u8bc1",
    "\u91d1\u9470",
    "\u30d1\u30b9",
    "\u6697\u8a3c",
    "\u30c8\u30fc\u30af",
    "\u30b7\u30fc\u30af",
    "\ube44\ubc00",
    "\uc554\ud638",
    "\ud328\uc2a4",
    "\ud1a0\ud070",
    "\u0e23\u0e2b\u0e31\u0e2a",
    "\u092a\u093e\u0938",
    "\u0643\u0644\u0645\u0629",
    "\u0631\u0645\u0632",
    "\u05e1\u05d9\u05e1\u05de",
)
_STEM = regex("|".join((*_PARTS, *FURTHER)))
NAME_PARTS = (
    *(part for part in _PARTS if part.isascii()),
    *(word.rstrip("i?").rpartition("_")[2] for word in FURTHER if word.isascii()),
    NON_ASCII,
    *VENDOR_VALUES,
)
"""What any name of a secret has in it, in lower case: a text without these has no such name."""


@lru_cache(8192)
def strength(name: str) -> Strength:
    """How much the name says, in any spelling: snake, kebab, dotted, camel or with blanks."""
    name = name[-_LONGEST:]
    if not _STEM.search(name.lower()):
        return Strength.VENDOR if vendor_of(name) else Strength.NONE
    words = joined(name)
    if _NO_SECRET.fullmatch(words):
        return Strength.NONE
    if words in _OBJECT:
        return Strength.OBJECT
    if _IS_STRONG.fullmatch(words):
        return Strength.STRONG
    if _IS_WEAK.fullmatch(words):
        return Strength.WEAK
    return Strength.VENDOR if vendor_of(name) else Strength.NONE


def joined(name: str) -> str:
    """The words of a name in lower case, joined by `_`: `secret_key_base` of `SecretKeyBase`."""
    return _NOT_WORD.sub("_", _CAMEL.sub("_", name)).strip("_").lower()


@lru_cache(8192)
def vendor_of(name: str) -> re.Pattern[str] | None:
    """The form of the keys of the vendor that the name names."""
    low = name.lower()
    return next((form for vendor, form in VENDOR_VALUES.items() if vendor in low), None)


def is_secret_name(name: str) -> bool:
    """Whether the value of a variable or a flag of that name is a secret, whatever it is."""
    return strength(name) in {Strength.STRONG, Strength.OBJECT, Strength.WEAK}
