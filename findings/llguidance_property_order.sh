#!/usr/bin/env bash
# llguidance 1.9.1 and outlines-core 0.2.14 (PyPI): the order of "properties" in the schema is the only order an answer may have.
# Seen: with properties a, b (both required) llguidance takes {"a":1,"b":2} and refuses {"b":1,"a":2}; so does outlines-core's expression.
#   With sort_keys in json.dumps the allowed order is another one. A schema without additionalProperties lets z follow in llguidance
#   and not in outlines-core.
# Surprise: objects have no order in JSON, and the schema means the same in any order. Here "reason" before or after "action" decides
#   whether a model explains first or afterwards, and sorting the keys for a stable cache key changes the answers.
# Instead: choose the order on purpose (reason first), never sort the keys of a schema that is sent.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check llguidance==1.9.1 outlines-core==0.2.14
"$dir/venv/bin/python" - <<'PYTHON'
import json
import re

from llguidance import LLMatcher, LLTokenizer
from outlines_core.json_schema import build_regex_from_schema

tokenizer = LLTokenizer("byte")


def both(schema, text):
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema(json.dumps(schema)))
    second = matcher.try_consume_tokens(tokenizer.tokenize_str(text)) == len(text) and matcher.is_accepting()
    return second, re.fullmatch(build_regex_from_schema(json.dumps(schema)), text) is not None


def schema(*names, **more):
    return {"type": "object", "properties": {name: {"type": "integer"} for name in names}, "required": list(names), **more}


assert both(schema("a", "b", additionalProperties=False), '{"a":1,"b":2}') == (True, True)
assert both(schema("a", "b", additionalProperties=False), '{"b":1,"a":2}') == (False, False)
assert both(schema("b", "a", additionalProperties=False), '{"b":1,"a":2}') == (True, True)
assert both(schema("a"), '{"a":1,"z":2}') == (True, False), both(schema("a"), '{"a":1,"z":2}')
PYTHON
echo "llguidance_property_order: ok, behaviour as stated"
