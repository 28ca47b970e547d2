"""What else a control plane keeps true: claims, endpoints, budgets, quotas, ownership."""

from watchdog.demo import admission_plugins, event_recorder
from watchdog.demo.api_resources import Object, named
from watchdog.demo.kubelet import ready_since
from watchdog.demo.object_store import CONTROLLER, CONTROLLER_STATUS, Store
from watchdog.demo.replica_sets import active, owner_reference
from watchdog.demo.selectors import labels_match

STORAGE_CLASSES = frozenset({"standard"})


def tick(store: Store) -> None:
    """Bring all of it up to date."""
    for claim in store.all("PersistentVolumeClaim"):
        _bind(store, claim)
    for service in store.all("Service"):
        _publish(store, service)
    for budget in store.all("PodDisruptionBudget"):
        _budget(store, budget)
    admission_plugins.refresh_quotas(store)
    _collect_garbage(store)


def _bind(store: Store, claim: Object) -> None:
    if (claim.get("status") or {}).get("phase") == "Bound":
        return
    wanted = claim["spec"].get("storageClassName", "")
    if wanted not in STORAGE_CLASSES:
        words = f'storageclass.storage.k8s.io "{wanted}" not found'
        component = "persistentvolume-controller"
        if not any(
            e["message"] == words and e["involvedObject"]["uid"] == claim["metadata"]["uid"]
            for e in store.all("Event", claim["metadata"]["namespace"])
        ):
            said = event_recorder.Said("ProvisioningFailed", words, component, warning=True)
            event_recorder.record(store, claim, said)
        return

    def volume(item: Object) -> None:
        item["spec"]["volumeName"] = f"pvc-{item['metadata']['uid']}"

    def report(item: Object) -> None:
        capacity = (item["spec"].get("resources") or {}).get("requests") or {}
        modes = item["spec"].get("accessModes") or []
        item["status"] = {"phase": "Bound", "accessModes": modes, "capacity": capacity}

    resource = named("PersistentVolumeClaim")
    claim = store.change(resource, claim, volume, CONTROLLER)
    store.change(resource, claim, report, CONTROLLER_STATUS)


def _publish(store: Store, service: Object) -> None:
    selector = service["spec"].get("selector")
    if not selector:
        return
    meta = service["metadata"]
    pods = [
        pod
        for pod in active(store.all("Pod", meta["namespace"]))
        if labels_match({"matchLabels": selector}, pod["metadata"].get("labels") or {})
        and pod["status"].get("podIP")
    ]
    endpoints = [
        {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": (ready := ready_since(pod) is not None), "serving": ready},
            "targetRef": {
                "kind": "Pod",
                "name": pod["metadata"]["name"],
                "namespace": meta["namespace"],
                "uid": pod["metadata"]["uid"],
            },
        }
        for pod in pods
    ]
    ports = [
        {"name": p.get("name", ""), "port": p.get("targetPort"), "protocol": p["protocol"]}
        for p in service["spec"].get("ports") or []
    ]
    name = f"{meta['name']}-sandbox"
    held = store.find("EndpointSlice", meta["namespace"], name)
    if held is None:
        slice_: Object = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": {"kubernetes.io/service-name": meta["name"]},
                "ownerReferences": [owner_reference(service)],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": ports,
        }
        store.create(named("EndpointSlice"), slice_)
        return

    def edit(item: Object) -> None:
        item["endpoints"], item["ports"] = endpoints, ports

    store.change(named("EndpointSlice"), held, edit, CONTROLLER)


def _budget(store: Store, budget: Object) -> None:
    spec, namespace = budget["spec"], budget["metadata"]["namespace"]
    pods = [
        pod
        for pod in active(store.all("Pod", namespace))
        if labels_match(spec.get("selector"), pod["metadata"].get("labels") or {})
    ]
    healthy = sum(ready_since(pod) is not None for pod in pods)
    expected = len(pods)
    if "maxUnavailable" in spec:
        desired = max(expected - _share(spec["maxUnavailable"], expected), 0)
    else:
        desired = _share(spec.get("minAvailable", 1), expected)

    def report(item: Object) -> None:
        item["status"] = {
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "disruptionsAllowed": max(healthy - desired, 0),
            "observedGeneration": item["metadata"]["generation"],
        }

    store.change(named("PodDisruptionBudget"), budget, report, CONTROLLER_STATUS)


def _share(value: object, total: int) -> int:
    if isinstance(value, str) and value.endswith("%"):
        return -(-total * int(value[:-1]) // 100)
    return int(str(value))


def budget_against(store: Store, pod: Object) -> Object | None:
    """Find the disruption budget that does not allow this pod's eviction now."""
    if ready_since(pod) is None:
        return None
    for budget in store.all("PodDisruptionBudget", pod["metadata"]["namespace"]):
        if labels_match(budget["spec"].get("selector"), pod["metadata"].get("labels") or {}):
            _budget(store, budget)
            meta = budget["metadata"]
            fresh = store.get(named("PodDisruptionBudget"), meta["namespace"], meta["name"])
            if fresh["status"]["disruptionsAllowed"] < 1:
                return fresh
    return None


def _collect_garbage(store: Store) -> None:
    """Delete what belonged to owners that are gone."""
    living = {item["metadata"]["uid"] for _, item in store.everything()}
    for resource, item in store.everything():
        owners = item["metadata"].get("ownerReferences") or []
        gone = owners and not any(owner["uid"] in living for owner in owners)
        if gone and not item["metadata"].get("deletionTimestamp"):
            grace = (item.get("spec") or {}).get("terminationGracePeriodSeconds", 30)
            store.delete(resource, item, grace if item["kind"] == "Pod" else 0)
