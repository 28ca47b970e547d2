"""A sharded release on a real cluster: the pods of one Indexed Job share the namespaces."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.handle import Cluster
from tests.e2e.images import product_image
from watchdog.settings.schema import Settings
from watchdog.settings.shards import namespaces_of

pytestmark = pytest.mark.cluster
CHART = Path(__file__).resolve().parents[2] / "helm"
CRONJOB = "watchdog-sre-watchdog"
SHARDS = 3


def test_the_pods_of_a_run_look_after_each_namespace_once(
    cluster: Cluster, tool: Callable[[str], Path]
) -> None:
    if cluster.origin != "own":
        pytest.skip("the image is built into the registry of tests/cluster only")
    repository, tag = product_image(tool)
    with ExitStack() as stack:
        ops = stack.enter_context(cluster.namespace("shards-ops"))
        watched = [stack.enter_context(cluster.namespace("shards-shop")) for _ in range(4)]
        values = {
            "image": {"registry": "", "repository": repository, "tag": tag},
            "suspend": True,
            "shards": SHARDS,
            "watch": {"namespaces": [{"name": name, "mode": "observe"} for name in watched]},
        }
        given = ",".join(f"{key}={json.dumps(value)}" for key, value in values.items())

        def helm(*args: str) -> None:
            command = [str(tool("helm4")), "--namespace", ops, *args]
            env = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
            subprocess.run(command, check=True, env=env)

        helm("install", "watchdog", str(CHART), "--set-json", given)
        stack.callback(helm, "uninstall", "watchdog")
        cluster.allowed(f"{ops}:{CRONJOB}", [("list", "pods")], *watched)
        cluster.kubectl("create", "job", "by-hand", f"--from=cronjob/{CRONJOB}", "-n", ops)
        cluster.completed("by-hand", ops)
        reports = {number: report_of(cluster, ops, number) for number in range(SHARDS)}

    for number, seen in reports.items():
        share = namespaces_of(Settings(shards=SHARDS), tuple(watched), number)
        assert sorted(seen) == sorted(share)
    assert sorted(name for seen in reports.values() for name in seen) == sorted(watched)


def report_of(cluster: Cluster, ops: str, number: int) -> list[str]:
    """The namespaces that the pod of that number looked after."""
    labels = f"job-name=by-hand,batch.kubernetes.io/job-completion-index={number}"
    said = cluster.kubectl("logs", "-l", labels, "-n", ops, "--tail=-1")
    report = json.JSONDecoder().raw_decode(said[said.index('{"version"') :])[0]
    assert report["result"] == "ok"
    return [part["namespace"] for part in report["namespaces"]]
