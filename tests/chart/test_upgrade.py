"""What the product wrote into the chart's own objects outlives upgrades, but not the release."""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.chart.rendering import CHART, Chart
from tests.cluster.handle import KubectlError
from tests.cluster.plane import Plane

pytestmark = [pytest.mark.chart, pytest.mark.plane]
Helm = Callable[..., str]


@pytest.fixture
def ns(plane: Plane) -> Iterator[str]:
    with plane.namespace("chart") as name:
        yield name


@pytest.fixture
def helm(each_chart: Chart, plane: Plane, ns: str) -> Helm:
    def run(*args: str) -> str:
        done = subprocess.run(
            [each_chart.helm, "--namespace", ns, *args],
            capture_output=True,
            text=True,
            env={**os.environ, "KUBECONFIG": str(plane.kubeconfig)},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_an_upgrade_leaves_the_memory_and_the_lease_alone(
    plane: Plane, ns: str, helm: Helm
) -> None:
    helm("install", "watchdog", str(CHART))
    written = {
        "configmap": {"data": {"incidents": "{}"}},
        "lease": {"spec": {"holderIdentity": "me"}},
    }
    for kind, fields in written.items():
        plane.kubectl(
            "patch", kind, "sre-watchdog", "-n", ns, "--type=merge", "-p", json.dumps(fields),
            "--field-manager=sre-watchdog",
        )  # fmt: skip

    helm("upgrade", "watchdog", str(CHART), "--set", "schedule=*/10 * * * *,commonLabels.team=sre")

    for kind, fields in written.items():
        found = plane.json(kind, ns, "sre-watchdog")
        assert found["metadata"]["labels"]["team"] == "sre"
        assert {key: found[key] for key in fields} == fields


def test_an_upgrade_keeps_the_memory_s_key_and_a_rotation_of_it(
    plane: Plane, ns: str, helm: Helm
) -> None:
    def key() -> str:
        found: str = plane.json("secret", ns, "watchdog-sre-watchdog-memory")["data"]["key"]
        return base64.b64decode(found).decode()

    helm("install", "watchdog", str(CHART))
    made = key()
    helm("upgrade", "watchdog", str(CHART), "--set", "schedule=*/10 * * * *")
    assert key() == made
    both = f"{made},a newer one that was added by hand"
    plane.kubectl(
        "patch", "secret", "watchdog-sre-watchdog-memory", "-n", ns, "--type=merge", "-p",
        json.dumps({"stringData": {"key": both}}),
    )  # fmt: skip
    helm("upgrade", "watchdog", str(CHART), "--set", "schedule=*/15 * * * *")

    assert key() == both


def test_a_second_release_cannot_watch_the_same_namespace(ns: str, helm: Helm) -> None:
    helm("install", "watchdog", str(CHART))

    with pytest.raises(AssertionError, match="sre-watchdog"):
        helm("install", "other", str(CHART), "--set", f"watch.namespaces={{{ns}}}")


def test_uninstalling_takes_the_memory_along(plane: Plane, ns: str, helm: Helm) -> None:
    helm("install", "watchdog", str(CHART))
    helm("uninstall", "watchdog")

    for kind in ("configmap", "lease"):
        with pytest.raises(KubectlError, match="not found"):
            plane.json(kind, ns, "sre-watchdog")
