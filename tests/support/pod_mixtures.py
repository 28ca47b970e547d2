"""Pods in mixtures of states that no one thought of; the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.support.controller_objects import LONG_AGO, Object, ago, container, ended, pod
from tests.support.pod_states import GATE, KEPT, RUNNING

_STATES: tuple[Object, ...] = (
    RUNNING,
    {"waiting": {"reason": "CrashLoopBackOff"}},
    {"waiting": {"reason": "PodInitializing"}},
    {"waiting": {}},
    ended(0, "Completed"),
    ended(1, "Error"),
    {"terminated": {"exitCode": 0, "finishedAt": LONG_AGO}},
    {"terminated": {"exitCode": 2, "finishedAt": LONG_AGO}},
    {"terminated": {"exitCode": 139, "signal": 11, "finishedAt": LONG_AGO}},
    {},
)
_ENDS: tuple[Object, ...] = (
    ended(1, "Error", ago(minutes=5)),
    ended(137, "OOMKilled", ago(days=2)),
    {},
)
_PHASES = ("Pending", "Running", "Running", "Running", "Succeeded", "Failed", "Unknown")
_REASONS = ("", "", "", "Evicted", "NodeLost")
_CONDITIONS = ("Ready", "Initialized", "ContainersReady", "PodScheduled", GATE)


def mixtures(ns: str, count: int) -> Iterator[Object]:
    """So many pods; those with finalizers are meant to be deleted."""
    choose = Random(8)
    for number in range(count):
        inits = ["proxy", "first", "second"][: choose.choice((0, 0, 1, 2, 3))]
        choose.shuffle(inits)
        mains = ["main", "side"][: choose.choice((1, 1, 2))]
        spec: Object = {
            "containers": [{"name": name, "image": "web:1"} for name in mains],
            "initContainers": [
                {"name": name, "image": "web:1"}
                | ({"restartPolicy": "Always"} if name == "proxy" else {})
                for name in inits
            ],
            "readinessGates": [{"conditionType": GATE}] * choose.choice((0, 0, 1)),
        }
        # A kubelet tells of all containers or of none.
        told = choose.random() < 0.9
        status: Object = {
            "phase": choose.choice(_PHASES),
            "reason": choose.choice(_REASONS),
            "initContainerStatuses": [_status(choose, name) for name in inits if told],
            "containerStatuses": [_status(choose, name) for name in mains if told],
            "conditions": [
                {"type": kind, "status": choose.choice(("True", "False", "Unknown"))}
                for kind in choose.sample(_CONDITIONS, choose.randint(0, len(_CONDITIONS)))
            ],
        }
        leaving = KEPT if choose.random() < 0.2 else {}
        yield pod(ns, f"mixed-{number:04}", spec=spec, status=status, metadata=leaving)


def _status(choose: Random, name: str) -> Object:
    state = RUNNING if choose.random() < 0.4 else choose.choice(_STATES)
    return container(
        state,
        name,
        ready=choose.random() < 0.6,
        started=choose.random() < 0.7,
        restartCount=choose.choice((0, 0, 3)),
        lastState=choose.choice(_ENDS),
    )
