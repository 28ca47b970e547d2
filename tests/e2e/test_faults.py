"""Faults around a pass on a real cluster: each ends in a clear report and a right exit code."""

from __future__ import annotations

import base64
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.cluster.handle import Cluster, poll
from tests.e2e.crashes import crash_loop
from tests.support.cluster_fixtures import COMMAND, run_watchdog
from tests.support.proxy import Proxy
from watchdog.demo import Request

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
        poll(lambda: crash_loop(cluster.json("pods", name)["items"]), "ledger to crash twice")
        yield name


def reader_token(cluster: Cluster, ns: str) -> str:
    return cluster.kubectl("-n", ns, "create", "token", "reader").strip()


def reading(cluster: Cluster, ns: str, folder: Path) -> Path:
    """A kubeconfig with a fresh token of the reader, once the API server lets it read."""
    kubeconfig = with_token(cluster, reader_token(cluster, ns), folder)
    poll(lambda: may_read(cluster, ns, kubeconfig), "the reader to be let in")
    return kubeconfig


def may_read(cluster: Cluster, ns: str, kubeconfig: Path) -> bool:
    """Whether its user may read pods there, as the API server judges at this moment."""
    asked = ("auth", "can-i", "list", "pods", "-n", ns, "--kubeconfig", str(kubeconfig))
    return cluster.kubectl(*asked, check=False).startswith("yes")


def with_token(cluster: Cluster, token: str, folder: Path) -> Path:
    """A kubeconfig with that token alone."""
    config = yaml.safe_load(
        cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "yaml")
    )
    config["users"][0]["user"] = {"token": token}
    path = folder / "reader.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def ending(own_cluster: Cluster, ns: str, hours: int) -> str:
    """A token of the reader, signed by the cluster's own key, that is over in so many hours."""
    header, claims, _ = reader_token(own_cluster, ns).split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "==="))
    told["exp"] = int(time.time()) + hours * 3600
    told["iat"] = told["nbf"] = told["exp"] - 3600
    signed = f"{header}.{_encoded(json.dumps(told).encode())}"
    by_the_cluster = ["openssl", "dgst", "-sha256", "-sign", "pki/sa.key"]
    signature = subprocess.run(
        by_the_cluster,
        input=signed.encode(),
        cwd=own_cluster.kubeconfig.parent,
        capture_output=True,
        check=True,
    )
    return f"{signed}.{_encoded(signature.stdout)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class ApiServer:
    """The cluster's own API server, as a process that can be killed and started as it was."""

    cluster: Cluster
    command: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.cluster.kubeconfig.parent
        self.log = self.folder / "log"
        self.pid = int((self.log / "apiserver.pid").read_text())
        self.command = Path(f"/proc/{self.pid}/cmdline").read_text().split("\0")[:-1]

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def start(self) -> None:
        """Start it again; returns once it answers and the node reports to it."""
        again = (
            'nohup setsid "$@" >> log/apiserver.log 2>&1 < /dev/null & echo $! > log/apiserver.pid'
        )
        subprocess.run(["sh", "-c", again, "sh", *self.command], cwd=self.folder, check=True)
        poll(lambda: self.cluster.kubectl("get", "--raw", "/readyz"), "readyz")
        answers = datetime.now(UTC)
        poll(lambda: self.hears_from_nodes(answers), "the node to report")

    def hears_from_nodes(self, since: datetime) -> bool:
        """Whether every node renewed its Lease; its Ready condition stays true for a while."""
        leases = self.cluster.json("leases", "kube-node-lease")["items"]
        renewed = [datetime.fromisoformat(lease["spec"]["renewTime"]) for lease in leases]
        return bool(renewed) and min(renewed) > since


@pytest.fixture
def own_cluster(cluster: Cluster) -> Cluster:
    """The cluster of tests/cluster: a fault that needs its files or processes is for no other."""
    if cluster.origin != "own":
        pytest.skip("someone else's cluster: its key is not to be used, nor its API server killed")
    return cluster


def test_a_revoked_role_leaves_a_clear_report(cluster: Cluster, ns: str, tmp_path: Path) -> None:
    kubeconfig = reading(cluster, ns, tmp_path)
    cluster.kubectl("-n", ns, "delete", "rolebinding", "reader")
    try:
        poll(lambda: not may_read(cluster, ns, kubeconfig), "the API server to hear of it")
        done = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=kubeconfig)
    finally:
        cluster.apply(READER, ns)

    assert done.returncode == 1
    assert "forbidden" in done.stderr
    assert json.loads(done.stdout)["result"] == "failed"


def test_a_token_that_is_no_longer_good_leaves_a_clear_report(
    cluster: Cluster, ns: str, tmp_path: Path
) -> None:
    kubeconfig = reading(cluster, ns, tmp_path)
    cluster.kubectl("-n", ns, "delete", "serviceaccount", "reader")

    def known() -> bool:
        said = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=kubeconfig)
        return said.returncode == 1 and "does not accept these credentials" in said.stderr

    try:
        # The API server remembers a token that it has judged for some seconds.
        poll(known, "the API server to refuse the token")
    finally:
        cluster.apply(READER, ns)


def test_an_expired_token_leaves_a_clear_report(
    own_cluster: Cluster, ns: str, tmp_path: Path
) -> None:
    token = ending(own_cluster, ns, hours=-1)
    kubeconfig = with_token(own_cluster, token, tmp_path)

    done = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=kubeconfig)

    assert done.returncode == 1
    assert "does not accept these credentials" in done.stderr
    assert token not in done.stderr + done.stdout
    assert json.loads(done.stdout)["result"] == "failed"


def test_a_token_of_the_same_making_that_is_not_over_is_accepted(
    own_cluster: Cluster, ns: str, tmp_path: Path
) -> None:
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    kubeconfig = with_token(own_cluster, ending(own_cluster, ns, hours=1), tmp_path)
    # The reader of the tests before was another one, which the API server may still remember.
    reading(own_cluster, ns, other_folder)

    done = run_watchdog("run", "-n", ns, "-o", "json", "--dry-run", kubeconfig=kubeconfig)

    assert done.returncode == 0, done.stderr


@pytest.mark.alone
def test_an_api_server_that_is_killed_in_the_middle_leaves_a_clear_report(
    own_cluster: Cluster, ns: str, tmp_path: Path
) -> None:
    server = ApiServer(own_cluster)
    with Proxy(own_cluster, tmp_path).serving() as proxy:
        arrived = itertools.count(1)

        def kill(_: Request) -> None:
            if next(arrived) == 9:
                server.kill()

        proxy.before = kill
        try:
            done = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=proxy.kubeconfig)
        finally:
            server.start()

    report = json.loads(done.stdout)
    assert next(arrived) > 10
    assert (report["result"], done.returncode) in {("degraded", 0), ("failed", 1)}
    (part,) = report["namespaces"]
    said = part["error"] or " ".join(spot["why"] for spot in part["blind_spots"])
    assert "no answer" in said or "cannot reach" in said
    assert "Traceback" not in done.stderr
    assert proxy.workload_writes == []


@pytest.mark.parametrize("command", [("run", "--dry-run"), ("snapshot",)], ids=lambda c: c[0])
def test_a_full_disk_leaves_a_clear_line(
    own_cluster: Cluster, ns: str, command: tuple[str, ...]
) -> None:
    fill = 'mount -t tmpfs -o size=4k full "$0" && head -c 4096 /dev/zero > "$0/rest"'
    full = f'{fill} && exec "$@" > "$0/report.json"'
    place = own_cluster.kubeconfig.parent / "full"
    place.mkdir(exist_ok=True)
    asked: list[str | Path] = [
        COMMAND,
        *command,
        "-n",
        ns,
        "-o",
        "json",
        "--kubeconfig",
        own_cluster.kubeconfig,
    ]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", full, place, *asked],
        stderr=subprocess.PIPE, text=True, timeout=1200, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "could not be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


@pytest.mark.parametrize("off", ["+1h", "-1h"])
def test_a_clock_an_hour_off_leaves_a_clear_report(
    cluster: Cluster, ns: str, tmp_path: Path, tool: Callable[[str], Path], off: str
) -> None:
    faketime = (str(tool("faketime")), "-f", off)
    with Proxy(cluster, tmp_path).serving() as proxy:
        pass_ = ("run", "-n", ns, "-o", "json", "--dry-run")
        done = run_watchdog(*pass_, kubeconfig=proxy.kubeconfig, through=faketime)

    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert [found["target"]["name"] for found in report["namespaces"][0]["findings"]] == ["ledger"]
    assert "this machine's clock is 60 min" in done.stderr
    assert 0 < report["duration_seconds"] < 600
