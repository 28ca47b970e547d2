"""Workloads as their controllers would have written them, for an API server where none runs.

Everything carries its status. What is not told otherwise is healthy, and has been for nine days.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]
NOW = datetime.now(UTC)


def ago(**past: float) -> str:
    return (NOW - timedelta(**past)).strftime("%Y-%m-%dT%H:%M:%SZ")


LONG_AGO = ago(days=9)
TRUE = {"status": "True", "lastTransitionTime": LONG_AGO}
NOT_READY = [{"type": "Ready", "status": "False", "lastTransitionTime": LONG_AGO}]
HASH = "7d9f8c6b5"


def deployment(ns: str, name: str, wanted: int = 10, ready: int = 10) -> Object:
    counts = {"replicas": wanted, "updatedReplicas": wanted}
    counts |= {"readyReplicas": ready, "availableReplicas": ready}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": ns,
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        },
        "spec": {
            "replicas": wanted,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name),
        },
        "status": {
            "observedGeneration": 1,
            **counts,
            "conditions": [{"type": "Available", **TRUE}],
        },
    }


def template(app: str) -> Object:
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": "web:1"}]},
    }


def owned_by(owner: Object) -> list[Object]:
    kept = {key: owner[key] for key in ("apiVersion", "kind")}
    named = {key: owner["metadata"][key] for key in ("name", "uid")}
    return [{**kept, **named, "controller": True}]


def replica_set(ns: str, app: Object) -> Object:
    name = app["metadata"]["name"]
    count = app["spec"]["replicas"]
    labels = {"app": name, "pod-template-hash": HASH}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{HASH}",
            "namespace": ns,
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": owned_by(app),
        },
        "spec": {
            "replicas": count,
            "selector": {"matchLabels": labels},
            "template": {**template(name), "metadata": {"labels": labels}},
        },
        "status": {
            "observedGeneration": 1,
            **dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), count),
        },
    }


def service(ns: str, app: str, target: int | str = 8080) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": app, "namespace": ns},
        "spec": {
            "selector": {"app": app},
            "ports": [{"name": "http", "port": 80, "targetPort": target}],
        },
    }


def endpoint_slice(ns: str, app: str, port: int | None = 8080, *, count: int = 5) -> Object:
    """The endpoints of that Service; a named port that no pod has is None."""
    ready = {"ready": True, "serving": True, "terminating": False}
    endpoints = [
        {
            "addresses": [f"10.0.0.{number + 1}"],
            "conditions": ready,
            "nodeName": "node",
            "targetRef": {"kind": "Pod", "name": f"{app}-{HASH}-{number:05}", "namespace": ns},
        }
        for number in range(count)
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{app}-x2k4p",
            "namespace": ns,
            "labels": {
                "kubernetes.io/service-name": app,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}] if port else [],
    }


def pod(ns: str, name: str, owner: Object | None = None, **parts: Any) -> Object:
    """A pod that runs and is ready, unless `spec`, `status` or `metadata` say otherwise."""
    labels = owner["spec"]["selector"]["matchLabels"] if owner else {}
    metadata = {"name": name, "namespace": ns, "labels": labels, **parts.get("metadata", {})}
    if owner:
        metadata["ownerReferences"] = owned_by(owner)
    containers = [{"name": "main", "image": "web:1"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": containers, **parts.get("spec", {})},
        "status": {
            "phase": "Running",
            "startTime": LONG_AGO,
            "conditions": [{"type": kind, **TRUE} for kind in ("Ready", "ContainersReady")],
            "containerStatuses": [container({"running": {"startedAt": LONG_AGO}})],
            **parts.get("status", {}),
        },
    }


def container(state: Object, name: str = "main", **parts: Any) -> Object:
    found = {"name": name, "image": "web:1", "imageID": "", "restartCount": 0}
    return {**found, "ready": "running" in state, "started": True, "state": state, **parts}


def waiting(reason: str, **parts: Any) -> Object:
    status = container({"waiting": {"reason": reason}}, **parts)
    phase = "Running" if parts.get("restartCount") else "Pending"
    return {"status": {"phase": phase, "containerStatuses": [status], "conditions": NOT_READY}}


def ended(code: int, reason: str, finished: str = LONG_AGO) -> Object:
    times = {"startedAt": LONG_AGO, "finishedAt": finished}
    return {"terminated": {"exitCode": code, "reason": reason, **times}}


def restarted(finished: str) -> Object:
    status = container(
        {"running": {"startedAt": finished}},
        restartCount=3,
        lastState=ended(137, "OOMKilled", finished),
    )
    return {"status": {"containerStatuses": [status]}}
