#!/usr/bin/env bash
# promql-parser 0.12.0 (PyPI, Rust) and github.com/prometheus/prometheus 0.316.0 (Go; Prometheus 3.16): is this PromQL?
# Seen: up{a="b" or c="d"} and up / fill_left(0) y parse in promql-parser and are errors in Prometheus with its default options;
#   1_000 is a number in Prometheus and an error in promql-parser. The spelling x[300] for five minutes is taken by both.
# Surprise: the package is described as Prometheus compatible and is used to check rules in editors and CI without Go. It passes expressions
#   of VictoriaMetrics and of experimental features, and the rule file then keeps Prometheus from reloading.
# Instead: promtool check rules of the version that runs.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check promql-parser==0.12.0
venv/bin/python - <<'PYTHON'
import promql_parser


def takes(text):
    try:
        promql_parser.parse(text)
    except ValueError:
        return False
    return True


seen = [takes(text) for text in ('up{a="b" or c="d"}', "up / fill_left(0) y", "1_000", "rate(up[300])")]
assert seen == [True, True, False, True], seen
PYTHON
cat > main.go <<'GO'
package main

import (
	"log"

	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	reader := parser.NewParser(parser.Options{})
	for text, good := range map[string]bool{
		`up{a="b" or c="d"}`: false, `up / fill_left(0) y`: false, `1_000`: true, `rate(up[300])`: true,
	} {
		if _, err := reader.ParseExpr(text); (err == nil) != good {
			log.Fatal(text, err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/prometheus/prometheus@v0.316.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "promql_two_parsers: ok, behaviour as stated"
