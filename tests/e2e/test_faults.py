"""Faults around a pass on a real cluster: each ends in a clear report and a right exit code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import pytest
import yaml

from tests.cluster.handle import Cluster
from tests.cluster_fixtures import COMMAND, run_watchdog
from tests.proxy import DroppedError, Proxy
from watchdog.sandbox import Request

pytestmark = pytest.mark.cluster
CRASHES = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger}
spec:
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      containers: [{name: main, image: "busybox:1.36", command: [sh, -c, "echo fatal: no; exit 1"]}]
"""
READER = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: reader}]
"""


@pytest.fixture(scope="module")
def ns(cluster: Cluster) -> Iterator[str]:
    with cluster.namespace("privacy-faults") as name:
        cluster.apply(CRASHES + "---" + READER, name)
        cluster.wait(lambda: crashed(cluster, name), 90, "ledger to crash twice")
        yield name


def crashed(cluster: Cluster, ns: str) -> bool:
    statuses = [
        one
        for pod in cluster.json("pods", ns)["items"]
        for one in pod["status"].get("containerStatuses", [])
    ]
    return any(one["restartCount"] >= 2 for one in statuses)


def reader(cluster: Cluster, ns: str, folder: Path) -> Path:
    """A kubeconfig with the reader's token alone."""
    config = yaml.safe_load(
        cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "yaml")
    )
    token = cluster.kubectl("-n", ns, "create", "token", "reader").strip()
    config["users"][0]["user"] = {"token": token}
    path = folder / "reader.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


class Skewed(Proxy):
    """A proxy to an API server whose clock is an hour ahead."""

    def forward(
        self, request: Request, target: str, data: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        status, headers, body = super().forward(request, target, data)
        late = timedelta(hours=1)
        shifted = [
            (k, format_datetime(parsedate_to_datetime(v) + late, usegmt=True))
            if k.lower() == "date"
            else (k, v)
            for k, v in headers
        ]
        return status, shifted, body


def test_a_revoked_role_leaves_a_clear_report(cluster: Cluster, ns: str, tmp_path: Path) -> None:
    kubeconfig = reader(cluster, ns, tmp_path)
    cluster.kubectl("-n", ns, "delete", "rolebinding", "reader")
    try:
        done = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=kubeconfig)
    finally:
        cluster.apply(READER, ns)

    assert done.returncode == 1
    assert "forbidden" in done.stderr
    assert json.loads(done.stdout)["result"] == "failed"


def test_a_token_that_is_no_longer_good_leaves_a_clear_report(
    cluster: Cluster, ns: str, tmp_path: Path
) -> None:
    kubeconfig = reader(cluster, ns, tmp_path)
    cluster.kubectl("-n", ns, "delete", "serviceaccount", "reader")

    def known() -> bool:
        said = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=kubeconfig)
        return said.returncode == 1 and "does not accept these credentials" in said.stderr

    try:
        # The API server remembers a token that it has judged for some seconds.
        cluster.wait(known, 60, "the API server to refuse the token")
    finally:
        cluster.apply(READER, ns)


def test_an_api_server_that_dies_in_the_middle_leaves_a_clear_report(
    cluster: Cluster, ns: str, tmp_path: Path
) -> None:
    with Proxy(cluster, tmp_path).serving() as proxy:

        def dies(_: Request) -> None:
            if len(proxy.requests) > 8:
                raise DroppedError

        proxy.before = dies
        done = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=proxy.kubeconfig)

    report = json.loads(done.stdout)
    assert (report["result"], done.returncode) in {("degraded", 0), ("failed", 1)}
    (part,) = report["namespaces"]
    said = part["error"] or " ".join(spot["why"] for spot in part["blind_spots"])
    assert "no answer" in said or "cannot reach" in said
    assert proxy.workload_writes == []


def test_a_full_disk_leaves_a_clear_line(cluster: Cluster, ns: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [COMMAND, "snapshot", "-n", ns, "-o", "json", "--kubeconfig", cluster.kubeconfig],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip

    assert done.returncode == 1
    assert "could not be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


def test_a_clock_an_hour_off_leaves_a_clear_report(
    cluster: Cluster, ns: str, tmp_path: Path
) -> None:
    with Skewed(cluster, tmp_path).serving() as proxy:
        done = run_watchdog("run", "-n", ns, "-o", "json", "--dry-run", kubeconfig=proxy.kubeconfig)

    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert [found["target"]["name"] for found in report["namespaces"][0]["findings"]] == ["ledger"]
