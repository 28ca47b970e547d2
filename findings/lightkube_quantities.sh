#!/usr/bin/env bash
# lightkube 1.0.1 (PyPI): parse_quantity cannot read what the metrics API returns, and rounds small values up to 0.001.
# Seen: parse_quantity("100n") and ("1u") raise ValueError "Invalid unit suffix"; "1E3" is refused too;
#   parse_quantity("0.0000000001") is Decimal("0.001").
# Surprise: n and u are suffixes of the Kubernetes quantity format, and metrics.k8s.io prints CPU usage in n. A parser of a
#   Kubernetes library that was only tried on specs (500m, 1Gi) fails on the first usage it meets. API machinery reads all of these
#   and rounds up to 1n only.
# Instead: strip n and u before the call, or use kubernetes.utils.parse_quantity, which reads them.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check lightkube==1.0.1
"$dir/venv/bin/python" - <<'PYTHON'
from decimal import Decimal

from lightkube.utils.quantity import parse_quantity

for text in ("100n", "1u", "1E3"):
    try:
        value = parse_quantity(text)
    except ValueError as error:
        assert "Invalid unit suffix" in str(error), error
    else:
        raise AssertionError((text, value))
assert parse_quantity("0.0000000001") == Decimal("0.001")
assert parse_quantity("1e3") == 1000 and parse_quantity("500m") == Decimal("0.5")
PYTHON
echo "lightkube_quantities: ok, behaviour as stated"
