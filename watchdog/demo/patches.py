"""The kinds of patch that the API server takes, as pure functions from object to object."""

import copy
from typing import Any

import jsonpatch
import jsonpointer

from watchdog.demo.api_resources import Object
from watchdog.demo.status_errors import bad_request, patch_refused

_MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "imagePullSecrets": "name",
    "ownerReferences": "uid",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}
_PORT_KEYS = ("containerPort", "port")
_UNIONS = frozenset({"finalizers"})


def apply_patch(item: Object, patch: Any, content_type: str) -> Object:
    """Apply a patch of one of the API server's content types; raises ApiFailure 400, 415 or 422."""
    if content_type == "application/json-patch+json":
        return json_patch(item, patch)
    if not isinstance(patch, dict):
        raise bad_request("json: cannot unmarshal array into Go value of type map[string]any")
    if content_type == "application/merge-patch+json":
        return dict(merge_patch(item, patch))
    return dict(strategic_merge_patch(item, patch))


def json_patch(item: Object, patch: Any) -> Object:
    """RFC 6902; a failed `test` or a path that is not there is one 422."""
    if not isinstance(patch, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    try:
        return dict(jsonpatch.apply_patch(item, patch))
    except (jsonpatch.InvalidJsonPatch, TypeError, KeyError) as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise patch_refused() from error


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: null deletes, lists are replaced."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def strategic_merge_patch(target: Any, patch: Any) -> Any:
    """Merge maps, and those lists whose elements Kubernetes knows by a key; honours `$patch`."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        old = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            result[key] = _merge_list(key, old if isinstance(old, list) else [], value)
        else:
            result[key] = strategic_merge_patch(old, value)
    return result


def _merge_list(field: str, old: list[Any], patch: list[Any]) -> list[Any]:
    if field in _UNIONS:
        return [*old, *(value for value in patch if value not in old)]
    merge_key = _MERGE_KEYS.get(field)
    if field == "ports":
        merge_key = next((k for k in _PORT_KEYS for p in patch if k in p), None)
    if merge_key is None or not all(isinstance(entry, dict) for entry in patch):
        return copy.deepcopy(patch)
    if any(entry == {"$patch": "replace"} for entry in patch):
        return [copy.deepcopy(entry) for entry in patch if "$patch" not in entry]
    result = copy.deepcopy(old)
    for entry in patch:
        if merge_key not in entry:
            raise bad_request(f"map: {entry} does not contain declared merge key: {merge_key}")
        at = next(
            (i for i, held in enumerate(result) if held.get(merge_key) == entry[merge_key]), None
        )
        if entry.get("$patch") == "delete":
            if at is not None:
                del result[at]
        elif at is None:
            result.append({k: copy.deepcopy(v) for k, v in entry.items() if v is not None})
        else:
            result[at] = strategic_merge_patch(result[at], entry)
    return result
