"""The fields of a log line that ends with a hash as Ruby shows it, as Logstash writes them. Pure.

`Failed to run {:exception=>"ConfigurationError", :message=>"Expected one of", :backtrace=>[...]}`
"""

from __future__ import annotations

from watchdog.text.regex import regex

_BEGINS = regex(r"\{:\w+ ?=>")
_FIELD = regex(r":(\w+) ?=> ?(\"(?:[^\"\\]|\\.)*\"|[^,}]*)")


def ruby_fields(text: str) -> tuple[str, dict[str, str]] | None:
    """The message and the fields, what was raised as one of them; None of another form."""
    begins = _BEGINS.search(text) if text.endswith("}") else None
    if begins is None:
        return None
    fields = {key: _bare(value) for key, value in _FIELD.findall(text, begins.start())}
    # What was raised says there what is wrong; the message is what stands before the hash.
    said = [fields.pop(key) for key in ("exception", "message") if fields.get(key)]
    if said:
        fields["error"] = ": ".join(said)
    return text[: begins.start()].rstrip(), fields


def _bare(value: str) -> str:
    if value[:1] != '"':
        return value.strip()
    return value[1:-1].replace("\\n", "\n").replace("\\t", " ").replace('\\"', '"')
