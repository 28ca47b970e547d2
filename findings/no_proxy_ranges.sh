#!/usr/bin/env bash
# httpx 0.28.1, httpx2 2.16.2, requests 2.34.2, aiohttp 3.14.5, kubernetes 37.0.2 (PyPI), golang.org/x/net 0.62.0 (Go), Python's urllib:
# who keeps NO_PROXY=10.96.0.0/12 in mind when the API server is https://10.96.0.1/ (KUBERNETES_SERVICE_HOST is an address)?
# Seen: requests, httpx2, kubernetes and Go go direct. httpx, aiohttp and urllib send the request to the proxy.
#   For "*.svc" and kubernetes.default.svc only httpx2 and Go go direct; "10.96.0.1:443" works in Go only.
# Surprise: httpx2 is httpx's successor and differs in both; one environment variable in a pod means other things to each of its libraries.
# Instead: list the address itself and ".svc" without a star: all of them know these two.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check httpx==0.28.1 httpx2==2.16.2 requests==2.34.2 aiohttp==3.14.5 kubernetes==37.0.2
venv/bin/python - <<'PYTHON'
import os
import urllib.request

for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
    os.environ[name] = "http://proxy.example:3128"
os.environ.pop("ALL_PROXY", None)

import aiohttp.helpers
import httpx
import httpx2
import requests.utils
from kubernetes.client.rest import should_bypass_proxies
from yarl import URL


def direct(rule, url):
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = rule
    found = {
        "urllib": bool(urllib.request.proxy_bypass(URL(url).host)),
        "requests": bool(requests.utils.should_bypass_proxies(url, None)),
        "kubernetes": should_bypass_proxies(url, rule),
    }
    for name, library in (("httpx", httpx), ("httpx2", httpx2)):
        client = library.Client()
        found[name] = client._transport_for_url(library.URL(url)) is client._transport
    try:
        aiohttp.helpers.get_env_proxy_for_url(URL(url))
        found["aiohttp"] = False
    except LookupError:
        found["aiohttp"] = True
    return {name for name, way in found.items() if way}


all_six = {"urllib", "requests", "kubernetes", "httpx", "httpx2", "aiohttp"}
service = "https://kubernetes.default.svc/"
assert direct("10.96.0.0/12", "https://10.96.0.1/") == {"requests", "httpx2", "kubernetes"}
assert direct("*.svc", service) == {"httpx2"}, direct("*.svc", service)
assert direct("10.96.0.1:443", "https://10.96.0.1/") == set()
assert direct("10.96.0.1", "https://10.96.0.1/") == all_six
assert direct(".svc", service) == all_six
PYTHON
cat > main.go <<'GO'
package main

import (
	"log"
	"net/url"

	"golang.org/x/net/http/httpproxy"
)

func main() {
	for _, c := range [][2]string{
		{"10.96.0.0/12", "https://10.96.0.1/"}, {"*.svc", "https://kubernetes.default.svc/"},
		{"10.96.0.1:443", "https://10.96.0.1/"}, {".svc", "https://kubernetes.default.svc/"},
	} {
		target, _ := url.Parse(c[1])
		config := httpproxy.Config{HTTPSProxy: "http://proxy.example:3128", NoProxy: c[0]}
		if proxy, err := config.ProxyFunc()(target); proxy != nil || err != nil {
			log.Fatal(c, proxy, err)
		}
	}
}
GO
go mod init finding >log 2>&1
go get golang.org/x/net@v0.62.0 >>log 2>&1 || { cat log; exit 1; }
go mod tidy >>log 2>&1 || { cat log; exit 1; }
go run .
echo "no_proxy_ranges: ok, behaviour as stated"
