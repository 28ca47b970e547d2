#!/usr/bin/env bash
# holidays 0.108 (PyPI): asking changes the calendar, and the observed day is in the year before.
# Seen: HolidayBase for Germany, years=2026, has 9 entries; after "date(2030, 1, 1) in it" it has 18. date(2027, 12, 31) is a holiday in US
#   (New Year's Day 2028 observed) and none in the calendar of the NYSE; it is found in US(years=2027) and absent in US(years=2028, expand=False).
#   DE() without a subdivision knows no 1 November, a holiday in five states.
# Surprise: a membership test on something that prints as a dict reads as free of effects; len, iteration and a cached copy change with the
#   questions asked. A list built for 2028 lacks the day off for its own New Year.
# Instead: expand=False with the years before and after, a subdivision always, and a copy to dict().
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check holidays==0.108
"$dir/venv/bin/python" - <<'PYTHON'
import datetime as dt

import holidays

germany = holidays.country_holidays("DE", years=2026)
before = len(germany)
assert dt.date(2030, 1, 1) in germany
assert (before, len(germany)) == (9, 18), (before, len(germany))
eve = dt.date(2027, 12, 31)
assert eve in holidays.country_holidays("US", years=2027, expand=False)
assert eve not in holidays.country_holidays("US", years=2028, expand=False)
assert eve not in holidays.financial_holidays("NYSE")
assert dt.date(2026, 11, 1) not in holidays.country_holidays("DE")
assert dt.date(2026, 11, 1) in holidays.country_holidays("DE", subdiv="BW")
PYTHON
echo "holidays_lookup_grows: ok, behaviour as stated"
