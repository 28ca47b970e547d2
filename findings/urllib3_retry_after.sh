#!/usr/bin/env bash
# urllib3 2.8.0 (PyPI): a Retry-After that is no whole number turns an answer into an exception.
# Seen: with Retry(total=2), a 503 or 429 with "Retry-After: 0.5" (or "abc", "-1") raises urllib3.exceptions.InvalidHeader after one
#   request. The same answer without the header is returned with its status, and with "0" it is tried three times.
# Surprise: the status list is empty (no status_forcelist), so one expects the answer. Gateways do send fractions. InvalidHeader
#   is no MaxRetryError, and status, body and headers of the answer are lost.
# Instead: retries=False, or Retry(respect_retry_after_header=False), and read the header with care.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check urllib3==2.8.0
"$dir/venv/bin/python" - <<'PYTHON'
import http.server
import threading

import urllib3

seen: list[str] = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        seen.append(self.path)
        self.send_response(503)
        if len(self.path) > 1:
            self.send_header("Retry-After", self.path[1:])
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"busy")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
pool = urllib3.PoolManager()


def ask(value: str, **options):
    seen.clear()
    url = f"http://127.0.0.1:{server.server_port}/{value}"
    return pool.request("GET", url, retries=urllib3.Retry(total=2, **options)).status, len(seen)


assert ask("") == (503, 1)
assert ask("0") == (503, 3)
for value in ("0.5", "abc", "-1"):
    try:
        answer = ask(value)
    except urllib3.exceptions.InvalidHeader as error:
        assert str(error) == f"Invalid Retry-After header: {value}" and len(seen) == 1, (error, seen)
    else:
        raise AssertionError(answer)
assert ask("0.5", respect_retry_after_header=False) == (503, 1)
PYTHON
echo "urllib3_retry_after: ok, behaviour as stated"
