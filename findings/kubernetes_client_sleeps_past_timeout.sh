#!/usr/bin/env bash
# kubernetes 37.0.2 with urllib3 2.8.0 (PyPI): _request_timeout does not bound a call when the server is busy.
# Seen: the server answers 429 with "Retry-After: 2" (as API Priority and Fairness does). list_namespace(_request_timeout=1) makes four requests
#   and raises ApiException 429 after 6 s; so does replace_namespace. create_namespace and patch_namespace raise at once after one.
# Surprise: the client has no setting for retries switched on (Configuration().retries is None), and a timeout of one second reads as a bound. None
#   means urllib3's own three retries, which sleep as long as the server says, between the requests that the timeout is for. Whether a call
#   waits or fails depends on its method: a loop over reads stands still for minutes where a patch fails.
# Instead: configuration.retries = urllib3.Retry(3, respect_retry_after_header=False), or 0 and an own loop with a deadline.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kubernetes==37.0.2 urllib3==2.8.0
venv/bin/python - <<'PYTHON'
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from kubernetes import client

requests = []


class Busy(BaseHTTPRequestHandler):
    def do_GET(self):
        requests.append(self.command)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(429)
        self.send_header("Retry-After", "2")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PATCH = do_PUT = do_GET

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
threading.Thread(target=server.serve_forever, daemon=True).start()
configuration = client.Configuration(host=f"http://127.0.0.1:{server.server_port}")
assert configuration.retries is None
api, body = client.CoreV1Api(client.ApiClient(configuration)), {"metadata": {"name": "shop"}}
for call, arguments, tries in [
    (api.list_namespace, (), 4), (api.replace_namespace, ("shop", body), 4),
    (api.create_namespace, (body,), 1), (api.patch_namespace, ("shop", body), 1),
]:
    requests.clear()
    start = time.monotonic()
    try:
        call(*arguments, _request_timeout=1)
    except client.ApiException as error:
        assert error.status == 429
    assert len(requests) == tries and time.monotonic() - start >= 2 * (tries - 1), (call, requests)
PYTHON
echo "kubernetes_client_sleeps_past_timeout: ok, behaviour as stated"
