"""Places pods on the one node of the sandbox, or says why it cannot."""

from decimal import Decimal

from watchdog.demo import event_recorder
from watchdog.demo.api_resources import NODE_NAME, Object, named
from watchdog.demo.object_store import Store, StoredWrite
from watchdog.demo.quantities import amount, asked
from watchdog.demo.simulated_clock import stamp

_SCHEDULER = StoredWrite("kube-scheduler")
_SCHEDULER_STATUS = StoredWrite("kube-scheduler", "status")
_NO_PREEMPTION = "no new claims to deallocate, preemption: 0/1 nodes are available: 1 "
_NO_VICTIMS = _NO_PREEMPTION + "No preemption victims found for incoming pods."
_NOT_HELPFUL = _NO_PREEMPTION + "Preemption is not helpful for scheduling."


def node(now: float) -> Object:
    """The one node: 4 CPU, 8Gi."""
    conditions = [
        {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "kubelet is posting ready status",
            "lastTransitionTime": stamp(now),
            "lastHeartbeatTime": stamp(now),
        }
    ]
    size = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "50Gi"}
    labels = {"kubernetes.io/hostname": NODE_NAME, "kubernetes.io/os": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": NODE_NAME, "labels": {**labels, "kubernetes.io/arch": "amd64"}},
        "spec": {},
        "status": {
            "capacity": size,
            "allocatable": size,
            "conditions": conditions,
            "addresses": [{"type": "InternalIP", "address": "10.99.0.1"}],
            "nodeInfo": {"kubeletVersion": "v1.34.4", "containerRuntimeVersion": "containerd://2"},
        },
    }


def obstacle(store: Store, pod: Object) -> str:
    """Say why the pod fits nowhere, as the scheduler does; empty when it fits."""
    here = store.find("Node", "", NODE_NAME)
    if here is None:
        return "no nodes available to schedule pods"
    claims = _claims(store, pod)
    if claims:
        return f"0/1 nodes are available: {claims} {_NOT_HELPFUL}"
    labels = here["metadata"].get("labels") or {}
    selector = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        why = "1 node(s) didn't match Pod's node affinity/selector."
        return f"0/1 nodes are available: {why} {_NOT_HELPFUL}"
    if here["spec"].get("unschedulable"):
        return f"0/1 nodes are available: 1 node(s) were unschedulable. {_NOT_HELPFUL}"
    lacking = [
        f"1 Insufficient {resource}"
        for resource in ("cpu", "memory")
        if _used(store, resource) + asked(pod["spec"], "requests", resource)
        > amount(here["status"]["allocatable"][resource])
    ]
    if lacking:
        return f"0/1 nodes are available: {', '.join(lacking)}. {_NO_VICTIMS}"
    return ""


def _used(store: Store, resource: str) -> Decimal:
    return sum(
        (
            asked(pod["spec"], "requests", resource)
            for pod in store.all("Pod")
            if pod["spec"].get("nodeName")
            and pod["status"].get("phase") not in ("Succeeded", "Failed")
        ),
        Decimal(0),
    )


def _claims(store: Store, pod: Object) -> str:
    for volume in pod["spec"].get("volumes") or []:
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if not name:
            continue
        claim = store.find("PersistentVolumeClaim", pod["metadata"]["namespace"], name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found.'
        if claim.get("status", {}).get("phase") != "Bound":
            return "pod has unbound immediate PersistentVolumeClaims."
    return ""


def schedule(store: Store, pod: Object) -> bool:
    """Bind the pod to the node, or mark it Unschedulable; says whether it was bound."""
    why = obstacle(store, pod)
    moment = stamp(store.clock.now())
    condition = {"type": "PodScheduled", "status": "True", "lastTransitionTime": moment}
    if why:
        condition |= {"status": "False", "reason": "Unschedulable", "message": why}
    held = pod["status"].get("conditions") or []
    if why and any(c.get("message") == why for c in held):
        return False

    def report(item: Object) -> None:
        item["status"]["conditions"] = [condition]

    pod = store.change(named("Pod"), pod, report, _SCHEDULER_STATUS)
    if why:
        said = event_recorder.Said("FailedScheduling", why, "default-scheduler", warning=True)
        event_recorder.record(store, pod, said)
        return False

    def bind(item: Object) -> None:
        item["spec"]["nodeName"] = NODE_NAME

    pod = store.change(named("Pod"), pod, bind, _SCHEDULER)
    name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    words = f"Successfully assigned {name} to {NODE_NAME}"
    event_recorder.record(store, pod, event_recorder.Said("Scheduled", words, "default-scheduler"))
    return True
