#!/usr/bin/env bash
# pydantic 2.14.3 and pytimeparse2 1.7.1 (PyPI): "01:30" is 90 minutes to one and 90 seconds to the other.
# Seen: pydantic's timedelta reads "01:30" as 5400 s and refuses "1:30"; pytimeparse2 reads both as 90 s.
# Surprise: both are used for settings such as a timeout. The same text is 60 times longer, and only the form without the
#   leading zero raises an error in pydantic.
# Instead: accept durations with units only ("90s", "PT90S").
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pydantic==2.14.3 pytimeparse2==1.7.1
"$dir/venv/bin/python" - <<'PYTHON'
import datetime as dt

import pydantic
import pytimeparse2

adapter = pydantic.TypeAdapter(dt.timedelta)
assert adapter.validate_python("01:30").total_seconds() == 5400
assert pytimeparse2.parse("01:30") == 90 and pytimeparse2.parse("1:30") == 90
try:
    adapter.validate_python("1:30")
except pydantic.ValidationError as error:
    assert error.errors()[0]["type"] == "time_delta_parsing"
else:
    raise AssertionError("1:30 was accepted")
PYTHON
echo "clock_or_minutes: ok, behaviour as stated"
