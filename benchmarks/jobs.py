"""Many passes as Jobs of the chart's CronJob, on a node, while the cluster keeps changing."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.api_server import brought_up
from benchmarks.measure import BenchError
from benchmarks.slack import CHANNEL, StandIn, stand_in
from benchmarks.soak import Tally, remembered, shown
from tests.cluster.handle import Cluster, poll
from tests.cluster.plane import Api
from tests.e2e.images import product_image
from tests.support.cluster_fixtures import HERE, KUBECTL, OWN_NODE_IP, built
from tests.support.wire_slack import TOKEN
from watchdog.report.events import CONTROLLER

_CHART = str(Path(__file__).parent.parent / "helm")
_RELEASE = "watchdog"
_CRONJOB = "watchdog-sre-watchdog"
_JOB_SECONDS = 300.0  # more than the chart's activeDeadlineSeconds, which makes it fail
_LOOK_SECONDS = 0.05
_SHOWS = frozenset({"CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff"})
_CGROUPS = Path("/sys/fs/cgroup")


class Change(NamedTuple):
    """What the two Deployments are to be: one needs a variable to run, the other an image."""

    words: str
    variable: bool = True
    image: bool = True
    replicas: int = 2
    restarts: bool = False
    awaited: bool = False


# What is changed before one pass and the next. Where nothing is awaited, a pass meets a rollout.
CHANGES = (
    Change("a variable is missing", variable=False),
    Change("repaired by hand", awaited=True),
    Change("an image is missing", image=False),
    Change("scaled", replicas=3),
    Change("both are missing", variable=False, image=False),
    Change("repaired by hand", awaited=True),
    Change("restarted", restarts=True),
    Change("nothing"),
)


class Sample(NamedTuple):
    """One Job, from being made to Complete, and what there was after it.

    `peak_mb` is the resident memory of its process at most; `jobs` and `pods` are those in the
    namespace of the release, `leases` and `events` what passes left in the one that is watched.
    """

    number: int
    change: str
    seconds: float
    peak_mb: float
    kept_bytes: int
    open: int
    begun: int
    messages: int
    replies: int
    edits: int
    jobs: int
    pods: int
    leases: int
    events: int


@dataclass
class Release:
    """The chart, installed in `ops`, which watches `shop` and speaks to `slack`."""

    cluster: Cluster
    api: Api
    ops: str
    shop: str
    slack: StandIn
    tally: Tally = field(default_factory=Tally)

    def changed(self, change: Change) -> None:
        """Make it so, and wait until what breaks shows it."""
        # A broken revision takes the service down, instead of waiting beside the old one.
        for app, broken in (("variable", not change.variable), ("image", not change.image)):
            self.cluster.apply(json.dumps(_deployment(app, change)), self.shop)
            if broken:
                poll(partial(self._shows, app), f"{app} to be seen broken")
            elif change.awaited:
                status = ("rollout", "status", f"deployment/{app}", "--timeout=120s")
                self.cluster.kubectl(*status, "-n", self.shop)
        if change.restarts:
            self.cluster.kubectl("rollout", "restart", "deployment", "-n", self.shop)

    def passed(self, number: int, change: Change) -> Sample:
        """Run one Job; BenchError where it fails, or tells of an incident once more."""
        name = f"pass-{number}"
        self.cluster.kubectl("create", "job", name, f"--from=cronjob/{_CRONJOB}", "-n", self.ops)
        seconds, peak = self._ended(name)
        told = self.slack.told()
        kept, incidents = remembered(self.api, self.shop)
        self.tally.note(incidents)
        self.tally.check(told)
        leases = self._listed("/apis/coordination.k8s.io/v1", self.shop, "leases")
        events = self._listed("/apis/events.k8s.io/v1", self.shop, "events")
        return Sample(
            number,
            change.words,
            seconds,
            peak,
            kept,
            sum(item.open for item in incidents),
            self.tally.begun,
            told.messages,
            told.replies,
            told.edits,
            len(self._listed("/apis/batch/v1", self.ops, "jobs")),
            len(self._listed("/api/v1", self.ops, "pods")),
            len(leases),
            sum(event.get("reportingController") == CONTROLLER for event in events),
        )

    def _ended(self, name: str) -> tuple[float, float]:
        """Seconds until the Job was Complete, and the peak memory of its pod in MB."""
        began, peak = time.monotonic(), 0.0
        path = f"/apis/batch/v1/namespaces/{self.ops}/jobs/{name}"
        while (seconds := time.monotonic() - began) < _JOB_SECONDS:
            for pod in self._listed("/api/v1", self.ops, f"pods?labelSelector=job-name%3D{name}"):
                peak = max(peak, peak_mb(pod["metadata"]["uid"]))
            conditions = self.api.request("GET", path)["status"].get("conditions", ())
            ends = {each["type"] for each in conditions if each["status"] == "True"}
            if "Complete" in ends:
                return seconds, peak
            if "Failed" in ends:
                break
            time.sleep(_LOOK_SECONDS)
        said = self.cluster.kubectl("logs", f"job/{name}", "-n", self.ops, check=False)
        raise BenchError(f"Job {name} failed after {seconds:.0f} s: {said[-2000:]}")

    def _listed(self, api: str, namespace: str, what: str) -> list[dict[str, Any]]:
        found = self.api.request("GET", f"{api}/namespaces/{namespace}/{what}")
        return list(found["items"])

    def _shows(self, app: str) -> bool:
        pods = self._listed("/api/v1", self.shop, f"pods?labelSelector=app%3D{app}")
        statuses = (each for pod in pods for each in pod["status"].get("containerStatuses", ()))
        waits = (status["state"].get("waiting", {}) for status in statuses)
        return any(waiting.get("reason") in _SHOWS for waiting in waits)


@contextlib.contextmanager
def node_cluster() -> Iterator[tuple[Cluster, Api]]:
    """The cluster with a node from tests/cluster, brought up unless it runs; it stays."""
    kubeconfig = brought_up("up")
    with contextlib.closing(Api(kubeconfig)) as api:
        yield Cluster(kubeconfig, str(built() / KUBECTL), "own", OWN_NODE_IP), api


def soak(cluster: Cluster, api: Api, passes: int, say: Callable[[str], None]) -> tuple[Sample, ...]:
    """Install the chart with the image of this work tree, and run the Jobs; a sample after each."""
    image = product_image(_tool)
    samples = []
    with _installed(cluster, api, image) as release:
        for number in range(1, passes + 1):
            change = CHANGES[(number - 1) % len(CHANGES)]
            release.changed(change)
            samples.append(release.passed(number, change))
            last = samples[-1]
            say(
                f"pass {number}, {last.change}: {last.seconds:.1f} s, {last.peak_mb:.0f} MB, "
                f"{last.open} open, {last.messages} messages"
            )
    return tuple(samples)


def table(samples: Sequence[Sample]) -> tuple[list[str], list[list[str]]]:
    """A few of the samples, as heads and lines."""
    heads = [
        "after pass", "seconds, median", "seconds, most", "peak MB", "kept in the cluster, B",
        "open incidents", "incidents begun", "Slack messages", "replies", "edits", "Jobs",
        "their pods", "Leases", "Events left",
    ]  # fmt: skip
    lines, before = [], 0
    for number in shown(len(samples)):
        since, each = samples[before:number], samples[number - 1]
        lines.append([
            str(number), f"{statistics.median(one.seconds for one in since):.1f}",
            f"{max(one.seconds for one in since):.1f}",
            f"{max(one.peak_mb for one in since):.1f}", f"{each.kept_bytes:,}", str(each.open),
            str(each.begun), str(each.messages), str(each.replies), str(each.edits),
            str(each.jobs), str(each.pods), str(each.leases), str(each.events),
        ])  # fmt: skip
        before = number
    return heads, lines


def peak_mb(uid: str, cgroups: Path = _CGROUPS, processes: Path = Path("/proc")) -> float:
    """The most memory that a process of this pod has had so far, in MB; 0 where none runs."""
    # By the controller in version 1, without it in version 2.
    found = [
        procs
        for top in ("memory/*", "*")
        for procs in cgroups.glob(f"{top}/kubepods/*/pod{uid}/*/cgroup.procs")
    ]
    peak = 0
    for procs in found:
        # Whatever ends meanwhile was looked at before.
        with contextlib.suppress(OSError):
            for pid in procs.read_text(encoding="ascii").split():
                status = (processes / pid / "status").read_text(encoding="utf-8")
                lines = (line.split() for line in status.splitlines())
                peak = max(peak, *(int(line[1]) for line in lines if line[:1] == ["VmHWM:"]), 0)
    return peak / 1024


@contextlib.contextmanager
def _installed(cluster: Cluster, api: Api, image: tuple[str, str]) -> Iterator[Release]:
    with (
        cluster.namespace("soak-ops") as ops,
        cluster.namespace("soak-shop") as shop,
        stand_in(cluster.node_ip) as slack,
    ):
        credentials = ("secret", "generic", "slack", f"--from-literal=bot-token={TOKEN}")
        cluster.kubectl("create", *credentials, "-n", ops)
        values = {
            "image": {"registry": "", "repository": image[0], "tag": image[1]},
            # Never by itself: the soak says when.
            "suspend": True,
            "watch": {"namespaces": [{"name": shop, "mode": "act"}]},
            "slack": {
                "channel": CHANNEL,
                "baseUrl": slack.base_url,
                "existingSecret": {"name": "slack"},
            },
        }
        given = ",".join(f"{key}={json.dumps(value)}" for key, value in values.items())
        _helm(cluster, ops, "install", _RELEASE, _CHART, "--set-json", given)
        release = Release(cluster, api, ops, shop, slack)
        release.changed(Change("all is well", awaited=True))
        try:
            yield release
        finally:
            # What is cluster-wide does not go with the namespaces.
            _helm(cluster, ops, "uninstall", _RELEASE)


def _helm(cluster: Cluster, namespace: str, *args: str) -> None:
    done = subprocess.run(
        [_tool("helm4"), "--namespace", namespace, *args],
        capture_output=True,
        text=True,
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig)},
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"helm {args[0]}: {done.stderr.strip()}")


def _tool(name: str) -> Path:
    """A tool of tests/cluster/tools, installed where it is missing."""
    done = subprocess.run([HERE / "tools", name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"no {name}: {done.stderr.strip()}")
    return Path(done.stdout.strip())


def _deployment(app: str, change: Change) -> dict[str, Any]:
    given = [{"name": "REQUIRED_CONFIG", "value": "production"}]
    tag = "1.36" if change.image or app != "image" else "9.99-missing"
    container = {
        "name": "main",
        "image": f"busybox:{tag}",
        "command": ["sh", "-c", ': "${REQUIRED_CONFIG:?must be set}"; sleep 3600'],
        "env": given if change.variable or app != "variable" else [],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": app},
        "spec": {
            "replicas": change.replicas,
            "strategy": {"rollingUpdate": {"maxUnavailable": "100%", "maxSurge": 0}},
            "selector": {"matchLabels": {"app": app}},
            "template": {
                "metadata": {"labels": {"app": app}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
            },
        },
    }
