#!/usr/bin/env bash
# k8s.io/apimachinery 0.37.2 (Go): labels.Parse, what kubectl -l and the API server read selectors with, and empty sets.
# Seen: "a in ()" is accepted and matches objects whose label a is empty; "a in (x,)" matches those too; "a notin ()" matches every
#   object but those. "a>1" is read as an operator and "a>01" too, while "a=b c" is an error.
# Surprise: a selector joined from an empty list, "app in (" + ",".join(names) + ")", neither fails nor selects nothing: it selects what
#   has an empty value, and notin selects nearly all. The same selector as an object (matchExpressions) is refused by the server.
# Instead: refuse an empty list before the selector is written.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func main() {
	for text, want := range map[string][3]bool{
		"a in ()":    {false, true, false},
		"a in (x,)":  {false, true, true},
		"a notin ()": {true, false, true},
	} {
		selector, err := labels.Parse(text)
		if err != nil {
			log.Fatal(text, err)
		}
		got := [3]bool{selector.Matches(labels.Set{}), selector.Matches(labels.Set{"a": ""}), selector.Matches(labels.Set{"a": "x"})}
		if got != want {
			log.Fatal(text, got)
		}
	}
	if selector, err := labels.Parse("a>01"); err != nil || !selector.Matches(labels.Set{"a": "2"}) {
		log.Fatal(selector, err)
	}
	if _, err := labels.Parse("a=b c"); err == nil {
		log.Fatal("a=b c")
	}
	empty := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "In"}}}
	if _, err := metav1.LabelSelectorAsSelector(empty); err == nil {
		log.Fatal("matchExpressions with an empty set")
	}
}
GO
go mod init finding >log 2>&1
go get k8s.io/apimachinery@v0.37.2 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "kubernetes_selector_empty_set: ok, behaviour as stated"
