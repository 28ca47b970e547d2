"""Changes of a Deployment that the admission policy must refuse, and those that actions make."""

from __future__ import annotations

from typing import Any

TEMPLATE = "/spec/template/spec"
MAIN = f"{TEMPLATE}/containers/0"
Patch = list[dict[str, Any]]


def add(path: str, value: Any) -> Patch:
    return [{"op": "add", "path": path, "value": value}]


def remove(path: str) -> Patch:
    return [{"op": "remove", "path": path}]


def note(name: str, value: str) -> Patch:
    return add(f"/metadata/annotations/sre-watchdog~1{name}", value)


def deployment(namespace: str) -> dict[str, Any]:
    main = {
        "name": "main",
        "image": "registry.example.com:5000/shop/web:1.2",
        "env": [
            {"name": "REGION", "value": "eu"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "web", "key": "token"}}},
        ],
        "envFrom": [{"configMapRef": {"name": "web"}}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "securityContext": {"runAsNonRoot": True},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": namespace,
            "annotations": {"sre-watchdog/allow": "rollout_undo"},
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "serviceAccountName": "web",
                    "volumes": [{"name": "data", "emptyDir": {}}],
                    "initContainers": [{"name": "init", "image": "shop/init:1"}],
                    "containers": [main],
                },
            },
        },
    }


ILLEGAL: dict[str, Patch] = {
    "mount a Secret": add(f"{TEMPLATE}/volumes/-", {"name": "s", "secret": {"secretName": "db"}}),
    "turn a volume into a Secret": add(
        f"{TEMPLATE}/volumes/0", {"name": "x", "secret": {"secretName": "db"}}
    )
    + remove(f"{TEMPLATE}/volumes/1")
    + add(f"{MAIN}/volumeMounts/0/name", "x"),
    "mount the host": add(f"{TEMPLATE}/volumes/-", {"name": "h", "hostPath": {"path": "/"}}),
    "mount elsewhere": add(f"{MAIN}/volumeMounts/0/mountPath", "/etc"),
    "envFrom a Secret": add(f"{MAIN}/envFrom/-", {"secretRef": {"name": "db"}}),
    "drop envFrom": remove(f"{MAIN}/envFrom"),
    "read another Secret's key": add(f"{MAIN}/env/1/valueFrom/secretKeyRef/name", "db"),
    "add a reference": add(
        f"{MAIN}/env/-", {"name": "X", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
    ),
    "another service account": add(f"{TEMPLATE}/serviceAccountName", "admin"),
    "mount a token": add(f"{TEMPLATE}/automountServiceAccountToken", value=True),
    "pod security context": add(f"{TEMPLATE}/securityContext", {"runAsUser": 0}),
    "privileged": add(f"{MAIN}/securityContext", {"privileged": True}),
    "no security context": remove(f"{MAIN}/securityContext"),
    "security context of an init container": add(
        f"{TEMPLATE}/initContainers/0/securityContext", {"privileged": True}
    ),
    "host network": add(f"{TEMPLATE}/hostNetwork", value=True),
    "host PIDs": add(f"{TEMPLATE}/hostPID", value=True),
    "host IPC": add(f"{TEMPLATE}/hostIPC", value=True),
    "one process namespace": add(f"{TEMPLATE}/shareProcessNamespace", value=True),
    "host aliases": add(f"{TEMPLATE}/hostAliases", [{"ip": "10.0.0.1", "hostnames": ["api"]}]),
    "a chosen node": add(f"{TEMPLATE}/nodeName", "control-plane-1"),
    "one more container": add(f"{TEMPLATE}/containers/-", {"name": "x", "image": "shop/web:1"}),
    "one more init container": add(
        f"{TEMPLATE}/initContainers/-", {"name": "x", "image": "shop/web:1"}
    ),
    "no init container": remove(f"{TEMPLATE}/initContainers"),
    "another repository": add(f"{MAIN}/image", "registry.example.com:5000/evil/web:1.2"),
    "another registry": add(f"{MAIN}/image", "registry.example.net/shop/web:1.2"),
    "another repository by digest": add(f"{MAIN}/image", "evil@sha256:" + "0" * 64),
    "the init container's repository": add(f"{TEMPLATE}/initContainers/0/image", "evil:1"),
    "a lifecycle hook": add(f"{MAIN}/lifecycle", {"postStart": {"exec": {"command": ["sh"]}}}),
    "another pull secret": add(f"{TEMPLATE}/imagePullSecrets", [{"name": "other"}]),
    "approve itself": note("approve", "yes"),
    "approve a value": note("approved-env.REGION", "us"),
    "widen what is allowed": note("allow", "delete_pod"),
    "drop what is allowed": remove("/metadata/annotations/sre-watchdog~1allow"),
    "ignore": note("ignore", "true"),
    "pause": note("pause", "true"),
    "any note of its own but that of attempts": note("anything", "x"),
    "labels": add("/metadata/labels", {"app.kubernetes.io/managed-by": "Helm"}),
    "a finalizer": add("/metadata/finalizers", ["example.com/stay"]),
    "a host port": add(f"{MAIN}/ports", [{"containerPort": 80, "hostPort": 80}]),
    "another resolver": add(f"{TEMPLATE}/dnsConfig", {"nameservers": ["192.0.2.1"]}),
    "too much memory": add(f"{MAIN}/resources", {"limits": {"memory": "9Gi"}}),
    "too many CPUs": add(f"{MAIN}/resources", {"limits": {"cpu": "4100m"}}),
    "other resources": add(f"{MAIN}/resources", {"limits": {"example.com/gpu": "1"}}),
    "too many replicas": add("/spec/replicas", 11),
}
LEGAL: dict[str, Patch] = {
    "set an env value": add(f"{MAIN}/env/-", {"name": "LEDGER", "value": "eu"}),
    "change an env value": add(f"{MAIN}/env/0/value", "us"),
    "raise memory": add(f"{MAIN}/resources", {"limits": {"memory": "1Gi"}}),
    "another tag": add(f"{MAIN}/image", "registry.example.com:5000/shop/web:1.1"),
    "a digest": add(f"{MAIN}/image", "registry.example.com:5000/shop/web@sha256:" + "0" * 64),
    "a command": add(f"{MAIN}/command", ["/app"]),
    "a probe": add(f"{MAIN}/livenessProbe", {"tcpSocket": {"port": 80}}),
    "restart": add(
        "/spec/template/metadata/annotations", {"kubectl.kubernetes.io/restartedAt": "now"}
    ),
    "scale within bounds": add("/spec/replicas", 10),
    "mark an attempt": note("attempts", "now"),
}
