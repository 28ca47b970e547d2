#!/usr/bin/env bash
# outlines-core 0.2.14 and llguidance 1.9.1 (PyPI), the engines behind guided JSON of model servers: one schema, two grammars.
# Seen: for {"type": "integer", "minimum": 1, "maximum": 10} outlines-core builds "(-)?(0|[1-9][0-9]*)": -3 and 99999 are allowed, without a
#   word; llguidance refuses 11. uniqueItems is dropped silently by the first and is an error in the second, so are oneOf and
#   not. A number with exponent needs a sign in outlines-core: 1e3 is not in its grammar, 1e+3 is.
# Surprise: "constrained decoding" suggests that the answer fits the schema. Which keywords count depends on the engine, that a server picks
#   by itself.
# Instead: validate every answer against the full schema; put small ranges into an enum.
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

tokenizer = LLTokenizer("byte")


def first(schema, text):
    return re.fullmatch(build_regex_from_schema(json.dumps(schema)), text) is not None


def second(schema, text):
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema(json.dumps(schema)))
    if matcher.is_error():
        return "error"
    return matcher.try_consume_tokens(tokenizer.tokenize_str(text)) == len(text) and matcher.is_accepting()


ten = {"type": "integer", "minimum": 1, "maximum": 10}
assert build_regex_from_schema(json.dumps(ten)) == "(-)?(0|[1-9][0-9]*)"
assert first(ten, "-3") and first(ten, "99999")
assert second(ten, "11") is False and second(ten, "7") is True
unique = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
assert first(unique, "[1, 1]") and second(unique, "[1,1]") == "error"
assert second({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "1") == "error"
assert not first({"type": "number"}, "1e3") and first({"type": "number"}, "1e+3") and second({"type": "number"}, "1e3") is True
PYTHON
echo "outlines_ignores_bounds: ok, behaviour as stated"
