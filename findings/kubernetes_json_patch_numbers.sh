#!/usr/bin/env bash
# gopkg.in/evanphx/json-patch.v4 4.13.0 (Go; the one that k8s.io/apiserver 0.37.2 requires): "test" compares numbers as text.
# Seen: {"op":"test","path":"/f","value":1} fails on a document with 1.0, and 1.0 fails on 1; 1e3 fails on 1000.
# Surprise: RFC 6902 says "numbers are equal if their values are numerically equal". Python, which keeps 1.0 and 1 apart when it
#   prints, makes such patches as soon as a number went through a float; jsonpatch and rfc6902 pass the same test locally.
# Instead: test uid and resourceVersion (strings), or send the number exactly as it was read.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

func main() {
	for _, c := range []struct {
		doc, value string
		good       bool
	}{
		{`{"f":1.0}`, "1", false}, {`{"f":1}`, "1.0", false}, {`{"f":1000}`, "1e3", false},
		{`{"f":1.0}`, "1.0", true}, {`{"f":1}`, "1", true},
	} {
		patch, err := jsonpatch.DecodePatch([]byte(`[{"op":"test","path":"/f","value":` + c.value + `}]`))
		if err != nil {
			log.Fatal(err)
		}
		if _, err = patch.Apply([]byte(c.doc)); (err == nil) != c.good {
			log.Fatalf("%s against %s: %v", c.doc, c.value, err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get gopkg.in/evanphx/json-patch.v4@v4.13.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "kubernetes_json_patch_numbers: ok, behaviour as stated"
