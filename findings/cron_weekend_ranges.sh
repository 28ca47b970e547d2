#!/usr/bin/env bash
# croniter 7.0.0, cronsim 2.8, APScheduler 3.11.3 (PyPI), robfig/cron 3.0.1 (Go; what Kubernetes CronJobs use): "Friday to Sunday".
# Seen: "5-7" is taken by croniter and cronsim and refused by robfig/cron and APScheduler; "FRI-SUN" is taken by croniter and APScheduler
#   and refused by robfig/cron ("beginning of range (5) beyond end of range (0)") and cronsim. "7" alone is refused by robfig/cron.
# Surprise: there is no range for a weekend with its Friday that all take, and Kubernetes takes neither of the two.
# Instead: the list "FRI,SAT,SUN".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8 apscheduler==3.11.3
venv/bin/python - <<'PYTHON'
from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim, CronSimError
import datetime as dt


def takes(days):
    expression, found = f"0 0 * * {days}", []
    for make in (croniter, lambda line: CronSim(line, dt.datetime(2026, 12, 1)), CronTrigger.from_crontab):
        try:
            make(expression)
            found.append(True)
        except (ValueError, CronSimError):
            found.append(False)
    return found


assert takes("5-7") == [True, True, False], takes("5-7")
assert takes("FRI-SUN") == [True, False, True], takes("FRI-SUN")
assert takes("FRI,SAT,SUN") == [True, True, True]
PYTHON
cat > main.go <<'GO'
package main

import (
	"log"

	"github.com/robfig/cron/v3"
)

func main() {
	for days, good := range map[string]bool{"5-7": false, "FRI-SUN": false, "7": false, "FRI,SAT,SUN": true} {
		if _, err := cron.ParseStandard("0 0 * * " + days); (err == nil) != good {
			log.Fatal(days, err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/robfig/cron/v3@v3.0.1 >>log 2>&1 || { cat log; exit 1; }
go run .
echo "cron_weekend_ranges: ok, behaviour as stated"
