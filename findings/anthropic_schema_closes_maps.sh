#!/usr/bin/env bash
# anthropic 2.10.0 and openai 3.57.0 (PyPI): dict[str, str] in the model of a structured answer.
# Seen: anthropic.transform_schema turns it into {"type": "object", "properties": {}, "additionalProperties": false}: the only answer
#   allowed is {}. tuple[int, str] becomes an array of anything (its rule moves into the description). openai's strict
#   schema keeps additionalProperties: {"type": "string"} and prefixItems as they are, which its strict mode has no room for.
# Surprise: the class is accepted, the answer parses, and the map is empty in each of them: no error tells that it could not be filled.
# Instead: a list of {"name", "value"} objects.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check anthropic==2.10.0 openai==3.57.0 pydantic==2.14.3
"$dir/venv/bin/python" - <<'PYTHON'
import pydantic
from anthropic import transform_schema
from openai.lib._pydantic import to_strict_json_schema


class Answer(pydantic.BaseModel):
    labels: dict[str, str]
    pair: tuple[int, str]


first = transform_schema(Answer)["properties"]
assert first["labels"]["properties"] == {} and first["labels"]["additionalProperties"] is False, first
assert "prefixItems" not in first["pair"] and "prefixItems" in first["pair"]["description"], first
assert "items" not in first["pair"], first
second = to_strict_json_schema(Answer)["properties"]
assert second["labels"]["additionalProperties"] == {"type": "string"}, second
assert second["pair"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}], second
PYTHON
echo "anthropic_schema_closes_maps: ok, behaviour as stated"
