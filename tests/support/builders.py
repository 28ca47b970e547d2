"""Kubernetes objects as plain JSON: what a test does not say has an ordinary value."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
NAMESPACE = "shop"
CREATED = "2026-03-01T10:00:00Z"


def meta(name: str, **more: Any) -> Json:
    return {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "creationTimestamp": CREATED,
        **more,
    }


def owned(kind: str, name: str) -> list[Json]:
    return [{"kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}]


def container(name: str = "main", **more: Any) -> Json:
    return {"name": name, "image": "busybox:1.36", **more}


def status(name: str = "main", *, restarts: int = 0, **more: Any) -> Json:
    """A container status; running and ready unless told otherwise."""
    return {
        "name": name,
        "ready": "state" not in more,
        "started": True,
        "restartCount": restarts,
        "state": {"running": {"startedAt": CREATED}},
        **more,
    }


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error", at: str = CREATED) -> Json:
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": at}}


def pod(
    name: str = "web-7d9f8c6b5d-x2k4p",
    *,
    phase: str = "Running",
    statuses: list[Json] | None = None,
    spec: Json | None = None,
    status_more: Json | None = None,
    **metadata: Any,
) -> Json:
    return {
        "metadata": meta(name, **metadata),
        "spec": {"containers": [container()], **(spec or {})},
        "status": {
            "phase": phase,
            "containerStatuses": [status()] if statuses is None else statuses,
            **(status_more or {}),
        },
    }


def template(labels: Json | None = None, *containers: Json, **spec: Any) -> Json:
    return {
        "metadata": {"labels": labels or {"app": "web"}},
        "spec": {"containers": list(containers) or [container()], **spec},
    }


def deployment(
    name: str = "web", *, pods: Json | None = None, replicas: int = 1, **more: Any
) -> Json:
    return {
        "metadata": meta(name, **more.pop("metadata", {})),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": pods or template({"app": name}),
            **more.pop("spec", {}),
        },
        "status": more.pop("status", {}),
    }


def replicaset(
    name: str, revision: int, *, pods: Json | None = None, created: str = CREATED, **state: Any
) -> Json:
    made = template() if pods is None else pods
    labels = {**made["metadata"]["labels"], "pod-template-hash": name.rpartition("-")[2]}
    return {
        "metadata": meta(
            name,
            creationTimestamp=created,
            ownerReferences=owned("Deployment", "web"),
            annotations={"deployment.kubernetes.io/revision": str(revision)},
        ),
        "spec": {"template": {**made, "metadata": {"labels": labels}}},
        "status": state,
    }


def condition(type_: str, value: str, since: str, reason: str = "", message: str = "") -> Json:
    return {
        "type": type_,
        "status": value,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


def event(
    about: str, reason: str, message: str = "", *, kind: str = "Pod", at: str = CREATED, **more: Any
) -> Json:
    return {
        "metadata": meta(f"{about}.{reason.lower()}", creationTimestamp=at),
        "involvedObject": {"kind": kind, "namespace": NAMESPACE, "name": about},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": at,
        "lastTimestamp": at,
        **more,
    }
