#!/usr/bin/env bash
# github.com/prometheus/alertmanager 0.35.0 (Go, package timeinterval): of four ranges, only weekdays may run over the end.
# Seen: weekdays ['friday:monday'] is read and holds on 208 days of 2026. times 22:00 to 06:00 is refused ("start time cannot be equal
#   or greater than end time"), months ['november:february'] ("end month february is before start month november") and days_of_month
#   ['-1:1'] too. days_of_month ['29:31'] with months ['february'] is read and never holds in 2026.
# Surprise: having seen friday:monday work, one writes 22:00 to 06:00, the most wanted mute of all; the whole configuration is refused then.
# Instead: two entries, 22:00 to 24:00 and 00:00 to 06:00; the same for months.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
	"go.yaml.in/yaml/v2"
)

func days(text string) (int, error) {
	var interval timeinterval.TimeInterval
	if err := yaml.Unmarshal([]byte(text), &interval); err != nil {
		return 0, err
	}
	n := 0
	for day := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		if interval.ContainsTime(day) {
			n++
		}
	}
	return n, nil
}

func main() {
	for text, want := range map[string]int{
		"weekdays: ['friday:monday']":                             208,
		"weekdays: ['saturday:sunday']":                           104,
		"days_of_month: ['29:31']\nmonths: ['february']":          0,
	} {
		if n, err := days(text); n != want || err != nil {
			log.Fatal(text, n, err)
		}
	}
	for text, words := range map[string]string{
		"times: [{start_time: '22:00', end_time: '06:00'}]": "cannot be equal or greater than end time",
		"months: ['november:february']":                     "is before start month",
		"days_of_month: ['-1:1']":                           "must be negative",
	} {
		if _, err := days(text); err == nil || !strings.Contains(err.Error(), words) {
			log.Fatal(text, err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/prometheus/alertmanager@v0.35.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "alertmanager_time_interval_wrap: ok, behaviour as stated"
