"""What memory and Lease need of the API server: versions, uids, and answers that get lost."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

from watchdog.errors import ConflictError, NotFoundError, UnansweredError
from watchdog.kube.resources import Resource

Object = dict[str, Any]


class StoredObjects:
    """The objects by name, each with a new version after every write.

    Before a write `meanwhile` is called, as someone else who is quicker. Each of `lost` is the
    outcome of a write whose answer does not arrive: whether it was carried out.
    """

    def __init__(self, now: datetime | None) -> None:
        self.server_time = now
        self.objects: dict[tuple[str, str], Object] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self.lost: list[bool] = []
        self.writes: list[Object] = []
        self._count = 0

    def put(self, namespace: str, name: str, **parts: Any) -> Object:
        """Store it as someone else would, and return it."""
        self._count += 1
        found = self.objects.get((namespace, name)) or {}
        metadata = {"name": name, "namespace": namespace, "uid": f"u-{self._count}"}
        metadata |= {**found.get("metadata", {}), **parts.pop("metadata", {})}
        metadata["resourceVersion"] = str(self._count)
        self.objects[namespace, name] = copy.deepcopy({**found, **parts, "metadata": metadata})
        return self.found(namespace, name)

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """One object."""
        del resource
        return self.found(namespace, name)

    def found(self, namespace: str, name: str) -> Object:
        """What is stored under that name."""
        if (namespace, name) not in self.objects:
            raise NotFoundError(f"there is no {name} in {namespace}", 404)
        return copy.deepcopy(self.objects[namespace, name])

    def create(self, resource: Resource, namespace: str, body: Object) -> Object:
        """Create an object; ConflictError where there is one."""
        del resource
        return self._write(namespace, body, None)

    def replace(self, resource: Resource, namespace: str, name: str, body: Object) -> Object:
        """Replace an object of its newest version."""
        del resource
        assert body["metadata"]["name"] == name
        return self._write(namespace, body, body["metadata"]["resourceVersion"])

    def _write(self, namespace: str, body: Object, version: str | None) -> Object:
        self.writes.append(copy.deepcopy(body))
        self.meanwhile()
        name = body["metadata"]["name"]
        found = self.objects.get((namespace, name))
        current = (found["metadata"]["resourceVersion"] if found else None) == version
        lost = bool(self.lost)
        if current and (not lost or self.lost[0]):
            # A PUT replaces all of it.
            self.objects.pop((namespace, name), None)
            uid = found["metadata"]["uid"] if found else f"u-{self._count + 1}"
            self.put(namespace, name, **{**body, "metadata": {**body["metadata"], "uid": uid}})
        if lost:
            self.lost.pop(0)
            raise UnansweredError("no answer")
        if not current:
            raise ConflictError(f"{name} is of another version", 409)
        return self.found(namespace, name)
