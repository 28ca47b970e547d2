"""What the admission policies must refuse of anything but a Deployment's own object."""

from __future__ import annotations

from typing import Any

from tests.support.admission_requests import (
    Object,
    Request,
    add,
    config,
    event,
    evicted,
    lease,
    made,
    memory,
    remove,
    scaled,
)

SELECTOR = {"matchLabels": {"app": "web"}}
_POD = {"containers": [{"name": "x", "image": "shop/web:1"}]}
_APPS = {"apiVersion": "apps/v1", "spec": {"selector": SELECTOR, "template": {
    "metadata": {"labels": {"app": "web"}}, "spec": _POD}}}  # fmt: skip
_RULES = {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}
_RBAC = "rbac.authorization.k8s.io"


def _memory_made(body: Object | None = None, **about: Any) -> Request:
    """The memory of a namespace that has none yet."""
    metadata = {"name": "sre-watchdog", **about}
    return made("/api/v1/namespaces/NS-other/configmaps", {**(body or {}), "metadata": metadata})


OTHER_KINDS: dict[str, Request] = {
    "scale out of bounds": scaled(add("/spec/replicas", 11)),
    "scale to nothing": scaled(add("/spec/replicas", 0)),
    "scale to what is left out": scaled(remove("/spec/replicas")),
    "replace a key": config(add("/data/mode", "slow")),
    "remove a key": config(remove("/data/mode")),
    "a key that was not approved": config(add("/data/other", "eu-1")),
    "another value than the approved one": config(add("/data/region", "us-1")),
    "another value than the annotated one": config(add("/data/zone", "c")),
    "take an approved key away that has another value": config(remove("/data/size")),
    "take an annotated key away that has another value": config(remove("/data/rank")),
    "two keys at once": config(add("/data/region", "eu-1") + add("/data/zone", "b")),
    "bytes": config(add("/binaryData/region", "ZXUtMQ==")),
    "other bytes": config(add("/binaryData/logo", "AAED")),
    "no bytes": config(remove("/binaryData")),
    "bytes beside an approved key": config(
        add("/data/region", "eu-1") + remove("/binaryData/logo")
    ),
    "approve a key": config(add("/metadata/annotations/sre-watchdog~1approved-key.other", "x")),
    "seal a ConfigMap": config(add("/metadata/annotations/sre-watchdog~1memory", "v1:ab")),
    "drop an approval": config(remove("/metadata/annotations")),
    "label a ConfigMap": config(add("/metadata/labels", {"a": "b"})),
    "freeze a ConfigMap": config(add("/immutable", value=True)),
    "a ConfigMap that no policy names": config(add("/data", {"region": "eu-1"}), "other"),
    "another key of the memory": memory(add("/data", {"run.sh": "x"})),
    "bytes in the memory": memory(add("/binaryData/memory.json", "eA==")),
    "other bytes in the memory": memory(add("/binaryData/old", "eA==")),
    "a memory that is made with a label": _memory_made(labels={"a": "b"}),
    "a memory that is made with an annotation": _memory_made(annotations={"a": "b"}),
    "a memory that is made with a finalizer": _memory_made(finalizers=["example.com/stay"]),
    "a memory that is made with another key": _memory_made({"data": {"run.sh": "x"}}),
    "a memory that is made with bytes": _memory_made({"binaryData": {"memory.json": "eA=="}}),
    "a memory that is made for ever": _memory_made({"immutable": True}),
    "label the memory": memory(add("/metadata/labels/a", "b")),
    "annotate the memory": memory(add("/metadata/annotations", {"a": "b"})),
    "freeze the memory": memory(add("/immutable", value=True)),
    "keep the memory": memory(add("/metadata/finalizers", ["example.com/stay"])),
    "label the Lease": lease(add("/metadata/labels/a", "b")),
    "mark the Lease": lease(add("/metadata/annotations", {"sre-watchdog/attempts": "{}"})),
    "own the Lease": lease(
        add(
            "/metadata/ownerReferences",
            [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}],
        )
    ),
    "annotate the Lease": lease(add("/metadata/annotations", {"a": "b"})),
    "evict whatever has that name": evicted(),
    "evict at once": evicted(preconditions={"uid": "UID"}, gracePeriodSeconds=0),
    "an Event in another's name": event(reportingController="kubelet"),
    "an Event about another namespace": event(
        regarding={"kind": "Pod", "namespace": "default", "name": "x"}
    ),
    "an Event in kube-system": event("kube-system"),
    "delete a pod": Request("DELETE", "/api/v1/namespaces/NS/pods/web-1"),
    "delete all pods": Request("DELETE", "/api/v1/namespaces/NS/pods"),
    "delete the Deployment": Request("DELETE", "/apis/apps/v1/namespaces/NS/deployments/web"),
    "delete the memory": Request("DELETE", "/api/v1/namespaces/NS/configmaps/sre-watchdog"),
    "delete a Secret": Request("DELETE", "/api/v1/namespaces/NS/secrets/db"),
    "write a Secret": Request(
        "PATCH", "/api/v1/namespaces/NS/secrets/db", add("/data", {"a": "eA=="})
    ),
    "delete the namespace": Request("DELETE", "/api/v1/namespaces/NS"),
    "label the namespace": Request(
        "PATCH", "/api/v1/namespaces/NS", add("/metadata/labels/a", "b")
    ),
    "label a pod": Request(
        "PATCH", "/api/v1/namespaces/NS/pods/web-1", add("/metadata/labels", {"a": "b"})
    ),
    "the status of a pod": Request(
        "PATCH", "/api/v1/namespaces/NS/pods/web-1/status", add("/status/message", "x")
    ),
    "the status of the Deployment": Request(
        "PATCH", "/apis/apps/v1/namespaces/NS/deployments/web/status", add("/status/replicas", 1)
    ),
    "a ConfigMap of another name": made("/api/v1/namespaces/NS/configmaps", {}),
    "a ConfigMap in kube-system": made(
        "/api/v1/namespaces/kube-system/configmaps", {"metadata": {"name": "sre-watchdog"}}
    ),
    "a Lease in kube-system": made(
        "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases",
        {"metadata": {"name": "sre-watchdog"}},
    ),
    "a Lease of another name": made("/apis/coordination.k8s.io/v1/namespaces/NS/leases", {}),
    "a pod": made("/api/v1/namespaces/NS/pods", {"spec": _POD}),
    "a Secret": made("/api/v1/namespaces/NS/secrets", {}),
    "a service account": made("/api/v1/namespaces/NS/serviceaccounts", {}),
    "a Service": made("/api/v1/namespaces/NS/services", {"spec": {"ports": [{"port": 80}]}}),
    "a namespace": made("/api/v1/namespaces", {}),
    "a Deployment": made("/apis/apps/v1/namespaces/NS/deployments", _APPS),
    "a DaemonSet": made("/apis/apps/v1/namespaces/NS/daemonsets", _APPS),
    "a StatefulSet": made("/apis/apps/v1/namespaces/NS/statefulsets", _APPS),
    "a ReplicaSet": made("/apis/apps/v1/namespaces/NS/replicasets", _APPS),
    "a Job": made(
        "/apis/batch/v1/namespaces/NS/jobs",
        {"spec": {"template": {"spec": {**_POD, "restartPolicy": "Never"}}}},
    ),
    "a Role": made(f"/apis/{_RBAC}/v1/namespaces/NS/roles", _RULES),
    "a ClusterRole": made(f"/apis/{_RBAC}/v1/clusterroles", _RULES),
    "a RoleBinding": made(
        f"/apis/{_RBAC}/v1/namespaces/NS/rolebindings",
        {"roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"}},
    ),
    "a token": Request(
        "POST",
        "/api/v1/namespaces/NS/serviceaccounts/watchdog-sre-watchdog/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}},
    ),
    "a disruption budget": made(
        "/apis/policy/v1/namespaces/NS/poddisruptionbudgets",
        {"spec": {"maxUnavailable": 0, "selector": SELECTOR}},
    ),
    "a network policy": made(
        "/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies", {"spec": {"podSelector": {}}}
    ),
    "a storage class": made(
        "/apis/storage.k8s.io/v1/storageclasses", {"provisioner": "example.com/none"}
    ),
}
