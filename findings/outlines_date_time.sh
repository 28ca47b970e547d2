#!/usr/bin/env bash
# outlines-core 0.2.14 (PyPI): the grammar of format date-time forbids an offset and allows a time without zone.
# Seen: "2026-01-01T00:00:00+02:00" and ".123456Z" are not in it, "2026-01-01T00:00:00" and "...00.123" are. llguidance 1.9.1 is the other
#   way round on all of these.
# Surprise: RFC 3339, which JSON Schema names for this format, demands a zone and has offsets. A model that wants to quote the time of
#   an event with +02:00 is forced to write another time, and a strict parser then refuses what the grammar produced.
# Instead: a plain string in the schema that is sent, and the check afterwards.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check outlines-core==0.2.14 llguidance==1.9.1
"$dir/venv/bin/python" - <<'PYTHON'
import json
import re

from llguidance import LLMatcher, LLTokenizer
from outlines_core.json_schema import build_regex_from_schema

schema = json.dumps({"type": "string", "format": "date-time"})
pattern = build_regex_from_schema(schema)
tokenizer = LLTokenizer("byte")


def both(time):
    text = f'"{time}"'
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema(schema))
    second = matcher.try_consume_tokens(tokenizer.tokenize_str(text)) == len(text) and matcher.is_accepting()
    return re.fullmatch(pattern, text) is not None, second


assert both("2026-01-01T00:00:00Z") == (True, True)
assert both("2026-01-01T00:00:00+02:00") == (False, True), both("2026-01-01T00:00:00+02:00")
assert both("2026-01-01T00:00:00.123456Z") == (False, True), both("2026-01-01T00:00:00.123456Z")
assert both("2026-01-01T00:00:00") == (True, False), both("2026-01-01T00:00:00")
assert both("2026-01-01T00:00:00.123") == (True, False), both("2026-01-01T00:00:00.123")
PYTHON
echo "outlines_date_time: ok, behaviour as stated"
