"""The real controller of Argo Rollouts beside a real API server: what it writes is what is read.

Not among CI's tests: it builds the controller from its Go module first, twenty minutes, once.
`make e2e-controller` runs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.handle import poll
from tests.cluster.plane import Object, Plane
from tests.e2e.test_custom_resources import install, looked, told
from tests.support.cluster_fixtures import cache
from tests.support.real_crds import SOURCES, downloaded

BUILD_SECONDS = 3600
OTHERS = (
    "analysis-run-crd",
    "analysis-template-crd",
    "cluster-analysis-template-crd",
    "experiment-crd",
)


def controller() -> Path:
    """The built controller; from a copy of the module, as `go install` refuses what it replaces."""
    source = SOURCES["argo-rollouts"]
    binary = cache() / f"rollouts-controller-{source.version}"
    if not binary.exists():
        copy = cache() / "rollouts-source"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(downloaded(source), copy)
        subprocess.run(["chmod", "-R", "u+w", copy], check=True)
        subprocess.run(
            ["go", "build", "-trimpath", "-o", binary, "./cmd/rollouts-controller"],
            cwd=copy, env={**os.environ, "CGO_ENABLED": "0"}, check=True, timeout=BUILD_SECONDS,
        )  # fmt: skip
        shutil.rmtree(copy)
    return binary


@pytest.fixture(scope="module")
def running(plane: Plane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """The API server with the controller at work."""
    binary = controller()
    install(plane, "argo-rollouts")
    folder = downloaded(SOURCES["argo-rollouts"]) / "manifests" / "crds"
    for name in OTHERS:
        plane.apply((folder / f"{name}.yaml").read_text(), "default")
    log = tmp_path_factory.mktemp("rollouts") / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [
                binary, "--kubeconfig", plane.kubeconfig, "--leader-elect=false",
                "--healthzPort", "0", "--metricsport", "0",
            ],
            stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield plane
        finally:
            process.terminate()
            process.wait(20)


def rollout(ns: str, name: str, **spec: Any) -> Object:
    labels = {"app": name}
    container = {"name": "main", "image": "busybox"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": ns},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            "strategy": {"canary": {}},
            **spec,
        },
    }


def phases(plane: Plane, ns: str) -> dict[str, str]:
    items = plane.json("rollouts.argoproj.io", ns)["items"]
    return {one["metadata"]["name"]: one.get("status", {}).get("phase", "") for one in items}


def test_what_the_controller_writes_is_told_or_silent_as_it_should_be(running: Plane) -> None:
    """No kubelet runs here, so a rollout with replicas never gets ready."""
    nowhere = {"canary": {"stableService": "none", "canaryService": "none-either"}}
    with running.namespace("e2e-rollouts") as ns:
        for raw in (
            rollout(ns, "well", replicas=0),
            rollout(ns, "moving"),
            rollout(ns, "late", progressDeadlineSeconds=1),
            rollout(ns, "invalid", strategy=nowhere),
        ):
            running.create(raw)
        wanted = {
            "well": "Healthy",
            "moving": "Progressing",
            "late": "Degraded",
            "invalid": "Degraded",
        }
        poll(lambda: phases(running, ns) == wanted, f"{wanted} in {ns}", 2)
        at_once = looked(running.kubeconfig, ns, "argo-rollouts")
        report = looked(
            running.kubeconfig, ns, "argo-rollouts", SRE_AGENT_GRACE__UNREADY_SECONDS="0"
        )

    assert told(at_once) == {}
    assert set(told(report)) == {"Rollout/late", "Rollout/invalid"}
    assert "none" in told(report)["Rollout/invalid"]
