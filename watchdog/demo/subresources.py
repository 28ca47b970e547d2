"""The subresources that are more than a part of their object: logs and scale."""

from watchdog.demo import status_errors
from watchdog.demo.api_resources import Object
from watchdog.demo.kubelet import Kubelet
from watchdog.demo.simulated_clock import parse_stamp, stamp


def read_log(kubelet: Kubelet, pod: Object, query: dict[str, str], now: float) -> bytes:
    """Read a container's log as the query asks; raises ApiFailure 400."""
    containers = [c["name"] for c in pod["spec"]["containers"]]
    every = containers + [c["name"] for c in pod["spec"].get("initContainers") or []]
    name = query.get("container") or containers[0]
    if not query.get("container") and len(containers) > 1:
        raise status_errors.bad_request(
            f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: "
            f"[{' '.join(containers)}]"
        )
    if name not in every:
        message = f"container {name} is not valid for pod {pod['metadata']['name']}"
        raise status_errors.bad_request(message)
    previous = query.get("previous") in ("true", "1")
    lines = kubelet.lines(pod, name, previous=previous)
    if lines is None:
        raise status_errors.bad_request(_no_log(pod, name, previous=previous))
    if since := query.get("sinceSeconds"):
        lines = [line for line in lines if line[0] >= now - float(since)]
    if since := query.get("sinceTime"):
        lines = [line for line in lines if line[0] >= parse_stamp(since)]
    if tail := query.get("tailLines"):
        lines = lines[-int(tail) :] if int(tail) else []
    stamped = query.get("timestamps") in ("true", "1")
    text = "".join(f"{stamp(at)} {line}\n" if stamped else f"{line}\n" for at, line in lines)
    data = text.encode()
    if limit := query.get("limitBytes"):
        data = data[: int(limit)]
    return data


def _no_log(pod: Object, container: str, *, previous: bool) -> str:
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    if previous:
        return f'previous terminated container "{container}" in pod "{name}" not found'
    statuses = pod["status"].get("containerStatuses") or []
    state: Object = next((s["state"] for s in statuses if s["name"] == container), {})
    waiting = state.get("waiting") or {"reason": "ContainerCreating"}
    why = {
        "ErrImagePull": "image can't be pulled",
        "ImagePullBackOff": "trying and failing to pull image",
    }.get(waiting["reason"], waiting["reason"])
    if not pod["spec"].get("nodeName"):
        return f'pod "{name}" in namespace "{namespace}" does not have a host assigned'
    return f'container "{container}" in pod "{name}" is waiting to start: {why}'


def scale_of(item: Object) -> Object:
    """Show a workload as autoscaling/v1 Scale."""
    meta = item["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = (item["spec"].get("selector") or {}).get("matchLabels") or {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept},
        "spec": {"replicas": item["spec"].get("replicas", 0)},
        "status": {
            "replicas": (item.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }
