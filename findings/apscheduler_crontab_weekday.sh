#!/usr/bin/env bash
# APScheduler 3.11.3 (PyPI): in CronTrigger.from_crontab, the weekday number 1 is Tuesday.
# Seen: from_crontab("0 0 * * 1") fires on Tuesday 2026-12-01 and 2026-12-08; "0 0 * * 0" on Monday; "0 0 * * 7" is refused.
# Surprise: the method exists to read crontab lines, yet it counts from Monday = 0. In cron, Kubernetes and croniter 1 is
#   Monday. The job runs each week, one day late, and no error is raised.
# Instead: write weekdays by name ("mon"), which all of them read alike.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check apscheduler==3.11.3
"$dir/venv/bin/python" - <<'PYTHON'
import datetime as dt

from apscheduler.triggers.cron import CronTrigger


def first(expression: str, count: int = 2) -> list[str]:
    trigger = CronTrigger.from_crontab(expression, timezone=dt.timezone.utc)
    found, now, last = [], dt.datetime(2026, 11, 30, 0, 0, 1, tzinfo=dt.timezone.utc), None
    for _ in range(count):
        last = trigger.get_next_fire_time(last, now)
        found.append(last.strftime("%A %F"))
        now = last + dt.timedelta(seconds=1)
    return found


assert first("0 0 * * 1") == ["Tuesday 2026-12-01", "Tuesday 2026-12-08"], first("0 0 * * 1")
assert first("0 0 * * 0", 1) == ["Monday 2026-12-07"], first("0 0 * * 0", 1)
assert first("0 0 * * mon", 1) == ["Monday 2026-12-07"]
try:
    first("0 0 * * 7")
except ValueError as error:
    assert "higher than the maximum value (6)" in str(error), error
else:
    raise AssertionError("7 was accepted")
PYTHON
echo "apscheduler_crontab_weekday: ok, behaviour as stated"
