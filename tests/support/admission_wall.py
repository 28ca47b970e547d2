"""The chart's admission policies on a real API server, and what they have to say in each setting.

The service account has its own token and, here, every right that RBAC can give: the policies alone
hold it back. Each request is a server-side dry run.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.chart.rendering import Chart
from tests.cluster.handle import poll
from tests.cluster.plane import Api, ApiRefusalError, Plane
from tests.support.admission_cases import (
    ALWAYS,
    BY_ACTION,
    ILLEGAL,
    ON_TEMPLATES,
    ROLLBACK_ALONE,
)
from tests.support.admission_requests import (
    APPROVED,
    Request,
    add,
    config,
    deployment,
    made,
    neighbours,
)
from watchdog.kube.rbac import OWN_NAME

Object = dict[str, Any]
ACCOUNT = "watchdog-sre-watchdog"
NO_TEMPLATES = {"scale_deployment", "delete_pod", "patch_configmap"}
_OBSERVED = "sre-watchdog-observed-"
_NAME = "a" * 63
_REMEMBERED = add("/data", {f"memory.{_NAME}": "{}", f"signature.{_NAME}": "00"})
_NEW = {"apiVersion": "v1", "kind": "ConfigMap"}
_ANOTHER = "/api/v1/namespaces/NS-other/configmaps"
_OBSERVED_LEASE = f"/apis/coordination.k8s.io/v1/namespaces/NS/leases/{_OBSERVED}0"
OBSERVED_MEMORY: dict[str, Request] = {
    "remember another namespace": config(_REMEMBERED, f"{_OBSERVED}3"),
    "take the Lease of several": Request(
        "PATCH", _OBSERVED_LEASE, add("/spec", {"holderIdentity": "pod"})
    ),
}
"""Legal where namespaces are watched by a rule."""
NO_OBSERVED_MEMORY: dict[str, Request] = {
    "the same in another namespace": Request("PATCH", f"{_ANOTHER}/{_OBSERVED}0", _REMEMBERED),
    "another key of it": config(add("/data", {"run.sh": "x"}), f"{_OBSERVED}0"),
    "a label of it": config(add("/metadata/labels/a", "b"), f"{_OBSERVED}0"),
    "one too many": made(
        "/api/v1/namespaces/NS/configmaps", {**_NEW, "metadata": {"name": f"{_OBSERVED}4"}}
    ),
    "one of another namespace, made anew": made(
        _ANOTHER, {**_NEW, "metadata": {"name": f"{_OBSERVED}1"}}
    ),
}
"""Refused there."""


class Setting(NamedTuple):
    """Values of the chart: `actions.*`, the namespace's mode, and others."""

    actions: Mapping[str, str]
    mode: str = "act"
    more: tuple[str, ...] = ()

    def rendered(self, chart: Chart, namespace: str, only: str = "") -> list[Object]:
        """The chart's objects in that namespace: the release's, and the only one watched."""
        policy = {"name": namespace, "mode": self.mode, "configmaps": APPROVED}
        return chart.template(
            "admissionPolicy.enabled=true",
            *(f"actions.{kind}={wanted}" for kind, wanted in self.actions.items()),
            *self.more,
            json={"watch.namespaces": [policy]},
            namespace=namespace,
            only=only,
        )

    @property
    def enabled(self) -> set[str]:
        """The kinds of actions that may write."""
        kinds = {kind for kind in BY_ACTION if self.actions.get(kind) != "never"}
        return kinds if self.mode == "act" else set()

    @property
    def refused(self) -> dict[str, Request]:
        """What no enabled action would write."""
        on = self.enabled
        found = {**ILLEGAL, **({} if "rollout_undo" in on else ROLLBACK_ALONE)}
        if "rollout_undo" not in on:
            # A rollback writes what these do, so that both look the same.
            found |= {n: r for kind in BY_ACTION.keys() - on for n, r in BY_ACTION[kind].items()}
        if not on - NO_TEMPLATES:
            found |= ON_TEMPLATES
        return found | (NO_OBSERVED_MEMORY if self.more else {})

    @property
    def let_through(self) -> dict[str, Request]:
        """What the enabled actions write, and the memory."""
        on = self.enabled
        found = {n: r for kind in sorted(on) for n, r in BY_ACTION[kind].items()}
        if on - NO_TEMPLATES:
            found |= ON_TEMPLATES
        always = {name: r for name, r in ALWAYS.items() if on or name != "leave a trace"}
        return {**always, **found, **(OBSERVED_MEMORY if self.more else {})}


def only(*kinds: str) -> dict[str, str]:
    """Values of `actions.*` under which these kinds alone may write."""
    return {kind: "auto" if kind in kinds else "never" for kind in BY_ACTION}


SETTINGS: dict[str, Setting] = {
    "default": Setting({}),
    "everything": Setting(dict.fromkeys(BY_ACTION, "auto")),
    "no rollback": Setting(only(*(kind for kind in BY_ACTION if kind != "rollout_undo"))),
    "env alone": Setting(only("patch_deployment_env")),
    "restart alone": Setting(only("rollout_restart")),
    "scale alone": Setting(only("scale_deployment")),
    "observe": Setting({}, "observe"),
    "by rule": Setting({}, "act", ("rbac.clusterRead=true", "watch.allNamespaces=true")),
}


class Wall(NamedTuple):
    """A namespace behind the policies of one setting, seen with the account's own token."""

    ns: str
    api: Api
    pod_uid: str

    def says(self, request: Request) -> str:
        """Why the API server refuses the request; empty where it does not."""
        method, path, body = request.within(self.ns)
        body = json.loads(json.dumps(body).replace('"UID"', json.dumps(self.pod_uid)))
        if method == "POST" and "selfsubject" not in path and "kind" not in body:
            body.setdefault("metadata", {})
        kind = "application/json-patch+json" if method == "PATCH" else "application/json"
        try:
            self.api.request(method, f"{path}?dryRun=All", body, content_type=kind)
        except ApiRefusalError as error:
            return str(error)
        return ""

    def refuses(self, request: Request) -> bool:
        """Whether it is a policy that says no."""
        return "may not" in self.says(request)


@contextlib.contextmanager
def behind_the_wall(chart: Chart, plane: Plane, setting: Setting) -> Iterator[Wall]:
    """A namespace with a workload behind the policies of that setting, once they are in force."""
    with plane.namespace("chart-wall") as ns:
        objects = setting.rendered(chart, ns)
        cluster_wide = [o for o in objects if o["kind"].startswith("ValidatingAdmission")]
        own = [o for o in objects if o["kind"] in {"ServiceAccount", "ConfigMap", "Lease"}]
        for one in own:
            old = {"binaryData": {"old": "AAEC"}} if one["metadata"]["name"] == OWN_NAME else {}
            plane.create({**one, **(old if one["kind"] == "ConfigMap" else {})})
        for one in (deployment(ns), *neighbours(ns)):
            plane.create(one)
        another = f"{ns}-other"
        plane.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": another}})
        plane.create({**_NEW, "metadata": {"name": f"{_OBSERVED}0", "namespace": another}})
        cluster_wide.append(everything_to(ns))
        try:
            for one in cluster_wide:
                plane.create(one)
            pod = plane.json("pod", ns, "web-1")["metadata"]["uid"]
            token = plane.kubectl("-n", ns, "create", "token", ACCOUNT).strip()
            with contextlib.closing(Api(plane.kubeconfig, token)) as api:
                held = Wall(ns, api, pod)
                # Each policy takes effect a moment after it was written.
                for name in ("pod field hostNetwork", "label the memory", "a Secret"):
                    poll(functools.partial(held.refuses, ILLEGAL[name]), "the policies")
                yield held
        finally:
            for one in cluster_wide:
                # One that a test took away is no longer there.
                with contextlib.suppress(ApiRefusalError):
                    path = f"{plane.api.collection(one)}/{one['metadata']['name']}"
                    plane.api.request("DELETE", path)
            plane.api.request("DELETE", f"/api/v1/namespaces/{another}")


def everything_to(ns: str) -> dict[str, object]:
    """RBAC's last word, so that nothing but the policies can refuse."""
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{ns}-everything"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": ns}],
    }
