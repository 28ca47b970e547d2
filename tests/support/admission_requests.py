"""Requests to try the admission policies with, and the objects that they are about."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

TEMPLATE = "/spec/template/spec"
MAIN = f"{TEMPLATE}/containers/0"
INIT = f"{TEMPLATE}/initContainers/0"
POD_NOTES = "/spec/template/metadata/annotations"
POD_LABELS = "/spec/template/metadata/labels"
Patch = list[dict[str, Any]]
Object = dict[str, Any]
SIDE = f"{TEMPLATE}/containers/1"
APPROVED = {"app-config": {"region": "eu-1", "color": "blue", "size": "small"}}
"""The ConfigMaps of the namespace's policy: a missing key may be put back with this value."""


class Request(NamedTuple):
    """One request; NS in the path and the body stands for the watched namespace."""

    method: str
    path: str
    body: Any = None

    def within(self, namespace: str) -> Request:
        body = json.loads(json.dumps(self.body).replace('"NS"', json.dumps(namespace)))
        return Request(self.method, self.path.replace("/NS", f"/{namespace}"), body)


def add(path: str, value: Any) -> Patch:
    return [{"op": "add", "path": path, "value": value}]


def remove(path: str) -> Patch:
    return [{"op": "remove", "path": path}]


def key(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def note(name: str, value: str) -> Patch:
    return add(f"/metadata/annotations/{key('sre-watchdog/' + name)}", value)


def patched(patch: Patch, name: str = "web") -> Request:
    return Request("PATCH", f"/apis/apps/v1/namespaces/NS/deployments/{name}", patch)


def scaled(patch: Patch) -> Request:
    return Request("PATCH", "/apis/apps/v1/namespaces/NS/deployments/web/scale", patch)


def config(patch: Patch, name: str = "app-config") -> Request:
    return Request("PATCH", f"/api/v1/namespaces/NS/configmaps/{name}", patch)


def memory(patch: Patch) -> Request:
    return config(patch, "sre-watchdog")


def lease(patch: Patch) -> Request:
    path = "/apis/coordination.k8s.io/v1/namespaces/NS/leases/sre-watchdog"
    return Request("PATCH", path, patch)


def evicted(**options: Any) -> Request:
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "web-1", "namespace": "NS"},
        "deleteOptions": options,
    }
    return Request("POST", "/api/v1/namespaces/NS/pods/web-1/eviction", body)


def event(namespace: str = "NS", **changed: Any) -> Request:
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"generateName": "web-", "namespace": namespace},
        "eventTime": "2026-11-29T10:00:00.000000Z",
        "reportingController": "sre-watchdog",
        "reportingInstance": "pod",
        "action": "rollout_undo",
        "reason": "FixApplied",
        "type": "Normal",
        "note": "roll back to revision 6: applied",
        "regarding": {"kind": "Deployment", "namespace": namespace, "name": "web"},
    }
    return Request(
        "POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", {**body, **changed}
    )


def made(path: str, body: Object) -> Request:
    whole = {**body, "metadata": {"name": "made", **body.get("metadata", {})}}
    return Request("POST", path, whole)


def deployment(namespace: str) -> Object:
    main = {
        "name": "main",
        "image": "registry.example.com:5000/shop/web:1.2",
        "command": ["/app"],
        "env": [
            {"name": "REGION", "value": "eu"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "web", "key": "token"}}},
        ],
        "envFrom": [{"configMapRef": {"name": "web"}}],
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {
            "limits": {"memory": "64Mi", "ephemeral-storage": "1Gi"},
            "requests": {"cpu": "50m"},
            "claims": [{"name": "gpu"}],
        },
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
        "readinessProbe": {"exec": {"command": ["/ready"]}},
        "startupProbe": {"tcpSocket": {"port": 8080}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "securityContext": {"runAsNonRoot": True},
    }
    init = {
        "name": "init",
        "image": "shop/init:1",
        "resources": {"limits": {"memory": "32Mi"}},
    }
    side = {
        "name": "side",
        "image": "shop/side:1",
        "env": [{"name": "LEVEL", "value": "info"}, {"name": "MODE", "value": "fast"}],
        "livenessProbe": {"grpc": {"port": 9090}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"sre-watchdog/allow": "rollout_undo", "example.com/team": "shop"},
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {
                    "labels": {"app": "web", "version": "7", "tier": "front"},
                    "annotations": {"checksum/config": "a1", "example.com/scrape": "true"},
                },
                "spec": {
                    "serviceAccountName": "web",
                    "volumes": [{"name": "data", "emptyDir": {}}],
                    "initContainers": [init],
                    "containers": [main, side],
                    "resourceClaims": [
                        {"name": name, "resourceClaimName": name} for name in ("gpu", "other")
                    ],
                },
            },
        },
    }


def neighbours(namespace: str) -> list[Object]:
    """The other objects of the namespace that requests are about."""
    notes = {f"sre-watchdog/approved-key.{key}": "b" for key in ("zone", "tier", "rank")}
    pod = {"containers": [{"name": "main", "image": "shop/web:1"}]}
    named = {"namespace": namespace}
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**named, "name": "app-config", "annotations": notes},
            "data": {"mode": "fast", "color": "blue", "size": "large", "tier": "b", "rank": "c"},
            "binaryData": {"logo": "AAEC"},
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**named, "name": "other"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {**named, "name": "db"}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {**named, "name": "web-1"}, "spec": pod},
    ]
