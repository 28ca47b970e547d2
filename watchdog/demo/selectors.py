"""Label and field selectors, as the API server reads them."""

import re
from collections.abc import Callable
from typing import Any

from watchdog.demo.api_resources import Object
from watchdog.demo.status_errors import bad_request
from watchdog.text.regex import regex

_SET = regex(r"^(\S+)\s+(in|notin)\s*\(([^)]*)\)$")
_EQUAL = regex(r"^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$")
_EXISTS = regex(r"^(!?)\s*([A-Za-z0-9./_-]+)$")
_META = frozenset({"metadata.name", "metadata.namespace"})
_FIELDS = {
    "Pod": _META
    | {
        "status.phase",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "spec.schedulerName",
        "status.podIP",
        "status.nominatedNodeName",
    },
    "Event": _META
    | {"type", "reason", "source", "reportingComponent"}
    | {
        f"involvedObject.{name}"
        for name in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion")
    },
    "Job": _META | {"status.successful"},
    "Namespace": _META | {"status.phase"},
    "ReplicaSet": _META | {"status.replicas"},
    "Secret": _META | {"type"},
    "Node": _META | {"spec.unschedulable"},
}

Test = Callable[[Object], bool]


def labels_match(selector: Object | None, labels: Object) -> bool:
    """Say whether a LabelSelector object (matchLabels, matchExpressions) takes these labels."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_expression(e, labels) for e in selector.get("matchExpressions") or [])


def _expression(expression: Object, labels: Object) -> bool:
    key, operator = expression["key"], expression["operator"]
    values = expression.get("values") or []
    return {
        "In": labels.get(key) in values and key in labels,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[operator]


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]


def label_test(text: str) -> Test:
    """Compile a labelSelector query such as `app=web,tier in (a,b),!old`; raises ApiFailure 400."""
    expressions = [_requirement(part) for part in _split(text)]
    return lambda item: all(
        _expression(e, item["metadata"].get("labels") or {}) for e in expressions
    )


def _requirement(part: str) -> Object:
    if found := _SET.match(part):
        values = [value.strip() for value in found[3].split(",")]
        operator = "In" if found[2] == "in" else "NotIn"
        return {"key": found[1], "operator": operator, "values": values}
    if found := _EQUAL.match(part):
        operator = "NotIn" if found[2] == "!=" else "In"
        return {"key": found[1], "operator": operator, "values": [found[3]]}
    if found := _EXISTS.match(part):
        return {"key": found[2], "operator": "DoesNotExist" if found[1] else "Exists"}
    raise bad_request(f"unable to parse requirement: found '{part}', expected: identifier")


def field_test(kind: str, text: str) -> Test:
    """Compile a fieldSelector query; fields that the real server lacks raise ApiFailure 400."""
    wanted: list[tuple[str, bool, str]] = []
    for part in _split(text):
        found = _EQUAL.match(part)
        if not found:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        if found[1] not in _FIELDS.get(kind, _META):
            raise bad_request(f"field label not supported: {found[1]}")
        wanted.append((found[1], found[2] != "!=", found[3]))
    return lambda item: all((_read(item, path) == value) is same for path, same, value in wanted)


def _read(item: Object, path: str) -> str:
    value: Any = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value = value.get("component")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
