"""How much of what it reads an observation keeps: a tenant writes the objects, and pays no memory.

Kubernetes takes objects of more than a megabyte: thousands of variables, annotations of 256 KiB,
and 50 ReplicaSets with the same. As Python's values they take ten times their text. So one that is
large, and any one once much was kept, is kept in part: enough to say what is broken.
"""

from __future__ import annotations

import threading
from typing import Any

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import mapping
from watchdog.observation.template_summary import literal_env

# What a value takes in Python, and what an env entry takes besides once it is summed up and hidden.
_NODE_BYTES = 64
_ENV_BYTES = 700
_ONE_BYTES = 1_500_000
_ALL_BYTES = 48_000_000
# An object that takes more than these leaves so much of the room to others: what a few large ones
# take, those of ordinary size do not lack.
_ORDINARY_BYTES, _LEFT_BYTES = 150_000, 16_000_000
_ORDINARY_VALUES, _LEFT_VALUES = 100, 2_000
# Each literal value is looked for in each text, so their number is time.
_MOST_VALUES = 5_000

_MOST_ITEMS = 40
_MOST_KEYS = 80
_MOST_CHARS = 1_000
_DEEPEST = 12
# An env value that was cut away; in quotation marks it would be taken for one.
_CUT_VALUE = "(cut)"
# Kept first: what decides about an object, as annotations and as parts of a spec.
_FIRST = ("sre-watchdog/", "deployment.kubernetes.io/", "meta.helm.sh/", "app.kubernetes.io/")


class Part(dict[str, Any]):
    """An object that was kept in part."""


class Allowance:
    """What the objects of one observation may take. Used by several threads."""

    def __init__(self, all_bytes: int = _ALL_BYTES, one_bytes: int = _ONE_BYTES) -> None:
        self._lock = threading.Lock()
        self._left = all_bytes
        self._one = one_bytes
        self._values: set[str] = set()

    def kept(self, raw: Json) -> Json:
        """The object itself where there is room for it, else a `Part` of it.

        Of long annotations, which say nothing about a failure, it keeps the beginning in any case.
        """
        lean = _lean(raw)
        size = weight(lean, self._one)
        values = _literals(lean) if size <= self._one else set()
        large = size > _ORDINARY_BYTES or len(values) > _ORDINARY_VALUES
        with self._lock:
            room = self._left - (_LEFT_BYTES if large else 0)
            most = _MOST_VALUES - (_LEFT_VALUES if large else 0)
            if size <= min(self._one, room) and len(self._values | values) <= most:
                self._values |= values
                self._left -= size
                return lean
        return Part(_cut(lean, 0))


def weight(raw: Any, most: int) -> int:
    """About how many bytes a value takes in memory; counted no further than `most`."""
    total, rest = 0, [raw]
    while rest and total <= most:
        part = rest.pop()
        total += _NODE_BYTES
        if isinstance(part, dict):
            total += sum(_NODE_BYTES + len(key) for key in part)
            rest += part.values()
            total += _ENV_BYTES * ("value" in part or "valueFrom" in part)
        elif isinstance(part, list):
            rest += part
        elif isinstance(part, str):
            total += len(part)
    return total


def _lean(raw: Json) -> Json:
    metadata = mapping(raw.get("metadata"))
    found = mapping(metadata.get("annotations"))
    if not any(isinstance(text, str) and len(text) > _MOST_CHARS for text in found.values()):
        return raw
    short = {key: str(text)[:_MOST_CHARS] for key, text in found.items()}
    return {**raw, "metadata": {**metadata, "annotations": short}}


def _literals(raw: Json) -> set[str]:
    """The literal env values of a pod, or of the pod template in a workload or CronJob."""
    spec = mapping(raw.get("spec"))
    spec = mapping(mapping(spec.get("jobTemplate")).get("spec")) or spec
    holder = raw if "containers" in spec else spec.get("template")
    return set(literal_env(holder).values())


def _cut(value: Any, depth: int) -> Any:
    """The beginning of everything in it; no env value, message or list of fields is in it."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return value[:_MOST_CHARS]
    if isinstance(value, list):
        return [_cut(item, depth + 1) for item in value[:_MOST_ITEMS]]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    if len(keys) > _MOST_KEYS:
        keys.sort(key=lambda key: not key.startswith(_FIRST))
    found = {key[:_MOST_CHARS]: _cut(value[key], depth + 1) for key in keys[:_MOST_KEYS]}
    if "value" in value and "name" in value:
        found["value"] = _CUT_VALUE if value["value"] else ""
    # They may repeat a value that is not known any more.
    for key in ("message", "fieldsV1"):
        if key in found:
            found[key] = {} if key == "fieldsV1" else ""
    return found
