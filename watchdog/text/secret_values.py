"""Which texts behind a secret's name are the secret, and which are references, counts or prose."""

from __future__ import annotations

from functools import lru_cache

from watchdog.text.regex import regex

# What we put in the place of a secret: a second pass leaves it alone. Nothing else in such brackets
# is one, as what stands in them may be a secret: `<env key="PASSWORD" value="...">`.
MASK = r"<(?:redacted:(?:cut|[\w-]{1,40}:\d{1,6})|(?:env|arg) [A-Za-z_.-][\w.:/-]{0,200})>"
# What stands where a value would, and says that there is none, or where it comes from. A name in a
# reference is made of words: what has digits among its letters may be the value.
_WORDS = r"[a-z_.-]*\d{0,3}"
_NO_VALUE = regex(
    rf"[*x.\u2026<>\u2022-]*|{MASK.replace('A-Z', '')}.*"
    rf"|(?:\[redacted|\(set\)|<set to )[^\w]*|<set to [a-z_ '\"-]*>?|\[redacted[ :][a-z_ -]*\]?"
    rf"|[\"'`]*|\[\]|\{{\}}|\$+|%|\${_WORDS}|@{_WORDS}@|%{_WORDS}%|%[sdvqrx]|%\(\w+\)s|#\{{.*"
    rf"|\{{{_WORDS}\}}|<[a-z_ .-]+\d{{0,3}}>|\$\d+|:{_WORDS}|\?+"
    # A pointer or a number of 64 bits, and an object as Java prints it.
    r"|0x[0-9a-f]{1,16}|[0-9a-f]{1,16}:error:.*|(?:[a-z_]\w{0,60}\.){1,12}[\w$]{1,80}@[0-9a-f]{1,8}"
    r"|(?:yes|no|true|false|nil|null|none|undefined|unset|empty|blank|redacted|masked|hid"
    r"den|omitted"
    r"|filtered|removed|sensitive|unknown|default|required|optional|str|string|int|bool|b"
    r"ytes|object"
    r"|any|optional\[str\]|fieldref|valuefrom|secretkeyref|secret|secrets|configmap|key|keys|name"
    r"|value|values|n/a|ok|off|on|file|env|stdin|prompt|auto|present|provided|given|here"
    r"|include|omit|same-origin)[.,;:]?",
)
# What follows "token:" in prose, where it is not the token.
_PROSE = regex(
    r"(?:an?|abort(?:ed)?|about|access|after|again|all|already|also|always|and|any|are|as"
    r"|at|attempt"
    r"|audience|bad|be|because|been|before|but|by|cache|call|can(?:not)?|can't|change|check|command"
    r"|configuration|connection|could|couldn't|date|denied|denies|did|didn't|directory|do|does"
    r"|doesn't|doing|don't|down|each|either|else|empty|end|error|errors|every|exception|exit|exp"
    r"|expected|expiry|expires|fail|failed|fails|failure|fatal|field|first|for|forbidden|"
    r"format|found"
    r"|from|get|got|had|has|have|how|if|illegal|in|incorrect|internal|into|invalid|is|issue|issuer"
    r"|it|its|key|kind|lacks|length|line|load|login|lookup|malformed|max|may|mismatch|mode|more"
    r"|must|need|needs|never|new|no|nonce|none|non-existent|not|nothing|null|object|of|ok"
    r"|old|on|one"
    r"|only|open|operation|or|out|parameter|parse|permission|please|policy|problem|process|provider"
    r"|pull|read|reason|refers|references|refresh|refused|rejected|request|required|requi"
    r"res|resource"
    r"|response|retry|retrying|revoked|role|rpc|scope|see|server|service|serviceaccounts?|session"
    r"|set|should|signature|size|skip|some|start|status|stop|store|sync|than|that|the|their|there"
    r"|they|this|timeout|to|token|too|try|type|unable|unauthenticated|unauthorized|unbound"
    r"|unexpected|unknown|unrecognized|unset|unsupported|until|update|usage|use|used|user|username"
    r"|using|valid|verify|version|via|volume|was|we|were|what|when|where|which|while|why|will|with"
    r"|without|wrong|yes|you|your)[.,:;!?]?"
    r"|[a-z-]{2,24}(?:ed|ing|able|ible|tion|less|ment|ness)[.,:;!?]?"
    r"|[A-Z]\w{2,60}(?:Exception|Error|Failure|Warning|Denied|Fault|Expired|NotFound)(?:[:.,].*)?"
)
# What a check of who someone is may be called.
_MECHANISM = regex(
    r"(?:anonymous|basic|bearer|cert(?:ificate)?s?|cookie|cram-md5|digest|disabled|enabled|external"
    r"|forms?|gssapi|iam|internal|jwt|kerberos|kubernetes|ldaps?|local|login|md5|mtls|native"
    r"|negotiate|ntlm|oauth2?|oidc|openid|pam|password|peer|plain|plaintext|proxy|radius|"
    r"saml2?|sasl"
    r"|scram(?:-sha-?\d+(?:-plus)?)?|service|sigv4|simple|sso|ssl|starttls|system|tls|tok"
    r"en|totp|trust"
    r"|webauthn|x509|argon2(?:id?)?|bcrypt|scrypt|pbkdf2|aes(?:-?\d+(?:-?[a-z]+)?)?|rsa(?:-?\d+)?"
    r"|ed25519|ecdsa|hs\d{3}|rs\d{3}|es\d{3}|ps\d{3}|sha-?\d+|hmac(?:-?sha-?\d+)?|base64|"
    r"hex|utf-?8)"
    r"(?:[.,:;]|\b.{0,3})?",
)
# Expressions of a program: a call, an index, a field of something that holds settings.
_CODE = regex(
    r"[A-Za-z_][\w.]*(?:\(|\[).*|(?:self|this|os|process|settings|config|conf|cfg|env|environ|args"
    r"|options|opts|params|request|req|ctx|context|props|data|cls|app|kwargs|values|input|form|body"
    r"|secrets?|var|local|module)(?:\.|->|::)\w[\w.]*|await .*|new .*|lambda.*|function.*",
)
_VARIABLE = regex(r"\$?[A-Z][A-Z0-9]{0,30}(?:_[A-Z0-9]{1,30}){1,6}")
_PATH = regex(r"(?:[A-Za-z]:)?[\\/~.]{1,3}\w[\w.@-]*(?:[\\/][\w.@-]*)+")
_FILE = regex(
    r"[\w./\\-]+\.(?:ya?ml|json|toml|conf|cfg|ini|txt|pem|crt|cer|key|p12|pfx|jks|py|go|rs|js"
    r"|ts|java|rb|php|sh|sql|xml|html?|md|env|log|so|db|properties)(?::\d+)*"
)
_PLACE = regex(
    r"(?:/(?:app|bin|data|dev|etc|home|mnt|opt|proc|root|run|secrets?|srv|sys|tmp|usr|var"
    r"|vault|workspace)/"
    r"|~/|\.{1,2}/|[A-Za-z]:\\)[\w./\\ @+-]*\Z"
)
_ADDRESS = regex(r"[a-z][a-z0-9+.-]{1,20}://[^@\s]*")
# The name of an object, or a namespace and a name, as Kubernetes allows them.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAMESPACED = regex(rf"{_LABEL}/{_LABEL}(?:\.[a-z0-9.-]+)?")
_OBJECT_NAME = regex(
    r"(?:[a-z][a-z0-9]*-)+(?:tls|certs?|ca|secrets?|credentials?|creds|tokens?|keys?|auth"
    r"|config|pull"
    r"|registry|login|password|db|env|settings|app|api)|regcred|default-token-[a-z0-9]{5}"
)
_LETTERS = regex(r"[^\W\d_]+[.,:;!?]?")
_LOWER = regex(r"[a-z][a-z'-]*[.,:;!?]?")
# One word of a plain value: letters, with a short number before or after them; a number; hex of
# a digest, commit or UUID.
_PLAIN_WORD = regex(
    r"[A-Za-z]?[a-z]+(?:[A-Z]{1,3}[a-z]+)*\d{0,3}|[A-Z]+\d{0,3}|\d{1,12}(?:\.\d+)?[A-Za-z]{0,2}"
    r"|[a-z]{1,2}\d{1,2}[a-z]|[a-z]{2,5}\d{1,3}[a-z]?|v\d+(?:alpha|beta|rc)\d*|[0-9a-f]{8}"
    r"|[0-9a-f]{40}|[0-9a-f]{64}|[^\W\d_]+"
)
_UUID = regex(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# All but A-Z, a-z, 0-9 and \u00c0 to \uffff: said like that it would take thirty times as long to
# compile.
_BETWEEN = regex(r"[\x00-/:-@\[-`{-\xbf\U00010000-\U0010ffff]+")
_ALGORITHM = regex(
    r"https?/\d(?:\.\d)?|(?:sha|hs|rs|es|ps|aes|md|rsa|utf|base|oauth|http|ipv|v|x|p|k|b|pkcs#?|ed|kb|w|n|t)"
    r"-?\d+\w{0,4}"
    r"(?:-\w{1,6})*|(?:pbkdf|argon|log|saml|oauth|web|s|i|k|x|h)\d\w{0,3}|\d+(?:\.\d+)?(?"
    r":[a-z\u00b5]{1,3}|%)|(?:\d+[a-z]{1,2}){2,4}|\d+[/.:-]\d.*",
)
_LONG_ENOUGH = 6
_TEMPLATES = frozenset({"${", "$(", "{{"})
_WITHIN = regex(r"[^\w!@#%^&*+=~/-]+|:?[-=?]")


@lru_cache(8192)
def is_reference(value: str) -> bool:
    """Whether that says there is no value, or where it comes from."""
    low = value.lower()
    if value[:2] in _TEMPLATES:
        # What is filled in, if neither the text around it nor a default in it is a value.
        return not any(is_loose(part) for part in _WITHIN.split(value))
    return (
        _NO_VALUE.fullmatch(low) is not None
        or _VARIABLE.fullmatch(value) is not None
        or _CODE.fullmatch(value) is not None
        or _ADDRESS.fullmatch(value) is not None
    )


@lru_cache(8192)
def is_prose(value: str) -> bool:
    """Whether a word goes on with a sentence rather than being a value."""
    return _PROSE.fullmatch(value) is not None or _PROSE.fullmatch(value.lower()) is not None


def is_mechanism(value: str) -> bool:
    """Whether that is how a check is done (`basic`, `RS256`)."""
    return _MECHANISM.fullmatch(value.lower()) is not None


@lru_cache(8192)
def is_file(value: str) -> bool:
    """Whether that is a path or the name of a file."""
    return _PATH.fullmatch(value) is not None or _FILE.fullmatch(value) is not None


@lru_cache(8192)
def is_place(value: str) -> bool:
    """Whether that is a path that a program reads: under a known folder, or to a known kind."""
    return _PLACE.match(value) is not None or ("/" in value and _FILE.fullmatch(value) is not None)


def is_object_name(value: str) -> bool:
    """Whether that reads like the name of a Secret: `web-tls`, `shop/web-tls`."""
    return (_NAMESPACED.fullmatch(value) or _OBJECT_NAME.fullmatch(value)) is not None


def is_word(value: str) -> bool:
    """Letters only, and what ends a sentence or a part of one."""
    return _LETTERS.fullmatch(value) is not None


def is_lower_word(value: str) -> bool:
    """A word as it stands within a sentence."""
    return _LOWER.fullmatch(value) is not None


def is_loose(value: str) -> bool:
    """Letters and digits, and no algorithm, version, path, address or expression."""
    return (
        len(value) >= _LONG_ENOUGH
        and any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
        and _ALGORITHM.fullmatch(value.lower()) is None
        and not is_file(value)
        and not is_reference(value)
        and not is_prose(value)
    )


@lru_cache(8192)
def is_plain(value: str) -> bool:
    """Whether every part of it is a word, a number or an identifier that programs write.

    Names of hosts, tables, topics, images and paths are made of these; most passwords and keys
    that are worth the name are not.
    """
    parts = [part for part in _BETWEEN.split(_UUID.sub(" ", value)) if part]
    return all(_PLAIN_WORD.fullmatch(part) is not None for part in parts)
