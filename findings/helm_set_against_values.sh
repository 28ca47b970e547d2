#!/usr/bin/env bash
# helm.sh/helm/v4 4.3.2 (Go, package strvals: --set) against sigs.k8s.io/yaml 1.6.0 (values files): one text, two types.
# Seen: --set a=12e4, a=1.5, a=yes and a=0123 give the strings "12e4", "1.5", "yes", "0123"; in a values file "a: 12e4" is the number 120000,
#   1.5 a number, yes is true and 0123 is 83. true, null and whole numbers are the same in both; a={1,2} is a list, a=[] the text "[]".
# Surprise: moving an override from a file to --set (or back) is taken for a change of place. A tag that is a short commit works in CI with
#   --set and is 120000 from a file; "if eq .Values.share 0.5" compares with a string and is an error from --set.
# Instead: --set-json or --set-string in scripts, quotes in files, and a type in values.schema.json.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"fmt"
	"log"

	"helm.sh/helm/v4/pkg/strvals"
	"sigs.k8s.io/yaml"
)

func main() {
	for text, want := range map[string][2]string{
		"12e4": {"string 12e4", "float64 120000"},
		"1.5":  {"string 1.5", "float64 1.5"},
		"yes":  {"string yes", "bool true"},
		"0123": {"string 0123", "float64 83"},
		"true": {"bool true", "bool true"},
		"7":    {"int64 7", "float64 7"},
		"[]":   {"string []", "[]interface {} []"},
	} {
		flag, err := strvals.Parse("a=" + text)
		if err != nil {
			log.Fatal(err)
		}
		var file map[string]any
		if err := yaml.Unmarshal([]byte("a: "+text), &file); err != nil {
			log.Fatal(err)
		}
		got := [2]string{fmt.Sprintf("%T %v", flag["a"], flag["a"]), fmt.Sprintf("%T %v", file["a"], file["a"])}
		if got != want {
			log.Fatal(text, got)
		}
	}
}
GO
go mod init finding >log 2>&1
go get helm.sh/helm/v4@v4.3.2 sigs.k8s.io/yaml@v1.6.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "helm_set_against_values: ok, behaviour as stated"
