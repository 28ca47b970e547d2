#!/usr/bin/env bash
# kubernetes 37.0.2 (PyPI) and k8s.io/apimachinery 0.37.2 (Go): parse_quantity accepts what the API server refuses.
# Seen: kubernetes.utils.parse_quantity reads "1K" as 1000, "1e3Mi" as 1048576000, "1_000" as 1000, " 5" as 5 and "Infinity" as infinity.
#   resource.ParseQuantity refuses each of them.
# Surprise: the function belongs to the official client and is used to check values before a write. The server then answers 400, and
#   Infinity as a limit passes each comparison "is at most".
# Instead: match ^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$ first.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kubernetes==37.0.2
venv/bin/python - <<'PYTHON'
from decimal import Decimal

from kubernetes.utils import parse_quantity

want = {"1K": 1000, "1e3Mi": 1048576000, "1_000": 1000, " 5": 5, "Infinity": Decimal("Infinity")}
for text, value in want.items():
    assert parse_quantity(text) == value, (text, parse_quantity(text))
PYTHON
cat > main.go <<'GO'
package main

import (
	"log"

	"k8s.io/apimachinery/pkg/api/resource"
)

func main() {
	for _, text := range []string{"1K", "1e3Mi", "1_000", " 5", "Infinity"} {
		if value, err := resource.ParseQuantity(text); err == nil {
			log.Fatalf("%q is %s", text, value.String())
		}
	}
	if _, err := resource.ParseQuantity("1k"); err != nil {
		log.Fatal(err)
	}
}
GO
go mod init finding >log 2>&1
go get k8s.io/apimachinery@v0.37.2 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "kubernetes_client_quantities: ok, behaviour as stated"
