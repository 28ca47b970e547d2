#!/usr/bin/env bash
# github.com/Masterminds/semver 3.5.0 (Helm), github.com/hashicorp/go-version 1.9.0 (Terraform), both Go, and semver 7.8.6 (npm).
# Seen for 1.34.5: ">1.34" is false, "=1.34" and "<=1.34" true, "!=1.34" false in Masterminds and npm; hashicorp says the opposite each
#   time (it fills up to 1.34.0). ">=1.30.0-0" takes 1.34.1-gke.1 in Masterminds and not in hashicorp.
# Surprise: the signs look like arithmetic, so one copies kubeVersion from a chart into a module. "newer than 1.34" then starts with 1.34.1 in
#   one and with 1.35.0 in the other, and the pre-release trick for managed clusters stops working.
# Instead: always three numbers, and >= with < only.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > main.go <<'GO'
package main

import (
	"log"

	"github.com/Masterminds/semver/v3"
	"github.com/hashicorp/go-version"
)

func main() {
	for _, c := range []struct {
		rule, version string
		helm, other   bool
	}{
		{">1.34", "1.34.5", false, true}, {"=1.34", "1.34.5", true, false}, {"<=1.34", "1.34.5", true, false},
		{"!=1.34", "1.34.5", false, true}, {">=1.30.0-0", "1.34.1-gke.1", true, false}, {">=1.30.0", "1.34.1-gke.1", false, false},
	} {
		first, err := semver.NewConstraint(c.rule)
		if err != nil {
			log.Fatal(err)
		}
		second, err := version.NewConstraint(c.rule)
		if err != nil {
			log.Fatal(err)
		}
		if got := first.Check(semver.MustParse(c.version)); got != c.helm {
			log.Fatal("Masterminds ", c, got)
		}
		if got := second.Check(version.Must(version.NewVersion(c.version))); got != c.other {
			log.Fatal("hashicorp ", c, got)
		}
	}
}
GO
go mod init finding >log 2>&1
go get github.com/Masterminds/semver/v3@v3.5.0 github.com/hashicorp/go-version@v1.9.0 >>log 2>&1 || { cat log; exit 1; }
go run .
npm install --silent --no-audit --no-fund semver@7.8.6
node - <<'JS'
const assert = require("node:assert/strict");
const { satisfies } = require("semver");
const rules = [">1.34", "=1.34", "<=1.34", "!=1.34"].map((rule) => satisfies("1.34.5", rule));
assert.deepEqual(rules, [false, true, true, false]);
assert.equal(satisfies("1.34.1-gke.1", ">=1.30.0"), false);
JS
echo "version_constraints: ok, behaviour as stated"
