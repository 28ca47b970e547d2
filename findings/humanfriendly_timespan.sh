#!/usr/bin/env bash
# humanfriendly 10.0, pytimeparse2 1.7.1, durationpy 0.11 (PyPI): three readers of durations that are taken for equal.
# Seen: "1h30m" is 5400 s to two of them and InvalidTimespan to humanfriendly, which reads one unit only; "30m1h" is None to
#   pytimeparse2 (units must fall) and 5400 s to durationpy; "1y" is 364 days to humanfriendly (52 weeks) and 365 to the others.
# Surprise: humanfriendly prints "1 hour and 30 minutes" but cannot read any value of two units, and its year is a day short.
# Instead: pick one parser for all settings, and refuse years and months.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check humanfriendly==10.0 pytimeparse2==1.7.1 durationpy==0.11
"$dir/venv/bin/python" - <<'PYTHON'
import datetime as dt

import durationpy
import humanfriendly
import pytimeparse2

day = 86400
try:
    humanfriendly.parse_timespan("1h30m")
except humanfriendly.InvalidTimespan:
    pass
else:
    raise AssertionError("1h30m was read")
assert humanfriendly.format_timespan(5400) == "1 hour and 30 minutes"
assert pytimeparse2.parse("1h30m") == 5400 and durationpy.from_str("1h30m") == dt.timedelta(seconds=5400)
assert pytimeparse2.parse("30m1h") is None and durationpy.from_str("30m1h") == dt.timedelta(seconds=5400)
assert humanfriendly.parse_timespan("1y") == 364 * day
assert pytimeparse2.parse("1y") == 365 * day and durationpy.from_str("1y") == dt.timedelta(days=365)
PYTHON
echo "humanfriendly_timespan: ok, behaviour as stated"
