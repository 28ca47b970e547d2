#!/usr/bin/env bash
# k8s.io/client-go 0.37.2 (Go; kubectl -o jsonpath): filters leave objects out, or all of them.
# Seen: ?(@.phase!="Running") does not return an item without phase. ?(@.ok) returns an item whose ok is false. ?(@.share>1) fails with
#   "incompatible types for comparison" when a share is 1.5, and ?(@.restarts>3.5) when restarts are whole numbers; on an error nothing is
#   printed for any item. && does not parse ("unrecognized character in action").
# Surprise: by RFC 9535 a missing value differs from "Running", so its libraries return the item without phase for "!=". A check "which pods are not running" misses those
#   that have no status yet.
# Instead: -o json and jq for anything but a path.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"bytes"
	"log"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/util/jsonpath"
)

const list = `{"items":[{"n":"a","phase":"Running","restarts":5,"ok":true,"share":1.5},
	{"n":"b","restarts":4,"ok":false},{"n":"c","phase":"Pending","restarts":1}]}`

func run(filter string) string {
	var data any
	if err := json.Unmarshal([]byte(list), &data); err != nil {
		log.Fatal(err)
	}
	path := jsonpath.New("finding").AllowMissingKeys(true)
	if err := path.Parse("{.items[?(" + filter + ")].n}"); err != nil {
		return "no expression"
	}
	var out bytes.Buffer
	if err := path.Execute(&out, data); err != nil {
		return strings.TrimSpace(out.String() + " " + err.Error())
	}
	return out.String()
}

func main() {
	for filter, want := range map[string]string{
		`@.phase!="Running"`:                     "c",
		`@.phase=="Running"`:                     "a",
		`@.ok`:                                   "a b",
		`@.restarts>3`:                           "a b",
		`@.restarts>3.5`:                         "incompatible types for comparison",
		`@.share>1`:                              "incompatible types for comparison",
		`@.phase=="Running" && @.restarts>1`:     "no expression",
	} {
		if got := run(filter); got != want {
			log.Fatalf("%s: %q", filter, got)
		}
	}
}
GO
go mod init finding >log 2>&1
go get k8s.io/apimachinery@v0.37.2 k8s.io/client-go@v0.37.2 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "kubectl_jsonpath_filters: ok, behaviour as stated"
