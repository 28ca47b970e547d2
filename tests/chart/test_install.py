"""What `helm install` and `helm upgrade` do about namespaces and what is in them already."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.chart.rendering import CHART, TOP, Chart
from tests.cluster.handle import KubectlError, unique_name
from tests.cluster.plane import Plane

pytestmark = [pytest.mark.chart, pytest.mark.plane]
Helm = Callable[..., subprocess.CompletedProcess[str]]
MEMORY = {"ConfigMap": "v1", "Lease": "coordination.k8s.io/v1"}


@pytest.fixture
def ops(plane: Plane) -> Iterator[str]:
    with plane.namespace("chart-ops") as name:
        yield name


@pytest.fixture
def shop(plane: Plane) -> Iterator[str]:
    with plane.namespace("chart-shop") as name:
        yield name


@pytest.fixture
def helm(each_chart: Chart, plane: Plane, ops: str) -> Helm:
    def run(verb: str, *sets: str) -> subprocess.CompletedProcess[str]:
        given = [part for each in sets for part in ("--set", each)]
        chart = (
            [] if verb == "uninstall" else [str(CHART), "--set", "admissionPolicy.enabled=false"]
        )
        return subprocess.run(
            [each_chart.helm, "--namespace", ops, verb, "watchdog", *chart, *given],
            capture_output=True,
            text=True,
            env={**os.environ, "KUBECONFIG": str(plane.kubeconfig)},
            check=False,
        )

    return run


def made_by_a_laptop(plane: Plane, namespace: str) -> None:
    for kind, version in MEMORY.items():
        metadata = {"name": "sre-watchdog", "namespace": namespace}
        plane.create({"apiVersion": version, "kind": kind, "metadata": metadata})
    patch = json.dumps({"data": {"memory.json": "{}"}})
    plane.kubectl(
        "patch", "configmap", "sre-watchdog", "-n", namespace, "--type=merge", "-p", patch
    )


def test_a_namespace_that_is_not_there_fails_the_install_before_anything_is_made(
    plane: Plane, helm: Helm, ops: str, shop: str
) -> None:
    missing = unique_name("missing")

    done = helm("install", f"watch.namespaces={{{shop},{missing}}}")

    assert done.returncode != 0
    assert f"not found: {missing}. Create them or correct the list" in done.stderr
    assert plane.json("cronjob", ops)["items"] == []
    assert plane.json("role", shop)["items"] == []


def test_a_namespace_that_was_deleted_is_left_out_by_the_next_upgrade(
    plane: Plane, helm: Helm, ops: str, shop: str
) -> None:
    gone = unique_name("gone")
    plane.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": gone}})
    lists = f"watch.namespaces={{{shop},{gone}}}"
    assert helm("install", lists).returncode == 0
    # No controller ends a namespace here: its objects, then its finalizer, by hand.
    for kind in ("role", "rolebinding", "configmap", "lease"):
        plane.kubectl("delete", kind, "--all", "-n", gone)
    plane.kubectl("delete", "namespace", gone, "--wait=false")
    ended = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": gone}, "spec": {}}
    plane.api.request("PUT", f"/api/v1/namespaces/{gone}/finalize", ended)

    done = helm("upgrade", lists)

    assert done.returncode == 0, done.stderr
    assert f"not found, so they are left out: {gone}" in done.stdout
    env = plane.json("cronjob", ops, "watchdog-sre-watchdog")["spec"]["jobTemplate"]["spec"]
    (container,) = env["template"]["spec"]["containers"]
    assert {"name": "SRE_AGENT_NAMESPACES", "value": shop} in container["env"]


def test_the_memory_that_a_laptop_made_is_used_and_outlives_upgrades_and_the_release(
    plane: Plane, helm: Helm, shop: str
) -> None:
    made_by_a_laptop(plane, shop)
    watch = f"watch.namespaces={{{shop}}}"

    done = [helm("install", watch), helm("upgrade", watch, "schedule=0 * * * *")]

    assert [one.returncode for one in done] == [0, 0], done
    for one in done:
        words = f"NOTE: the ConfigMap and Lease sre-watchdog in namespace {shop} were there before"
        assert words in one.stdout
    assert plane.json("configmap", shop, "sre-watchdog")["data"] == {"memory.json": "{}"}
    assert helm("uninstall").returncode == 0
    assert plane.json("configmap", shop, "sre-watchdog")["data"] == {"memory.json": "{}"}
    assert plane.json("lease", shop, "sre-watchdog")


def test_the_notes_name_the_check_as_this_helm_can_run_it(
    helm: Helm, each_chart: Chart, shop: str
) -> None:
    """Helm 3 has removed the pod of a check that succeeded before it reads its logs, and fails."""
    done = helm("install", f"watch.namespaces={{{shop}}}")

    ends = "test watchdog" if each_chart.helm.name == "helm3" else "test watchdog --logs"
    (check,) = (line for line in done.stdout.splitlines() if line.startswith("Check it:"))
    assert check.endswith(ends)


def test_memory_of_the_release_that_a_laptop_made_again_stays_in_the_release(
    plane: Plane, helm: Helm, shop: str
) -> None:
    watch = f"watch.namespaces={{{shop}}}"
    assert helm("install", watch).returncode == 0
    for kind in MEMORY:
        plane.kubectl("delete", kind, "sre-watchdog", "-n", shop)
    made_by_a_laptop(plane, shop)

    done = helm("upgrade", watch, "schedule=0 * * * *")

    assert done.returncode == 0, done.stderr
    assert plane.json("configmap", shop, "sre-watchdog")["data"] == {"memory.json": "{}"}
    assert helm("uninstall").returncode == 0
    for kind in MEMORY:
        with pytest.raises(KubectlError, match="not found"):
            plane.json(kind, shop, "sre-watchdog")


def test_the_plain_manifests_observe_default_and_the_component_names_another_namespace(
    plane: Plane, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = plane.kubectl("kustomize", str(TOP / "deploy"))
    folder = tmp_path_factory.mktemp("mine")
    deploy = os.path.relpath(TOP / "deploy", folder)
    generated = {
        "name": "watched-namespace",
        "literals": ["namespace=shop"],
        "options": {
            "disableNameSuffixHash": True,
            "annotations": {"config.kubernetes.io/local-config": "true"},
        },
    }
    (folder / "kustomization.yaml").write_text(
        json.dumps(
            {
                "resources": [deploy],
                "components": [f"{deploy}/components/namespace"],
                "configMapGenerator": [generated],
            }
        )
    )

    mine = plane.kubectl("kustomize", str(folder))

    assert '\'{"default":{"mode":"observe"}}\'' in plain
    assert plain.count("default") == mine.count("shop")
    assert "default" not in mine
    assert "watched-namespace" not in mine
