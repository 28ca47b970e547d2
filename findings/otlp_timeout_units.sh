#!/usr/bin/env bash
# opentelemetry-exporter-otlp-proto-http 1.45.2 (PyPI) and @opentelemetry/exporter-trace-otlp-http 0.223.1 (npm): the unit of
# OTEL_EXPORTER_OTLP_TIMEOUT.
# Seen with a collector that answers after one second: with 5 Python's export succeeds and JavaScript's fails at once; with 300 Python's
#   succeeds too and JavaScript's fails after 0.3 s; with 30000 both succeed.
# Surprise: the variable has one name and one page in the specification, which says milliseconds, and is set once for all pods of a
#   cluster. Python counts seconds: the 10000 that is right for the others is 2 hours and 46 minutes there, and the 5 that is right for Python
#   is 5 ms elsewhere, so each export fails. The SDK's OTEL_BSP_SCHEDULE_DELAY is in milliseconds in Python as well.
# Instead: do not set it for a cluster; pass timeout= in code, or set it per language.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
cat > server.py <<'PYTHON'
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Slow(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(1)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


listener = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
Path("port").write_text(str(listener.server_port))
listener.serve_forever()
PYTHON
python3 server.py 2>server.log &
server=$!
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-exporter-otlp-proto-http==1.45.2
npm install --silent --no-audit --no-fund @opentelemetry/exporter-trace-otlp-http@0.223.1
cat > main.cjs <<'JS'
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
new OTLPTraceExporter().export([], (result) => {
  console.log(result.code === 0 ? "SUCCESS" : "FAILURE");
  process.exit(0);
});
JS
cat > main.py <<'PYTHON'
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

print(OTLPSpanExporter().export([]).name)
PYTHON
export OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:$(cat port)"
for row in "5 SUCCESS FAILURE" "300 SUCCESS FAILURE" "30000 SUCCESS SUCCESS"; do
    read -r OTEL_EXPORTER_OTLP_TIMEOUT python javascript <<<"$row"
    export OTEL_EXPORTER_OTLP_TIMEOUT
    [ "$(venv/bin/python main.py)" = "$python" ] || { echo "Python, $row"; exit 1; }
    [ "$(node main.cjs 2>/dev/null)" = "$javascript" ] || { echo "JavaScript, $row"; exit 1; }
done
echo "otlp_timeout_units: ok, behaviour as stated"
