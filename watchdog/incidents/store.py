"""A namespace's memory in its ConfigMap: read, and written where nobody else wrote meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from watchdog.errors import ClusterError, ForbiddenError, NotFoundError, UnansweredError
from watchdog.incidents.memory import (
    MAX_BYTES,
    Memory,
    NewerError,
    UnreadableError,
    check,
    decode,
    encode,
    fit,
)
from watchdog.observation.reader import Json
from watchdog.resources import CONFIGMAPS, Resource
from watchdog.rights import OWN_NAME

KEY = "memory.json"
ASIDE_KEY = "set-aside.txt"
ASIDE_BYTES = 100 * 1024


class Cluster(Protocol):
    """Reads and writes of one object. All raise ClusterError or one of its kin."""

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """One object."""
        ...

    def create(self, resource: Resource, namespace: str, body: Json) -> Json:
        """Create an object; ConflictError where one of that name is there."""
        ...

    def replace(self, resource: Resource, namespace: str, name: str, body: Json) -> Json:
        """Replace that version of an object; ConflictError where it is not the newest."""
        ...


@dataclass(frozen=True)
class Kept:
    """A memory as it was read or written.

    `version` is the ConfigMap's resourceVersion, None where there is none yet. `warning` is a whole
    sentence for the report, and where `usable` is false nothing may be written to workloads in
    this pass. `found` is the ConfigMap, `aside` a text in it that is not a memory and `closed` why
    nothing may be written to it; these are for `write` alone.
    """

    memory: Memory
    version: str | None
    warning: str = ""
    usable: bool = True
    found: Json = field(default_factory=dict, repr=False)
    aside: str = field(default="", repr=False)
    closed: str = ""


def read(cluster: Cluster, namespace: str, cluster_name: str, now: datetime) -> Kept:
    """The memory of a namespace; an empty one where there is none or it cannot be believed.

    Raises nothing: a ConfigMap that cannot be read, or used, is a `warning`.
    """
    empty = Memory(cluster=cluster_name, namespace=namespace)
    where = _where(namespace)
    try:
        found = cluster.get(CONFIGMAPS, namespace, OWN_NAME)
        version = _version(found)
    except NotFoundError:
        return Kept(empty, None)
    except ClusterError as error:
        warning = f"Nothing is changed, because the memory cannot be read: {error}."
        return Kept(empty, None, warning, usable=False, closed=str(error))
    text = _text(found)
    if not text:
        return Kept(empty, version, found=found)
    try:
        memory = decode(text)
        check(memory, namespace, now)
    except NewerError as error:
        closed = f"{where} was written by a newer version of this product: {error}"
        warning = (
            f"Nothing is changed, because {closed}; upgrade this one, or delete its key {KEY}."
        )
        return Kept(empty, version, warning, usable=False, closed=closed)
    except UnreadableError as error:
        warning = (
            f"Nothing is changed in this pass, because {where} does not hold a memory that this "
            f"product wrote: {error}; the next pass begins with an empty one, so look who edited "
            f"it, and at the text under its key {ASIDE_KEY}."
        )
        return Kept(empty, version, warning, usable=False, found=found, aside=text)
    return Kept(memory, version, found=found)


def write(cluster: Cluster, kept: Kept, memory: Memory) -> Kept:
    """Store a memory in place of the one that was read, as far as it fits.

    A text that is no memory is moved to another key. Raises ClusterError where it is not certain
    that the memory is stored: ConflictError where somebody else wrote meanwhile.
    """
    where = _where(memory.namespace)
    if kept.closed:
        raise ClusterError(f"cannot store the memory: {kept.closed}")
    text = encode(fit(memory))
    try:
        stored = decode(text)
    except UnreadableError as error:
        raise ClusterError(
            f"cannot store the memory in {where}: {error}; watch smaller namespaces, or delete "
            f"its key {KEY} (at most {MAX_BYTES // 1024} KiB)"
        ) from error
    body = _body(kept, memory.namespace, text)
    try:
        found = _send(cluster, kept, body)
    except UnansweredError:
        found = cluster.get(CONFIGMAPS, memory.namespace, OWN_NAME)
        if _text(found) != text:
            raise
    return Kept(stored, _version(found), found=found)


def _send(cluster: Cluster, kept: Kept, body: Json) -> Json:
    namespace = body["metadata"]["namespace"]
    if kept.version is not None:
        return cluster.replace(CONFIGMAPS, namespace, OWN_NAME, body)
    try:
        return cluster.create(CONFIGMAPS, namespace, body)
    except ForbiddenError as error:
        raise ForbiddenError(
            f"there is no {_where(namespace)} and these credentials may not create it: install the "
            f"chart, or run `kubectl create configmap {OWN_NAME} -n {namespace}`",
            error.status,
        ) from error


def _body(kept: Kept, namespace: str, text: str) -> Json:
    """The ConfigMap with the new text, and all else that it holds left alone."""
    metadata = {**kept.found.get("metadata", {}), "name": OWN_NAME, "namespace": namespace}
    metadata.pop("managedFields", None)
    if kept.version is not None:
        metadata["resourceVersion"] = kept.version
    data = {**(kept.found.get("data") or {}), KEY: text}
    if kept.aside:
        data[ASIDE_KEY] = kept.aside.encode()[:ASIDE_BYTES].decode(errors="ignore")
    body = {
        **kept.found,
        "apiVersion": "v1",
        "kind": CONFIGMAPS.kind,
        "metadata": metadata,
        "data": data,
    }
    # A key is either text or bytes.
    if binary := {k: v for k, v in (kept.found.get("binaryData") or {}).items() if k not in data}:
        return {**body, "binaryData": binary}
    body.pop("binaryData", None)
    return body


def _version(found: Json) -> str:
    """The resourceVersion; ClusterError where the answer is no ConfigMap."""
    metadata = found.get("metadata")
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    parts = (found.get(part) for part in ("data", "binaryData"))
    if not version or not all(isinstance(part, dict | None) for part in parts):
        raise ClusterError(f"the answer for ConfigMap {OWN_NAME} is not a ConfigMap")
    return str(version)


def _text(found: Json) -> str:
    """What stands under our key; bytes are given as they were encoded."""
    for part in ("data", "binaryData"):
        if text := (found.get(part) or {}).get(KEY):
            return str(text)
    return ""


def _where(namespace: str) -> str:
    return f"ConfigMap {OWN_NAME} in namespace {namespace}"
