"""States of pods that kubectl shows poorly, and those that Kubernetes 1.35 and later brought.

Each is caused on a real node and looked at as a person would: in dry runs, one after another, until
one tells it. What a version does not have yet is left out there (`since`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cluster.handle import Cluster, poll
from tests.e2e.crashes import statuses
from tests.support.cluster_fixtures import NEWEST, run_watchdog

pytestmark = pytest.mark.cluster
Object = dict[str, Any]
SEEN_WITHIN = 900
SEEN_FOR = 150
"""Seconds for which a state that is no failure is looked at."""
SLEEPS = 'image: busybox:1.36, command: [sleep, "86400"]'


def says(text: str, code: int, then: str = "") -> str:
    """A container that prints one line and ends."""
    return f"image: busybox:1.36, command: [sh, -c, \"{then}echo '{text}' >&2; exit {code}\"]"


def deployment(name: str, pod: str, spec: str = "") -> str:
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  {spec or "replicas: 1"}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{terminationGracePeriodSeconds: 1, {pod}}}
---
"""


@dataclass(frozen=True)
class State:
    """One namespace with such objects. `tells`: words that the report must have, none for silence.

    `hides` are words that it must not have. `shows` is what a first look waits for, `then` what
    happens to it.
    """

    name: str
    manifest: str
    tells: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    shows: Callable[[list[Object]], bool] = bool
    newest: bool = False
    then: Callable[[Cluster, str], None] | None = None


def restarted(times: int) -> Callable[[list[Object]], bool]:
    return lambda pods: any(int(each["restartCount"]) >= times for each in statuses(pods))


def older(seconds: int) -> Callable[[list[Object]], bool]:
    def shows(pods: list[Object]) -> bool:
        made = [datetime.fromisoformat(pod["metadata"]["creationTimestamp"]) for pod in pods]
        return any(datetime.now(UTC) - each > timedelta(seconds=seconds) for each in made)

    return shows


def evicted(pods: list[Object]) -> bool:
    return [pod["status"].get("reason") for pod in pods].count("Evicted") >= 3


def resized(cluster: Cluster, ns: str) -> None:
    """In place and twice, as an autoscaler does it: each restarts the container."""
    cluster.rolled_out("cart", ns)
    (pod,) = cluster.json("pods", ns)["items"]
    name = pod["metadata"]["name"]

    def running(times: int) -> bool:
        told = statuses(cluster.json("pods", ns)["items"])
        return any(each["restartCount"] == times and "running" in each["state"] for each in told)

    poll(lambda: running(0), "the container to run")
    for times, memory in ((1, "40Mi"), (2, "48Mi")):
        asked = {"name": "main", "resources": {"limits": {"memory": memory}}}
        patch = json.dumps({"spec": {"containers": [asked]}})
        cluster.kubectl("-n", ns, "patch", "pod", name, "--subresource", "resize", "-p", patch)
        poll(lambda times=times: running(times), "the restart of a resize")  # type: ignore[misc]


def asks_for_the_whole_node(cluster: Cluster, ns: str) -> None:
    """In place, so that the node puts the resize off for as long as its other pods run."""
    cluster.rolled_out("basket", ns)
    pod = cluster.json("pods", ns)["items"][0]
    name = pod["metadata"]["name"]
    node = cluster.json("nodes", None, pod["spec"]["nodeName"])
    requests = {"cpu": node["status"]["allocatable"]["cpu"]}
    asked = {"name": "main", "resources": {"requests": requests}}
    patch = json.dumps({"spec": {"containers": [asked]}})
    cluster.kubectl("-n", ns, "patch", "pod", name, "--subresource", "resize", "-p", patch)

    def put_off() -> bool:
        conditions = cluster.json("pods", ns, name)["status"]["conditions"]
        return "PodResizePending" in {each["type"] for each in conditions}

    poll(put_off, "the resize to be put off")


STATES = (
    State(
        "a container that is done hides one that crashes",
        f"""
apiVersion: v1
kind: Pod
metadata: {{name: stock}}
spec:
  restartPolicy: OnFailure
  containers:
    - {{name: loader, {says("loaded", 0)}}}
    - {{name: api, {says("fatal: no table stock", 1)}}}
""",
        ("no table stock",),
        shows=restarted(2),
    ),
    State(
        "a program that ends with 0 again and again",
        deployment("report", f"containers: [{{name: main, {says('all sent', 0)}}}]"),
        ("all sent", "ends normally"),
        shows=restarted(2),
    ),
    State(
        "a program that fails again and again",
        deployment("invoice", f"containers: [{{name: main, {says('fatal: no printer', 1)}}}]"),
        ("no printer",),
        shows=restarted(2),
    ),
    State(
        "a Job whose container is started again and again",
        f"""
apiVersion: batch/v1
kind: Job
metadata: {{name: import}}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers: [{{name: main, {says("fatal: bad header", 1)}}}]
""",
        ("bad header",),
        shows=restarted(2),
    ),
    State(
        "a claim of a device that does not exist",
        deployment(
            "render",
            "resourceClaims: [{name: card, resourceClaimName: no-such-card}], "
            f"containers: [{{name: main, {SLEEPS}, resources: {{claims: [{{name: card}}]}}}}]",
        ),
        ("no-such-card",),
        shows=older(80),
    ),
    State(
        "a template of claims that does not exist",
        deployment(
            "train",
            "resourceClaims: [{name: card, resourceClaimTemplateName: no-such-template}], "
            f"containers: [{{name: main, {SLEEPS}, resources: {{claims: [{{name: card}}]}}}}]",
        ),
        ("no-such-template",),
        shows=older(80),
    ),
    State(
        "a pod over its disk, evicted again and again",
        deployment(
            "thumbs",
            "containers: [{name: main, image: busybox:1.36, command: [sh, -c, "
            "'head -c 20000000 /dev/zero > /tmp/x; sleep 86400'], "
            "resources: {limits: {ephemeral-storage: 4Mi}}}]",
        ),
        ("ephemeral",),
        shows=evicted,
    ),
    State(
        "a container that was resized in place",
        deployment(
            "cart",
            "containers: [{name: main, image: busybox:1.36, "
            "command: [sh, -c, \"trap 'exit 143' TERM; while :; do sleep 1; done\"], "
            "resources: {requests: {memory: 16Mi}, limits: {memory: 32Mi}}, "
            "resizePolicy: [{resourceName: memory, restartPolicy: RestartContainer}]}]",
        ),
        then=resized,
    ),
    State(
        "a container whose resize its node puts off",
        deployment(
            "basket",
            f"containers: [{{name: main, {SLEEPS}, resources: {{requests: {{cpu: 10m}}}}}}]",
            "replicas: 2",
        ),
        then=asks_for_the_whole_node,
    ),
    State(
        "a file of variables that lacks one",
        deployment(
            "rates",
            "initContainers: [{name: make, image: busybox:1.36, "
            "command: [touch, /settings/env], "
            "volumeMounts: [{name: settings, mountPath: /settings}]}], "
            f"containers: [{{name: main, {SLEEPS}, env: [{{name: LEDGER_REGION, valueFrom: "
            "{fileKeyRef: {volumeName: settings, path: env, key: LEDGER_REGION}}}]}], "
            "volumes: [{name: settings, emptyDir: {}}]",
        ),
        ("LEDGER_REGION",),
        shows=older(30),
        newest=True,
    ),
    State(
        "a helper of its own policy that failed",
        deployment(
            "mail",
            f"containers: [{{name: warmup, restartPolicy: Never, {says('fatal: no cache', 1)}}}, "
            f"{{name: main, {SLEEPS}}}]",
        ),
        ("no cache", "warmup"),
        shows=older(30),
        newest=True,
    ),
    State(
        "a helper of its own policy that is done",
        deployment(
            "feed",
            f"containers: [{{name: warmup, restartPolicy: Never, {says('warm', 0)}}}, "
            f"{{name: main, {SLEEPS}}}]",
        ),
        ("warmup",),
        shows=older(30),
        newest=True,
    ),
    State(
        "an image that is mounted and does not exist",
        deployment(
            "rank",
            f"containers: [{{name: main, {SLEEPS}, "
            "volumeMounts: [{name: weights, mountPath: /weights}]}], "
            "volumes: [{name: weights, image: {reference: 'shop/weights:v7'}}]",
        ),
        ("shop/weights:v7", "weights"),
        ("image busybox", "set image"),
        newest=True,
        shows=older(30),
    ),
    State(
        "an init container that fails for good",
        deployment(
            "search",
            f"initContainers: [{{name: fetch, restartPolicy: Never, {says('fatal: no index', 3)}}}]"
            f", containers: [{{name: main, {SLEEPS}}}]",
        ),
        ("no index", "fetch"),
        shows=older(45),
        newest=True,
    ),
    State(
        "a rule that starts all containers again",
        deployment(
            "queue",
            "containers: [{name: worker, image: busybox:1.36, command: [sh, -c, "
            "\"trap 'exit 0' TERM; while :; do sleep 1; done\"]}, "
            f"{{name: lease, restartPolicy: Always, {says('fatal: lease lost', 77, 'sleep 3; ')}, "
            "restartPolicyRules: [{action: RestartAllContainers, "
            "exitCodes: {operator: In, values: [77]}}]}]",
        ),
        ("lease", "77"),
        ("memory",),
        shows=restarted(3),
        newest=True,
    ),
)
HERE = tuple(state for state in STATES if NEWEST or not state.newest)
each_state = pytest.mark.parametrize("state", HERE, ids=lambda state: state.name)


@dataclass
class Looked:
    """What dry runs printed, oldest first."""

    reports: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def looked(cluster: Cluster) -> Iterator[dict[str, Future[Looked]]]:
    with ThreadPoolExecutor(6) as pool:
        yield {state.name: pool.submit(look, cluster, state) for state in HERE}


def look(cluster: Cluster, state: State) -> Looked:
    """Cause it, and look until a report has all that it must tell."""
    seen = Looked()
    with cluster.namespace("states") as ns:
        cluster.apply(state.manifest, ns)
        if state.then:
            state.then(cluster, ns)
        poll(lambda: state.shows(cluster.json("pods", ns)["items"]), state.name, 1)
        until = time.monotonic() + (SEEN_WITHIN if state.tells else SEEN_FOR)
        while time.monotonic() < until:
            env = {"SRE_AGENT_OBSERVE__SILENT_FAILURES": "false"}
            command = ("run", "-n", ns, "--dry-run", "-o", "text")
            done = run_watchdog(*command, kubeconfig=cluster.kubeconfig, env=env)
            assert done.returncode == 0, done.stderr
            text = " ".join(done.stdout.split())
            seen.reports.append(text)
            if state.tells and all(word in text for word in state.tells):
                break
            time.sleep(10)
    return seen


@each_state
def test_a_state_is_told_rightly_or_left_in_peace(
    looked: dict[str, Future[Looked]], state: State
) -> None:
    seen = looked[state.name].result()

    last = seen.reports[-1]
    for words in state.tells:
        assert words in last, seen.reports
    for report in seen.reports:
        assert not [words for words in state.hides if words in report], report
        if not state.tells:
            assert "nothing broken" in report
