#!/usr/bin/env bash
# k8s.io/apimachinery 0.37.2 (Go): large quantities are not capped the way the documentation of Quantity says.
# Seen: ParseQuantity("10E") has no error, prints "10E" and has Value() 0. "9223372036854775808" has Value() -9223372036854775808.
#   8Ei + 8Ei prints 18446744073709551614 (two too few) and has Value() -2. "1E" is fine for Value() and 0 for MilliValue().
# Surprise: the documentation promises that larger numbers are capped at 2^63-1. Only the binary suffixes are (8Ei), so a sum of
#   two capped values is wrong by two and its Value() negative. Code that adds capacities or multiplies by 1000 gets 0 or less.
# Instead: compare quantities with Cmp, print with AsDec(), and check bounds before Value() and MilliValue().
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"

	"k8s.io/apimachinery/pkg/api/resource"
)

func check(what string, got, want any) {
	if got != want {
		log.Fatalf("%s: %v, expected %v", what, got, want)
	}
}

func main() {
	ten := resource.MustParse("10E")
	check("10E", ten.String(), "10E")
	check("10E value", ten.Value(), int64(0))
	over := resource.MustParse("9223372036854775808")
	check("2^63", over.Value(), int64(-9223372036854775808))
	sum := resource.MustParse("8Ei")
	sum.Add(resource.MustParse("8Ei"))
	check("16Ei", sum.String(), "18446744073709551614")
	check("16Ei value", sum.Value(), int64(-2))
	one := resource.MustParse("1E")
	check("1E", one.Value(), int64(1000000000000000000))
	check("1E milli", one.MilliValue(), int64(0))
	check("compare", ten.Cmp(one), 1)
}
GO
go mod init finding >log 2>&1
go get k8s.io/apimachinery@v0.37.2 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "kubernetes_quantity_cap: ok, behaviour as stated"
