#!/usr/bin/env bash
# k8s.io/kube-openapi 0.0.0-20260721132016-d427ff9ee9ad (Go, package strfmt; k8s.io/apiextensions-apiserver 0.37.2 checks formats with it).
# Seen for "format: duration": "1.5d" and "0.5 days" are valid and mean 5 days (120h), while "1.5h" is 90 minutes. "P1DT12H" means 12 hours,
#   "P1M" a minute, "1M" too; "5 minutes or 1 hour" and "soon 5m" are valid. "P1Y", "5" and "1mo" are refused.
# Surprise: JSON Schema means ISO 8601 by this format, and the CRD reference says it is what Go's time.ParseDuration or Scala reads. What Go
#   cannot read is searched for whole numbers with a unit, wherever they stand, and these are added up. So the schema passes "1.5d" or
#   "P1DT12H", and the operator that reads the field refuses it, or means a day and a half.
# Instead: no format, and a pattern: ^([0-9]+(ms|s|m|h))+$.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"

	"k8s.io/kube-openapi/pkg/validation/strfmt"
)

func main() {
	for text, want := range map[string]string{
		"1.5d": "120h0m0s", "0.5 days": "120h0m0s", "1.5h": "1h30m0s", "P1DT12H": "12h0m0s", "P1M": "1m0s", "1M": "1m0s",
		"5 minutes or 1 hour": "1h5m0s", "soon 5m": "5m0s", "P1Y": "", "5": "", "1mo": "",
	} {
		value, err := strfmt.ParseDuration(text)
		valid := strfmt.Default.Validates("duration", text)
		if valid != (want != "") || valid != (err == nil) || valid && value.String() != want {
			log.Fatal(text, valid, value, err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get k8s.io/kube-openapi@v0.0.0-20260721132016-d427ff9ee9ad >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "crd_format_duration: ok, behaviour as stated"
