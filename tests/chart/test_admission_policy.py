"""The wall that does not depend on our code: illegal changes by the service account are refused.

By impersonation, against a real API server: the policy sees the same user name as with its token.
"""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.chart.rendering import Chart
from tests.cluster.handle import poll
from tests.cluster.plane import Object, Plane

pytestmark = [pytest.mark.chart, pytest.mark.plane]
TEMPLATE = "/spec/template/spec"
MAIN = f"{TEMPLATE}/containers/0"
Patch = list[dict[str, Any]]


def add(path: str, value: Any) -> Patch:
    return [{"op": "add", "path": path, "value": value}]


def remove(path: str) -> Patch:
    return [{"op": "remove", "path": path}]


def note(name: str, value: str) -> Patch:
    return add(f"/metadata/annotations/sre-watchdog~1{name}", value)


def deployment(namespace: str) -> Object:
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
    "note an attempt": note("last-attempt", "now"),
}


@pytest.fixture(scope="module")
def ns(chart: Chart, plane: Plane) -> Iterator[str]:
    with plane.namespace("chart-wall") as name:
        sets = ("admissionPolicy.enabled=true", f"watch.namespaces={{{name}}}")
        walls = []
        for one in chart.template(*sets):
            if one["kind"] in {"Role", "RoleBinding"}:
                one.get("subjects", [{}])[0]["namespace"] = name
                plane.create(one)
            elif one["kind"].startswith("ValidatingAdmission"):
                text = json.dumps(one).replace("serviceaccount:ops:", f"serviceaccount:{name}:")
                walls.append(json.loads(text.replace('"ops-watchdog', f'"{name}-watchdog')))
        plane.create(deployment(name))
        for wall in walls:
            plane.create(wall)
        try:
            # The policy takes effect a moment after it was written.
            poll(lambda: "denied" in tried(plane, name, note("ignore", "true")), 60, "the policy")
            yield name
        finally:
            for wall in walls:
                plane.kubectl("delete", wall["kind"], wall["metadata"]["name"], check=False)


def tried(plane: Plane, ns: str, patch: Patch, *where: str) -> str:
    """What the API server says to that patch by the service account; as a server-side dry run."""
    return plane.kubectl(
        "patch", "deployment", "web", "-n", ns, "--type=json", "-p", json.dumps(patch), *where,
        f"--as=system:serviceaccount:{ns}:watchdog-sre-watchdog", "--dry-run=server",
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("change", ILLEGAL)
def test_the_api_server_refuses_what_no_action_would_write(
    plane: Plane, ns: str, change: str
) -> None:
    said = tried(plane, ns, ILLEGAL[change])

    assert "denied request: the watchdog may not" in said


@pytest.mark.parametrize("change", LEGAL)
def test_what_actions_write_passes_the_wall(plane: Plane, ns: str, change: str) -> None:
    said = tried(plane, ns, LEGAL[change])

    assert said.strip() == "deployment.apps/web patched"


def test_scaling_beyond_the_bound_is_refused(plane: Plane, ns: str) -> None:
    assert "may not set more than 10 replicas" in scaled(plane, ns, 11)
    assert json.loads(scaled(plane, ns, 5))["spec"]["replicas"] == 5


def scaled(plane: Plane, ns: str, replicas: int) -> str:
    """The API server's answer; kubectl would first get the scale, which the account may not."""
    config = yaml.safe_load(plane.kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    request = urllib.request.Request(
        f"{cluster['server']}/apis/apps/v1/namespaces/{ns}/deployments/web/scale?dryRun=All",
        json.dumps(add("/spec/replicas", replicas)).encode(),
        {
            "Authorization": f"Bearer {config['users'][0]['user']['token']}",
            "Impersonate-User": f"system:serviceaccount:{ns}:watchdog-sre-watchdog",
            "Content-Type": "application/json-patch+json",
        },
        method="PATCH",
    )
    tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
    try:
        with urllib.request.urlopen(request, context=tls, timeout=60) as reply:
            return str(reply.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


def test_others_are_not_bound_by_it(plane: Plane, ns: str) -> None:
    by_admin = plane.kubectl(
        "patch", "deployment", "web", "-n", ns, "--type=json", "--dry-run=server",
        "-p", json.dumps(ILLEGAL["host network"]),
    )  # fmt: skip

    assert "patched" in by_admin


def test_the_account_cannot_take_the_wall_down(plane: Plane, ns: str) -> None:
    with pytest.raises(AssertionError, match="forbidden"):
        plane.kubectl(
            "delete", "validatingadmissionpolicies", "--all",
            f"--as=system:serviceaccount:{ns}:watchdog-sre-watchdog",
        )  # fmt: skip
