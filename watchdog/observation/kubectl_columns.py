"""What kubectl would print of an object, computed from the object itself.

The API server computes the same for a Table (pkg/printers/internalversion/printers.go of
Kubernetes). Pods need it for their status in words, and triage where a server does no Tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from watchdog.kube.ports import Json
from watchdog.kube.resources import (
    CLAIMS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICASETS,
    REPLICATION_CONTROLLERS,
    STATEFULSETS,
)
from watchdog.text.regex import regex

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 365 * 86400}
_DURATION = regex(r"(?:\d+[smhdy])+")
NONE = "<none>"
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


def seconds(text: Any) -> float | None:
    """`3d4h` as seconds; None for anything else, `<invalid>` included."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        return None
    parts = re.findall(r"(\d+)([smhdy])", text)
    return float(sum(int(number) * _UNIT_SECONDS[unit] for number, unit in parts))


def moment(text: Any) -> datetime | None:
    """An RFC 3339 time of the API server; None for anything else.

    Who may write an Event chooses its times. With one at the end of all times nothing can be
    reckoned, so what no cluster has seen is none. The kubelet writes 1970 for what never began.
    """
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def created(item: Json) -> float:
    """When the API server took the object; 0 if it does not say."""
    made = moment(mapping(item.get("metadata")).get("creationTimestamp"))
    return made.timestamp() if made else 0.0


def mapping(value: Any) -> Json:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Json]:
    """The JSON objects in a list; anything else is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def number(value: Any, default: int = 0) -> int:
    """The value if it is a whole number, else the default."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def is_sidecar(container: Json) -> bool:
    """Whether an init container stays beside the others (restartPolicy Always)."""
    return container.get("restartPolicy") == "Always"


def cells(plural: str, item: Json, now: datetime) -> dict[str, Any]:
    """The Table cells that triage reads, by column name, of any object of that resource."""
    name = str(mapping(item.get("metadata")).get("name", ""))
    return {"Name": name, **_CELLS[plural](item, now)}


def pod_status(pod: Json) -> str:
    """The STATUS column: `Running`, `CrashLoopBackOff`, `Init:0/1`, `Terminating`..."""
    return str(_pod(pod, datetime.now(UTC))["Status"])


def _pod(pod: Json, now: datetime) -> Json:
    spec, status = mapping(pod.get("spec")), mapping(pod.get("status"))
    init_specs = objects(spec.get("initContainers"))
    sidecars = {str(item.get("name")) for item in init_specs if is_sidecar(item)}
    init_statuses = objects(status.get("initContainerStatuses"))
    statuses = objects(status.get("containerStatuses"))
    printed = str(status.get("reason") or status.get("phase") or "Unknown")
    if any(item.get("reason") == "SchedulingGated" for item in objects(status.get("conditions"))):
        printed = "SchedulingGated"

    starting, counted, ready = _starting(init_statuses, sidecars, len(init_specs))
    if starting is None or _condition(status, "Initialized"):
        counted = [item for item in counted if item.get("name") in sidecars] + statuses
        printed, running = _main(statuses, starting or printed)
        ready += running
        if printed == "Completed" and running:
            printed = "Running" if _condition(status, "Ready") else "NotReady"
    else:
        printed = starting

    if mapping(pod.get("metadata")).get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            printed = "Unknown"
        elif status.get("phase") not in {"Failed", "Succeeded"}:
            printed = "Terminating"
    total = len(objects(spec.get("containers"))) + len(sidecars)
    return {
        "Ready": f"{ready}/{total}",
        "Status": printed,
        "Restarts": _restarts(counted, now),
        "Age": _age(pod, now),
        "Readiness Gates": _gates(spec, status),
    }


def _gates(spec: Json, status: Json) -> str:
    gates = objects(spec.get("readinessGates"))
    open_ = sum(_condition(status, str(gate.get("conditionType"))) for gate in gates)
    return f"{open_}/{len(gates)}" if gates else NONE


def _starting(
    statuses: list[Json], sidecars: set[str], total: int
) -> tuple[str | None, list[Json], int]:
    """What the first init container that is not done says, those up to it, and ready sidecars."""
    ready = 0
    for index, item in enumerate(statuses):
        words = _init_words(item, index, total)
        if words is not None and item.get("name") in sidecars and item.get("started"):
            ready += bool(item.get("ready"))
        elif words is not None:
            return words, statuses[: index + 1], ready
    return None, statuses, ready


def _main(statuses: list[Json], printed: str) -> tuple[str, int]:
    """What the first container in trouble says, and how many run and are ready."""
    running = 0
    for item in reversed(statuses):
        state = mapping(item.get("state"))
        words = _end_words(state)
        if words:
            printed = words
        elif item.get("ready") and "running" in state:
            running += 1
    return printed, running


def _init_words(item: Json, index: int, total: int) -> str | None:
    """What an init container that is not done yet says; None for one that is done."""
    state = mapping(item.get("state"))
    ended, waiting = mapping(state.get("terminated")), mapping(state.get("waiting"))
    if "terminated" in state and number(ended.get("exitCode")) == 0:
        return None
    if "terminated" in state:
        return f"Init:{_end_words(state)}"
    if waiting.get("reason") and waiting["reason"] != "PodInitializing":
        return f"Init:{waiting['reason']}"
    return f"Init:{index}/{total}"


def _end_words(state: Json) -> str:
    waiting, ended = mapping(state.get("waiting")), mapping(state.get("terminated"))
    if waiting.get("reason"):
        return str(waiting["reason"])
    if "terminated" not in state:
        return ""
    if ended.get("reason"):
        return str(ended["reason"])
    if ended.get("signal"):
        return f"Signal:{ended['signal']}"
    return f"ExitCode:{number(ended.get('exitCode'))}"


def _condition(status: Json, type_: str) -> bool:
    conditions = objects(status.get("conditions"))
    return any(item.get("type") == type_ and item.get("status") == "True" for item in conditions)


def _restarts(statuses: Iterable[Json], now: datetime) -> str:
    statuses = list(statuses)
    count = sum(max(0, number(item.get("restartCount"))) for item in statuses)
    ends = [
        moment(mapping(mapping(item.get("lastState")).get("terminated")).get("finishedAt"))
        for item in statuses
    ]
    last = max((end for end in ends if end), default=None)
    if not count or last is None:
        return str(count)
    return f"{count} ({max(0, int((now - last).total_seconds()))}s ago)"


def _age(item: Json, now: datetime, *path: str) -> str:
    made: Any = item
    for key in path or ("metadata", "creationTimestamp"):
        made = mapping(made).get(key)
    since = moment(made)
    return NONE if since is None else f"{max(0, int((now - since).total_seconds()))}s"


def _deployment(item: Json, _now: datetime) -> Json:
    status = mapping(item.get("status"))
    return {
        "Ready": _of_replicas(item, status.get("readyReplicas")),
        "Up-to-date": number(status.get("updatedReplicas")),
        "Available": number(status.get("availableReplicas")),
    }


def _stateful_set(item: Json, _now: datetime) -> Json:
    return {"Ready": _of_replicas(item, mapping(item.get("status")).get("readyReplicas"))}


def _of_replicas(item: Json, ready: Any) -> str:
    return f"{number(ready)}/{number(mapping(item.get('spec')).get('replicas'), 1)}"


def _daemon_set(item: Json, _now: datetime) -> Json:
    status = mapping(item.get("status"))
    return {
        "Desired": number(status.get("desiredNumberScheduled")),
        "Current": number(status.get("currentNumberScheduled")),
        "Ready": number(status.get("numberReady")),
        "Up-to-date": number(status.get("updatedNumberScheduled")),
        "Available": number(status.get("numberAvailable")),
    }


# Of several, the first is printed.
_JOB_WORDS = (
    "Complete", "Failed", "Terminating", "Suspended", "FailureTarget", "SuccessCriteriaMet"
)  # fmt: skip


def _job(item: Json, _now: datetime) -> Json:
    spec, status = mapping(item.get("spec")), mapping(item.get("status"))
    leaving = mapping(item.get("metadata")).get("deletionTimestamp")
    words = next(
        (
            word
            for word in _JOB_WORDS
            if _condition(status, word) or (word == "Terminating" and leaving)
        ),
        "Running",
    )
    wanted = number(spec.get("completions"), 1)
    return {"Status": words, "Completions": f"{number(status.get('succeeded'))}/{wanted}"}


def _cron_job(item: Json, now: datetime) -> Json:
    spec = mapping(item.get("spec"))
    return {
        "Schedule": str(spec.get("schedule", "")),
        "Suspend": str(bool(spec.get("suspend"))),
        "Active": len(objects(mapping(item.get("status")).get("active"))),
        "Last Schedule": _age(item, now, "status", "lastScheduleTime"),
        "Age": _age(item, now),
    }


def _replica_set(item: Json, _now: datetime) -> Json:
    status = mapping(item.get("status"))
    return {
        "Desired": number(mapping(item.get("spec")).get("replicas"), 1),
        "Current": number(status.get("replicas")),
        "Ready": number(status.get("readyReplicas")),
    }


def _claim(item: Json, _now: datetime) -> Json:
    if mapping(item.get("metadata")).get("deletionTimestamp"):
        return {"Status": "Terminating"}
    status = mapping(item.get("status"))
    # No column of kubectl's: what is printed of a claim does not show that it cannot grow.
    resizes = [
        str(one.get("type"))
        for one in objects(status.get("conditions"))
        if "Resiz" in str(one.get("type")) and one.get("status") == "True"
    ]
    allocated = str(mapping(status.get("allocatedResourceStatuses")).get("storage") or "")
    resizes += [allocated] if allocated.endswith(("Infeasible", "Failed")) else []
    return {"Status": str(status.get("phase", "")), "Resizing": "; ".join(resizes)}


_CELLS = {
    PODS.plural: _pod,
    DEPLOYMENTS.plural: _deployment,
    STATEFULSETS.plural: _stateful_set,
    DAEMONSETS.plural: _daemon_set,
    JOBS.plural: _job,
    CRONJOBS.plural: _cron_job,
    CLAIMS.plural: _claim,
    REPLICASETS.plural: _replica_set,
    REPLICATION_CONTROLLERS.plural: _replica_set,
}
