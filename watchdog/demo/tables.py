"""Lists as the rows that kubectl prints, for clients that accept `as=Table`."""

from datetime import UTC, datetime

from watchdog.demo.api_resources import Object, named
from watchdog.demo.simulated_clock import parse_stamp
from watchdog.observation.kubectl_columns import cells


def age(seconds: float) -> str:
    """Write a duration as kubectl does: `45s`, `12m`, `3h20m`, `9d`."""
    whole = max(int(seconds), 0)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:  # noqa: PLR2004  thresholds of apimachinery's HumanDuration, here and below
        return f"{whole}s"
    if minutes < 10:  # noqa: PLR2004
        return f"{minutes}m{whole % 60}s" if whole % 60 else f"{minutes}m"
    if hours < 3:  # noqa: PLR2004
        return f"{minutes}m"
    if hours < 8:  # noqa: PLR2004
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:  # noqa: PLR2004
        return f"{hours}h"
    if days < 8:  # noqa: PLR2004
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"


def _since(text: str, now: float) -> str:
    return age(now - parse_stamp(text)) if text else "<unknown>"


def _selector(item: Object) -> str:
    labels = ((item.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"


def _row(kind: str, item: Object, now: float) -> Object:
    """The cells of an object by column; the product's own view of kubectl's columns, and more."""
    if kind == "ConfigMap":
        keys = len(item.get("data") or {}) + len(item.get("binaryData") or {})
        age_now = _since(item["metadata"]["creationTimestamp"], now)
        return {"Name": item["metadata"]["name"], "Data": keys, "Age": age_now}
    spec, status = item.get("spec") or {}, item.get("status") or {}
    template = (spec.get("jobTemplate") or {}).get("spec") or spec
    containers = ((template.get("template") or {}).get("spec") or {}).get("containers") or []
    return {
        **cells(named(kind).plural, item, datetime.fromtimestamp(now, UTC)),
        "Age": _since(item["metadata"]["creationTimestamp"], now),
        "IP": status.get("podIP") or "<none>",
        "Node": spec.get("nodeName") or "<none>",
        "Containers": ",".join(c["name"] for c in containers),
        "Images": ",".join(c["image"] for c in containers),
        "Selector": _selector(item),
    }


_COLUMNS = {
    "Pod": "Name Ready Status Restarts Age IP+ Node+ Nominated_Node+ Readiness_Gates+",
    "Deployment": (
        "Name Ready Up-to-date:integer Available:integer Age Containers+ Images+ Selector+"
    ),
    "StatefulSet": "Name Ready Age Containers+ Images+",
    "DaemonSet": (
        "Name Desired:integer Current:integer Ready:integer Up-to-date:integer Available:integer "
        "Node_Selector Age Containers+ Images+ Selector+"
    ),
    "ReplicaSet": (
        "Name Desired:integer Current:integer Ready:integer Age Containers+ Images+ Selector+"
    ),
    "Job": "Name Status Completions Duration Age Containers+ Images+ Selector+",
    "CronJob": (
        "Name Schedule Timezone Suspend Active:integer Last_Schedule Age Containers+ Images+ "
        "Selector+"
    ),
    "ConfigMap": "Name Data Age",
    "PersistentVolumeClaim": (
        "Name Status Volume Capacity Access_Modes StorageClass VolumeAttributesClass Age "
        "VolumeMode+"
    ),
}


def wanted(accept: str, kind: str) -> bool:
    """Say whether the client asks for a Table and this kind has one."""
    return "as=Table" in accept and kind in _COLUMNS


def table(kind: str, items: list[Object], meta: Object, include: str, now: float) -> Object:
    """Render items of one kind; `include` (None, Metadata, Object) is what the rows carry along."""
    columns = [_column(column) for column in _COLUMNS[kind].split()]
    rows = []
    for item in items:
        row = _row(kind, item, now)
        entry: Object = {"cells": [row.get(column["name"], "<none>") for column in columns]}
        if include == "Metadata":
            entry["object"] = {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": item["metadata"],
            }
        elif include == "Object":
            entry["object"] = item
        rows.append(entry)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": columns,
        "rows": rows,
    }


def _column(text: str) -> Object:
    name, _, kind = text.removesuffix("+").partition(":")
    return {
        "name": name.replace("_", " "),
        "type": kind or "string",
        "format": "name" if name == "Name" else "",
        "description": "",
        "priority": int(text.endswith("+")),  # 1 is shown by `-o wide` only
    }
