"""The API server that is measured: the one without a node from tests/cluster."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import BenchError
from tests.cluster.plane import Api, Plane
from tests.support.cluster_fixtures import KUBECTL, SCRIPT, built


@contextlib.contextmanager
def api_server() -> Iterator[Plane]:
    """Bring it up, unless it runs; it stays for the next time."""
    kubeconfig = brought_up("plane")
    with contextlib.closing(Api(kubeconfig)) as api:
        yield Plane(kubeconfig, str(built() / KUBECTL), "own", "127.0.0.1", api)


def brought_up(what: str) -> Path:
    """The kubeconfig of what tests/cluster has by that name, once that runs."""
    done = subprocess.run([SCRIPT, what], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{SCRIPT.name} {what}: {done.stderr.strip()}")
    return Path(done.stdout.strip().rpartition("\n")[2].partition("=")[2])


def machine(api: Api) -> str:
    """What it all ran on, in one sentence."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in facts if "model name" in line), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    version = api.request("GET", "/version")["gitVersion"]
    return (
        f"{os.cpu_count()} cores ({model or platform.machine()}), {memory:.0f} GB, "
        f"{platform.system()}, Python {platform.python_version()}; Kubernetes {version}: etcd and "
        "the API server on the same cores, no network between"
    )


def core_seconds() -> tuple[float, float]:
    """What all cores together worked, and could have worked, since the machine began."""
    times = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:9]
    ticks = [int(time) for time in times]
    idle = ticks[3] + ticks[4]  # with what waits for a disk
    per_second = os.sysconf("SC_CLK_TCK")
    return (sum(ticks) - idle) / per_second, sum(ticks) / per_second


def load() -> float:
    """What else the machine has to do: the load average of the last minute."""
    return os.getloadavg()[0]
