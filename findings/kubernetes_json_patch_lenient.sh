#!/usr/bin/env bash
# gopkg.in/evanphx/json-patch.v4 4.13.0 (the one that k8s.io/apiserver 0.37.2 requires) and its successor v5 5.9.11 (Go).
# Seen: v4 applies {"op":"replace"} to a key that does not exist (it is created); v5 refuses it. Both pass {"op":"test","value":null}
#   for a key that does not exist, read index "-1" as the last element (remove) and "01" as 1. v4 takes "add" without a value as null.
# Surprise: RFC 6902 says that replace, test and remove need an existing target, and that an index has no sign or leading zero.
#   Checked with a strict library (Python's jsonpatch) such a patch fails; the cluster applies it. A replace is no guard.
# Instead: put a test of the old value before each replace; to assert absence, "test" with null does work on Kubernetes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"

	v5 "github.com/evanphx/json-patch/v5"
	v4 "gopkg.in/evanphx/json-patch.v4"
)

const doc = `{"a":{"b":[1,2,3]}}`

func old(patch string) string {
	p, err := v4.DecodePatch([]byte(patch))
	if err != nil {
		return "refused"
	}
	out, err := p.Apply([]byte(doc))
	if err != nil {
		return "refused"
	}
	return string(out)
}

func young(patch string) string {
	p, err := v5.DecodePatch([]byte(patch))
	if err != nil {
		return "refused"
	}
	out, err := p.Apply([]byte(doc))
	if err != nil {
		return "refused"
	}
	return string(out)
}

func main() {
	for _, c := range [][3]string{
		{`[{"op":"replace","path":"/a/x","value":1}]`, `{"a":{"b":[1,2,3],"x":1}}`, "refused"},
		{`[{"op":"add","path":"/a/z"}]`, `{"a":{"b":[1,2,3],"z":null}}`, "refused"},
		{`[{"op":"test","path":"/a/x","value":null}]`, doc, doc},
		{`[{"op":"remove","path":"/a/b/-1"}]`, `{"a":{"b":[1,2]}}`, `{"a":{"b":[1,2]}}`},
		{`[{"op":"add","path":"/a/b/01","value":9}]`, `{"a":{"b":[1,9,2,3]}}`, `{"a":{"b":[1,9,2,3]}}`},
		{`[{"op":"remove","path":"/a/x"}]`, "refused", "refused"},
	} {
		if got := old(c[0]); got != c[1] {
			log.Fatalf("v4 %s: %s", c[0], got)
		}
		if got := young(c[0]); got != c[2] {
			log.Fatalf("v5 %s: %s", c[0], got)
		}
	}
}
GO
go mod init finding >log 2>&1
go get gopkg.in/evanphx/json-patch.v4@v4.13.0 github.com/evanphx/json-patch/v5@v5.9.11 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "kubernetes_json_patch_lenient: ok, behaviour as stated"
