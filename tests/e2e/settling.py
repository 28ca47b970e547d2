"""When a drill has failed as it should: what `Drill.settle` waits for on a real cluster."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cluster.handle import Cluster, poll
from watchdog.failures.kind import Drill
from watchdog.rights import OWN_NAME

Object = dict[str, Any]
SECONDS = 300
"""The slowest: a rollout over its deadline, a pod that the node has to evict, on a slow machine."""


def cause(cluster: Cluster, ns: str, drill: Drill) -> None:
    """Applies the drill and returns once the cluster shows the failure."""
    if drill.before:
        cluster.apply(drill.before, ns)
        available = ("wait", "--for=condition=Available", "deployment", "--all", "--timeout=120s")
        cluster.kubectl("-n", ns, *available)
    cluster.apply(drill.manifest, ns)
    kinds, shows = SETTLED[drill.settle]
    poll(lambda: shows(cluster.json(kinds, ns)["items"]), SECONDS, f"{drill.settle} in {ns}", 2)


def touched(cluster: Cluster, ns: str) -> list[str]:
    """The objects that carry the watchdog's name as the manager of some field, but its memory."""
    kinds = "deployments,statefulsets,daemonsets,jobs,cronjobs,pods,services,configmaps"
    shown = cluster.kubectl("-n", ns, "get", kinds, "-o", "json", "--show-managed-fields")
    return [
        item["metadata"]["name"]
        for item in json.loads(shown)["items"]
        if item["metadata"]["name"] != OWN_NAME
        and any("sre-watchdog" in field["manager"] for field in item["metadata"]["managedFields"])
    ]


def let_go(cluster: Cluster, ns: str) -> None:
    """Takes finalizers off the pods, so that the namespace can be deleted."""
    for pod in cluster.json("pods", ns)["items"]:
        if pod["metadata"].get("finalizers"):
            none = '{"metadata": {"finalizers": null}}'
            cluster.kubectl("-n", ns, "patch", "pod", pod["metadata"]["name"], "-p", none)


def _containers(pods: list[Object]) -> Iterator[Object]:
    for pod in pods:
        status = pod["status"]
        yield from status.get("initContainerStatuses", ())
        yield from status.get("containerStatuses", ())


def _waits(*reasons: str) -> Callable[[list[Object]], bool]:
    def shows(pods: list[Object]) -> bool:
        states = (item["state"].get("waiting", {}) for item in _containers(pods))
        return any(state.get("reason") in reasons for state in states)

    return shows


def _condition(kind: str, status: str) -> Callable[[list[Object]], bool]:
    def shows(objects: list[Object]) -> bool:
        found = (each for item in objects for each in item["status"].get("conditions", ()))
        return any((each["type"], each["status"]) == (kind, status) for each in found)

    return shows


def _warned(events: list[Object]) -> bool:
    return any(event["type"] == "Warning" for event in events)


def _restarted(pods: list[Object]) -> bool:
    return any(item["restartCount"] > 1 for item in _containers(pods))


def _calmed(pods: list[Object]) -> bool:
    """Whether a container that restarted has run for longer than a crash takes to be over."""
    running = (each["state"].get("running") for each in _containers(pods) if each["restartCount"])
    began = [datetime.fromisoformat(each["startedAt"]) for each in running if each]
    return any(datetime.now(UTC) - each > timedelta(seconds=25) for each in began)


def _phase(name: str) -> Callable[[list[Object]], bool]:
    return lambda pods: any(pod["status"].get("phase") == name for pod in pods)


def _deleted(pods: list[Object]) -> bool:
    return any("deletionTimestamp" in pod["metadata"] for pod in pods)


def _evicted(pods: list[Object]) -> bool:
    return any(pod["status"].get("reason") == "Evicted" for pod in pods)


_NOT_CREATED = ("CreateContainerError", "RunContainerError", "CrashLoopBackOff")
SETTLED: dict[str, tuple[str, Callable[[list[Object]], bool]]] = {
    "calmed": ("pods", _calmed),
    "condition": ("horizontalpodautoscalers", _condition("AbleToScale", "False")),
    "config": ("pods", _waits("CreateContainerConfigError", *_NOT_CREATED)),
    "crash": ("pods", _waits("CrashLoopBackOff")),
    "deadline": ("deployments", _condition("Progressing", "False")),
    "endpoints": ("endpointslices", bool),
    "event": ("events", _warned),
    "evicted": ("pods", _evicted),
    "failed": ("pods", _phase("Failed")),
    "init": ("pods", _condition("Initialized", "False")),
    "job": ("jobs", _condition("Failed", "True")),
    "no_pods": ("deployments", _condition("ReplicaFailure", "True")),
    "pending": ("pods", _phase("Pending")),
    "pull": ("pods", _waits("ErrImagePull", "ImagePullBackOff")),
    "ready": ("pods", _condition("Ready", "True")),
    "restarts": ("pods", _restarted),
    "running": ("pods", _phase("Running")),
    "terminating": ("pods", _deleted),
    "unready": ("pods", _condition("Ready", "False")),
}
