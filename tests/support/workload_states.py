"""Workloads and claims in every state that may make a difference to who looks at them.

What is named `well-...` is well, and so printed; a first look may suspect everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.support.controller_objects import LONG_AGO, TRUE, Object, ago, deployment, template
from tests.support.pod_states import KEPT


def workloads(ns: str) -> Iterator[Object]:
    yield deployment(ns, "well-deployment", wanted=2, ready=2)
    yield deployment(ns, "short-deployment", wanted=2, ready=1)
    yield deployment(ns, "well-at-zero", wanted=0, ready=0)
    for name in ("updatedReplicas", "availableReplicas"):
        behind = deployment(ns, f"short-of-{name.lower()}", wanted=2, ready=2)
        behind["status"][name] = 1
        yield behind
    yield stateful_set(ns, "well-stateful", ready=2)
    yield stateful_set(ns, "short-stateful", ready=1)
    yield replica_set(ns, "well-replicas", ready=2)
    yield replica_set(ns, "short-replicas", ready=1)
    yield daemon_set(ns, "well-daemon", ready=3)
    yield daemon_set(ns, "short-daemon", ready=2)
    for name, condition in JOB_CONDITIONS.items():
        yield job(ns, name, condition)
    kept = job(ns, "well-leaving-job", ())
    yield {**kept, "metadata": {**kept["metadata"], **KEPT}}
    yield cron_job(ns, "well-hourly", "0 * * * *", ran=ago(minutes=30))
    yield cron_job(ns, "well-hourly-and-active", "0 * * * *", ran=ago(minutes=30), active=1)
    yield cron_job(ns, "well-young", "0 3 * * *")
    yield cron_job(ns, "well-suspended", "0 * * * *", ran=ago(days=3), suspend=True)
    yield cron_job(ns, "overdue-hourly", "0 * * * *", ran=ago(days=3))
    yield cron_job(ns, "never-due", "0 0 30 2 *")
    # Not overdue for two minutes more.
    yield cron_job(ns, "busy", "* * * * *", ran=ago(minutes=5), active=2)
    yield claim(ns, "unbound", "Pending")
    yield claim(ns, "well-bound", "Bound")
    yield claim(ns, "lost", "Lost")
    yield claim(ns, "leaving-claim", "Bound", **KEPT)


def leaving(objects: Iterable[Object]) -> Iterator[Object]:
    """Those that have to be deleted, and stay until their finalizers are taken away."""
    for each in objects:
        if KEPT["finalizers"][0] in each["metadata"].get("finalizers", ()):
            yield each


JOB_CONDITIONS = {
    "well-complete": ("SuccessCriteriaMet", "Complete"),
    "failed-job": ("FailureTarget", "Failed"),
    "well-suspended-job": ("Suspended",),
    "well-busy-job": (),
    "running-without-pods": (),
    "about-to-fail": ("FailureTarget",),
    "well-about-to-complete": ("SuccessCriteriaMet",),
}


def stateful_set(ns: str, name: str, ready: int) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": ns},
        "spec": {
            "replicas": 2,
            "serviceName": name,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name),
        },
        "status": {"observedGeneration": 1, "replicas": 2, "readyReplicas": ready},
    }


def replica_set(ns: str, name: str, ready: int) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": ns, "labels": {"app": name}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name),
        },
        "status": {"observedGeneration": 1, "replicas": 2, "readyReplicas": ready},
    }


def daemon_set(ns: str, name: str, ready: int) -> Object:
    wanted = dict.fromkeys(
        ("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled"), 3
    )
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": ns},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(name)},
        "status": {**wanted, "numberMisscheduled": 0, "numberReady": ready, "numberAvailable": 3},
    }


def job(ns: str, name: str, conditions: tuple[str, ...]) -> Object:
    status: Object = {"startTime": LONG_AGO}
    status["conditions"] = [{"type": kind, **TRUE, "reason": "Test"} for kind in conditions]
    if "Complete" in conditions:
        status |= {"completionTime": LONG_AGO, "succeeded": 1}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": ns},
        "spec": {"suspend": "Suspended" in conditions, "template": once(name)},
        "status": status,
    }


def cron_job(  # noqa: PLR0913 - what may show its state
    ns: str, name: str, schedule: str, ran: str = "", *, suspend: bool = False, active: int = 0
) -> Object:
    running = [
        {"apiVersion": "batch/v1", "kind": "Job", "namespace": ns, "name": f"{name}-{number}"}
        for number in range(active)
    ]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": ns},
        "spec": {
            "schedule": schedule,
            "suspend": suspend,
            "jobTemplate": {"spec": {"template": once(name)}},
        },
        "status": {"lastScheduleTime": ran, "active": running} if ran else {},
    }


def claim(ns: str, name: str, phase: str, **metadata: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": ns, **metadata},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
        "status": {"phase": phase},
    }


def once(name: str) -> Object:
    made = template(name)
    made["spec"]["restartPolicy"] = "Never"
    return {"spec": made["spec"]}
