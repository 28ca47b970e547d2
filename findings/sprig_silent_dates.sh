#!/usr/bin/env bash
# github.com/Masterminds/sprig 3.3.0 (Go; Helm's template functions): date functions answer something for every input.
# Seen: date "2006-01-02" "2020-01-02" prints today; dateInZone with the zone "Europe/Nowhere" prints UTC; duration "90s" and duration 90
#   (a number) print 0s, only duration "90" prints 1m30s.
# Surprise: a date given as text, which is what values.yaml holds, is replaced by the time of rendering without an error, so each
#   upgrade changes the manifest. A misspelt time zone moves a maintenance window by hours.
# Instead: toDate "2006-01-02" first (mustToDate to fail), and check the zone against a list in the values schema.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"bytes"
	"log"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

func render(text string) string {
	var out bytes.Buffer
	if err := template.Must(template.New("t").Funcs(sprig.TxtFuncMap()).Parse(text)).Execute(&out, nil); err != nil {
		log.Fatal(text, err)
	}
	return out.String()
}

func main() {
	before := time.Now().Format("2006-01-02")
	got := render(`{{ date "2006-01-02" "2020-01-02" }}`)
	if got != before && got != time.Now().Format("2006-01-02") {
		log.Fatal("date of text: ", got)
	}
	for text, want := range map[string]string{
		`{{ toDate "2006-01-02" "2020-01-02" | date "2006-01-02" }}`: "2020-01-02",
		`{{ dateInZone "15:04" 0 "Europe/Nowhere" }}`:                "00:00",
		`{{ dateInZone "15:04" 0 "Europe/Berlin" }}`:                 "01:00",
		`{{ duration "90s" }}`: "0s", `{{ duration 90 }}`: "0s", `{{ duration "90" }}`: "1m30s",
	} {
		if got := render(text); got != want {
			log.Fatalf("%s: %q", text, got)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/Masterminds/sprig/v3@v3.3.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "sprig_silent_dates: ok, behaviour as stated"
