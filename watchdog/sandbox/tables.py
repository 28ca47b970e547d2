"""Lists as the rows that kubectl prints, for clients that accept `as=Table`."""

from collections.abc import Callable
from typing import Any

from watchdog.sandbox.clock import parse_stamp
from watchdog.sandbox.resources import Object

Row = Callable[[Object, float], list[Any]]


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


def pod_status(pod: Object) -> str:
    """The word that kubectl shows in a pod's STATUS column."""
    status = pod.get("status") or {}
    word = status.get("reason") or status.get("phase") or "Unknown"
    gate: Object = next(
        (c for c in status.get("conditions") or [] if c["type"] == "PodScheduled"), {}
    )
    if gate.get("reason") == "SchedulingGated":
        word = "SchedulingGated"
    specs = pod["spec"].get("initContainers") or []
    always = {c["name"] for c in specs if c.get("restartPolicy") == "Always"}
    initializing = ""
    for index, held in enumerate(status.get("initContainerStatuses") or []):
        initializing = _init_word(held, index, len(specs), sidecar=held["name"] in always)
        if initializing:
            break
    word = initializing or _main_word(status, word)
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return str(word)


def _init_word(held: Object, index: int, total: int, *, sidecar: bool) -> str:
    state = held.get("state") or {}
    ended, waiting = state.get("terminated"), state.get("waiting") or {}
    if (ended and ended["exitCode"] == 0) or (sidecar and held.get("started")):
        return ""
    if ended:
        return f"Init:{ended.get('reason') or 'ExitCode:' + str(ended['exitCode'])}"
    if waiting.get("reason") and waiting["reason"] != "PodInitializing":
        return f"Init:{waiting['reason']}"
    return f"Init:{index}/{total}"


def _main_word(status: Object, word: str) -> str:
    running = False
    for held in reversed(status.get("containerStatuses") or []):
        state = held.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            word = state["waiting"]["reason"]
        elif state.get("terminated"):
            ended = state["terminated"]
            word = ended.get("reason") or f"ExitCode:{ended['exitCode']}"
        elif held.get("ready") and "running" in state:
            running = True
    if word == "Completed" and running:
        ready = any(
            c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or []
        )
        return "Running" if ready else "NotReady"
    return word


def _pod(pod: Object, now: float) -> list[Any]:
    status = pod.get("status") or {}
    held = status.get("containerStatuses") or []
    init = pod["spec"].get("initContainers") or []
    sidecars = {c["name"] for c in init if c.get("restartPolicy") == "Always"}
    counted = held + [s for s in status.get("initContainerStatuses") or [] if s["name"] in sidecars]
    ready = sum(bool(s.get("ready")) for s in counted)
    total = len(pod["spec"]["containers"]) + len(sidecars)
    shown = status.get("initContainerStatuses") or [] if _initializing(pod) else counted
    restarts: int | str = sum(s.get("restartCount", 0) for s in shown)
    ends = [
        s["lastState"]["terminated"]["finishedAt"]
        for s in shown
        if (s.get("lastState") or {}).get("terminated")
    ]
    if restarts and ends:
        restarts = f"{restarts} ({_since(max(ends), now)} ago)"
    gates = pod["spec"].get("readinessGates")
    return [
        pod["metadata"]["name"],
        f"{ready}/{total}",
        pod_status(pod),
        restarts,
        _since(pod["metadata"]["creationTimestamp"], now),
        status.get("podIP") or "<none>",
        pod["spec"].get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        "<none>" if not gates else f"0/{len(gates)}",
    ]


def _initializing(pod: Object) -> bool:
    return pod_status(pod).startswith("Init:")


def _images(item: Object) -> list[str]:
    containers = item["spec"]["template"]["spec"].get("containers") or []
    return [",".join(c["name"] for c in containers), ",".join(c["image"] for c in containers)]


def _selector(item: Object) -> str:
    labels = (item["spec"].get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"


def _deployment(item: Object, now: float) -> list[Any]:
    status = item.get("status") or {}
    return [
        item["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{item['spec']['replicas']}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        _since(item["metadata"]["creationTimestamp"], now),
        *_images(item),
        _selector(item),
    ]


def _stateful_set(item: Object, now: float) -> list[Any]:
    ready = (item.get("status") or {}).get("readyReplicas", 0)
    return [
        item["metadata"]["name"],
        f"{ready}/{item['spec']['replicas']}",
        _since(item["metadata"]["creationTimestamp"], now),
        *_images(item),
    ]


def _daemon_set(item: Object, now: float) -> list[Any]:
    status = item.get("status") or {}
    counts = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    )
    nodes = item["spec"]["template"]["spec"].get("nodeSelector") or {}
    return [
        item["metadata"]["name"],
        *(status.get(name, 0) for name in counts),
        ",".join(f"{key}={value}" for key, value in nodes.items()) or "<none>",
        _since(item["metadata"]["creationTimestamp"], now),
        *_images(item),
        _selector(item),
    ]


def _job(item: Object, now: float) -> list[Any]:
    status, spec = item.get("status") or {}, item["spec"]
    kinds = {c["type"] for c in status.get("conditions") or [] if c["status"] == "True"}
    word = next((k for k in ("Complete", "Failed", "FailureTarget") if k in kinds), "Running")
    if spec.get("suspend"):
        word = "Suspended"
    started, ended = status.get("startTime", ""), status.get("completionTime", "")
    took = parse_stamp(ended) if ended else now
    return [
        item["metadata"]["name"],
        word,
        f"{status.get('succeeded', 0)}/{spec.get('completions') or 1}",
        age(took - parse_stamp(started)) if started else "",
        _since(item["metadata"]["creationTimestamp"], now),
        *_images(item),
        _selector(item),
    ]


def _cron_job(item: Object, now: float) -> list[Any]:
    status, spec = item.get("status") or {}, item["spec"]
    last = status.get("lastScheduleTime", "")
    return [
        item["metadata"]["name"],
        spec.get("schedule", ""),
        spec.get("timeZone") or "<none>",
        str(bool(spec.get("suspend"))),
        len(status.get("active") or []),
        _since(last, now) if last else "<none>",
        _since(item["metadata"]["creationTimestamp"], now),
        *_images(spec["jobTemplate"]),
        "<none>",
    ]


def _claim(item: Object, now: float) -> list[Any]:
    status, spec = item.get("status") or {}, item["spec"]
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX"}
    leaving = item["metadata"].get("deletionTimestamp")
    return [
        item["metadata"]["name"],
        "Terminating" if leaving else status.get("phase", "Pending"),
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", ""),
        ",".join(short.get(mode, mode) for mode in status.get("accessModes") or []),
        spec.get("storageClassName", ""),
        "<unset>",
        _since(item["metadata"]["creationTimestamp"], now),
        spec.get("volumeMode", "Filesystem"),
    ]


_KINDS: dict[str, tuple[str, Row]] = {
    "Pod": ("Name Ready Status Restarts Age IP+ Node+ Nominated_Node+ Readiness_Gates+", _pod),
    "Deployment": (
        "Name Ready Up-to-date:integer Available:integer Age Containers+ Images+ Selector+",
        _deployment,
    ),
    "StatefulSet": ("Name Ready Age Containers+ Images+", _stateful_set),
    "DaemonSet": (
        (
            "Name Desired:integer Current:integer Ready:integer Up-to-date:integer "
            "Available:integer Node_Selector Age Containers+ Images+ Selector+"
        ),
        _daemon_set,
    ),
    "Job": ("Name Status Completions Duration Age Containers+ Images+ Selector+", _job),
    "CronJob": (
        (
            "Name Schedule Timezone Suspend Active:integer Last_Schedule Age Containers+ Images+ "
            "Selector+"
        ),
        _cron_job,
    ),
    "PersistentVolumeClaim": (
        (
            "Name Status Volume Capacity Access_Modes StorageClass VolumeAttributesClass Age "
            "VolumeMode+"
        ),
        _claim,
    ),
}


def wanted(accept: str, kind: str) -> bool:
    """Say whether the client asks for a Table and this kind has one."""
    return "as=Table" in accept and kind in _KINDS


def table(kind: str, items: list[Object], meta: Object, include: str, now: float) -> Object:
    """Render items of one kind; `include` (None, Metadata, Object) is what the rows carry along."""
    columns, row = _KINDS[kind]
    rows = []
    for item in items:
        entry: Object = {"cells": row(item, now)}
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
        "columnDefinitions": [_column(column) for column in columns.split()],
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
