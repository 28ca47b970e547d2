"""JSON patches as pure values: applied to an object, and turned round."""

from __future__ import annotations

import copy
import json
from typing import Any

from watchdog.actions import Object, Operations, RemediationAction, RolloutRestart
from watchdog.incidents.transitions import digest, full_digest


def applied(item: Object, operations: Operations) -> Object:
    """A copy of the object with `add`, `replace` and `remove` operations done; `test` is skipped.

    Raises LookupError where a path leads nowhere.
    """
    result = copy.deepcopy(item)
    for operation in operations:
        if operation["op"] == "test":
            continue
        holder, key = _holder(result, operation["path"])
        if operation["op"] == "remove":
            del holder[key]
        elif operation["op"] == "add" and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(operation["value"]))
        else:
            holder[key] = copy.deepcopy(operation["value"])
    return result


def inverse(item: Object, operations: Operations) -> Operations:
    """The operations that take these back, given the object as it was before them."""
    undone: Operations = []
    state = item
    for operation in operations:
        holder, key = _holder(state, operation["path"])
        inserted = operation["op"] == "add" and isinstance(holder, list)
        was_there = not inserted and (isinstance(holder, list) or key in holder)
        back: dict[str, Any] = {"op": "remove", "path": operation["path"]}
        if was_there:
            op = "add" if operation["op"] == "remove" else "replace"
            back = {"op": op, "path": operation["path"], "value": copy.deepcopy(holder[key])}
        undone.insert(0, back)
        state = applied(state, [operation])
    return undone


def patch_hash(action: RemediationAction, operations: Operations) -> str:
    """The same for two writes that do the same; a restart carries the time, which does not count.

    An eviction has no operations: then it is the pod that counts.
    """
    same = isinstance(action, RolloutRestart)
    what = [] if same else json.dumps(operations, sort_keys=True)
    return full_digest(action.subresource or action.target_kind, action.target, what)


def part_hash(part: Any) -> str:
    """A hash of a part of an object; what is unset counts as much as what is not there."""
    return digest(json.dumps(_set(part), sort_keys=True))


def _set(part: Any) -> Any:
    if isinstance(part, dict):
        return {k: kept for k, v in part.items() if (kept := _set(v)) not in (None, {}, [])}
    return [_set(item) for item in part] if isinstance(part, list) else part


def in_place(item: Object, operations: Operations) -> bool:
    """Whether the object already is what these operations would make of it."""
    try:
        for operation in operations:
            holder, key = _holder(item, operation["path"])
            there = key in holder if isinstance(holder, dict) else key < len(holder)
            if operation["op"] == "remove":
                if there:
                    return False
            elif not there or not _covers(holder[key], operation["value"]):
                return False
    except LookupError:
        return False
    return True


def _covers(has: Any, wanted: Any) -> bool:
    """Whether everything wanted is there; the API server adds defaults to what it is sent."""
    if isinstance(wanted, dict):
        return isinstance(has, dict) and all(
            key in has and _covers(has[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(has, list) and len(has) == len(wanted) and all(map(_covers, has, wanted))
    return bool(has == wanted)


def _holder(item: Any, path: str) -> tuple[Any, Any]:
    """What holds the last part of a JSON pointer, and that part as a key or an index."""
    *way, last = [p.replace("~1", "/").replace("~0", "~") for p in path.split("/")[1:]]
    for part in way:
        item = item[int(part)] if isinstance(item, list) else item[part]
    return item, int(last) if isinstance(item, list) else last
