"""The fields of a log line that puts each of them into brackets, as TiDB, TiKV and Milvus do. Pure.

`["cannot get cluster id"] [url=http://pd:2379] [error="connection refused"]`
"""

from __future__ import annotations

from watchdog.text.regex import regex

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LINE = regex(rf"\[({_QUOTED}|[^\]\"=]+)\]((?: \[[\w.-]+=(?:{_QUOTED}|[^\]]*)\])*)\s*$")
_FIELD = regex(rf"\[([\w.-]+)=({_QUOTED}|[^\]]*)\]")


def bracketed_fields(text: str) -> tuple[str, dict[str, str]] | None:
    """The message and the fields; None if the text has another form."""
    found = _LINE.match(text) if text[:2] == '["' or "] [" in text else None
    if found is None:
        return None
    fields = {key.lower(): _bare(value) for key, value in _FIELD.findall(found[2])}
    return _bare(found[1]), fields


def _bare(value: str) -> str:
    if value[:1] != '"':
        return value
    return value[1:-1].replace("\\n", "\n").replace("\\t", " ").replace('\\"', '"')
