"""When a drill has failed as it should: what `Drill.settle` waits for on a real cluster."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.cluster.handle import Cluster, poll
from tests.e2e.crashes import statuses, staying, waits_for, waits_to_restart
from watchdog.examples import Drill
from watchdog.kube.rbac import OWN_NAME

Object = dict[str, Any]


def cause(cluster: Cluster, ns: str, drill: Drill) -> None:
    """Applies the drill and returns once the cluster shows the failure."""
    if drill.before:
        cluster.apply(drill.before, ns)
        poll(lambda: works(cluster, ns), f"{ns} to work before it is broken")
    cluster.apply(drill.manifest, ns)
    kinds, shows = SETTLED[drill.settle]
    poll(lambda: shows(cluster.json(kinds, ns)["items"]), f"{drill.settle} in {ns}", 2)


def works(cluster: Cluster, ns: str) -> bool:
    """Whether all Deployments are rolled out, and each pod was ready for longer than it was not.

    Only then has the revision worked beyond doubt: of one that was replaced within seconds, what
    its probes said while it started is all that is known.
    """
    now = datetime.now(UTC)

    def steady(pod: Object) -> bool:
        made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
        conditions = {each["type"]: each for each in pod["status"].get("conditions", ())}
        ready = conditions.get("Ready", {"status": "False"})
        if ready["status"] != "True":
            return False
        took = datetime.fromisoformat(ready["lastTransitionTime"]) - made
        return now - made > 2 * took + timedelta(seconds=10)

    pods = staying(cluster.json("pods", ns)["items"])
    return not not_yet_rolled_out(cluster, ns) and all(map(steady, pods))


def not_yet_rolled_out(cluster: Cluster, ns: str) -> list[str]:
    """Names of Deployments whose current spec is not fully updated and available."""

    def done(each: Object) -> bool:
        wanted, status = each["spec"]["replicas"], each["status"]
        counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas")]
        return status.get("observedGeneration") == each["metadata"]["generation"] and {
            *counts,
            status.get("availableReplicas", 0),
        } == {wanted}

    items = cluster.json("deployments", ns)["items"]
    assert items
    return [each["metadata"]["name"] for each in items if not done(each)]


def touched(cluster: Cluster, ns: str) -> list[str]:
    """The objects, but its memory, of which it manages a field, or that carry its mark.

    What is over was handed back to who deploys it; the mark stays.
    """
    kinds = "deployments,statefulsets,daemonsets,jobs,cronjobs,pods,services,configmaps"
    shown = cluster.kubectl("-n", ns, "get", kinds, "-o", "json", "--show-managed-fields")
    return [
        item["metadata"]["name"]
        for item in json.loads(shown)["items"]
        if item["metadata"]["name"] != OWN_NAME
        and (
            any("sre-watchdog" in field["manager"] for field in item["metadata"]["managedFields"])
            or "sre-watchdog/attempts" in item["metadata"].get("annotations", {})
        )
    ]


def let_go(cluster: Cluster, ns: str) -> None:
    """Takes finalizers off the pods, so that the namespace can be deleted."""
    for pod in cluster.json("pods", ns)["items"]:
        if pod["metadata"].get("finalizers"):
            none = '{"metadata": {"finalizers": null}}'
            name = pod["metadata"]["name"]
            # It may go at any moment.
            cluster.kubectl("-n", ns, "patch", "pod", name, "-p", none, check=False)


def _waits(*reasons: str) -> Callable[[list[Object]], bool]:
    return lambda pods: any(waits_for(each, *reasons) for each in statuses(pods))


def _crashed(pods: list[Object]) -> bool:
    return any(waits_to_restart(each) for each in statuses(pods))


def _not_created(pods: list[Object]) -> bool:
    return _waits(*_NOT_CREATED)(pods) or _crashed(pods)


def _condition(kind: str, status: str) -> Callable[[list[Object]], bool]:
    def shows(objects: list[Object]) -> bool:
        found = (each for item in objects for each in item["status"].get("conditions", ()))
        return any((each["type"], each["status"]) == (kind, status) for each in found)

    return shows


def _warned(events: list[Object]) -> bool:
    return any(event["type"] == "Warning" for event in events)


def _restarted(pods: list[Object]) -> bool:
    return any(item["restartCount"] > 1 for item in statuses(pods))


def _calmed(pods: list[Object]) -> bool:
    """Whether a container that restarted has run for longer than a crash takes to be over."""
    running = (each["state"].get("running") for each in statuses(pods) if each["restartCount"])
    began = [datetime.fromisoformat(each["startedAt"]) for each in running if each]
    return any(datetime.now(UTC) - each > timedelta(seconds=25) for each in began)


def _phase(name: str) -> Callable[[list[Object]], bool]:
    return lambda pods: any(pod["status"].get("phase") == name for pod in pods)


def _deleted(pods: list[Object]) -> bool:
    return any("deletionTimestamp" in pod["metadata"] for pod in pods)


def _evicted(pods: list[Object]) -> bool:
    return any(pod["status"].get("reason") == "Evicted" for pod in pods)


def _older(seconds: int) -> Callable[[list[Object]], bool]:
    def shows(objects: list[Object]) -> bool:
        made = [datetime.fromisoformat(item["metadata"]["creationTimestamp"]) for item in objects]
        return any(datetime.now(UTC) - each > timedelta(seconds=seconds) for each in made)

    return shows


_NOT_CREATED = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
SETTLED: dict[str, tuple[str, Callable[[list[Object]], bool]]] = {
    "address": ("services", _older(125)),
    "backend": ("ingresses", _older(35)),
    "calmed": ("pods", _calmed),
    "condition": ("horizontalpodautoscalers", _condition("AbleToScale", "False")),
    "config": ("pods", _not_created),
    "crash": ("pods", _crashed),
    "custom": ("drills.drill.sre-watchdog.example", _older(65)),
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
