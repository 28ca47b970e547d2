"""One line of a log: its level, its message and its fields, in the formats that programs write.

The level is read where a format puts it (a field, a bracket, a word near the beginning), never from
the words of the message. Pure.
"""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any, NamedTuple

from watchdog.text.bracketed_fields import bracketed_fields
from watchdog.text.regex import regex
from watchdog.text.ruby_fields import ruby_fields

# No line is read further than this; patterns are tried on every line.
LONGEST = 4000
_HEAD = 140
_WORDS_BEFORE_LEVEL = 4
# The numbers of Pino and Bunyan, then those of Monolog.
_NUMBERS = {
    10: 0, 20: 0, 30: 1, 40: 2, 50: 3, 60: 4,
    100: 0, 200: 1, 250: 1, 300: 2, 400: 3, 500: 4, 550: 4, 600: 4,
}  # fmt: skip


class Level(IntEnum):
    """How bad a line says that it is."""

    DEBUG = 0
    INFO = 1
    WARN = 2
    ERROR = 3
    FATAL = 4


_NAMES = {
    Level.FATAL: (
        "fatal ftl fata panic pani dpanic critical crit emerg emergency alert "
        "schwerwiegend kritisch fatale critique crítico critico 致命的 致命 严重 嚴重 重大 "
        "критическая критично фатальная"
    ),
    Level.ERROR: (
        "error errors err eror severe fail failure fehler erreur erro ошибка エラー 错误 錯誤 失败 "
        "errore grave błąd fout 오류"
    ),
    Level.WARN: (
        "warn warning wrn warnung avertissement advertencia aviso atenção 警告 предупреждение "
        "внимание avviso avvertenza advertência ostrzeżenie waarschuwing 경고"
    ),
    Level.INFO: (
        "info inf information informational notice note log system statement hinweis información "
        "informação informacao 信息 資訊 资讯 情報 инфо информация config "
        "informazione informacja 정보"
    ),
    Level.DEBUG: "debug debu dbg dbug trace trc trce verbose fine finer finest silly отладка 调试",
}
LEVELS = {name: level for level, names in _NAMES.items() for name in names.split()}
_LETTERS = {
    **dict.fromkeys("FC", Level.FATAL),
    "E": Level.ERROR,
    "W": Level.WARN,
    **dict.fromkeys("IN", Level.INFO),
    **dict.fromkeys("DTV", Level.DEBUG),
}
_ANY = "|".join(sorted(LEVELS, key=len, reverse=True))
_UPPER = "|".join(sorted((name.upper() for name in LEVELS), key=len, reverse=True))

# A time, a date, or both, at the beginning; brackets around them belong to them.
_STAMP = regex(
    r"\s*[\[(]?(?:"
    r"\d{4}[-/.]\d\d[-/.]\d\d(?:[T _]+\d\d:\d\d(?::\d\d)?(?:[.,:]\d+)?(?:Z| ?[+-]\d\d:?\d\d)?)?"
    r"|\d\d[-/.](?:\d\d|[A-Z][a-z]{2})[-/.]\d{2,4}[T :]+\d\d:\d\d:\d\d(?:[.,]\d+)?(?: [+-]\d{4})?"
    r"|(?:[A-Z][a-z]{2} )?(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} [A-Z][a-z]{2}(?: \d{4})?)"
    r"[ ,]+\d\d:\d\d:\d\d(?:\.\d+)?(?: \d{4})?"
    r"|\d\d?/\d\d?/\d{4}, \d\d?:\d\d:\d\d(?:[ \u202f][AP]M)?"
    r"|\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?"
    r"|\d{6} (?:\d{6}(?= \d)|[ \d]\d:\d\d:\d\d)(?: \d{1,6}(?= [A-Z]))?"
    r"|\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|\d{10}(?:\.\d+|\d{3})?(?=[ :\]])|\d+:\d{8}:\d{6}\.\d+|(?<=\[) *\d+\.\d+s(?=\])"
    r")[\])]?(?: (?:UTC|GMT|CET|[A-Z]{3,4}T)\b)?[\s,:|]*(?:(?<=\|)-)?"
)
_BEFORE = regex(
    r"\s*(?:\[[A-Za-z][\w.-]*\d\]: |\d+:[A-Z] (?=\d)|[\w.-]{1,40} +\| |debug (?=\d{4}-)"
    r"|==\d+==|<\d{1,3}>(?:1 )?"
    # NestJS: the program and its process id.
    r"|\[[\w.-]{1,40}\] {1,3}\d+ {1,4}- (?=\d))"
)
# Google's, with the year or without it, and CockroachDB's with its tags and counter.
_KLOG = regex(
    r"([IWEF])(?:\d{4}|\d{6}|\d{8}) \d\d:\d\d:\d\d\.\d+ +\d+ "
    r"(?:[^\s\]]+\] ?|[^\s\]]+:\d+ (?:\u22ee )?(?:\[[^\]]*\] )?(?:\d+ +)?)"
)
# Ceph's thread and level: what is below zero is an error.
_CEPH = regex(r"[0-9a-f]{4,16} +-1 +")
# Tornado and Jupyter: the letter stands before the time, in the same brackets.
_TORNADO = regex(r"\[([DIWEC]) (?:\d{6}|\d{4}-\d\d-\d\d) [\d:.]+ [^\]]{0,80}\] ?")
# The frame of a box that something is written into, as Terraform and Cargo do.
_BOX = regex(r"\s*[\u2502\u2503\u2551](?: |$)")
_RUBY = regex(r"([DIWEFA]), \[[^\]]{0,60}\] +\w+ -- [^:]{0,60}: ")
# What syslog puts between the time and the message: the host, the program and its process id.
_TAG = regex(rf"(?:[\w.-]+ )?(?!(?:{_UPPER})\[)[\w./-]+\[\d+(?::\d+)?\]:? ")
_REDIS = regex(r"\d+:[A-Z] \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d+ ([*#.-]) ")
_REDIS_LEVELS = {"*": Level.INFO, "-": Level.INFO, ".": Level.DEBUG}
_BRACKETS = regex(rf"[\[<(|{{]\s*(?i:({_ANY}|[FEWID]))\s*[\])>|}}][\s:-]*")
_WORD = regex(
    rf"(?<![\w./=-])({_UPPER})(?:\[\d+\])?(?![\w=.-]|/(?!\w+\])|:[:/])(?:\s?:(?=\s|$)|\s+-(?=\s))?\s*"
)
_START = regex(
    rf"(?:\w+\.)?(?i:({_ANY})):(?=\s)\s*|[\w./-]{{1,60}}: (?i:({_ANY})): "
    r"|(?i:p?npm (err!|error)) |(?i:(error)|(fatal)) (?=[A-Z\"'])"
)
# What is left of brackets and marks around a level, and the logger's name of Python.
_REST = regex(r"(?:/\w+\]|[\])*!]+|\s*\|(?=\s)|:[\w.]+:(?=\S))+\s*")
# What may stand before a level on a line without a time: a bracket, a program's name, marks.
_LEAD = regex(r"[\[(<]|[\w./-]{1,30}:\s*$|[\W\d_]{0,12}$")
# The file and line of the program that wrote it, as vLLM and Ray put them after the level.
_WRITTEN_IN = regex(r"^\s*\[[\w./-]{1,60}\.(?:py|go|rs|cc|cpp|c|java|js|ts|rb|exs?|erl):\d+\] ?")
_INNER = regex(r"(?:^|\) |ERROR: |: )(FATAL|PANIC): ")
_LETTER = regex(r"([FEWIDC])(?:!| \||\s)\s*(?=\S)")
_TABBED = regex(rf"(?i:({_ANY}))\s{{2,}}|(?i:({_ANY}))\t")
_PAIR = regex(r'(?:^|[\s{(,])([A-Za-z_@][\w.@-]{0,40})=("(?:[^"\\]|\\.)*"?|[^\s",)}]*)')
_JSON_PAIR = regex(r'"([\w.@-]{1,40})"\s*:\s*(?:"((?:[^"\\]|\\.)*)"?|(-?\d+))')
# First what a wrapper says of the program within it, as CloudNativePG does.
_LEVEL_KEYS = (
    "record.error_severity",
    "level", "severity", "lvl", "log.level", "loglevel", "levelname", "level_name", "@l",
    "severity_text", "severitytext", "@level", "priority", "s",
)  # fmt: skip
_MESSAGE_KEYS = (
    "record.message",
    "message", "msg", "@message", "fields.message", "event", "@m", "@mt", "short_message", "log",
    "text", "body", "textpayload", "jsonpayload.message", "rest",
)  # fmt: skip
ERROR_KEYS = (
    "err", "error", "error.message", "exception", "exception.message", "error_message", "cause",
    "reason", "errorverbose", "exc_info", "exception.stacktrace", "@x", "stack", "stack_trace",
    "stacktrace", "error.stack_trace", "throwable", "details", "detail",
)  # fmt: skip
_FEW_PAIRS = 2
_DEEPEST = 2


class LogLine(NamedTuple):
    """A line as it was written, and what its format says of it.

    `level` is None where the line carries none. `message` is the line without its time and level;
    `fields` are those of JSON or logfmt, with the names in lower case. `stamped` tells that it
    begins with a time or is structured, so that a line without either may be its continuation.
    """

    raw: str
    level: Level | None
    message: str
    fields: dict[str, str]
    stamped: bool


def read_line(raw: str) -> LogLine:
    """The line's level, message and fields."""
    raw = raw[:LONGEST]
    text = raw
    if box := _BOX.match(text):
        text = text[box.end() :]
    if before := _BEFORE.match(text):
        named = "|" in before[0] and before[0].strip(" |").lower() in LEVELS
        text = text if named or _REDIS.match(text) else text[before.end() :]
    stripped = text.lstrip()
    if stripped[:1] == "{" and (fields := _json_fields(stripped)):
        return _structured(raw, fields)
    if klog := _KLOG.match(stripped):
        message = stripped[klog.end() :]
        return LogLine(raw, _LETTERS[klog[1]], message, _pairs(message), stamped=True)
    if tornado := _TORNADO.match(stripped):
        worst = _LETTERS[tornado[1]]
        return LogLine(raw, worst, stripped[tornado.end() :], {}, stamped=True)
    if ruby := _RUBY.match(stripped):
        worst = _LETTERS.get(ruby[1], Level.ERROR)
        return LogLine(raw, worst, stripped[ruby.end() :], {}, stamped=True)
    if redis := _REDIS.match(stripped):
        level, message = _level(stripped[redis.end() :], stamped=False)
        return LogLine(raw, _REDIS_LEVELS.get(redis[1], level), message, {}, stamped=True)
    if "=" in text and (fields := _pairs(text)) and _is_logfmt(text, fields):
        return _structured(raw, fields)
    return _plain(text, raw)


def _plain(text: str, raw: str = "") -> LogLine:
    """The same of a line that has no fields."""
    stamp = _STAMP.match(text)
    rest = text[stamp.end() :] if stamp else text
    if stamp and (again := _STAMP.match(rest)):
        rest = rest[again.end() :]
    if stamp and (tag := _TAG.match(rest)):
        rest = rest[tag.end() :]
    if stamp and (ceph := _CEPH.match(rest)):
        return LogLine(raw, Level.ERROR, rest[ceph.end() :], {}, stamped=True)
    level, message = _level(rest, stamped=bool(stamp))
    if level is not None and not stamp and (stamp := _STAMP.match(message)):
        message = message[stamp.end() :]
    if level is not None:
        message = _WRITTEN_IN.sub("", message)
        if message[:1] == "[" and (bracketed := bracketed_fields(message)):
            return LogLine(raw, level, *bracketed, stamped=bool(stamp))
    if level is Level.ERROR and (inner := _INNER.search(message[:_HEAD])):
        level = LEVELS[inner[1].lower()]
    if not message.endswith("}"):
        return LogLine(raw, level, message, {}, stamped=bool(stamp))
    said = ruby_fields(message) or (message, _fields_at_end(message))
    return LogLine(raw, level, *said, stamped=bool(stamp))


def _level(text: str, *, stamped: bool) -> tuple[Level | None, str]:
    """The level where a format puts it, and what follows it."""
    head = text[:_HEAD]
    body = head.lstrip()
    skip = len(head) - len(body)
    if found := _START.match(body):
        name = next(filter(None, found.groups())).lower()
        of_npm = name not in LEVELS or body[:1] in "pn"
        return LEVELS.get(name, Level.ERROR), text if of_npm else text[skip + found.end() :]
    if stamped and (found := _TABBED.match(body)):
        return LEVELS[(found[1] or found[2]).lower()], text[skip + found.end() :].lstrip(":| ")
    if stamped and (found := _LETTER.match(body)):
        return _LETTERS[found[1]], text[skip + found.end() :]
    bracket, word = _BRACKETS.search(head), _WORD.search(head)
    first = min((f for f in (bracket, word) if f), key=lambda f: f.start(), default=None)
    if first is None or not _may_stand(head[: first.start()], stamped=stamped):
        return None, text.strip() if stamped else text
    name = first[1].lower()
    level = LEVELS.get(name) if name in LEVELS else _LETTERS.get(name.upper())
    message = text[first.end() :]
    if left := _REST.match(message):
        message = message[left.end() :]
    return level, message or text


def _may_stand(before: str, *, stamped: bool) -> bool:
    """Whether what stands before a level can: names, numbers and brackets, but no sentence."""
    words = before.replace("] [", "][").split()
    if not words:
        return True
    return len(words) <= _WORDS_BEFORE_LEVEL and (stamped or bool(_LEAD.match(before.lstrip())))


def _structured(raw: str, fields: dict[str, str]) -> LogLine:
    message = next((fields[key] for key in _MESSAGE_KEYS if fields.get(key)), "")
    levels = (named_level(fields[key]) for key in _LEVEL_KEYS if fields.get(key))
    own = next((level for level in levels if level is not None), None)
    # A wrapper writes what a program said as its own message, with the program's level in it.
    inner = _plain(message) if own is None or own <= Level.INFO else None
    if inner and inner.stamped and (inner.level is not None or inner.message != message):
        own, message = inner.level if inner.level is not None else own, inner.message
    return LogLine(raw, own, message, fields, stamped=True)


def named_level(name: str) -> Level | None:
    """The level of that name or number, as fields carry it."""
    if name.isdecimal():
        number = int(name)
        return Level(_NUMBERS[number]) if number in _NUMBERS else None
    known = LEVELS.get(name.lower())
    return known if known is not None else _LETTERS.get(name)


def _json_fields(text: str) -> dict[str, str]:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        # Cut, or with something masked in it.
        found = _JSON_PAIR.findall(text)
        if len(found) < _FEW_PAIRS:
            return {}
        return {key.lower(): _unescaped(said) or number for key, said, number in reversed(found)}
    return _flat(raw) if isinstance(raw, dict) else {}


def _flat(raw: dict[str, Any], prefix: str = "") -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in raw.items():
        name = f"{prefix}{key}".lower()
        if isinstance(value, dict):
            if name.count(".") < _DEEPEST:
                fields |= _flat(value, f"{name}.")
        elif value is not None and not isinstance(value, bool):
            text = "\n".join(map(str, value)) if isinstance(value, list) else str(value)
            fields[name] = text.strip()
    return fields


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", " ").replace('\\"', '"').replace("\\\\", "\\")


def _pairs(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in _PAIR.findall(text):
        said = _unescaped(value[1:].removesuffix('"')) if value[:1] == '"' else value
        fields.setdefault(key.lower(), said)
    return fields


def _is_logfmt(text: str, fields: dict[str, str]) -> bool:
    """Whether the line as a whole is logfmt: it names a level or a message, from its start on."""
    known = any(key in fields for key in ("level", "lvl", "msg", "severity"))
    first = text.lstrip().partition("=")[0]
    return known and len(fields) >= _FEW_PAIRS and first.isidentifier()


def _fields_at_end(message: str) -> dict[str, str]:
    """The JSON object that ends the line, as zap's console format writes it."""
    start = message.find('{"')
    return _json_fields(message[start:]) if start >= 0 else {}
