#!/usr/bin/env bash
# jmespath 1.1.0 (PyPI) and jmespath 0.16.0 (npm), both of the jmespath project: the same filter over the same list.
# Seen for a[?b < `5`] over [{"b": 0}, {}, {"b": 7}]: Python returns the first, JavaScript the first two, as a missing b is below 5 and
#   "at least 0" to it. With {"b": "3"} in the list Python raises TypeError, JavaScript takes it as 3. to_number('') is null in Python and 0 in
#   JavaScript, to_number('0x10') null and 16, to_number('1_000') 1000 and null.
# Surprise: the language has one specification with shared tests, by which ordering of anything but numbers is null. A filter "restarts < 5" that
#   was tried in a browser also lists objects without that field, and one text among the numbers ends the whole query in Python.
# Instead: a[?type(b) == 'number' && b < `5`].
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > cases.json <<'JSON'
{"data": {"a": [{"b": 0}, {}, {"b": 7}], "c": [{"b": "3"}]},
 "cases": [
  ["a[?b < `5`]", [{"b": 0}], [{"b": 0}, {}]],
  ["a[?b >= `0`]", [{"b": 0}, {"b": 7}], [{"b": 0}, {}, {"b": 7}]],
  ["c[?b < `5`]", "error", [{"b": "3"}]],
  ["to_number('')", null, 0],
  ["to_number('0x10')", null, 16],
  ["to_number('1_000')", 1000, null],
  ["c[?type(b) == 'number' && b < `5`]", [], []]]}
JSON
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jmespath==1.1.0
venv/bin/python - <<'PYTHON'
import json

import jmespath

given = json.load(open("cases.json"))
for text, want, _ in given["cases"]:
    try:
        seen = jmespath.search(text, given["data"])
    except TypeError:
        seen = "error"
    assert seen == want, (text, seen)
PYTHON
npm install --silent --no-audit --no-fund jmespath@0.16.0
node -e 'const assert = require("node:assert/strict"), { search } = require("jmespath"), { data, cases } = require("./cases.json");
for (const [text, , want] of cases) assert.deepEqual(search(data, text), want, text);'
echo "jmespath_missing_field: ok, behaviour as stated"
