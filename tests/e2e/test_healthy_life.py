"""The life of a healthy namespace is no incident: nothing is reported, nothing is written.

SRE_WATCHDOG_SOAK sets how many operations the namespace goes through; a short life is tested else.
"""

import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cluster.handle import PATIENCE, Cluster
from tests.e2e.settling import touched
from tests.support.cluster_fixtures import run_watchdog

pytestmark = pytest.mark.cluster

OPERATIONS = int(os.environ.get("SRE_WATCHDOG_SOAK", "24"))
LATE_SECONDS = 55
"""A pod that was not ready for 60 s is rightly reported, and a machine that is busy enough has
some. Less, as times in objects are whole seconds and the pass looked before the test."""
LOOKS = 2
"""Each operation is looked at both at once and a little later, when the next is under way."""
LIFE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: slow}
spec:
  replicas: 3
  selector: {matchLabels: {app: slow}}
  template:
    metadata: {labels: {app: slow}}
    spec:
      terminationGracePeriodSeconds: 2
      initContainers:
      - {name: proxy, image: "busybox:1.36", restartPolicy: Always, command: [sleep, "7200"]}
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, "sleep 5; touch /tmp/ready; trap 'exit 0' TERM; sleep 7200 & wait"]
        readinessProbe:
          {exec: {command: [test, -f, /tmp/ready]}, periodSeconds: 2, timeoutSeconds: 60}
---
apiVersion: v1
kind: Service
metadata: {name: slow}
spec: {selector: {app: slow}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: port-owner}
spec:
  replicas: 1
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 1}}
  selector: {matchLabels: {app: port-owner}}
  template:
    metadata: {labels: {app: port-owner}}
    spec:
      terminationGracePeriodSeconds: 3
      containers:
      - name: main
        image: busybox:1.36
        command: [sleep, "7200"]
        ports: [{containerPort: 8080, hostPort: 38080}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ordered}
spec:
  replicas: 3
  serviceName: ordered
  selector: {matchLabels: {app: ordered}}
  template:
    metadata: {labels: {app: ordered}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, "sleep 3; touch /tmp/ready; sleep 7200"]
        readinessProbe:
          {exec: {command: [test, -f, /tmp/ready]}, periodSeconds: 1, timeoutSeconds: 60}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: main, image: "busybox:1.36", command: [sleep, "7200"]}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: minutely}
spec:
  schedule: "* * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: main, image: "busybox:1.36", command: [sh, -c, "sleep 4"]}]
"""
RETRY = """\
apiVersion: batch/v1
kind: Job
metadata: {{name: retry-{number}}}
spec:
  backoffLimit: 3
  template:
    spec:
      restartPolicy: OnFailure
      volumes: [{{name: runs, emptyDir: {{}}}}]
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, "test -e /runs/first || {{ touch /runs/first; echo no luck; exit 1; }}"]
        volumeMounts: [{{name: runs, mountPath: /runs}}]
"""


@dataclass
class Watch:
    """Passes over one namespace, one after the other, in a thread of their own."""

    cluster: Cluster
    ns: str
    passes: int = 0
    alarms: list[Any] = field(default_factory=list)
    looked: threading.Condition = field(default_factory=threading.Condition)
    over: bool = False

    def run(self) -> None:
        while not self.over:
            done = run_watchdog(
                "run", "-n", self.ns, "-o", "json", kubeconfig=self.cluster.kubeconfig
            )
            with self.looked:
                self.alarms += self.alarm(done.stdout) if done.returncode == 0 else [done.stderr]
                self.passes += 1
                self.looked.notify_all()

    def alarm(self, output: str) -> list[Any]:
        """What a pass said beside "nothing broken"."""
        (report,) = json.loads(output)["namespaces"]
        said = {name: report[name] for name in ("findings", "actions", "blind_spots")}
        if not any(said.values()):
            return []
        late = late_pods(self.cluster.json("pods", self.ns)["items"])
        slow = all(late.intersection(found["pods"]) for found in report["findings"])
        advice = all(each["kind"] == "custom_instruction" for each in report["actions"])
        return [] if slow and advice and not report["blind_spots"] else [said]

    def wait(self, passes: int) -> None:
        """Until so many further passes have ended."""
        with self.looked:
            until = self.passes + passes
            enough = self.looked.wait_for(lambda: self.alarms or self.passes >= until, PATIENCE)
            alarms = json.dumps(self.alarms, indent=1)
        assert not self.alarms, alarms
        assert enough, f"no {passes} passes within {PATIENCE} s, after {self.passes}"


def late_pods(pods: list[Any]) -> set[str]:
    """The pods that have not been ready for long, or took long to become ready."""
    wanted = [pod for pod in pods if pod["status"].get("phase") != "Succeeded"]
    late = timedelta(seconds=LATE_SECONDS)
    return {pod["metadata"]["name"] for pod in wanted if unready(pod) >= late}


def unready(pod: Any) -> timedelta:
    """For how long it has not been ready, or was not before it was for the first time."""
    made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    conditions = {each["type"]: each for each in pod["status"].get("conditions", ())}
    ready = conditions.get("Ready", {"status": "False"})
    turned = datetime.fromisoformat(ready.get("lastTransitionTime") or made.isoformat())
    return turned - made if ready["status"] == "True" else datetime.now(UTC) - turned


def operations(cluster: Cluster, ns: str) -> Iterator[Callable[[], object]]:
    """What happens to healthy workloads on a working day, over and over."""

    def kubectl(*words: str) -> Callable[[], str]:
        return lambda: cluster.kubectl("-n", ns, *words)

    def retry(number: int) -> Callable[[], str]:
        return lambda: cluster.apply(RETRY.format(number=number), ns)

    for number in itertools.count():
        yield kubectl("set", "env", "deployment/slow", f"RELEASE={number}")
        yield retry(number)
        yield kubectl("scale", "statefulset/ordered", f"--replicas={1 + number % 3}")
        yield kubectl("rollout", "restart", "deployment/port-owner")
        yield kubectl("scale", "deployment/slow", f"--replicas={number % 4}")
        yield kubectl("create", "job", f"run-{number}", "--from=cronjob/minutely")
        yield kubectl("rollout", "restart", "daemonset/agent")
        yield kubectl("scale", "deployment/slow", "--replicas=4")
        yield kubectl("delete", "pod", "-l", "app=slow", "--wait=false")
        yield kubectl("rollout", "restart", "statefulset/ordered")
        image = f"main=busybox:1.{35 + number % 2}"
        yield kubectl("set", "image", "deployment/port-owner", image)
        yield kubectl("rollout", "undo", "deployment/slow")


def test_a_healthy_life_is_no_incident(cluster: Cluster) -> None:
    with cluster.namespace("healthy") as ns:
        watch = Watch(cluster, ns)
        watching = threading.Thread(target=watch.run)
        watching.start()
        try:
            cluster.apply(LIFE, ns)
            for operate in itertools.islice(operations(cluster, ns), OPERATIONS):
                operate()
                watch.wait(1)
            watch.wait(LOOKS)
        finally:
            watch.over = True
            watching.join()

        assert not watch.alarms
        assert not touched(cluster, ns)
        assert watch.passes >= OPERATIONS + LOOKS
