#!/usr/bin/env bash
# httpx 0.28.1, httpx2 2.16.2, requests 2.34.2, urllib3 2.8.0, aiohttp 3.14.5 (PyPI): a gzip answer of two members.
# Seen: for the concatenation of gzip("hello") and gzip("world") httpx and httpx2 return "hello", the others "helloworld". No client raises.
# Surprise: RFC 1952 says a file is a series of members, and rotated logs joined by cat, or servers that flush chunk by chunk, send such
#   bodies. With httpx the status is 200, the length header fits and half of the log is missing.
# Instead: ask for identity (Accept-Encoding) where logs or archives are read, or decompress yourself with gzip.decompress.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 httpx2==2.16.2 requests==2.34.2 aiohttp==3.14.5 urllib3==2.8.0
"$dir/venv/bin/python" - <<'PYTHON'
import asyncio
import gzip
import http.server
import threading

import aiohttp
import httpx
import httpx2
import requests
import urllib3

BODY = gzip.compress(b"hello") + gzip.compress(b"world")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"


async def ask():
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.read()


assert httpx.get(url, trust_env=False).content == b"hello"
assert httpx2.get(url, trust_env=False).content == b"hello"
assert requests.get(url).content == b"helloworld"
assert urllib3.request("GET", url).data == b"helloworld"
assert asyncio.run(ask()) == b"helloworld"
assert gzip.decompress(BODY) == b"helloworld"
PYTHON
echo "gzip_members: ok, behaviour as stated"
