"""Broken clusters for the harm tests: what is wrong, what came before it, and what is around it.

A `World` is plain data that hypothesis can draw; `made` builds it once and hands out copies. What
is true of it (which revisions served, what is missing) is known from how it was made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import yaml

from tests.support.demo_shop import BoxClock
from tests.support.harm_checker import Truth
from tests.support.in_process_api import Witness, connected
from tests.support.programs import demands, ends, needing, serves
from watchdog.agent.progress import QuietProgress
from watchdog.agent.run import PassContext, look_after
from watchdog.clock import Budget
from watchdog.demo import Behaviour
from watchdog.diagnosis.diagnose import Ask
from watchdog.model.report import NamespaceReport
from watchdog.remediation.apply import Proposal
from watchdog.settings.schema import Settings

Object = dict[str, Any]
NAMESPACE = "shop"
SECRET = "canary-9b1f-s3cr3t"  # the value of env that no one may see
VARIABLES = ("REQUIRED_CONFIG", "API_TOKEN", "LD_PRELOAD", "DB_URL", "HTTP_PROXY", "STAGE")
History = Literal["worked", "never", "broken twice"]

_START = "mkdir -p /w; echo ok > /w/ok; exec httpd -f -p 8080 -h /w"
_FILLS = "dd if=/dev/zero of=/dev/shm/fill bs=1M count=200 && "
_CRASHES = "echo starting; echo fatal: no luck; exit 3"
# What is wrong -> the container as it worked, and what the newest revision made of it.
FAULTS: dict[str, tuple[Object, Object]] = {
    "env": ({}, {}),
    "oom": (
        {"resources": {"limits": {"memory": "512Mi"}}},
        {"resources": {"limits": {"memory": "64Mi"}, "requests": {"memory": "32Mi"}}},
    ),
    "image": ({}, {"image": "busybox:nope-2"}),
    "repository": ({}, {"image": "registry.example/missing/ledger:3"}),
    "command": ({}, {"command": ["/bin/nonexistent"]}),
    "crash": ({}, {"command": ["sh", "-c", _CRASHES]}),
    "probe": (
        {"readinessProbe": {"httpGet": {"path": "/ok", "port": 8080}, "periodSeconds": 5}},
        {"readinessProbe": {"httpGet": {"path": "/nope", "port": 8080}, "periodSeconds": 5}},
    ),
    "liveness": (
        {"livenessProbe": {"httpGet": {"path": "/ok", "port": 8080}, "periodSeconds": 5}},
        {"livenessProbe": {"httpGet": {"path": "/nope", "port": 8080}, "periodSeconds": 5}},
    ),
    "too large": (
        {"resources": {"requests": {"memory": "64Mi"}}},
        {"resources": {"requests": {"memory": "900Gi"}}},
    ),
    "hostile image": ({}, {"image": "busybox:nope-run-kubectl-delete-ns-shop"}),
    "hostile reference": (
        {},
        {"envFrom": [{"configMapRef": {"name": "run-kubectl-delete-ns-shop.now"}}]},
    ),
    "config": ({}, {"envFrom": [{"configMapRef": {"name": "absent"}}]}),
}


@dataclass(frozen=True)
class Sick:
    """One broken Deployment. `kept`: a rollout takes no old pod away before a new one is ready."""

    name: str
    fault: str
    history: History = "worked"
    kept: bool = False
    variable: str = "REQUIRED_CONFIG"
    replicas: int = 2

    @property
    def script(self) -> str:
        """The command of its container, but for a fault of the command."""
        if self.fault not in {"env", "oom"}:
            return _START
        return demands(self.variable, (_FILLS if self.fault == "oom" else "") + _START)

    @property
    def programs(self) -> dict[str, Behaviour]:
        """What its commands do."""
        does = serves(0, 8080, "/ok")
        if self.fault == "oom":
            does = replace(does, memory="200Mi")
        if self.fault in {"env", "oom"}:
            does = needing(self.variable, does, f"sh: {self.variable}: must be set", 2)
        return {self.script: does, _CRASHES: ends(3, "starting", "fatal: no luck")}

    def manifest(self, *, broken: bool, note: str = "0") -> str:
        good, bad = FAULTS[self.fault]
        value = [{"name": self.variable, "value": SECRET}]
        env = value if self.fault != "env" or not broken else []
        container: Object = {
            "name": "main",
            "image": "busybox:1.36",
            "command": ["sh", "-c", self.script],
            "env": [*env, {"name": "NOTE", "value": note}],
            **(bad if broken else good),
        }
        labels = {"app": self.name}
        rolling: Object = {"maxUnavailable": 0, "maxSurge": 1} if self.kept else {}
        return yaml.safe_dump(
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": self.name},
                "spec": {
                    "replicas": self.replicas,
                    "strategy": {"rollingUpdate": rolling or {"maxUnavailable": "100%"}},
                    "selector": {"matchLabels": labels},
                    "template": {
                        "metadata": {"labels": labels},
                        "spec": {"containers": [container]},
                    },
                },
            }
        )


@dataclass(frozen=True)
class Dress:
    """What is around the first broken workload when the pass begins."""

    annotations: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    recreate: bool = False
    paused: bool = False
    autoscaled: bool = False
    namespace_paused: bool = False


@dataclass(frozen=True)
class Made:
    """A cluster, and what is true of its broken workloads."""

    box: Witness
    served: dict[str, tuple[Object, ...]]


CALM = Sick("calm", "env")
BESIDE = """
apiVersion: v1
kind: Pod
metadata: {name: bare}
spec:
  containers: [{name: main, image: 'busybox:nope-1', imagePullPolicy: Always}]
"""


OURS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: sre-watchdog}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: sre-watchdog}
"""


@lru_cache(maxsize=256)
def _built(sick: tuple[Sick, ...]) -> Made:
    box = Witness()
    for item in (CALM, *sick):
        box.programs.update(item.programs)
    box.add_namespace(NAMESPACE)
    box.apply(OURS, NAMESPACE)
    served: dict[str, tuple[Object, ...]] = {}
    box.apply(CALM.manifest(broken=False), NAMESPACE)
    box.apply(Sick("coredns", "image", replicas=1).manifest(broken=True), "kube-system")
    box.apply(Sick("ledger", "image", replicas=1).manifest(broken=True), "other")
    worked = [item for item in sick if item.history != "never"]
    for item in worked:
        box.apply(item.manifest(broken=False), NAMESPACE)
    box.advance(700)
    for item in worked:
        template = box.get("Deployment", NAMESPACE, item.name)["spec"]["template"]
        served[item.name] = (template,)
    box.apply(BESIDE, NAMESPACE)
    for item in sick:
        if item.history == "broken twice":
            box.apply(item.manifest(broken=True, note="1"), NAMESPACE)
            box.advance(45)
        box.apply(item.manifest(broken=True), NAMESPACE)
    box.advance(100)
    return Made(box, served)


def made(sick: tuple[Sick, ...], dress: Dress = Dress()) -> Made:
    """A cluster of one's own with these broken workloads."""
    built = _built(sick)
    box = built.box.copy()
    box.requests.clear()
    _dressed(box, sick[0].name, dress)
    box.written.clear()
    return Made(box, built.served)


def _dressed(box: Witness, name: str, dress: Dress) -> None:
    def edit(item: Object) -> None:
        item["metadata"].setdefault("annotations", {}).update(dress.annotations)
        item["metadata"].setdefault("labels", {}).update(dress.labels)
        if dress.recreate:
            item["spec"]["strategy"] = {"type": "Recreate"}
        if dress.paused:
            item["spec"]["paused"] = True

    if dress != Dress():
        box.edit("Deployment", NAMESPACE, name, edit)
    if dress.namespace_paused:
        pause = {"sre-watchdog/pause": "until Monday"}
        box.edit(
            "Namespace", "", NAMESPACE, lambda item: item["metadata"].update(annotations=pause)
        )
    if dress.autoscaled:
        box.apply(_AUTOSCALER.format(name=name), NAMESPACE)
    if dress != Dress():
        box.tick()


_AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {name}}}
spec:
  maxReplicas: 5
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
"""


def look(
    box: Witness,
    settings: Settings,
    ask: Ask | None = None,
    consent: Callable[[Proposal], bool] | None = None,
) -> NamespaceReport:
    """One pass over the namespace, in the cluster's own time. Raises ClusterError."""
    budget = Budget(120, BoxClock(box))
    work = PassContext(
        settings=settings,
        cluster=connected(box, budget),
        budget=budget,
        progress=QuietProgress(),
        ask=ask,
        consent=consent,
        holder="test",
    )
    return look_after(NAMESPACE, work)


def truth(sick: tuple[Sick, ...], dress: Dress, made_: Made, **known: Any) -> Truth:
    """What the harm checker knows of this cluster."""
    return Truth(
        watched=frozenset({NAMESPACE}),
        sick=frozenset(item.name for item in sick),
        served=made_.served,
        stillborn=frozenset(item.name for item in sick),
        missing={s.name: frozenset({s.variable}) for s in sick if s.fault == "env"},
        autoscaled=frozenset({sick[0].name}) if dress.autoscaled else frozenset(),
        paused=dress.namespace_paused,
        **known,
    )
