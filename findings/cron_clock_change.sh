#!/usr/bin/env bash
# croniter 7.0.0, cronsim 2.8, APScheduler 3.11.3 (PyPI), robfig/cron 3.0.1 (Go; what Kubernetes CronJobs use): 02:30 when clocks change.
# Seen for "30 2 * * *" in Europe/Berlin. 2026-03-29 (02:30 does not exist): robfig/cron skips the day; croniter and cronsim run
#   at 03:00+02:00; APScheduler at 02:30+01:00, which is 03:30. 2026-10-25 (02:30 comes twice): cronsim runs once, the others twice.
# Surprise: four libraries, three answers in spring and two in autumn. A CronJob with timeZone loses one nightly run a year and makes
#   one twice, and a dashboard that computes the next run with croniter announces a run that never comes.
# Instead: no daily job between 01:00 and 03:00 local time, or schedule in UTC.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8 apscheduler==3.11.3 tzdata==2026.6
venv/bin/python - <<'PYTHON'
import datetime as dt
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim

berlin = ZoneInfo("Europe/Berlin")


def runs(start):
    first, second = croniter("30 2 * * *", start), CronSim("30 2 * * *", start)
    trigger, third, last, now = CronTrigger.from_crontab("30 2 * * *", timezone=berlin), [], None, start
    for _ in range(2):
        last = trigger.get_next_fire_time(last, now)
        third.append(last)
        now = last
    found = [[first.get_next(dt.datetime) for _ in range(2)], [next(second) for _ in range(2)], third]
    return [[f"{time:%d} {time:%H:%M%z}" for time in times] for times in found]


spring = runs(dt.datetime(2026, 3, 28, 20, tzinfo=berlin))
assert spring == [["29 03:00+0200", "30 02:30+0200"]] * 2 + [["29 02:30+0100", "30 02:30+0200"]], spring
autumn = runs(dt.datetime(2026, 10, 24, 20, tzinfo=berlin))
twice = ["25 02:30+0200", "25 02:30+0100"]
assert autumn == [twice, ["25 02:30+0200", "26 02:30+0100"], twice], autumn
PYTHON
cat > main.go <<'GO'
package main

import (
	"log"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func main() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		log.Fatal(err)
	}
	schedule, err := cron.ParseStandard("30 2 * * *")
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Time
		want [2]string
	}{
		{time.Date(2026, 3, 28, 20, 0, 0, 0, berlin), [2]string{"30 02:30+0200", "31 02:30+0200"}},
		{time.Date(2026, 10, 24, 20, 0, 0, 0, berlin), [2]string{"25 02:30+0200", "25 02:30+0100"}},
	} {
		for _, want := range c.want {
			c.at = schedule.Next(c.at)
			if got := c.at.Format("02 15:04-0700"); got != want {
				log.Fatal(got, " expected ", want)
			}
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/robfig/cron/v3@v3.0.1 >>log 2>&1 || { cat log; exit 1; }
go run .
echo "cron_clock_change: ok, behaviour as stated"
