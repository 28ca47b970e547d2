"""The API resources that the embedded cluster knows, and how a path names one of them.

What a resource does is not told here: storing is `store`, behaviour is `controllers` and `kubelet`.
"""

from dataclasses import dataclass
from typing import Any

NODE_NAME = "sandbox"

Object = dict[str, Any]
"""A Kubernetes object as plain JSON."""


@dataclass(frozen=True)
class ApiResource:
    """One kind of object: where it lives in the API and how it is called."""

    group: str
    version: str
    plural: str
    kind: str
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` in the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """`deployments.apps`, as the API server names resources in its messages."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


@dataclass(frozen=True)
class Route:
    """What a path asks for; `name` is empty for a collection."""

    resource: ApiResource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


_SCALED = ("scale", "status")

RESOURCES = (
    ApiResource("", "v1", "namespaces", "Namespace", ("ns",), ("status",), namespaced=False),
    ApiResource("", "v1", "nodes", "Node", ("no",), ("status",), namespaced=False),
    ApiResource("", "v1", "pods", "Pod", ("po",), ("log", "eviction", "status")),
    ApiResource("", "v1", "events", "Event", ("ev",)),
    ApiResource("", "v1", "configmaps", "ConfigMap", ("cm",)),
    ApiResource("", "v1", "secrets", "Secret"),
    ApiResource("", "v1", "services", "Service", ("svc",), ("status",)),
    ApiResource("", "v1", "serviceaccounts", "ServiceAccount", ("sa",)),
    ApiResource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", ("pvc",), ("status",)),
    ApiResource("", "v1", "resourcequotas", "ResourceQuota", ("quota",), ("status",)),
    ApiResource("", "v1", "limitranges", "LimitRange", ("limits",)),
    ApiResource("apps", "v1", "deployments", "Deployment", ("deploy",), _SCALED),
    ApiResource("apps", "v1", "replicasets", "ReplicaSet", ("rs",), _SCALED),
    ApiResource("apps", "v1", "statefulsets", "StatefulSet", ("sts",), _SCALED),
    ApiResource("apps", "v1", "daemonsets", "DaemonSet", ("ds",), ("status",)),
    ApiResource("batch", "v1", "jobs", "Job", (), ("status",)),
    ApiResource("batch", "v1", "cronjobs", "CronJob", ("cj",), ("status",)),
    ApiResource(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        ("hpa",),
        ("status",),
    ),
    ApiResource(
        "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", ("pdb",), ("status",)
    ),
    ApiResource("", "v1", "replicationcontrollers", "ReplicationController", ("rc",), _SCALED),
    ApiResource("networking.k8s.io", "v1", "ingresses", "Ingress", ("ing",), ("status",)),
    ApiResource("events.k8s.io", "v1", "events", "Event", ("ev",)),
    ApiResource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    ApiResource("coordination.k8s.io", "v1", "leases", "Lease"),
    ApiResource(
        "authorization.k8s.io",
        "v1",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        namespaced=False,
    ),
    ApiResource(
        "authorization.k8s.io",
        "v1",
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
        namespaced=False,
    ),
)

_BY_PATH = {(r.group, r.version, r.plural): r for r in RESOURCES}
_BY_KIND = {(r.api_version, r.kind): r for r in RESOURCES}
_BY_NAME = {name: r for r in reversed(RESOURCES) for name in (r.kind.lower(), r.plural, *r.short)}

WITHOUT_GENERATION = frozenset(
    [
        "Namespace",
        "Node",
        "Event",
        "ConfigMap",
        "Secret",
        "Service",
        "ServiceAccount",
        "PersistentVolumeClaim",
        "ResourceQuota",
        "LimitRange",
        "Lease",
        "EndpointSlice",
    ]
)
"""Kinds whose objects carry no metadata.generation."""


def named(kind: str) -> ApiResource:
    """Find a resource by kind, plural or short name; KeyError when there is none."""
    return _BY_NAME[kind.lower()]


def of_object(item: Object) -> ApiResource:
    """Find the resource that a manifest declares; KeyError when the sandbox does not know it."""
    return _BY_KIND[item["apiVersion"], item["kind"]]


def route(path: str) -> Route | None:
    """Read a resource path such as `/apis/apps/v1/namespaces/shop/deployments/web/scale`."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"]:
        group, version, rest = "", "".join(parts[1:2]), parts[2:]
    elif parts[:1] == ["apis"]:
        group, version, rest = "".join(parts[1:2]), "".join(parts[2:3]), parts[3:]
    else:
        return None
    namespace = ""
    whole = 3  # resource, name and subresource
    if len(rest) >= whole and rest[0] == "namespaces" and (group, version, rest[2]) in _BY_PATH:
        namespace, rest = rest[1], rest[2:]
    found = _BY_PATH.get((group, version, rest[0])) if rest else None
    if found is None or len(rest) > whole or (namespace and not found.namespaced):
        return None
    name, subresource = [*rest[1:], "", ""][:2]
    if subresource and subresource not in found.subresources:
        return None
    return Route(found, namespace, name, subresource)


_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def discovery(path: str) -> Object | None:
    """Answer the discovery paths that kubectl and the client libraries ask first."""
    parts = [part for part in path.split("/") if part]
    if parts == ["version"]:
        return {
            "major": "1",
            "minor": "34",
            "gitVersion": "v1.34.4",
            "gitCommit": "",
            "gitTreeState": "clean",
            "buildDate": "2026-01-01T00:00:00Z",
            "goVersion": "",
            "compiler": "",
            "platform": "linux/amd64",
        }
    if parts == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    groups = {r.group: r.version for r in RESOURCES if r.group}
    if parts == ["apis"]:
        listed = [_group(name, version) for name, version in groups.items()]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    if parts == ["api", "v1"]:
        return _resource_list("", "v1")
    if parts[:1] == ["apis"] and groups.get("".join(parts[1:2])) in parts[2:3] and not parts[3:]:
        return _resource_list(parts[1], parts[2])
    return None


def _group(name: str, version: str) -> Object:
    chosen = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [chosen], "preferredVersion": chosen}


def _resource_list(group: str, version: str) -> Object:
    entries: list[Object] = []
    for resource in RESOURCES:
        if (resource.group, resource.version) != (group, version):
            continue
        shared = {"singularName": resource.kind.lower(), "namespaced": resource.namespaced}
        entries.append(
            {
                "name": resource.plural,
                "kind": resource.kind,
                "verbs": _VERBS,
                "shortNames": list(resource.short),
                **shared,
            }
        )
        entries += [
            {
                "name": f"{resource.plural}/{subresource}",
                "kind": resource.kind,
                "verbs": ["create"] if subresource == "eviction" else ["get", "patch", "update"],
                **shared,
            }
            for subresource in resource.subresources
        ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": entries,
    }
