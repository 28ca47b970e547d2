"""An API server without a node: objects and their status are what the test writes, and quickly."""

import contextlib
import http.client
import json
import queue
import ssl
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.cluster.handle import Cluster, unique_name

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


@dataclass(frozen=True)
class Plane(Cluster):
    """A Cluster of which only the API server runs: nothing reacts to what is written."""

    api: Api

    def create(self, obj: Object) -> Object:
        """Posts one object, without its status, and returns it as stored."""
        return self.api.request("POST", self.api.collection(obj), obj)

    def status(self, obj: Object) -> Object:
        """Puts the status of an object that exists, and returns it as stored."""
        path = f"{self.api.collection(obj)}/{obj['metadata']['name']}/status"
        return self.api.request("PUT", path, obj)

    def create_many(self, objects: Iterable[Object], threads: int = 16) -> list[Object]:
        """Posts objects, and their status where they carry one; returns them in the same order."""

        def stored(obj: Object) -> Object:
            created = self.create(obj)
            return self.status({**created, "status": obj["status"]}) if "status" in obj else created

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(stored, objects))

    @contextlib.contextmanager
    def namespace(self, prefix: str) -> Iterator[str]:
        """A fresh namespace; as no controller empties it afterwards, it stays Terminating."""
        name = unique_name(prefix)
        self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        try:
            yield name
        finally:
            self.api.request("DELETE", f"/api/v1/namespaces/{name}")


def _base(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
