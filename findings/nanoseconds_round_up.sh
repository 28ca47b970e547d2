#!/usr/bin/env bash
# arrow 1.4.0, msgspec 0.23.0, pendulum 3.3.0, python-dateutil 4.0.0, ciso8601 2.4.1 (PyPI): nanoseconds in a time.
# Seen: "2026-12-31T23:59:59.9999999Z" is 2027-01-01T00:00:00 to arrow and msgspec, and 23:59:59.999999 of the old year to the other three and
#   to Python's own fromisoformat. "...00.123456789Z" ends in .123457 with the two and in .123456 with the others.
# Surprise: kubelet, container runtimes and Go programs write nine digits, and all of these read them without a word. Two readers of one log
#   then disagree by a microsecond in half of all lines: a line read with msgspec is not equal to itself read with dateutil, a "since" bound
#   leaves out or repeats it, and now and then it falls into the next second, day or year.
# Instead: one reader for all times of a program, cut to six digits before it; whenever keeps all nine.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check arrow==1.4.0 msgspec==0.23.0 pendulum==3.3.0 python-dateutil==4.0.0 ciso8601==2.4.1
venv/bin/python - <<'PYTHON'
from datetime import UTC, datetime

import arrow
import ciso8601
import dateutil.parser
import msgspec
import pendulum

rounding = [lambda text: arrow.get(text).datetime, lambda text: msgspec.convert(text, datetime)]
cutting = [pendulum.parse, dateutil.parser.isoparse, ciso8601.parse_datetime, datetime.fromisoformat]
for text, rounded, cut in [
    ("2026-12-31T23:59:59.9999999Z", datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, 999999, UTC)),
    ("2026-01-01T00:00:00.123456789Z", datetime(2026, 1, 1, 0, 0, 0, 123457, UTC), datetime(2026, 1, 1, 0, 0, 0, 123456, UTC)),
]:
    for readers, want in ((rounding, rounded), (cutting, cut)):
        seen = [read(text) for read in readers]
        assert all(each == want for each in seen), (text, seen)
PYTHON
echo "nanoseconds_round_up: ok, behaviour as stated"
