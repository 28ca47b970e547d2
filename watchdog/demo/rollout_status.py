"""The status of a Deployment, worked out from its ReplicaSets: counts and conditions.

Follows pkg/controller/deployment/progress.go and sync.go of Kubernetes 1.34.
"""

import math

from watchdog.demo.api_resources import Object
from watchdog.demo.replica_sets import set_condition
from watchdog.demo.simulated_clock import SimulatedClock, parse_stamp, stamp

_SUMS = ("replicas", "readyReplicas", "availableReplicas")
_RISING = ("updatedReplicas", "readyReplicas", "availableReplicas")
_OVER = frozenset({"NewReplicaSetAvailable", "DeploymentPaused"})


def allowance(deployment: Object) -> tuple[int, int]:
    """How many pods may be extra, and how many unavailable, during a rolling update."""
    wanted: int = deployment["spec"]["replicas"]
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}

    def share(value: object, rounded: object) -> int:
        if isinstance(value, str) and value.endswith("%"):
            part = wanted * int(value[:-1]) / 100
            return math.ceil(part) if rounded == "up" else math.floor(part)
        return int(str(value))

    surge = share(rolling.get("maxSurge", "25%"), "up")
    unavailable = share(rolling.get("maxUnavailable", "25%"), "down")
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, wanted)


def rollout_status(
    deployment: Object, new: Object | None, old: list[Object], clock: SimulatedClock
) -> tuple[Object, float]:
    """Work out the status, and when the progress deadline passes (0 when none runs)."""
    held = [*([new] if new else []), *old]
    counts = {name: sum(r["status"].get(name) or 0 for r in held) for name in _SUMS}
    counts["updatedReplicas"] = (new["status"].get("replicas") or 0) if new else 0
    asked = sum(r["spec"]["replicas"] for r in held)
    counts["unavailableReplicas"] = max(asked - counts["availableReplicas"], 0)
    now = clock.now()
    conditions = (deployment.get("status") or {}).get("conditions") or []
    conditions = _put(conditions, _available(deployment, counts), now)
    conditions, deadline = _progress(deployment, new, counts, (conditions, clock))
    failures = [
        condition
        for replica_set in held
        for condition in replica_set["status"].get("conditions") or []
        if condition["type"] == "ReplicaFailure"
    ]
    if failures:
        plain = {k: v for k, v in failures[0].items() if not k.endswith("Time")}
        conditions = _put(conditions, plain, now)
    else:
        conditions = [c for c in conditions if c["type"] != "ReplicaFailure"]
    status = {
        "observedGeneration": deployment["metadata"]["generation"],
        **{key: count for key, count in counts.items() if count},
        "conditions": conditions,
    }
    return status, deadline


def _put(conditions: list[Object], new: Object, now: float) -> list[Object]:
    held = next((c for c in conditions if c["type"] == new["type"]), {})
    same = all(held.get(key) == new.get(key) for key in ("status", "reason", "message"))
    updated = held["lastUpdateTime"] if same else stamp(now)
    return set_condition(conditions, {**new, "lastUpdateTime": updated}, now)


def _available(deployment: Object, counts: dict[str, int]) -> Object:
    _, unavailable = allowance(deployment)
    if deployment["spec"]["strategy"]["type"] == "Recreate":
        unavailable = 0
    enough = counts["availableReplicas"] >= deployment["spec"]["replicas"] - unavailable
    return {
        "type": "Available",
        "status": "True" if enough else "False",
        "reason": f"MinimumReplicas{'Available' if enough else 'Unavailable'}",
        "message": f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    }


def _entry(status: str, reason: str, message: str) -> Object:
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def _progress(
    deployment: Object,
    new: Object | None,
    counts: dict[str, int],
    so_far: tuple[list[Object], SimulatedClock],
) -> tuple[list[Object], float]:
    conditions, clock = so_far
    now = clock.now()
    held = next((c for c in conditions if c["type"] == "Progressing"), None)
    if deployment["spec"].get("paused"):
        paused = _entry("Unknown", "DeploymentPaused", "Deployment is paused")
        return _put(conditions, paused, now), 0.0
    name = f'ReplicaSet "{new["metadata"]["name"]}"' if new else "ReplicaSet"
    concerns = bool(held and name.removeprefix("ReplicaSet") in held["message"])
    everything = counts["replicas"] == counts["updatedReplicas"]
    if held and concerns and held["reason"] == "NewReplicaSetAvailable" and everything:
        return conditions, 0.0
    size = deployment["spec"]["replicas"]
    if everything and counts["updatedReplicas"] == counts["availableReplicas"] == size:
        done = _entry("True", "NewReplicaSetAvailable", f"{name} has successfully progressed.")
        return _put(conditions, done, now), 0.0
    if held is None or not concerns or held["reason"] in _OVER:
        reason, words = "ReplicaSetUpdated", f"{name} is progressing."
        if new and not new["status"].get("replicas"):
            reason = "NewReplicaSetCreated"
            words = f'Created new replica set "{new["metadata"]["name"]}"'
        started = {**_entry("True", reason, words), "lastUpdateTime": stamp(now)}
        return set_condition(conditions, started, now), now
    if _moved(deployment.get("status") or {}, counts):
        going = _entry("True", "ReplicaSetUpdated", f"{name} is progressing.")
        return set_condition(conditions, {**going, "lastUpdateTime": stamp(now)}, now), now
    if held["reason"] == "ProgressDeadlineExceeded":
        return conditions, 0.0
    allowed = clock.scaled(deployment["spec"]["progressDeadlineSeconds"])
    due = parse_stamp(held["lastUpdateTime"]) + allowed
    if now <= due:
        return conditions, due + 0.01
    words = f"{name} has timed out progressing."
    return _put(conditions, _entry("False", "ProgressDeadlineExceeded", words), now), 0.0


def _moved(old: Object, counts: dict[str, int]) -> bool:
    stale = counts["replicas"] - counts["updatedReplicas"]
    old_stale = (old.get("replicas") or 0) - (old.get("updatedReplicas") or 0)
    return stale < old_stale or any(counts[key] > (old.get(key) or 0) for key in _RISING)
