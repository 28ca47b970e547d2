"""`make e2e-verdict`: what Helm says of a broken release while passes look after its namespace.

Helm waits as people let it: `--rollback-on-failure` (Helm 3: `--atomic`) with its own default time
of five minutes. All releases run at once, each in a namespace of its own, and passes over all of
them follow each other until the last Helm has ended. Not collected by default: it takes about seven
minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.handle import Cluster
from tests.e2e.crashes import EATS_MEMORY
from tests.support.cluster_fixtures import run_watchdog

pytestmark = pytest.mark.cluster
Object = dict[str, Any]
WAITS = os.environ.get("HELM_TIMEOUT", "5m0s")
"""Helm's own default. A shorter one shows sooner what a rest of 0 does to its verdict."""
REST = os.environ.get("SRE_AGENT_GRACE__ROLLOUT_SECONDS")
"""Handed on to the passes, for that."""
BY_TOOL = {
    "Helm 4": (("helm4", "install"), ("helm4", "upgrade", "--rollback-on-failure", "--wait")),
    "Helm 4 on a release of Helm 3": (
        ("helm3", "install"),
        ("helm4", "upgrade", "--rollback-on-failure", "--wait"),
    ),
    "Helm 3": (("helm3", "install"), ("helm3", "upgrade", "--atomic", "--wait")),
}
# All pods go when a new version comes, so that a pass has a reason to act.
ALL_AT_ONCE: Object = {"rollingUpdate": {"maxUnavailable": "100%", "maxSurge": 0}}
# Helm 3 waits for as many pods as may not be missing, which would be none.
STRATEGIES = {**dict.fromkeys(BY_TOOL, ALL_AT_ONCE), "Helm 3": {"type": "Recreate"}}
READY = {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1}
"""Without one a container that crashes is ready for a moment, and Helm content by itself."""
SERVES = "touch /tmp/ready; sleep 86400"


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


GOOD: dict[str, Any] = {
    "image": "busybox:1.36",
    "command": shell(f': "${{REQUIRED_CONFIG:?must be set}}"; {SERVES}'),
    "env": [{"name": "REQUIRED_CONFIG", "value": "production"}],
    "resources": {"limits": {"memory": "64Mi"}},
}
# What each broken version changes. A pass mends each of them where no one waits.
FAULTS: dict[str, dict[str, Any]] = {
    "the image does not exist": {"image": "busybox:9.99"},
    "a variable is missing": {"env": []},
    "the command does not exist": {"command": ["slepe", "86400"]},
    "it ends with an error": {"command": shell("echo 'fatal: no such ledger'; exit 1")},
    "it needs more memory": {
        "command": shell(EATS_MEMORY.replace("sleep 86400", SERVES)),
        "resources": {"limits": {"memory": "32Mi"}},
    },
}
FINE = {"image": "busybox:1.35"}
# Twenty broken ones: each fault with Helm 4 twice, and once with the others; two good ones of each.
CASES = [
    *((tool, fault) for fault in FAULTS for tool in BY_TOOL),
    *(("Helm 4", fault) for fault in FAULTS),
    *((tool, "") for tool in BY_TOOL),
]


@dataclass
class Release:
    """One release in a namespace of its own; `helm` runs a Helm there and keeps what it said."""

    tool: str
    fault: str
    namespace: str
    cluster: Cluster
    helm: Callable[..., subprocess.CompletedProcess[str]]
    code: int = -1
    took: float = 0
    said: str = ""

    def upgrade(self, chart: Path) -> None:
        """Deploys the second version, and waits for Helm's verdict."""
        began = time.monotonic()
        program, *verb = BY_TOOL[self.tool][1]
        done = self.helm(self, program, *verb, "--timeout", WAITS, "shop", chart)
        self.code, self.took = done.returncode, time.monotonic() - began
        self.said = done.stdout + done.stderr

    @property
    def history(self) -> list[str]:
        """The status of each revision, oldest first."""
        done = self.helm(self, "helm4", "history", "shop", "-o", "json")
        return [revision["status"] for revision in json.loads(done.stdout)]

    @property
    def live(self) -> dict[str, Any]:
        return self.cluster.json("deployments", self.namespace, "web")

    def runs(self, container: dict[str, Any]) -> bool:
        """Whether the Deployment is as that version says, with nothing of anyone else's in it."""
        (found,) = self.live["spec"]["template"]["spec"]["containers"]
        wanted = {key: value for key, value in container.items() if value}
        return {key: found.get(key) for key in GOOD if found.get(key)} == wanted

    @property
    def written(self) -> bool:
        """Whether a pass changed it."""
        return "sre-watchdog/attempts" in self.live["metadata"].get("annotations", {})


@dataclass
class Passes:
    """Passes over all namespaces, one after another; what they refused, by its reason."""

    cluster: Cluster
    namespaces: list[str]
    count: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    over: bool = False

    def follow(self) -> None:
        where = [part for namespace in self.namespaces for part in ("-n", namespace)]
        env = {"SRE_AGENT_VERIFY__STABLE_SECONDS": "5"}
        env |= {"SRE_AGENT_GRACE__ROLLOUT_SECONDS": REST} if REST else {}
        while not self.over:
            command = ("run", *where, "--yes", "-o", "json")
            done = run_watchdog(*command, kubeconfig=self.cluster.kubeconfig, env=env)
            assert done.returncode == 0, done.stderr
            self.count += 1
            for part in json.loads(done.stdout)["namespaces"]:
                self.outcomes.update(told(action) for action in part["actions"])


def told(action: dict[str, Any]) -> str:
    rests = "decides first" in (action["reason"] or "")
    return "left to Helm" if rests else str(action["outcome"])


def chart(folder: Path, version: int, container: dict[str, Any], strategy: Object) -> Path:
    """A chart of one Deployment."""
    (folder / "templates").mkdir(parents=True)
    head = {"apiVersion": "v2", "name": "shop", "version": f"0.0.{version}"}
    (folder / "Chart.yaml").write_text(json.dumps(head))
    labels = {"app": "web"}
    main = {"name": "main", "readinessProbe": READY, **container}
    pod = {"containers": [main], "terminationGracePeriodSeconds": 0}
    item = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "strategy": strategy,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    (folder / "templates" / "web.yaml").write_text(json.dumps(item))
    return folder


@pytest.fixture
def releases(
    cluster: Cluster, tool: Callable[[str], Path], tmp_path: Path
) -> Iterator[list[Release]]:
    programs = {name: tool(name) for name in ("helm4", "helm3")}

    def helm(of: Release, program: str, *args: object) -> subprocess.CompletedProcess[str]:
        home = tmp_path / of.namespace
        home.mkdir(exist_ok=True)
        env = {"PATH": os.environ["PATH"], "HOME": str(home)}
        env["KUBECONFIG"] = str(cluster.kubeconfig)
        command = [str(part) for part in (programs[program], *args, "-n", of.namespace)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=env)

    with ExitStack() as stack:
        yield [
            Release(name, fault, stack.enter_context(cluster.namespace("verdict")), cluster, helm)
            for name, fault in CASES
        ]


def test_helms_verdict_of_a_release_is_the_right_one_whatever_passes_do_beside_it(
    releases: list[Release], cluster: Cluster, tmp_path: Path
) -> None:
    def version(each: Release, number: int) -> Path:
        changes = {1: {}, 2: FAULTS.get(each.fault, FINE)}[number]
        folder = tmp_path / f"{each.namespace}-{number}"
        return chart(folder, number, {**GOOD, **changes}, STRATEGIES[each.tool])

    def install(each: Release) -> str:
        program, *verb = BY_TOOL[each.tool][0]
        done = each.helm(each, program, *verb, "--wait", "shop", version(each, 1))
        return "" if done.returncode == 0 else done.stderr

    passes = Passes(cluster, [each.namespace for each in releases])
    with ThreadPoolExecutor(len(releases) + 1) as pool:
        assert not any(pool.map(install, releases))
        # What ran for half a minute has proven itself, so there is something to go back to.
        time.sleep(60)
        beside = pool.submit(passes.follow)
        try:
            list(pool.map(lambda each: each.upgrade(version(each, 2)), releases))
        finally:
            passes.over = True
        beside.result()

    broken = [each for each in releases if each.fault]
    for each in releases:
        show(each)
    failed = sum(each.code != 0 for each in broken)
    sys.stdout.write(
        f"{failed} of {len(broken)} broken releases failed, {len(releases) - len(broken)} good "
        f"ones beside; {passes.count} passes; {dict(passes.outcomes)}\n"
    )
    for each in releases:
        what = f"{each.tool}, {each.fault or 'a good one'}: {each.said}"
        assert (each.code == 0) is not bool(each.fault), what
        wanted = ["superseded", "failed", "deployed"] if each.fault else ["superseded", "deployed"]
        assert each.history == wanted, what
        assert each.runs(GOOD if each.fault else {**GOOD, **FINE}), what
        assert not each.written, what
    assert passes.outcomes["left to Helm"] > len(broken)


def show(each: Release) -> None:
    verdict = "failed" if each.code else "deployed"
    line = f"{each.tool}: {each.fault or 'a good release'}: {verdict} after {each.took:.0f} s"
    sys.stdout.write(f"{line}, revisions {each.history}\n")
