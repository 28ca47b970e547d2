#!/usr/bin/env bash
# Apprise 2.3.0, Opsgenie: a "success" that is to close an alert of an earlier process says that it
# was sent (True), and sends nothing.
#
# The plugin maps failure to "new" and success to "close". It closes by request ids that it keeps in
# memory unless storage on disk is configured. In a process of its own, as a CronJob is, there are none:
# the call makes no request, returns True, and the alert stays open, `alias` or not.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apprise==2.3.0
cat > "$folder/one.py" <<'PY'
import http.server, sys, threading
import apprise
from apprise.plugins import opsgenie

asked = []

class Stand(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(self.path)
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(202)
        self.end_headers()
        self.wfile.write(b'{"requestId": "r-1"}')

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Stand)
threading.Thread(target=server.serve_forever, daemon=True).start()
opsgenie.OPSGENIE_API_LOOKUP["us"] = f"http://127.0.0.1:{server.server_port}/v2/alerts"
one = apprise.Apprise()
one.add("opsgenie://8e8ec7f0-1111-4222-8333-444455556666?action=map&alias=incident-1")
taken = one.notify(title="ledger", body="down", notify_type=sys.argv[1])
print(sys.argv[1], "returned", bool(taken), "and made", len(asked), "request(s)")
PY
first="$("$folder/venv/bin/python" "$folder/one.py" failure)"
second="$("$folder/venv/bin/python" "$folder/one.py" success)"
printf '%s\n%s\n' "$first" "$second"
[ "$first" = "failure returned True and made 1 request(s)" ]
[ "$second" = "success returned True and made 0 request(s)" ] || { echo "it changed"; exit 1; }
