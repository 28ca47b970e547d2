"""The wall that does not depend on our code: what no enabled action writes is refused.

The service account has its own token and, here, every right that RBAC can give: the policies alone
hold it back. Each request is a server-side dry run against a real API server.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from tests.chart.rendering import Chart
from tests.cluster.handle import poll
from tests.cluster.plane import Api, ApiRefusalError, Plane
from tests.support.admission_cases import ALWAYS, BY_ACTION, ILLEGAL, ONE_AT_A_TIME
from tests.support.admission_requests import (
    APPROVED,
    Request,
    add,
    config,
    deployment,
    made,
    neighbours,
)

pytestmark = [pytest.mark.chart, pytest.mark.plane]
ACCOUNT = "watchdog-sre-watchdog"
FEW = ("rollout_restart", "patch_deployment_env")
SETTINGS: dict[str, Mapping[str, str]] = {
    "default": {},
    "everything": dict.fromkeys(BY_ACTION, "auto"),
    "few": {kind: "auto" if kind in FEW else "never" for kind in BY_ACTION},
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


@pytest.fixture(scope="module", params=SETTINGS)
def setting(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def wall(chart: Chart, plane: Plane, setting: str) -> Iterator[Wall]:
    with behind_the_wall(chart, plane, SETTINGS[setting], "act") as held:
        yield held


@contextlib.contextmanager
def behind_the_wall(
    chart: Chart, plane: Plane, actions: Mapping[str, str], mode: str, *more: str
) -> Iterator[Wall]:
    with plane.namespace("chart-wall") as ns:
        policy = {"name": ns, "mode": mode, "configmaps": APPROVED}
        objects = chart.template(
            "admissionPolicy.enabled=true",
            *(f"actions.{kind}={wanted}" for kind, wanted in actions.items()),
            *more,
            json={"watch.namespaces": [policy]},
            namespace=ns,
        )
        cluster_wide = [o for o in objects if o["kind"].startswith("ValidatingAdmission")]
        own = {"ServiceAccount", "ConfigMap", "Lease"}
        for one in [*(o for o in objects if o["kind"] in own), deployment(ns), *neighbours(ns)]:
            plane.create(one)
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
                    refused = functools.partial(_refused, held, ILLEGAL[name])
                    poll(refused, "the policies")
                yield held
        finally:
            for one in cluster_wide:
                plane.kubectl("delete", one["kind"], one["metadata"]["name"], check=False)


def _refused(held: Wall, request: Request) -> bool:
    return "may not" in held.says(request)


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


def enabled(setting: str) -> set[str]:
    return {kind for kind in BY_ACTION if SETTINGS[setting].get(kind) != "never"}


def test_the_api_server_refuses_what_no_action_would_write(wall: Wall, setting: str) -> None:
    on = enabled(setting)
    illegal = {**ILLEGAL, **({} if "rollout_undo" in on else ONE_AT_A_TIME)}
    if "rollout_undo" not in on:
        # A rollback writes what these do, so that both look the same.
        illegal |= {n: r for kind in BY_ACTION.keys() - on for n, r in BY_ACTION[kind].items()}

    let_through = {
        name: said for name, r in illegal.items() if "may not" not in (said := wall.says(r))
    }

    assert len(illegal) >= 150
    assert let_through == {}


def test_what_actions_write_passes_the_wall(wall: Wall, setting: str) -> None:
    legal = {**ALWAYS, **{n: r for kind in enabled(setting) for n, r in BY_ACTION[kind].items()}}

    refused = {name: said for name, request in legal.items() if (said := wall.says(request))}

    assert refused == {}


def test_a_namespace_in_mode_observe_is_not_written_to(chart: Chart, plane: Plane) -> None:
    with behind_the_wall(chart, plane, {}, "observe") as held:
        writes = {n: r for requests in BY_ACTION.values() for n, r in requests.items()}

        let_through = [name for name, r in writes.items() if "may not" not in held.says(r)]

        assert let_through == []
        assert held.says(ALWAYS["remember"]) == ""


def test_only_the_memories_of_observed_namespaces_are_written_in_the_releases_own(
    chart: Chart, plane: Plane
) -> None:
    rule = ("rbac.clusterRead=true", "watch.allNamespaces=true")
    with behind_the_wall(chart, plane, {}, "act", *rule) as held, plane.namespace("other") as ns:
        about = {"name": "sre-watchdog-observed-0", "namespace": ns}
        plane.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about})
        name = "a" * 63
        remember = add("/data", {f"memory.{name}": "{}", f"signature.{name}": "00"})
        spec = add("/spec", {"holderIdentity": "pod"})
        lease_path = "/apis/coordination.k8s.io/v1/namespaces/NS/leases/sre-watchdog-observed-"

        assert held.says(config(remember, "sre-watchdog-observed-3")) == ""
        assert held.says(Request("PATCH", f"{lease_path}0", spec)) == ""

        path = f"/api/v1/namespaces/{ns}/configmaps/sre-watchdog-observed-0"
        new = {"apiVersion": "v1", "kind": "ConfigMap"}
        refused = {
            "another namespace": Request("PATCH", path, remember),
            "another key": config(add("/data", {"run.sh": "x"}), "sre-watchdog-observed-0"),
            "a label": config(add("/metadata/labels/a", "b"), "sre-watchdog-observed-0"),
            "a name too many": made(
                "/api/v1/namespaces/NS/configmaps",
                {**new, "metadata": {"name": "sre-watchdog-observed-4"}},
            ),
            "one of its own, made anew": made(
                f"/api/v1/namespaces/{ns}/configmaps",
                {**new, "metadata": {"name": "sre-watchdog-observed-1"}},
            ),
        }
        assert [n for n, r in refused.items() if "may not" not in held.says(r)] == []


def test_others_are_not_bound_by_it(plane: Plane, wall: Wall) -> None:
    by_admin = plane.kubectl(
        "patch", "deployment", "web", "-n", wall.ns, "--type=json", "--dry-run=server",
        "-p", json.dumps(ILLEGAL["pod field hostNetwork"].body),
    )  # fmt: skip

    assert "patched" in by_admin


def test_the_account_cannot_take_the_wall_down(chart: Chart, plane: Plane) -> None:
    """Policies do not bind requests about policies; there RBAC has to, and does."""
    with plane.namespace("chart-wall") as ns:
        for one in chart.template(f"watch.namespaces={{{ns}}}", namespace=ns):
            if one["kind"] in {"Role", "RoleBinding", "ServiceAccount"}:
                plane.create(one)
        with pytest.raises(AssertionError, match="forbidden"):
            plane.kubectl(
                "delete", "validatingadmissionpolicies", "--all",
                f"--as=system:serviceaccount:{ns}:{ACCOUNT}",
            )  # fmt: skip
