#!/usr/bin/env bash
# json-repair 0.64.4 and pydantic-core 2.50.4 (PyPI): what each makes of an answer that was cut off.
# Seen: from '{"ok": tru' json_repair.loads returns {"ok": "tru"}, from '{"undo": nul' {"undo": "nul"}; from_json with allow_partial
#   drops both keys. From '{"replicas": 1' (cut out of 10) both return 1. From '{"a": 1} {"b": 2}' from_json with allow_partial returns
#   {"a": 1} and ignores the rest; without it the same text is an error.
# Surprise: a half word becomes a true string (bool("fals") is True), and a number that lost digits looks complete, also in the parser
#   that otherwise drops whatever is unfinished. allow_partial also switches off the check for trailing data.
# Instead: never repair what ends inside a value; check finish_reason, and require the closing brace.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check json-repair==0.64.4 pydantic-core==2.50.4
"$dir/venv/bin/python" - <<'PYTHON'
import json_repair
from pydantic_core import from_json

assert json_repair.loads('{"ok": tru') == {"ok": "tru"}
assert json_repair.loads('{"ok": fals') == {"ok": "fals"}
assert json_repair.loads('{"undo": nul') == {"undo": "nul"}
assert from_json('{"ok": tru', allow_partial=True) == {} == from_json('{"undo": nul', allow_partial=True)
assert json_repair.loads('{"replicas": 1') == {"replicas": 1} == from_json('{"replicas": 1', allow_partial=True)
assert from_json('{"a": 1} {"b": 2}', allow_partial=True) == {"a": 1}
try:
    from_json('{"a": 1} {"b": 2}')
except ValueError as error:
    assert "trailing" in str(error), error
else:
    raise AssertionError("trailing data was accepted")
PYTHON
echo "truncated_json: ok, behaviour as stated"
