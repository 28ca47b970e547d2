#!/usr/bin/env bash
# croniter 7.0.0, cronsim 2.8 (PyPI), robfig/cron 3.0.1 (Go; what Kubernetes CronJobs use): "0 0 */2 * 1" is "and" to one, "or" to two.
# Seen: from 2026-12-01, cronsim fires on Mondays with an odd day (Dec 7, Dec 21); croniter and robfig/cron on odd days and all
#   Mondays (Dec 3, 5, 7, 9 ...), about five times as often.
# Surprise: when both day fields are restricted cron joins them with "or". In Vixie cron a field that begins with "*" does not count as
#   restricted, so */2 there means "and", and cronsim copies that (it says it follows Debian's cron). robfig/cron drops the star when a
#   step follows. A line moved from a crontab to a CronJob runs on different days.
# Instead: restrict one day field only and test the other in the job.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8
venv/bin/python - <<'PYTHON'
import datetime as dt

from croniter import croniter
from cronsim import CronSim

start = dt.datetime(2026, 12, 1)
both = croniter("0 0 */2 * 1", start)
assert [both.get_next(dt.datetime).day for _ in range(5)] == [3, 5, 7, 9, 11]
strict = CronSim("0 0 */2 * 1", start)
assert [next(strict).day for _ in range(2)] == [7, 21]
PYTHON
cat > main.go <<'GO'
package main

import (
	"log"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	schedule, err := cron.ParseStandard("0 0 */2 * 1")
	if err != nil {
		log.Fatal(err)
	}
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, day := range []int{3, 5, 7, 9, 11} {
		if at = schedule.Next(at); at.Day() != day {
			log.Fatal(at)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/robfig/cron/v3@v3.0.1 >>log 2>&1 || { cat log; exit 1; }
go run .
echo "cron_day_fields: ok, behaviour as stated"
