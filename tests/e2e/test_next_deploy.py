"""The owner's next deploy after a change of ours, with the real tools against a real API server.

Nothing runs there: each workload is changed by the product's own write and handed back, as at the
end of a pass, and then its tool deploys again. Flux and Argo CD are played by `kubectl apply
--server-side` under the managers and with the flags that they use.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.plane import Object, Plane
from watchdog.actions import (
    PatchDeploymentEnv,
    PatchDeploymentResources,
    RemediationAction,
    RolloutUndo,
)
from watchdog.clock import Budget, SystemClock
from watchdog.kube.client import ApiServer
from watchdog.kube.resources import DEPLOYMENTS
from watchdog.observation.deployer import deployer
from watchdog.remediation.hand_back import hand_back
from watchdog.remediation.json_patch import inverse
from watchdog.remediation.write import read, send
from watchdog.snapshot.deployer import Tool, conduct
from watchdog.snapshot.refs import ObjectRef

pytestmark = pytest.mark.plane

REFERENCE = {"configMapKeyRef": {"name": "app", "key": "region"}}
# What each workload's manifest says first, what it says at the next deploy, and how we change it.
FIRST: dict[str, Object] = {
    "env-again": {},
    "env-own": {},
    "memory-again": {"limit": "64Mi"},
    "memory-own": {"limit": "64Mi"},
    "image": {"image": "busybox:2"},
    "undone": {"limit": "64Mi"},
}
NEXT: dict[str, Object] = {
    "env-again": {},
    "env-own": {"env": {"value": "us-1"}},
    "memory-again": {"limit": "64Mi"},
    "memory-own": {"limit": "256Mi"},
    "image": {"image": "busybox:3"},
    "undone": {"limit": "256Mi"},
}


@dataclass(frozen=True)
class Deploys:
    """One tool. `first` makes the workloads, `then` deploys them again; both get a folder."""

    tool: Tool
    first: Callable[[Bench, Path], subprocess.CompletedProcess[str]]
    then: Callable[[Bench, Path], subprocess.CompletedProcess[str]]


@dataclass
class Bench:
    """A namespace on the API server, and the tools that deploy to it."""

    plane: Plane
    namespace: str
    folder: Path
    tools: Callable[[str], Path]
    cluster: ApiServer = field(init=False)

    def __post_init__(self) -> None:
        budget = Budget(600, SystemClock())
        self.cluster = ApiServer.connect(self.plane.kubeconfig, None, budget)

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """The command with the API server's kubeconfig, in a home of its own."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        env["KUBECONFIG"] = str(self.plane.kubeconfig)
        return subprocess.run(
            [*map(str, command)], capture_output=True, text=True, check=False, env=env
        )

    def chart(self, wanted: dict[str, Object], version: str) -> Path:
        """A chart of these workloads, which also is a folder of manifests."""
        chart = self.folder / f"chart-{version}"
        (chart / "templates").mkdir(parents=True)
        head = {"apiVersion": "v2", "name": "shop", "version": f"0.0.{version}"}
        (chart / "Chart.yaml").write_text(json.dumps(head))
        for name, wants in wanted.items():
            item = workload(self.namespace, name, wants)
            (chart / "templates" / f"{name}.yaml").write_text(json.dumps(item))
        return chart

    def container(self, name: str) -> Object:
        """The workload's container as it is now."""
        item = self.cluster.get(DEPLOYMENTS, self.namespace, name)
        found: Object = item["spec"]["template"]["spec"]["containers"][0]
        return found

    def change(self, action: RemediationAction, value: Any, *, undone: bool = False) -> None:
        """Write as a pass does, take it back if that is asked for, and hand the object back."""
        live = read(self.cluster, action)
        operations = action.operations(live, value)
        sent = send(self.cluster, action, live, operations)
        assert sent.item is not None, sent.reason
        if undone:
            assert send(self.cluster, action, sent.item, inverse(live, operations)).item
        before = read(self.cluster, action)
        after = hand_back(self.cluster, action, lambda: None)
        assert after is not None
        assert not [e for e in after["metadata"]["managedFields"] if e["manager"] == "sre-watchdog"]
        assert after["metadata"]["generation"] == before["metadata"]["generation"]
        assert after["spec"] == before["spec"]


def workload(namespace: str, name: str, wants: Object) -> Object:
    main: Object = {"name": "main", "image": wants.get("image", "busybox:1")}
    if "env" in wants:
        main["env"] = [{"name": "LEDGER_REGION", **wants["env"]}]
    if "limit" in wants:
        main["resources"] = {"limits": {"memory": wants["limit"]}}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [main]}},
        },
    }


def helm(name: str, *verb: str) -> Callable[[Bench, Path], subprocess.CompletedProcess[str]]:
    def run(bench: Bench, chart: Path) -> subprocess.CompletedProcess[str]:
        return bench.run(bench.tools(name), *verb, "shop", chart, "-n", bench.namespace)

    return run


def kubectl(*flags: str) -> Callable[[Bench, Path], subprocess.CompletedProcess[str]]:
    def run(bench: Bench, chart: Path) -> subprocess.CompletedProcess[str]:
        command = bench.plane.kubectl_command
        return bench.run(command, "apply", "-f", chart / "templates", *flags)

    return run


def applied_by(manager: str) -> Deploys:
    run = kubectl("--server-side", "--force-conflicts", f"--field-manager={manager}")
    return Deploys("git", run, run)


HELM_4, HELM_3 = helm("helm4", "upgrade"), helm("helm3", "upgrade")
BY_TOOL = {
    "Helm 4": Deploys("helm_server_side", helm("helm4", "install"), HELM_4),
    "Helm 4 on a release of Helm 3": Deploys("helm", helm("helm3", "install"), HELM_4),
    "Helm 3": Deploys("helm", helm("helm3", "install"), HELM_3),
    "kubectl apply": Deploys("kubectl", kubectl(), kubectl()),
    "kubectl apply --server-side": Deploys(
        "kubectl_server_side", kubectl("--server-side"), kubectl("--server-side")
    ),
    "Flux": applied_by("kustomize-controller"),
    "Argo CD": applied_by("argocd-controller"),
}


@pytest.fixture
def bench(plane: Plane, tmp_path: Path, tool: Callable[[str], Path]) -> Iterator[Bench]:
    with plane.namespace("e2e-next") as namespace:
        yield Bench(plane, namespace, tmp_path, tool)


@pytest.mark.parametrize("name", BY_TOOL)
def test_the_next_deploy_does_what_the_report_says_and_is_never_refused(
    name: str, bench: Bench
) -> None:
    deploys = BY_TOOL[name]
    made = deploys.first(bench, bench.chart(FIRST, "1"))
    assert made.returncode == 0, made.stderr
    fix_all(bench)

    again = deploys.then(bench, bench.chart(NEXT, "2"))

    assert again.returncode == 0, again.stderr
    owner = deployer(bench.cluster.get(DEPLOYMENTS, bench.namespace, "image"))
    assert owner is not None
    assert owner.tool == deploys.tool
    row = conduct(owner)
    server_side = row.by_hand == "refused" or owner.tool == "git"
    assert bench.container("env-again").get("env") == (None if server_side else [ENV])
    if not row.left_alone:
        assert row.added == ("removed" if server_side else "kept")
        assert row.changed == "put_back"
    assert bench.container("env-own")["env"] == [{**ENV, "value": "us-1"}]
    assert limit(bench, "memory-again") == "64Mi"
    assert limit(bench, "memory-own") == "256Mi"
    assert bench.container("image")["image"] == "busybox:3"
    assert limit(bench, "undone") == "256Mi"


@pytest.mark.parametrize("name", BY_TOOL)
def test_a_value_may_come_from_a_configmap_once_the_report_was_followed(
    name: str, bench: Bench
) -> None:
    deploys = BY_TOOL[name]
    made = deploys.first(bench, bench.chart({"env-again": {}}, "1"))
    assert made.returncode == 0, made.stderr
    fix = env_fix(bench, "env-again")
    bench.change(fix, ENV)
    owner = deployer(read(bench.cluster, fix))
    wanted = bench.chart({"env-again": {"env": {"valueFrom": REFERENCE}}}, "2")

    if conduct(owner).by_hand == "stands":
        refused = deploys.then(bench, wanted)
        assert "may not be specified when `value` is not empty" in refused.stderr
        first = ("set", "env", "deployment/env-again", "-c", "main", "LEDGER_REGION-")
        assert bench.run(bench.plane.kubectl_command, "-n", bench.namespace, *first).returncode == 0
    done = deploys.then(bench, wanted)

    assert done.returncode == 0, done.stderr
    assert bench.container("env-again")["env"] == [
        {"name": "LEDGER_REGION", "valueFrom": REFERENCE}
    ]


ENV = {"name": "LEDGER_REGION", "value": "eu-1"}


def env_fix(bench: Bench, name: str) -> PatchDeploymentEnv:
    target = ObjectRef(kind="Deployment", namespace=bench.namespace, name=name)
    return PatchDeploymentEnv(target=target, container="main", name="LEDGER_REGION")


def fix_all(bench: Bench) -> None:
    """Each workload's change, as a pass makes it, watches it and hands it back."""
    for name in ("env-again", "env-own"):
        bench.change(env_fix(bench, name), ENV)
    for name in ("memory-again", "memory-own", "undone"):
        target = ObjectRef(kind="Deployment", namespace=bench.namespace, name=name)
        more = PatchDeploymentResources(target=target, container="main", memory_limit="128Mi")
        bench.change(more, more.wanted, undone=name == "undone")
    back = RolloutUndo(target=ObjectRef(kind="Deployment", namespace=bench.namespace, name="image"))
    live = read(bench.cluster, back)
    template = json.loads(json.dumps(live["spec"]["template"]).replace("busybox:2", "busybox:1"))
    bench.change(back, back.restored(live, template))


def limit(bench: Bench, name: str) -> str:
    found: str = bench.container(name)["resources"]["limits"]["memory"]
    return found
