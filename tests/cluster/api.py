"""Plain HTTP to an API server, over kept connections: a client of its own would take too long."""

import contextlib
import http.client
import json
import queue
import ssl
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml

Object = dict[str, Any]
# The API server hangs up on a connection that was idle for 90 s.
IDLE_SECONDS = 30.0


class ApiRefusalError(AssertionError):
    """The API server did not take a request. The message has the request, its status and why."""


class Api:
    """Plain HTTP over kept connections: a client library is too slow for thousands of objects."""

    def __init__(self, kubeconfig: Path, token: str | None = None) -> None:
        """With the token of the kubeconfig's user, or another one."""
        config = yaml.safe_load(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        self._address = urlsplit(cluster["server"])
        self._tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._headers = {
            "Authorization": f"Bearer {token or config['users'][0]['user']['token']}",
        }
        self._idle: queue.LifoQueue[tuple[float, http.client.HTTPSConnection]] = queue.LifoQueue()
        self._resources: dict[tuple[str, str], tuple[str, bool]] = {}

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Object:
        """Returns the reply's object; raises ApiRefusalError for any status but 2xx."""
        payload = None if body is None else json.dumps(body)
        connection = self._connection()
        try:
            headers = {**self._headers, "Content-Type": content_type}
            connection.request(method, path, payload, headers)
            reply = connection.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        self._idle.put((time.monotonic(), connection))
        answer: Object = json.loads(text)
        if reply.status >= 300:
            raise ApiRefusalError(
                f"{method} {path}: {reply.status} {answer.get('message', text[:300])}"
            )
        return answer

    def collection(self, obj: Object) -> str:
        """The path that objects of this kind and namespace live under."""
        base = _base(obj["apiVersion"])
        plural, namespaced = self._resource(obj["apiVersion"], obj["kind"])
        namespace = obj["metadata"].get("namespace", "default")
        return f"{base}/namespaces/{namespace}/{plural}" if namespaced else f"{base}/{plural}"

    def labelled(self, namespace: str, selector: str) -> list[str]:
        """Everything in a namespace that has these labels, of whatever kind, but Events."""
        versions = [
            f"/apis/{group['preferredVersion']['groupVersion']}"
            for group in self.request("GET", "/apis")["groups"]
        ]
        asked = f"labelSelector={quote(selector)}"
        return [
            f"{kind['name']}/{item['metadata']['name']}"
            for version in ("/api/v1", *versions)
            for kind in self.request("GET", version)["resources"]
            if kind["namespaced"] and "list" in kind["verbs"] and kind["name"] != "events"
            for item in self.request(
                "GET", f"{version}/namespaces/{namespace}/{kind['name']}?{asked}"
            )["items"]
        ]

    def close(self) -> None:
        """Closes the connections that no request is using."""
        while not self._idle.empty():
            self._idle.get()[1].close()

    def _connection(self) -> http.client.HTTPSConnection:
        with contextlib.suppress(queue.Empty):
            while True:
                used_at, connection = self._idle.get_nowait()
                if time.monotonic() - used_at < IDLE_SECONDS:
                    return connection
                connection.close()
        host, port = self._address.hostname or "", self._address.port
        return http.client.HTTPSConnection(host, port, timeout=60, context=self._tls)

    def _resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        """A kind's plural, and whether its objects live in namespaces, from the API's discovery."""
        if (api_version, kind) not in self._resources:
            for found in self.request("GET", _base(api_version))["resources"]:
                if "/" not in found["name"]:
                    plural = (found["name"], bool(found["namespaced"]))
                    self._resources[api_version, found["kind"]] = plural
        return self._resources[api_version, kind]


def _base(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
