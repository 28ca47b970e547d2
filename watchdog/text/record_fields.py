"""What the fields of a structured line say of an error, and what it is about. Pure."""

from __future__ import annotations

from watchdog.text import log_shapes as shapes
from watchdog.text.log_line import ERROR_KEYS, LogLine
from watchdog.text.regex import regex

_PARTS, _FEW_LINES, _LONGEST = 12, 6, 120
_ERROR_PARTS = {
    "error", "errors", "err", "errmsg", "error_msg", "message", "stack", "error_str", "stacktrace",
    "errormessage", "exceptionmessage", "exception",
}  # fmt: skip
# What a line is about, as loggers' fields name it; not the logger's own host.
_SUBJECTS = {
    "target", "addr", "address", "url", "uri", "endpoint", "endpoints", "server", "broker",
    "brokers", "upstream", "peer", "path", "file", "filename", "topic", "table", "database",
    "dbname", "bucket", "queue", "key", "kind", "resource", "plugin", "module",
}  # fmt: skip
_MOST_SUBJECTS = 2
_SOURCE = regex(r"\.(?:c|cc|cpp|go|h|java|js|py|rs|ts)(?::\d+)?$")


def errors_of(line: LogLine) -> list[str]:
    """What the fields that carry an error say, in parts."""
    told = {key: said for key, said in line.fields.items() if said and _is_error_key(key)}
    return [x for key, said in told.items() for x in parts_of(said, trace="stack" in key)]


def subjects_of(line: LogLine, said: str) -> list[str]:
    """The fields that name what it is about, as `key=value`, unless that is said already."""
    return [
        f"{key}={value}"
        for key, value in line.fields.items()
        if key.rpartition(".")[2] in _SUBJECTS
        and value
        and len(value) <= _LONGEST
        and value not in said
        and not _SOURCE.search(value)
    ][:_MOST_SUBJECTS]


def _is_error_key(key: str) -> bool:
    if key in ERROR_KEYS:
        return True
    of_error = any(word in key for word in ("err", "exception", "cause", "thrown", "attr."))
    return of_error and key.rpartition(".")[2] in _ERROR_PARTS


def parts_of(text: str, *, trace: bool = False) -> list[str]:
    """The lines of a field that say something, without the frames of a stack trace.

    A few lines without frames are one part, unless the field is a trace: of that only what was
    raised, and its causes, count.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    parts = [x for x in lines if not shapes.FRAME.match(f" {x}") and not shapes.FRAME.match(x)]
    if trace:
        return [x for x in parts if shapes.RAISED.match(x) or shapes.CAUSE.match(x)][:_PARTS]
    one = parts == lines and 0 < len(lines) <= _FEW_LINES
    return [" ".join(parts)] if one else parts[:_PARTS]
