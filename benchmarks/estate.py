"""Fills an API server with Deployments and their pods, and breaks some of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.cluster.plane import ApiRefusalError, Plane
from tests.support.controller_objects import (
    HASH,
    LONG_AGO,
    NOT_READY,
    TRUE,
    Object,
    ago,
    container,
    deployment,
    ended,
    endpoint_slice,
    pod,
    replica_set,
    service,
)

PODS_EACH = 5
_COMPLETE = "benchmarks/complete-with-services"
_LIVE = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10}
# As much as a usual Deployment says and admission adds: what a full list has to carry.
_MAIN = {
    "name": "main",
    "image": "registry.example/shop/web:1.42.0",
    "ports": [{"containerPort": 8080, "name": "http"}],
    "env": [{"name": f"SETTING_{n}", "value": f"value-{n}"} for n in range(12)],
    "resources": {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        "limits": {"memory": "256Mi"},
    },
    "livenessProbe": _LIVE,
    "readinessProbe": _LIVE,
    "volumeMounts": [
        {
            "name": "kube-api-access",
            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            "readOnly": True,
        }
    ],
}
_FIELD = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
_TOKEN = {
    "name": "kube-api-access",
    "projected": {
        "sources": [
            {"downwardAPI": {"items": [_FIELD]}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca", "path": "ca.crt"}]}},
        ]
    },
}
_SPEC = {
    "terminationGracePeriodSeconds": 0,
    "containers": [_MAIN],
    "volumes": [_TOKEN],
    "tolerations": [
        {
            "key": f"node.kubernetes.io/{trouble}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        }
        for trouble in ("not-ready", "unreachable")
    ],
}
# What the log of a pod says whose name starts like that: each Deployment breaks in its own way.
_WAYS = ("missing", "killed", "refused")


@dataclass(frozen=True)
class Estate:
    """So many pods in Deployments of five, each behind a Service, spread over namespaces."""

    pods: int
    namespaces: int
    prefix: str = "bench"
    """How the names of its namespaces begin, and the name of the node that its pods are on."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its namespaces."""
        return tuple(
            f"{self.prefix}-{self.pods}-{self.namespaces}-{n}" for n in range(self.namespaces)
        )

    @property
    def apps(self) -> tuple[tuple[str, str], ...]:
        """Namespace and name of every Deployment."""
        names = self.names
        return tuple(
            (names[n % len(names)], f"{_WAYS[n % len(_WAYS)]}-{n}")
            for n in range(self.pods // PODS_EACH)
        )

    def stand(self, plane: Plane) -> None:
        """Write it all, healthy, unless an earlier run did."""
        first = f"/api/v1/namespaces/{self.names[0]}"
        if _annotations(plane, first).get(_COMPLETE):
            return
        for name in self.names:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            # Left by a run that was cut short.
            with contextlib.suppress(ApiRefusalError):
                vacate(plane, name)
            plane.create(body)
        apps = plane.create_many(_deployment(ns, app) for ns, app in self.apps)
        sets = plane.create_many(replica_set(app["metadata"]["namespace"], app) for app in apps)
        spec = {**_SPEC, "nodeName": self.prefix}
        plane.create_many(
            pod(each["metadata"]["namespace"], _pod(each["metadata"]["name"], n), each, spec=spec)
            for each in sets
            for n in range(PODS_EACH)
        )
        plane.create_many(service(ns, app) for ns, app in self.apps)
        plane.create_many(endpoint_slice(ns, app, count=PODS_EACH) for ns, app in self.apps)
        self._note(plane, _COMPLETE, "true")

    def breaking(self, plane: Plane, count: int) -> None:
        """Break the first `count` Deployments, and heal the others that were broken before."""
        first = f"/api/v1/namespaces/{self.names[0]}"
        before = int(_annotations(plane, first).get("benchmarks/broken", 0))
        changed = self.apps[min(count, before) : max(count, before)]
        # First, so that a run that is cut short leaves none broken without saying so.
        self._note(plane, "benchmarks/broken", str(max(count, before)))
        for obj in (each for ns, app in changed for each in statuses(ns, app, sick=count > before)):
            plane.status(obj)
        self._note(plane, "benchmarks/broken", str(count))

    def remove(self, plane: Plane) -> None:
        """Delete it; the namespaces stay Terminating, as no controller empties them."""
        for name in self.names:
            vacate(plane, name)

    def _note(self, plane: Plane, key: str, value: str) -> None:
        path = f"/api/v1/namespaces/{self.names[0]}"
        found = plane.api.request("GET", path)
        found["metadata"].setdefault("annotations", {})[key] = value
        plane.api.request("PUT", path, found)


def vacate(plane: Plane, namespace: str) -> None:
    """Delete what is in a namespace, and then itself, finalizers and all."""
    base = f"namespaces/{namespace}"
    collections = (
        "/apis/apps/v1/{}/deployments",
        "/apis/apps/v1/{}/replicasets",
        "/api/v1/{}/pods",
        "/api/v1/{}/services",
        "/apis/discovery.k8s.io/v1/{}/endpointslices",
    )
    for collection in collections:
        plane.api.request("DELETE", f"{collection.format(base)}?gracePeriodSeconds=0")
    held = plane.api.request("GET", f"/api/v1/{base}")
    plane.api.request("DELETE", f"/api/v1/{base}")
    held["spec"]["finalizers"] = []
    held["metadata"].pop("resourceVersion")
    plane.api.request("PUT", f"/api/v1/{base}/finalize", held)


def statuses(namespace: str, app: str, *, sick: bool) -> Iterator[Object]:
    """The status of a Deployment and of its pods, all sick or all well."""
    healthy = _deployment(namespace, app)
    if sick:
        conditions = [{"type": "Available", "status": "False", "reason": "MinimumReplicas"}]
        healthy["status"] |= {"readyReplicas": 0, "availableReplicas": 0, "conditions": conditions}
    yield healthy
    for number in range(PODS_EACH):
        name = _pod(f"{app}-{HASH}", number)
        way = app.partition("-")[0] if sick else ""
        # Anyone who puts a pod's status puts its labels too.
        labels = {"app": app, "pod-template-hash": HASH}
        yield pod(namespace, name, status=_status(way), metadata={"labels": labels})


def log_of(pod_name: str) -> str:
    """What the container of a broken pod printed before it ended."""
    app = "-".join(pod_name.split("-")[:2]).upper().replace("-", "_")
    if not pod_name.startswith("missing"):
        return "starting\nlistening on port 8080\n"
    return f"starting\nfatal: environment variable {app}_REGION is not set\n"


def _deployment(namespace: str, app: str) -> Object:
    made = deployment(namespace, app, PODS_EACH, PODS_EACH)
    made["spec"]["template"]["spec"] = {"containers": [_MAIN], "volumes": [_TOKEN]}
    return made


def _status(way: str) -> dict[str, Any]:
    if not way:
        conditions = [{"type": kind, **TRUE} for kind in ("Ready", "ContainersReady")]
        running = container({"running": {"startedAt": LONG_AGO}})
        return {"phase": "Running", "conditions": conditions, "containerStatuses": [running]}
    if way == "refused":
        told = {
            "reason": "ImagePullBackOff",
            "message": 'Back-off pulling image "web:1": not found',
        }
        status = container({"waiting": told})
        return {"phase": "Pending", "conditions": NOT_READY, "containerStatuses": [status]}
    last = ended(137, "OOMKilled", ago(minutes=1)) if way == "killed" else ended(1, "Error")
    told = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
    status = container({"waiting": told}, restartCount=7, lastState=last)
    return {"phase": "Running", "conditions": NOT_READY, "containerStatuses": [status]}


def _pod(replica_set_name: str, number: int) -> str:
    """A name whose ending looks as random as life's: five letters that form no word."""
    return f"{replica_set_name}-{f'{number:05}'.translate(str.maketrans('013', 'bcd'))}"


def _annotations(plane: Plane, path: str) -> dict[str, str]:
    try:
        found = plane.api.request("GET", path)
    except ApiRefusalError:
        return {}
    kept: dict[str, str] = found["metadata"].get("annotations") or {}
    return kept
