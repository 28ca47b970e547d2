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
    PatchConfigMap,
    PatchDeploymentCommand,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    PatchDeploymentResources,
    RemediationAction,
    RolloutRestart,
    RolloutUndo,
    ScaleDeployment,
)
from watchdog.clock import Budget, SystemClock
from watchdog.kube.client import ApiServer
from watchdog.kube.resources import CONFIGMAPS, DEPLOYMENTS
from watchdog.observation.deployer import deployer
from watchdog.remediation.hand_back import hand_back
from watchdog.remediation.json_patch import inverse
from watchdog.remediation.write import read, send
from watchdog.snapshot.deployer import Tool, conduct
from watchdog.snapshot.refs import ObjectRef

pytestmark = pytest.mark.plane

REFERENCE = {"configMapKeyRef": {"name": "app", "key": "region"}}
ENV = {"name": "LEDGER_REGION", "value": "eu-1"}
READY = {"httpGet": {"path": "/ready", "port": 80}, "periodSeconds": 10}
"""The API server fills in what it leaves out, so tests look at the path alone."""


@dataclass(frozen=True)
class Row:
    """One workload: what its manifest says first and at the next deploy, and our change of it."""

    first: Object
    then: Object
    fix: Callable[[ObjectRef], tuple[RemediationAction, Any]]
    undone: bool = False
    kind: str = "Deployment"


def env_fix(target: ObjectRef) -> tuple[PatchDeploymentEnv, Any]:
    return PatchDeploymentEnv(target=target, container="main", name=ENV["name"]), ENV


def memory_fix(target: ObjectRef) -> tuple[RemediationAction, Any]:
    more = PatchDeploymentResources(target=target, container="main", memory_limit="128Mi")
    return more, more.wanted


def image_fix(target: ObjectRef) -> tuple[RemediationAction, Any]:
    return PatchDeploymentImage(target=target, container="main", image="busybox:1"), "busybox:1"


def command_fix(target: ObjectRef) -> tuple[RemediationAction, Any]:
    action = PatchDeploymentCommand(target=target, container="main")
    return action, {"command": ["sleep", "600"], "args": None}


def probe_fix(target: ObjectRef) -> tuple[RemediationAction, Any]:
    action = PatchDeploymentProbe(target=target, container="main", probe="readiness")
    return action, {"readinessProbe": READY}


def rollback(target: ObjectRef) -> tuple[RemediationAction, Any]:
    # The template of the earlier revision: the manifest's, before its image was changed.
    template = workload(target.namespace, target.name, {})["spec"]["template"]
    return RolloutUndo(target=target), template


def restart(target: ObjectRef) -> tuple[RemediationAction, Any]:
    return RolloutRestart(target=target), "2026-11-30T10:00:00Z"


def scale(target: ObjectRef) -> tuple[RemediationAction, Any]:
    return ScaleDeployment(target=target, replicas=3), 3


def key_fix(target: ObjectRef) -> tuple[RemediationAction, Any]:
    return PatchConfigMap(target=target, key="region"), "eu-1"


WRONG_PROBE = {**READY, "httpGet": {"path": "/redy", "port": 80}}
OWN_PROBE = {**READY, "httpGet": {"path": "/health", "port": 80}}
ROWS = {
    "env-again": Row({}, {}, env_fix),
    "env-same": Row({}, {"env": [ENV]}, env_fix),
    "env-own": Row({}, {"env": [{**ENV, "value": "us-1"}]}, env_fix),
    "memory-again": Row({"limit": "64Mi"}, {"limit": "64Mi"}, memory_fix),
    "memory-own": Row({"limit": "64Mi"}, {"limit": "256Mi"}, memory_fix),
    "undone": Row({"limit": "64Mi"}, {"limit": "256Mi"}, memory_fix, undone=True),
    "image-again": Row({"image": "busybox:2"}, {"image": "busybox:2"}, image_fix),
    "image-own": Row({"image": "busybox:2"}, {"image": "busybox:3"}, rollback),
    "command-again": Row({"command": ["slepe"]}, {"command": ["slepe"]}, command_fix),
    "command-own": Row({"command": ["slepe"]}, {"command": ["sleep", "9"]}, command_fix),
    "probe-again": Row({"probe": WRONG_PROBE}, {"probe": WRONG_PROBE}, probe_fix),
    "probe-own": Row({"probe": WRONG_PROBE}, {"probe": OWN_PROBE}, probe_fix),
    "restarted": Row({}, {}, restart),
    "scaled-again": Row({}, {}, scale),
    "scaled-own": Row({}, {"replicas": 2}, scale),
    "key-again": Row({}, {}, key_fix, kind="ConfigMap"),
    "key-own": Row({}, {"region": "us-1"}, key_fix, kind="ConfigMap"),
}
FIRST = {name: row.first for name, row in ROWS.items()}
NEXT = {name: row.then for name, row in ROWS.items()}


@dataclass(frozen=True)
class Deploys:
    """One tool. `first` makes the workloads, `then` deploys them again; both get a folder.

    `back` is the tool's own way to an earlier version, if it has one.
    """

    tool: Tool
    first: Callable[[Bench, Path], subprocess.CompletedProcess[str]]
    then: Callable[[Bench, Path], subprocess.CompletedProcess[str]]
    back: Callable[[Bench], subprocess.CompletedProcess[str]] | None = None


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
            kind = ROWS[name].kind if name in ROWS else "Deployment"
            make = configmap if kind == "ConfigMap" else workload
            item = make(self.namespace, name, wants)
            (chart / "templates" / f"{name}.yaml").write_text(json.dumps(item))
        return chart

    def live(self, name: str) -> Object:
        """The Deployment as it is now."""
        return self.cluster.get(DEPLOYMENTS, self.namespace, name)

    def container(self, name: str) -> Object:
        """The workload's container as it is now."""
        found: Object = self.live(name)["spec"]["template"]["spec"]["containers"][0]
        return found

    def data(self, name: str) -> Object:
        """What the ConfigMap holds now."""
        found: Object = self.cluster.get(CONFIGMAPS, self.namespace, name)["data"]
        return found

    def fix(self, name: str) -> None:
        """That row's change, as a pass makes it, watches it and hands it back."""
        row = ROWS[name]
        target = ObjectRef(kind=row.kind, namespace=self.namespace, name=name)
        self.change(*row.fix(target), undone=row.undone)

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
        assert after["metadata"].get("generation") == before["metadata"].get("generation")
        assert after.get("spec") == before.get("spec")
        assert after.get("data") == before.get("data")


def workload(namespace: str, name: str, wants: Object) -> Object:
    main: Object = {"name": "main", "image": wants.get("image", "busybox:1")}
    main |= {field: wants[field] for field in ("env", "command") if field in wants}
    if "probe" in wants:
        main["readinessProbe"] = wants["probe"]
    if "limit" in wants:
        main["resources"] = {"limits": {"memory": wants["limit"]}}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": wants.get("replicas", 1),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [main]}},
        },
    }


def configmap(namespace: str, name: str, wants: Object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"colour": "blue", **wants},
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


def helm_back(name: str) -> Callable[[Bench], subprocess.CompletedProcess[str]]:
    """`helm rollback` to the first version."""

    def run(bench: Bench) -> subprocess.CompletedProcess[str]:
        return bench.run(bench.tools(name), "rollback", "shop", "1", "-n", bench.namespace)

    return run


HELM_4 = (helm("helm4", "upgrade"), helm_back("helm4"))
HELM_3 = (helm("helm3", "upgrade"), helm_back("helm3"))
BY_TOOL = {
    "Helm 4": Deploys("helm_server_side", helm("helm4", "install"), *HELM_4),
    "Helm 4 on a release of Helm 3": Deploys("helm", helm("helm3", "install"), *HELM_4),
    "Helm 3": Deploys("helm", helm("helm3", "install"), *HELM_3),
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
    for each in ROWS:
        bench.fix(each)
    started = bench.live("restarted")["metadata"]["generation"]

    again = deploys.then(bench, bench.chart(NEXT, "2"))

    assert again.returncode == 0, again.stderr
    owner = deployer(bench.live("image-own"))
    assert owner is not None
    assert owner.tool == deploys.tool
    row = conduct(owner)
    server_side = row.by_hand == "refused" or owner.tool == "git"
    if not row.left_alone:
        assert row.added == ("removed" if server_side else "kept")
        assert row.changed == "put_back"
    # What was added and is in no manifest.
    assert bench.container("env-again").get("env") == (None if server_side else [ENV])
    assert ("region" in bench.data("key-again")) is not server_side
    # What the manifest says, the same as before or not, is so again.
    assert bench.container("env-same")["env"] == [ENV]
    assert bench.container("env-own")["env"] == [{**ENV, "value": "us-1"}]
    assert limit(bench, "memory-again") == "64Mi"
    assert limit(bench, "memory-own") == limit(bench, "undone") == "256Mi"
    assert bench.container("image-again")["image"] == "busybox:2"
    assert bench.container("image-own")["image"] == "busybox:3"
    assert bench.container("command-again")["command"] == ["slepe"]
    assert bench.container("command-own")["command"] == ["sleep", "9"]
    assert ready(bench, "probe-again") == "/redy"
    assert ready(bench, "probe-own") == "/health"
    assert bench.live("scaled-again")["spec"]["replicas"] == 1
    assert bench.live("scaled-own")["spec"]["replicas"] == 2
    assert bench.data("key-own")["region"] == "us-1"
    assert bench.live("restarted")["metadata"]["generation"] == started, "no rollout of its own"


@pytest.mark.parametrize("name", BY_TOOL)
def test_what_a_later_deploy_leaves_out_is_gone_whole(name: str, bench: Bench) -> None:
    """No entry without a value stays behind, and an older version may come back at any time."""
    deploys = BY_TOOL[name]
    assert deploys.first(bench, bench.chart(FIRST, "1")).returncode == 0
    for each in ROWS:
        bench.fix(each)
    assert deploys.then(bench, bench.chart(NEXT, "2")).returncode == 0

    later = bench.chart(FIRST, "3")
    done = deploys.back(bench) if deploys.back else deploys.then(bench, later)

    assert done.returncode == 0, done.stderr
    for added in ("env-same", "env-own"):
        assert bench.container(added).get("env") is None
    assert bench.data("key-own") == {"colour": "blue"}
    assert limit(bench, "memory-own") == limit(bench, "undone") == "64Mi"
    assert bench.container("image-own")["image"] == "busybox:2"


@pytest.mark.parametrize("name", BY_TOOL)
def test_a_deploy_after_a_persons_kubectl_command_is_refused_where_the_runbook_says_so(
    name: str, bench: Bench
) -> None:
    deploys = BY_TOOL[name]
    assert deploys.first(bench, bench.chart({"memory-own": {"limit": "64Mi"}}, "1")).returncode == 0
    by_hand = ("set", "resources", "deployment/memory-own", "-c", "main", "--limits=memory=128Mi")
    kubectl_command = bench.plane.kubectl_command
    assert bench.run(kubectl_command, "-n", bench.namespace, *by_hand).returncode == 0

    done = deploys.then(bench, bench.chart({"memory-own": {"limit": "256Mi"}}, "2"))

    refused = conduct(deployer(bench.live("memory-own"))).by_hand == "refused"
    assert (done.returncode != 0) == refused, done.stderr
    assert ('conflict with "kubectl-set"' in done.stderr) == refused


@pytest.mark.parametrize("name", BY_TOOL)
def test_a_value_may_come_from_a_configmap_once_the_report_was_followed(
    name: str, bench: Bench
) -> None:
    deploys = BY_TOOL[name]
    made = deploys.first(bench, bench.chart({"env-again": {}}, "1"))
    assert made.returncode == 0, made.stderr
    bench.fix("env-again")
    owner = deployer(bench.live("env-again"))
    referred = {"name": ENV["name"], "valueFrom": REFERENCE}
    wanted = bench.chart({"env-again": {"env": [referred]}}, "2")

    if conduct(owner).by_hand == "stands":
        refused = deploys.then(bench, wanted)
        assert "may not be specified when `value` is not empty" in refused.stderr
        first = ("set", "env", "deployment/env-again", "-c", "main", "LEDGER_REGION-")
        assert bench.run(bench.plane.kubectl_command, "-n", bench.namespace, *first).returncode == 0
    done = deploys.then(bench, wanted)

    assert done.returncode == 0, done.stderr
    assert bench.container("env-again")["env"] == [referred]


def limit(bench: Bench, name: str) -> str:
    found: str = bench.container(name)["resources"]["limits"]["memory"]
    return found


def ready(bench: Bench, name: str) -> str:
    found: str = bench.container(name)["readinessProbe"]["httpGet"]["path"]
    return found
