#!/usr/bin/env bash
# cel.dev/cel-go 0.33.2 (Go; what Kubernetes evaluates with), cel-python 0.5.0 and common-expression-language 0.10.0 (PyPI): text.
# Seen: string(1.0) is "1" in cel-go and Rust, "1.0" in cel-python; string(duration("90s")) is "90s", "90s" and, in Rust, "1m30s";
#   string(timestamp("...00.100Z")) is "...00.1Z" in cel-go, "...00.100+00:00" in Rust and "...00Z" in cel-python, which loses the fraction.
#   size("é") is 1 in cel-go and cel-python and 2 (bytes) in Rust. duration("1d") is an error in cel-go and Rust, a day in cel-python.
# Surprise: all say they implement one specification with conformance tests; these are its plainest conversions.
# Instead: never build keys or messages from string(number or time); use the engine that runs in production in tests.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cel-python==0.5.0 common-expression-language==0.10.0
venv/bin/python - <<'PYTHON'
import cel
import celpy

environment = celpy.Environment()


def both(expression):
    found = []
    for run in (lambda: environment.program(environment.compile(expression)).evaluate({}), lambda: cel.evaluate(expression, {})):
        try:
            found.append(str(run()))
        except (celpy.CELEvalError, RuntimeError):
            found.append("error")
    return found


assert both("string(1.0)") == ["1.0", "1"], both("string(1.0)")
assert both('string(duration("90s"))') == ["90s", "1m30s"]
time = 'string(timestamp("2026-01-01T00:00:00.100Z"))'
assert both(time) == ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.100+00:00"], both(time)
assert both('size("\u00e9")') == ["1", "2"]
day = both('duration("1d")')
assert day[0] != "error" and day[1] == "error", day
PYTHON
cat > main.go <<'GO'
package main

import (
	"fmt"
	"log"

	"cel.dev/cel-go/cel"
)

func main() {
	env, err := cel.NewEnv()
	if err != nil {
		log.Fatal(err)
	}
	for text, want := range map[string]string{
		`string(1.0)`: "1", `string(duration("90s"))`: "90s", `size("é")`: "1", `duration("1d")`: "error",
		`string(timestamp("2026-01-01T00:00:00.100Z"))`: "2026-01-01T00:00:00.1Z",
	} {
		ast, issues := env.Compile(text)
		if issues.Err() != nil {
			log.Fatal(issues.Err())
		}
		program, err := env.Program(ast)
		if err != nil {
			log.Fatal(err)
		}
		got := "error"
		if value, _, err := program.Eval(map[string]any{}); err == nil {
			got = fmt.Sprint(value.Value())
		}
		if got != want {
			log.Fatalf("%s: %s", text, got)
		}
	}
}
GO
go mod init finding >log 2>&1
go get cel.dev/cel-go@v0.33.2 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "cel_conversions: ok, behaviour as stated"
