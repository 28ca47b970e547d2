#!/usr/bin/env bash
# openai 3.57.0 and anthropic 2.14.0 (PyPI): what each does with a long Retry-After, with timeout=5 and one retry.
# Seen for an answer of 429: with "Retry-After: 90" both ask for a sleep of 90 s and try again. With 121 or 86400 openai raises RateLimitError
#   after one request; anthropic asks for a sleep of 121 and of 86400 s, a day. The timeout of 5 s counts for neither sleep.
# Surprise: both clients come from one generator, read alike and take the same two arguments, so one expects the same bound, and a call with
#   timeout=5 to end within seconds. A day's quota that is used up fails at once with one and hangs a worker until tomorrow with the other.
# Instead: max_retries=0 and an own loop with a deadline, or a deadline around the call.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openai==3.57.0 anthropic==2.14.0
venv/bin/python - <<'PYTHON'
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

import anthropic
import openai

requests, wait = [], ""


class Busy(BaseHTTPRequestHandler):
    def do_POST(self):
        requests.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(429)
        self.send_header("Retry-After", wait)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
threading.Thread(target=server.serve_forever, daemon=True).start()
options = {"base_url": f"http://127.0.0.1:{server.server_port}", "api_key": "none", "timeout": 5, "max_retries": 1}
question = {"model": "any", "max_tokens": 1, "messages": [{"role": "user", "content": "hello"}]}
calls = [
    (openai.RateLimitError, openai.OpenAI(**options).chat.completions.create),
    (anthropic.RateLimitError, anthropic.Anthropic(**options).messages.create),
]
for wait, want in {"90": ([90], [90]), "121": ([], [121]), "86400": ([], [86400])}.items():
    for (error, call), sleeps in zip(calls, want):
        requests.clear()
        with mock.patch("time.sleep") as sleep:
            try:
                call(**question)
            except error:
                pass
        seen = [each.args[0] for each in sleep.call_args_list]
        assert seen == sleeps and len(requests) == 1 + len(sleeps), (call, wait, seen, len(requests))
PYTHON
echo "llm_sdks_retry_after: ok, behaviour as stated"
