#!/usr/bin/env bash
# github.com/prometheus/prometheus 0.316.0 (Go; Prometheus 3.16): a comparison with native histograms.
# Seen: over two series of one name, a float of 9 and a native histogram with a sum of 90, `latency_seconds > 5` returns the float,
#   `latency_seconds < 5` nothing; neither warns. Only `infos` say what was left out, beside harmless remarks about names.
# Surprise: neither true, nor false, nor an error. An alert `metric > 5` can no longer fire for a target that begins to expose native
#   histograms, and a client that treats "nothing and no warning" as "no problem" is content.
# Instead: compare histogram_sum, histogram_count or histogram_quantile; read `infos` for "incompatible" and "ignored".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main_test.go <<'GO'
package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"
)

func TestFinding(t *testing.T) {
	storage := promqltest.LoadedStorage(t, `
load 1m
  latency_seconds{job="a"} 9x5
  latency_seconds{job="b"} {{schema:0 sum:90 count:4 buckets:[1 2 1]}}x5
`)
	t.Cleanup(func() { storage.Close() })
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	for text, want := range map[string]int{"latency_seconds > 5": 1, "latency_seconds < 5": 0} {
		query, err := engine.NewInstantQuery(context.Background(), storage, nil, text, time.Unix(120, 0))
		if err != nil {
			t.Fatal(err)
		}
		result := query.Exec(context.Background())
		vector, err := result.Vector()
		if err != nil || len(vector) != want {
			t.Fatal(text, vector, err)
		}
		warnings, infos := result.Warnings.AsStrings(text, 10, 10)
		if len(warnings) != 0 || len(infos) != 1 || !strings.Contains(infos[0], "incompatible sample types") {
			t.Fatal(text, warnings, infos)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/prometheus/prometheus@v0.316.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go test . >>log 2>&1 || { cat log; exit 1; }
echo "promql_comparison_drops_histograms: ok, behaviour as stated"
