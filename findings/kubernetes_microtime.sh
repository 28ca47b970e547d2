#!/usr/bin/env bash
# k8s.io/apimachinery 0.37.2 (Go): MicroTime takes exactly six digits after the second; Time takes any number of them, or none.
# Seen: a Lease's renewTime type reads "...00.123456Z" and refuses "...00Z", "...00.123Z" and "...00.123456789Z" ("cannot parse").
#   metav1.Time reads all four and drops the fraction.
# Surprise: both are called RFC 3339 in the API reference. Python's isoformat() writes six digits, except when the microsecond is 0:
#   then it writes none. So a Lease or an events.k8s.io Event is refused about once in a million writes, and always when a clock or
#   a test gives whole seconds. Go's RFC3339Nano writes up to nine digits and fails nearly always.
# Instead: strftime("%Y-%m-%dT%H:%M:%S.%fZ") in UTC, or isoformat(timespec="microseconds").
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"encoding/json"
	"log"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func main() {
	for text, good := range map[string]bool{
		`"2026-01-01T00:00:00.123456Z"`:      true,
		`"2026-01-01T00:00:00.123456+00:00"`: true,
		`"2026-01-01T00:00:00Z"`:             false,
		`"2026-01-01T00:00:00+00:00"`:        false,
		`"2026-01-01T00:00:00.123Z"`:         false,
		`"2026-01-01T00:00:00.123456789Z"`:   false,
	} {
		var micro metav1.MicroTime
		if err := json.Unmarshal([]byte(text), &micro); (err == nil) != good {
			log.Fatalf("MicroTime %s: %v", text, err)
		}
		var whole metav1.Time
		if err := json.Unmarshal([]byte(text), &whole); err != nil {
			log.Fatalf("Time %s: %v", text, err)
		}
		if out, _ := json.Marshal(whole); string(out) != `"2026-01-01T00:00:00Z"` {
			log.Fatalf("Time %s: %s", text, out)
		}
	}
}
GO
go mod init finding >log 2>&1
go get k8s.io/apimachinery@v0.37.2 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "kubernetes_microtime: ok, behaviour as stated"
