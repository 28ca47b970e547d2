#!/usr/bin/env bash
# bytes 3.1.2 (npm; body-parser and raw-body read their limits with it) and humanfriendly 10.0 (PyPI): sizes as
# a Kubernetes manifest writes them.
# Seen: bytes("64Mi") is 64, bytes("1MiB") and bytes("1M") are 1, bytes("1.5Gi") is 1, bytes("1,5MB") is 1; bytes("1MB") is 1048576. In
#   humanfriendly "64Mi" is 64000000, "64MiB" 67108864 and "1MB" 1000000.
# Surprise: 64Mi is 67108864 in the manifest, and no reader raises. bytes("x") is null and its page says "null upon error", so one relies on
#   null. Text that begins with a digit never gives it: the unit is dropped, and a limit that is copied from resources.limits.memory is
#   64 bytes. Each request then is too large.
# Instead: numbers of bytes in the settings, or a pattern ^\d+(\.\d+)?(kb|mb|gb)$ before the call.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund bytes@3.1.2
node - <<'JS'
const assert = require("node:assert/strict");
const bytes = require("bytes");
const want = { "64Mi": 64, "1MiB": 1, "1M": 1, "1.5Gi": 1, "1,5MB": 1, "1MB": 1048576, x: null };
for (const [text, size] of Object.entries(want)) assert.equal(bytes(text), size, text);
JS
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check humanfriendly==10.0
venv/bin/python - <<'PYTHON'
from humanfriendly import parse_size

seen = [parse_size(text) for text in ("64Mi", "64MiB", "1MB")]
assert seen == [64000000, 67108864, 1000000], seen
PYTHON
echo "bytes_of_kubernetes_units: ok, behaviour as stated"
