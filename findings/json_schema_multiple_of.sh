#!/usr/bin/env bash
# jsonschema 4.26.0, fastjsonschema 2.22.3, jsonschema-rs 0.60.3 (PyPI), ajv 8.20.0 (npm): is 0.29 a multiple of 0.01?
# Seen: jsonschema and ajv say that 0.07, 0.29 and 19.99 are no multiples of 0.01; fastjsonschema and jsonschema-rs say they are.
# Surprise: the usual schema for prices and shares (multipleOf 0.01) refuses a good part of all values in two of the most used
#   validators, which divide floats, and none in the other two. A test with one of them proves nothing about the other.
# Instead: a pattern on a string, or whole cents; no multipleOf below 1.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jsonschema==4.26.0 fastjsonschema==2.22.3 jsonschema-rs==0.60.3
venv/bin/python - <<'PYTHON'
import fastjsonschema
import jsonschema
import jsonschema_rs

schema = {"multipleOf": 0.01}
quick = fastjsonschema.compile(schema)
for value in (0.07, 0.29, 19.99):
    assert not jsonschema.Draft202012Validator(schema).is_valid(value), value
    assert jsonschema_rs.is_valid(schema, value), value
    assert quick(value) == value
PYTHON
npm install --silent --no-audit --no-fund ajv@8.20.0
node -e '
const Ajv = require("ajv").default;
const valid = new Ajv().compile({type: "number", multipleOf: 0.01});
for (const value of [0.07, 0.29, 19.99]) if (valid(value)) { console.error("ajv takes", value); process.exit(1); }'
echo "json_schema_multiple_of: ok, behaviour as stated"
