#!/usr/bin/env bash
# cel.dev/cel-go 0.33.2 (Go; what Kubernetes evaluates with), cel-python 0.5.0 and common-expression-language 0.10.0 (PyPI): equality.
# Seen: with dyn values (that is what untyped JSON gives) cel-go says 1 == 1.0 true, 1 < 1.5 true, "x" == 1 false, null == 0 false.
#   cel-python raises an error for each of these. The Rust one answers like cel-go, but also for literals that cel-go refuses to compile.
# Surprise: a policy such as object.spec.replicas == 1.0 || object.kind == "Job" is fine in cel-go on untyped JSON and an error in the Python unit
#   test; the other way round, a test with the Rust library passes what the API server does not compile.
# Instead: test CEL with cel-go, or compare values of one type only and test has() before null.
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
for expression, want in {"1 == 1.0": True, "1 < 1.5": True, '"x" == 1': False, "null == 0": False}.items():
    assert cel.evaluate(expression, {}) is want, expression
    try:
        value = environment.program(environment.compile(expression)).evaluate({})
    except celpy.CELEvalError:
        continue
    raise AssertionError((expression, value))
PYTHON
cat > main.go <<'GO'
package main

import (
	"log"

	"cel.dev/cel-go/cel"
)

func main() {
	env, err := cel.NewEnv()
	if err != nil {
		log.Fatal(err)
	}
	for text, want := range map[string]bool{
		`dyn(1) == 1.0`: true, `dyn(1) < 1.5`: true, `dyn("x") == 1`: false, `dyn(null) == 0`: false,
	} {
		ast, issues := env.Compile(text)
		if issues.Err() != nil {
			log.Fatal(issues.Err())
		}
		program, err := env.Program(ast)
		if err != nil {
			log.Fatal(err)
		}
		value, _, err := program.Eval(map[string]any{})
		if err != nil || value.Value() != want {
			log.Fatal(text, value, err)
		}
	}
	for _, text := range []string{`1 == 1.0`, `1 < 1.5`, `"x" == 1`, `null == 0`} {
		if _, issues := env.Compile(text); issues.Err() == nil {
			log.Fatal(text, " compiles")
		}
	}
}
GO
go mod init finding >log 2>&1
go get cel.dev/cel-go@v0.33.2 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "cel_equality: ok, behaviour as stated"
