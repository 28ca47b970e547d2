#!/usr/bin/env bash
# github.com/Masterminds/sprig 3.3.0 (Go; Helm's template functions): arithmetic cuts to whole numbers before it counts.
# Seen: add 1.5 1.5 is 2, mul 1.5 2 is 2, max 0.5 0.7 is 0, sub 1 0.5 is 1. int "08" is 0 while atoi "08" is 8 and int "0755" is 493.
#   int "500m" and int "1e3" are 0.
# Surprise: no error anywhere, so a limit computed from a value such as 1.5 or "08" is rendered and applied. max of two shares is 0.
# Instead: addf, mulf, subf, maxf; atoi or "int (trimPrefix ...)" for text; fail in the template when a value is no whole number.
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

	"github.com/Masterminds/sprig/v3"
)

func main() {
	for text, want := range map[string]string{
		`{{ add 1.5 1.5 }}`: "2", `{{ mul 1.5 2 }}`: "2", `{{ max 0.5 0.7 }}`: "0", `{{ sub 1 0.5 }}`: "1",
		`{{ int "08" }}`: "0", `{{ atoi "08" }}`: "8", `{{ int "0755" }}`: "493", `{{ int "500m" }}`: "0", `{{ int "1e3" }}`: "0",
		`{{ addf 1.5 1.5 }}`: "3", `{{ maxf 0.5 0.7 }}`: "0.7",
	} {
		var out bytes.Buffer
		err := template.Must(template.New("t").Funcs(sprig.TxtFuncMap()).Parse(text)).Execute(&out, nil)
		if err != nil || out.String() != want {
			log.Fatalf("%s: %q %v", text, out.String(), err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/Masterminds/sprig/v3@v3.3.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "sprig_silent_integers: ok, behaviour as stated"
