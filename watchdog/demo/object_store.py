"""The objects of the embedded cluster, in memory, with the bookkeeping of a real API server.

Stored objects are never changed in place: a write stores a new object, so that a reader may keep
what it was given. Defaults and validation are `admission`, behaviour is `controllers`.
"""

import base64
import binascii
import json
import marshal
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from watchdog.demo import selectors, status_errors
from watchdog.demo.api_resources import RESOURCES, WITHOUT_GENERATION, ApiResource, Object, named
from watchdog.demo.simulated_clock import SimulatedClock, parse_stamp, stamp

T = TypeVar("T")
NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_NOT_COMPARED = ("resourceVersion", "managedFields", "generation")
_FIXED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


@dataclass(frozen=True)
class StoredWrite:
    """How a write is to be done: by which manager, on which subresource, and whether for real."""

    manager: str = "sandbox"
    subresource: str = ""
    operation: str = "Update"
    dry_run: bool = False


CONTROLLER = StoredWrite("kube-controller-manager")
CONTROLLER_STATUS = StoredWrite("kube-controller-manager", "status")
KUBELET_STATUS = StoredWrite("kubelet", "status")


class Store:
    """All objects, by resource, namespace and name; hold `lock` over every use."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.changes = 0
        self.random = random.Random(7)  # noqa: S311  names and uids that repeat from run to run
        self._version = 100
        self._oldest_token = 0
        self._objects: dict[ApiResource, dict[tuple[str, str], Object]] = {r: {} for r in RESOURCES}
        self._objects[_EVENTS_K8S_IO] = self._objects[named("Event")]

    def get(self, resource: ApiResource, namespace: str, name: str) -> Object:
        """Read one object; raises ApiFailure 404."""
        found = self._objects[resource].get((namespace, name))
        if found is None:
            raise status_errors.not_found(resource, name)
        return found

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """Read one object by kind, or None."""
        return self._objects[named(kind)].get((namespace, name))

    def all(self, kind: str, namespace: str = "") -> list[Object]:
        """List by kind, in all namespaces or one."""
        return self.items(named(kind), namespace)

    def items(self, resource: ApiResource, namespace: str = "") -> list[Object]:
        """List in the order of the real server: by namespace, then by name."""
        listed = sorted(self._objects[resource].items())
        return [item for (where, _), item in listed if namespace in ("", where)]

    def oldest_first(self, kind: str, namespace: str) -> list[Object]:
        """List the objects of a namespace in the order of their creation."""
        held = self._objects[named(kind)].items()
        return [item for (where, _), item in held if where == namespace]

    def everything(self) -> Iterator[tuple[ApiResource, Object]]:
        """Walk over all objects; the store may be changed meanwhile."""
        for resource, held in self._objects.items():
            if resource is not _EVENTS_K8S_IO:
                for item in list(held.values()):
                    yield resource, item

    def create(
        self, resource: ApiResource, item: Object, write: StoredWrite = CONTROLLER
    ) -> Object:
        """Store a new object, completing its metadata; raises ApiFailure 409 or 404."""
        item = plain_copy(item)
        meta = item.setdefault("metadata", {})
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + self.suffix(5)
        key = (meta.get("namespace", ""), meta["name"])
        if resource.namespaced and (namespaces := self._objects[named("Namespace")]) is not None:
            holder = namespaces.get(("", key[0]))
            if holder is None:
                raise status_errors.not_found(named("Namespace"), key[0])
        if key in self._objects[resource]:
            raise status_errors.already_exists(resource, key[1])
        meta["uid"] = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        meta["creationTimestamp"] = stamp(self.clock.now())
        if resource.kind not in WITHOUT_GENERATION:
            meta["generation"] = 1
        self._sign(resource, item, write)
        if not write.dry_run:
            self._put(resource, key, item)
        return item

    def update(
        self, resource: ApiResource, item: Object, write: StoredWrite = CONTROLLER
    ) -> Object:
        """Store a changed object; raises ApiFailure 404, or 409 when it was changed meanwhile."""
        meta = item["metadata"]
        key = (meta.get("namespace", ""), meta["name"])
        old = self.get(resource, *key)
        if meta.get("resourceVersion") not in (None, "", old["metadata"]["resourceVersion"]):
            raise status_errors.modified(resource, key[1])
        if meta.get("uid") not in (None, "", old["metadata"]["uid"]):
            why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: "
            raise status_errors.precondition(resource, key[1], why + old["metadata"]["uid"])
        new = self._merged(resource, old, item, write)
        if _content(new) != _content(old):
            self._sign(resource, new, write)
        elif _managers(new) == _managers(old):
            return old
        if write.dry_run:
            return new
        if new["metadata"].get("deletionTimestamp") and not new["metadata"].get("finalizers"):
            return self.remove(resource, new)
        self._put(resource, key, new)
        return new

    def change(
        self,
        resource: ApiResource,
        item: Object,
        edit: Callable[[Object], None],
        write: StoredWrite,
    ) -> Object:
        """Update a stored object by editing a copy of it."""
        new = plain_copy(item)
        edit(new)
        return self.update(resource, new, write)

    def delete(
        self,
        resource: ApiResource,
        item: Object,
        grace_seconds: int = 0,
        write: StoredWrite = CONTROLLER,
    ) -> Object:
        """Delete at once, or mark as being deleted where a kubelet or finalizers have to agree."""
        if write.dry_run:
            return item
        meta = item["metadata"]
        if grace_seconds <= 0 and not meta.get("finalizers"):
            return self.remove(resource, item)
        new = plain_copy(item)
        ends = stamp(self.clock.now() + grace_seconds)
        earlier = meta.get("deletionTimestamp") or ends
        if parse_stamp(earlier) < parse_stamp(ends):
            ends = earlier
        new["metadata"]["deletionTimestamp"] = ends
        new["metadata"]["deletionGracePeriodSeconds"] = grace_seconds
        self._put(resource, (meta.get("namespace", ""), meta["name"]), new)
        return new

    def remove(self, resource: ApiResource, item: Object) -> Object:
        """Take an object out of the store."""
        meta = item["metadata"]
        self._objects[resource].pop((meta.get("namespace", ""), meta["name"]), None)
        self._version += 1
        self.changes += 1
        return item

    def page(
        self, resource: ApiResource, namespace: str, query: dict[str, str]
    ) -> tuple[list[Object], Object]:
        """List as asked by selectors, limit and continue: the items and the list's metadata."""
        items = self.items(resource, namespace)
        if query.get("labelSelector"):
            items = list(filter(selectors.label_test(query["labelSelector"]), items))
        if query.get("fieldSelector"):
            items = list(filter(selectors.field_test(resource.kind, query["fieldSelector"]), items))
        meta: Object = {"resourceVersion": str(self._version)}
        if query.get("continue"):
            after = self._read_token(query["continue"])
            items = [item for item in items if _key(item) > after]
        limit = int(query.get("limit") or 0)
        if limit and len(items) > limit:
            meta["remainingItemCount"] = len(items) - limit
            items = items[:limit]
            token = json.dumps([self._version, *_key(items[-1])]).encode()
            meta["continue"] = base64.urlsafe_b64encode(token).decode()
        return items, meta

    def expire_continue_tokens(self) -> None:
        """Make every continue token handed out so far too old, as etcd's compaction does."""
        self._version += 1
        self._oldest_token = self._version

    def suffix(self, length: int) -> str:
        """Make a name's random end."""
        return "".join(self.random.choices(NAME_ALPHABET, k=length))

    def _read_token(self, token: str) -> tuple[str, str]:
        try:
            version, namespace, name = json.loads(base64.urlsafe_b64decode(token))
        except (ValueError, binascii.Error, TypeError) as error:
            raise status_errors.bad_request(f"continue key is not valid: {error}") from error
        if version < self._oldest_token:
            raise status_errors.expired()
        return namespace, name

    def _put(self, resource: ApiResource, key: tuple[str, str], item: Object) -> None:
        self._version += 1
        self.changes += 1
        item["metadata"]["resourceVersion"] = str(self._version)
        self._objects[resource][key] = item

    def _merged(
        self, resource: ApiResource, old: Object, item: Object, write: StoredWrite
    ) -> Object:
        if write.subresource == "status":
            new = {**plain_copy(old), "status": plain_copy(item.get("status"))}
        elif "status" in old:
            new = {**plain_copy(item), "status": plain_copy(old["status"])}
        else:
            new = plain_copy({key: value for key, value in item.items() if key != "status"})
        meta = new["metadata"]
        for field in _FIXED:
            meta.pop(field, None)
            if field in old["metadata"]:
                meta[field] = old["metadata"][field]
        # As the API server does: what a body says of the managers counts, and none keeps them.
        meta["managedFields"] = _managers(item) or _managers(old)
        if resource.kind not in WITHOUT_GENERATION:
            changed = new.get("spec") != old.get("spec") or (
                resource.kind == "Deployment"
                and write.manager != CONTROLLER.manager
                and _annotations(new) != _annotations(old)
            )
            meta["generation"] = old["metadata"].get("generation", 1) + changed
        return new

    def _sign(self, resource: ApiResource, item: Object, write: StoredWrite) -> None:
        entry = {
            "manager": write.manager,
            "operation": write.operation,
            "apiVersion": resource.api_version,
            "time": stamp(self.clock.now()),
            "fieldsType": "FieldsV1",
            "fieldsV1": {},
        }
        if write.subresource:
            entry["subresource"] = write.subresource
        same = ("manager", "operation", "subresource")
        kept = [e for e in _managers(item) if any(e.get(key) != entry.get(key) for key in same)]
        item["metadata"]["managedFields"] = [*kept, entry]


_EVENTS_K8S_IO = next(r for r in RESOURCES if r.group == "events.k8s.io")


def plain_copy(value: T) -> T:
    """A copy of plain JSON, many times faster than `copy.deepcopy`."""
    data: Any = value
    copied: T = marshal.loads(marshal.dumps(data))  # noqa: S302  what this line itself has written
    return copied


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _content(item: Object) -> dict[str, Any]:
    meta = {key: value for key, value in item["metadata"].items() if key not in _NOT_COMPARED}
    return {**item, "metadata": meta}


def _managers(item: Object) -> list[Object]:
    managers: list[Object] = item["metadata"].get("managedFields") or []
    return managers


def _annotations(item: Object) -> Object:
    """A Deployment's move its generation, unless its controller writes them with the status."""
    return item["metadata"].get("annotations") or {}
