"""An API server without a node: objects and their status are what the test writes, and quickly."""

import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.cluster.api import Api, ApiRefusalError, Object
from tests.cluster.handle import Cluster, unique_name

__all__ = ["Api", "ApiRefusalError", "Object", "Plane"]


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
