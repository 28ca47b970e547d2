#!/usr/bin/env bash
# httpx 0.28.1, httpx2 2.16.2, requests 2.34.2 (PyPI): params together with a query in the URL.
# Seen: get("/q?tenant=a", params={"b": 2}) asks for /q?b=2 in httpx and httpx2, and for /q?tenant=a&b=2 in requests. params={} removes the whole
#   query; requests leaves it. params={"b": None} sends "b=" where requests sends nothing; True is "true" and "True".
# Surprise: httpx is presented as the same calls as requests. A configured address with a fixed query (a tenant, an API version, a
#   token of a webhook) loses it as soon as any code passes params, even an empty dict.
# Instead: client params (httpx.Client(params=...)) for what is fixed, or url.copy_merge_params.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 httpx2==2.16.2 requests==2.34.2
"$dir/venv/bin/python" - <<'PYTHON'
import httpx
import httpx2
import requests


def query(library, url, params):
    if library is requests:
        return requests.Request("GET", url, params=params).prepare().path_url
    return str(library.Request("GET", library.URL(url), params=params).url.raw_path, "ascii")


url = "http://127.0.0.1/q?tenant=a"
for library in (httpx, httpx2):
    assert query(library, url, {"b": 2}) == "/q?b=2", query(library, url, {"b": 2})
    assert query(library, url, {}) == "/q", query(library, url, {})
    assert query(library, "http://127.0.0.1/q", {"b": None}) == "/q?b="
    assert query(library, "http://127.0.0.1/q", {"b": True}) == "/q?b=true"
    merged = library.URL(url).copy_merge_params({"b": 2})
    assert merged.query == b"tenant=a&b=2", merged
assert query(requests, url, {"b": 2}) == "/q?tenant=a&b=2"
assert query(requests, url, {}) == "/q?tenant=a"
assert query(requests, "http://127.0.0.1/q", {"b": None}) == "/q"
assert query(requests, "http://127.0.0.1/q", {"b": True}) == "/q?b=True"
PYTHON
echo "httpx_params_replace: ok, behaviour as stated"
