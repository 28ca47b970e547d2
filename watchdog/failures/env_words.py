"""How programs in many languages say that an environment variable is not set."""

from __future__ import annotations

import re

from watchdog.regex import regex

_LAST_LINES = 20
_Q = r"[\"'`\u2018\u2019\u201c\u201d\[\](){}<>$*\u2022-]*"
_N = r"(?<![\w/])(?P<n>[A-Z][A-Z0-9_]*[A-Z0-9])"
_ENV = (
    r"(?:(?:environment|env(?:ironment)?|config(?:uration)?)[ _.-]?(?:variables?|vars?|values?"
    r"|settings?|keys?|parameters?)|env|variables?|vars?|settings?|parameters?|(?:process"
    r"|os)\.env(?:iron)?)"
)
_ABSENT = (
    r"(?:not (?:been |be )?(?:set|defined|found|provided|specified|configured|present|given"
    r"|supplied"
    r"|exist|available|empty|blank|null)|(?:does|did)(?:n't| not) exist|(?:is|was)n't (?:set"
    r"|defined|provided"
    r"|specified|configured|found|present)|cannot be (?:empty|blank|null|undefined)"
    r"|can't be (?:empty|blank)"
    r"|unset|undefined|unbound|missing|required|mandatory|is (?:empty|blank|null|nil|none|absent"
    r"|needed)"
    r"|must be (?:set|defined|provided|specified|configured|present|given|supplied|non-?empty)"
    r"|needs? to be|should be set|has no value|no value|NotPresent|not present|null or not set"
    r"|to a non-empty value)"
)
# Each finds one name; they are tried line by line, from the end of the log.
_PATTERNS = tuple(
    regex(pattern)
    for pattern in (
        # shells: `sh: NAME: parameter not set`, `${NAME:?any words}`
        (
            rf"^(?:[\w./-]+: )(?:line \d+: |\d+: )?{_N}: (?i:(?!.*(?:not found|no such file"
            rf"|permission denied)).+)$"
        ),
        rf"(?:KeyError:? |key not found: ){_Q}{_N}{_Q}",
        rf"(?i:undefined (?:array key|index|environment variable)):? {_Q}{_N}{_Q}",
        rf"(?i:could not resolve placeholder) {_Q}(?P<p>[\w.-]+)",
        rf"(?i:required key) {_Q}{_N}{_Q} (?i:missing value)",
        # `NAME is not set`, `"NAME" (env var) must not be empty`
        rf"\b{_N}{_Q}:? ?(?:{_ENV} )?(?i:(?:\w+ ){{0,3}}?{_ABSENT})",
        # `missing environment variable NAME`, `set the NAME environment variable`
        (
            rf"(?i:{_ABSENT}|(?:need|specify|define|provide|export|set|expected|no|invalid"
            rf"|unable to (?:read|get"
            rf"|find|load)|failed to (?:read|get|find|load)|could not (?:read|get|find|load|fetch))"
            rf"(?: the| a| an| your)?)[^A-Z]{{0,40}}(?i:{_ENV})?{_Q}[:=]?\s*{_Q}{_N}\b"
        ),
        rf"(?i:{_ENV}){_Q}:? ?{_Q}{_N}{_Q}.{{0,40}}(?i:{_ABSENT})",
        rf"(?i:you must specify|please (?:set|specify|provide|define|export)) {_Q}{_N}\b",
    )
)
# pydantic: the name stands alone on the line before.
_FIELD = regex(r"^\s+(?:Field required|field required)\b")
_ALONE = regex(r"^(?P<n>[A-Za-z][A-Za-z0-9_]*)(?:\.\w+)*$")
_LISTED = regex(rf"^\s+(?:[-*•]\s*)?{_Q}{_N}{_Q}(?:\s*[:,-].*)?$")
_LIST_HEAD = regex(rf"(?i:{_ABSENT}).*(?i:{_ENV})|(?i:{_ENV}).*(?i:{_ABSENT})")
_ENV_WORD = regex(rf"\b{_ENV}\b|\bconfig", re.IGNORECASE)

# Only a variable or a setting is ever "set"; much else can be missing.
_SET = regex(
    rf"{_Q} (?:is |was |has |must )?(?:not |be |been )*(?:set|unset|defined|undefined|empty)\b",
    re.IGNORECASE,
)

_OPTIONAL = regex(
    r"\bwarn(ing)?\b|\bdefault(s|ing)?\b|\busing\b|fall(ing)? ?back|\boptional|\bignor|\bskipp"
    r"|\bINFO\b|\bDEBUG\b",
    re.IGNORECASE,
)
# Capitals that are no variables: levels, protocols, SQL, error codes.
_NO_NAME = regex(
    r"ERRORS?|FATAL|WARN(ING)?|INFO|DEBUG|TRACE|PANIC|CRITICAL|EMERG|ALERT|NOTICE|HTTPS?|TLS|SSL"
    r"|TCP|UDP|DNS|JSON"
    r"|YAML|XML|API|URL|URI|SQL|AWS|GET|POST|PUT|PATCH|DELETE|HEAD|NULL|NONE|TRUE|FALSE|ENV|ID|IP"
    r"|UTC|GMT|FROM"
    r"|E(CONN|ADDR|HOST|AI_|NOT)\w*|ENOENT|EACCES|EPERM|ETIMEDOUT|EROFS|ENOSPC|EPIPE|EEXIST|EINVAL"
    r"|ERR_\w+|\w*(ERROR|EXCEPTION|FAILED|FAILURE|DENIED|REFUSED|NOT_FOUND|INVALID|EXPIRED)"
    r"|PRIMARY|SELECT|INSERT|UPDATE|TABLE|WHERE|AND|OR|NOT|IS|THE|NO|OK|JVM|CPU|RAM|OOM|SIG[A-Z]+"
)
_SHORTEST = 3


def missing_names(lines: list[str]) -> list[tuple[str, str]]:
    """The names that the end of a log says are not set, with the line that says it; first the one
    that was said last.
    """
    last = lines[-_LAST_LINES:]
    found: dict[str, str] = {}
    for i in range(len(last) - 1, -1, -1):
        line = last[i]
        if _OPTIONAL.search(line) and "Undefined" not in line:
            continue
        above = last[i - 1] if i else ""
        alone = _ALONE.match(above) if _FIELD.match(line) else None
        if alone:
            found.setdefault(alone["n"].upper(), f"{above}: {line.strip()}")
        for name in _names_in(line):
            found.setdefault(name, line)
        if _LIST_HEAD.search(line):
            for below in last[i + 1 :]:
                item = _LISTED.match(below)
                if item is None:
                    break
                if plausible(item["n"]):
                    found.setdefault(item["n"], f"{line.strip()} {below.strip()}")
    return list(found.items())


def _names_in(line: str) -> list[str]:
    names = []
    for pattern in _PATTERNS:
        position = 0
        # From name to name, as "ERROR: REGION is not set" fits from both words on.
        while found := pattern.search(line, position):
            groups = found.groupdict()
            placeholder = groups.get("p")
            position = found.end("p" if placeholder else "n")
            name = re.sub(r"[.-]", "_", placeholder).upper() if placeholder else groups["n"]
            said = _ENV_WORD.search(line) or _SET.match(line[position:])
            sure = "_" in name or pattern in _PATTERNS[:2] or said
            if plausible(name) and sure:
                names.append(name)
    return names


def plausible(name: str) -> bool:
    """Whether these capitals can be the name of a variable."""
    return len(name) >= _SHORTEST and not _NO_NAME.fullmatch(name)
