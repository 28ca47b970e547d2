"""Session fixtures around real clusters: `cluster`, `plane`, `tool`, and `run_watchdog`.

A cluster is, in this order: the one that KUBECONFIG names; the one-node cluster of tests/cluster,
where the machine can have it; kind, where Docker works. Otherwise the test is skipped, saying what
is missing, and under CI=true it fails instead.
"""

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest

from tests.cluster.handle import Cluster
from tests.cluster.plane import Api, Plane

HERE = Path(__file__).parents[1] / "cluster"
SCRIPT = HERE / "cluster"
COMMAND = Path(sys.prefix) / "bin" / "sre-watchdog"
NEWEST = os.environ.get("KUBERNETES") == "newest"
"""Whether tests/cluster brings up the newest supported Kubernetes instead of the oldest."""
KUBECTL = "kubectl-1.37.2" if NEWEST else "kubectl-1.34.4"
OWN_NODE_IP = "10.99.0.1"
PATIENT = {
    "SRE_AGENT_RUN_BUDGET_SECONDS": "840",
    "SRE_AGENT_VERIFY__TIMEOUT_SECONDS": "600",
    "SRE_AGENT_LLM__TIMEOUT_SECONDS": "200",
}
"""Settings of a pass that is to end well on a machine of any speed: what is hopeless is given up
all the same, and what is only slow is not."""
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
"""What a command under test inherits: nothing that would configure it."""


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """A real cluster with a node, shared by the session: take a namespace in it."""
    if os.environ.get("KUBECONFIG"):
        return _given_cluster(Path(os.environ["KUBECONFIG"]))
    missing = missing_for_own_cluster()
    if not missing:
        return Cluster(_bring_up("up"), str(built() / KUBECTL), "own", OWN_NODE_IP)
    if _docker_works() and shutil.which("kind") and shutil.which("kubectl"):
        return _kind_cluster()
    return _cannot(f"no cluster: set KUBECONFIG, or have Docker and kind, or {missing}")


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    """A real API server without a node, shared by the session: take a namespace in it."""
    if missing := missing_for_own_cluster():
        _cannot(f"no API server of our own: needs {missing}")
    kubeconfig = _bring_up("plane")
    with contextlib.closing(Api(kubeconfig)) as api:
        yield Plane(kubeconfig, str(built() / KUBECTL), "own", "127.0.0.1", api)


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """Gives the path of a tool by its name in tests/cluster/tools, installing it when missing."""

    def path_of(name: str) -> Path:
        if found := shutil.which(name):
            return Path(found)
        done = subprocess.run([HERE / "tools", name], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            _cannot(f"no {name}: {_last_line(done.stderr)}")
        return Path(done.stdout.strip())

    return path_of


def run_watchdog(
    *args: str,
    kubeconfig: Path | None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float = 1200,
    through: Sequence[str] = (),
) -> subprocess.CompletedProcess[str]:
    """Runs the installed command, configured by `env` and KUBECONFIG alone, off any terminal.

    `through` is a command that starts it, with that command's own arguments.
    """
    inherited = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    where = {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
    return subprocess.run(
        [*through, COMMAND, *args],
        input=stdin or "",
        capture_output=True,
        text=True,
        env={**inherited, **where, **(env or {})},
        timeout=timeout,
        check=False,
    )


def _in_ci() -> bool:
    return os.environ.get("CI") == "true"


def _cannot(reason: str) -> NoReturn:
    if _in_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def cache() -> Path:
    """Where what is built once for the tests is kept: CLUSTER_CACHE, or below the home."""
    default = Path.home() / ".cache" / "sre-watchdog-cluster"
    return Path(os.environ.get("CLUSTER_CACHE", default))


def built() -> Path:
    """Where tests/cluster keeps what it built from these very sources."""
    modules = "newest" if NEWEST else "go"
    names = ("main.go", f"{modules}.mod", f"{modules}.sum", "pause/pause.c")
    sources = (HERE / name for name in names)
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]
    return cache() / f"build-{key}"


def missing_for_own_cluster() -> str:
    """Words for what tests/cluster lacks on this machine, or nothing."""
    if not sys.platform.startswith("linux"):
        return "Linux"
    if os.geteuid() != 0:
        return "root"
    builders = [] if (built() / "kube").exists() else ["go"]
    builders += [] if (built() / "pause").exists() else ["gcc"]
    commands = [*builders, "apt-get", "flock"]
    return " and ".join(command for command in commands if not shutil.which(command))


def _bring_up(what: str) -> Path:
    """Runs `cluster up` or `cluster plane`; returns the path of the kubeconfig, printed last."""
    done = subprocess.run([SCRIPT, what], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"tests/cluster/cluster {what}: {_last_line(done.stderr)}", pytrace=False)
    return Path(_last_line(done.stdout).partition("=")[2])


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _given_cluster(kubeconfig: Path) -> Cluster:
    kubectl = shutil.which("kubectl") or str(built() / KUBECTL)
    unaddressed = Cluster(kubeconfig, kubectl, "given", "")
    server = unaddressed.kubectl("config", "view", "--minify", "-o", "jsonpath={..server}")
    own = server == f"https://{OWN_NODE_IP}:6443"
    return Cluster(kubeconfig, kubectl, "own" if own else "given", _own_address_towards(server))


def _own_address_towards(server: str) -> str:
    """This machine's address on the network that leads to an API server; sends nothing."""
    url = urlsplit(server)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((url.hostname or "", url.port or 443))
        return str(probe.getsockname()[0])


def _docker_works() -> bool:
    return (
        shutil.which("docker") is not None
        and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    )


def _kind_cluster() -> Cluster:
    kubeconfig = cache() / "kind.kubeconfig"
    kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    name = "sre-watchdog"
    known = subprocess.run(["kind", "get", "clusters"], capture_output=True, text=True, check=True)
    act = ["export", "kubeconfig"] if name in known.stdout.split() else ["create", "cluster"]
    wait = ["--wait", "180s"] if act[0] == "create" else []
    done = subprocess.run(
        ["kind", *act, "--name", name, "--kubeconfig", kubeconfig, *wait],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"kind: {_last_line(done.stderr)}", pytrace=False)
    gateway = "{{range .IPAM.Config}}{{.Gateway}} {{end}}"
    networks = subprocess.run(
        ["docker", "network", "inspect", "kind", "-f", gateway],
        capture_output=True,
        text=True,
        check=True,
    )
    address = next(ip for ip in networks.stdout.split() if "." in ip)
    return Cluster(kubeconfig, shutil.which("kubectl") or "kubectl", "kind", address)
