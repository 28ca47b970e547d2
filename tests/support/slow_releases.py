"""Good releases that take their time, by program, probes, strategy and controller."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.support.programs import HTTPD, SERVE, SLEEPS, ends, serves
from tests.support.release import (
    ALL_UNAVAILABLE,
    PROGRAMS,
    READY,
    RECREATE,
    SERVING,
    STARTUP,
    STRATEGIES,
    Release,
    manifest,
)
from watchdog.demo import Behaviour

Make = Callable[[random.Random, str], Release]
SECONDS = (20, 60, 120, 200, 300)
_LISTENS = "mkdir -p /w; httpd -p 80 -h /w; "


def slow_script(seconds: int, *, listens: bool = False) -> tuple[str, Behaviour]:
    """A server that is ready so many seconds after its start; `listens`: it says 404 before."""
    if not listens:
        return f"{SERVE}sleep {seconds}; exec {HTTPD}", serves(seconds)
    script = f"{_LISTENS}sleep {seconds}; {SERVE}sleep 86400"
    return script, replace(serves(seconds), ports={80: 0.0})


def slow(
    rng: random.Random, name: str, sort: str, seconds: int = 0, listens: bool = False, **parts: Any
) -> Release:
    """A release that starts slowly; `parts` are those of its manifests."""
    seconds = seconds or rng.choice(SECONDS)
    script, does = slow_script(seconds, listens=listens)
    given = {"probes": READY, **parts}
    given.setdefault("replicas", rng.choice([1, 2, 3]))
    turns = int(given["replicas"]) if "none" in sort or given.get("kind") == "StatefulSet" else 2
    return Release(
        name,
        sort,
        manifest(name, 1, SERVING, **given),
        manifest(name, 2, script, **given),
        kind=given.get("kind", "Deployment"),
        programs={**PROGRAMS, script: does},
        lasts=seconds * turns + 60.0,
    )


def _refuses(rng: random.Random, name: str) -> Release:
    return slow(rng, name, "slow_refuses", spec=rng.choice(list(STRATEGIES.values())))


def _answers_404(rng: random.Random, name: str) -> Release:
    strategy = rng.choice(list(STRATEGIES.values()))
    return slow(rng, name, "slow_answers_404", listens=True, spec=strategy)


def _startup(rng: random.Random, name: str) -> Release:
    return slow(rng, name, "slow_with_startup_probe", probes=f"{READY}\n        {STARTUP}")


def _startup_only(rng: random.Random, name: str) -> Release:
    return slow(rng, name, "slow_with_startup_probe_only", probes=STARTUP)


def _late_liveness(rng: random.Random, name: str) -> Release:
    live = "livenessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 330, periodSeconds: 10}"
    return slow(rng, name, "slow_with_late_liveness", probes=f"{READY}\n        {live}")


def _patient_readiness(rng: random.Random, name: str) -> Release:
    probe = (
        "readinessProbe: {httpGet: {path: /, port: 80}, initialDelaySeconds: 30, "
        "periodSeconds: 20, failureThreshold: 2, successThreshold: 2}"
    )
    return slow(rng, name, "slow_patient_readiness", rng.choice([20, 60, 120]), probes=probe)


def _min_ready(rng: random.Random, name: str) -> Release:
    spec = f"minReadySeconds: {rng.choice([20, 60, 100])}"
    made = slow(rng, name, "min_ready_seconds", rng.choice([20, 60]), spec=spec)
    return replace(made, lasts=made.lasts + 240)


def _recreate(rng: random.Random, name: str) -> Release:
    return slow(rng, name, "recreate", spec=RECREATE)


def _all_unavailable(rng: random.Random, name: str) -> Release:
    return slow(rng, name, "all_unavailable", spec=ALL_UNAVAILABLE)


def _tight_deadline(rng: random.Random, name: str) -> Release:
    return slow(
        rng, name, "within_own_deadline", 120, replicas=1, spec="progressDeadlineSeconds: 200"
    )


def _warm_up(rng: random.Random, name: str) -> Release:
    """A JVM: it logs what it loads, has its port open early and answers 404 until it is warm."""
    seconds = rng.choice([60, 120, 200])
    lines = [
        "Starting CheckoutApplication using Java 21 with PID 1",
        "WARN  HikariPool-1 - Pool is empty, connection is added lazily",
        "INFO  Initialising servlet dispatcherServlet; exceptions=0 errors=0",
    ]
    said = "; ".join(f"echo {line!r}" for line in lines)
    script = f"{said}; {_LISTENS}sleep {seconds}; {SERVE}sleep 86400"
    does = replace(serves(seconds), ports={80: 0.0}, log=tuple((1.0, line) for line in lines))
    made = slow(rng, name, "jvm_warm_up", seconds, replicas=2)
    after = manifest(name, 2, script, probes=READY, replicas=2)
    return replace(made, after=after, programs={**PROGRAMS, script: does}, lasts=seconds * 2 + 60.0)


def _init(rng: random.Random, name: str) -> Release:
    """An init container that migrates a database for minutes."""
    seconds = rng.choice([60, 150, 240])
    command = f"[sh, -c, 'sleep {seconds}']"
    pod = f"initContainers: [{{name: migrate, image: 'busybox:1.36', command: {command}}}]"
    spec = STRATEGIES["none_unavailable"]
    before = manifest(name, 1, replicas=1, spec=spec)
    after = manifest(name, 2, pod=pod, replicas=1, spec=spec)
    return Release(name, "slow_migration", before, after, lasts=seconds + 60.0)


def _migration_job(rng: random.Random, name: str) -> Release:
    """A Job beside the release migrates; the new pods are not ready before it is over."""
    seconds = rng.choice([60, 150])
    job = (
        "---\napiVersion: batch/v1\nkind: Job\n"
        f"metadata: {{name: {name}-migrate}}\n"
        "spec: {template: {spec: {restartPolicy: Never, containers: [{name: migrate, "
        f"image: 'busybox:1.36', command: [sh, -c, 'sleep {seconds}']}}]}}}}}}\n"
    )
    made = slow(rng, name, "migration_job", seconds + 5)
    return replace(made, after=made.after + job)


def _sidecar(rng: random.Random, name: str) -> Release:
    """A sidecar that starts slowly holds back the main container."""
    seconds = rng.choice([60, 150])
    script, does = slow_script(seconds)
    probe = "{tcpSocket: {port: 80}, periodSeconds: 5, failureThreshold: 80}"
    pod = (
        "initContainers: [{name: proxy, image: 'busybox:1.36', restartPolicy: Always, "
        f"command: [sh, -c, {script!r}], startupProbe: {probe}}}]"
    )
    before = manifest(name, 1, replicas=1)
    after = manifest(name, 2, pod=pod, replicas=1)
    programs = {script: does}
    return Release(name, "slow_sidecar", before, after, programs=programs, lasts=seconds + 60.0)


def _first(rng: random.Random, name: str) -> Release:
    """The first revision ever is slow, and what follows it only scales."""
    seconds = rng.choice(SECONDS)
    script, does = slow_script(seconds)
    before = manifest(name, 2, script, probes=READY, replicas=1)
    after = manifest(name, 2, script, probes=READY, replicas=2)
    programs = {script: does}
    lasts = seconds + 60.0
    return Release(name, "first_ever", before, after, programs=programs, lasts=lasts)


def _stateful(rng: random.Random, name: str) -> Release:
    spec = f"serviceName: {name}"
    return slow(rng, name, "stateful_ordered", kind="StatefulSet", replicas=2, spec=spec)


def _stateful_parallel(rng: random.Random, name: str) -> Release:
    spec = f"serviceName: {name}\n  podManagementPolicy: Parallel"
    return slow(rng, name, "stateful_parallel", kind="StatefulSet", replicas=3, spec=spec)


def _stateful_partition(rng: random.Random, name: str) -> Release:
    """Only the last replica is new: the rest waits for its owner, for ever."""
    update = "updateStrategy: {rollingUpdate: {partition: 2}}"
    spec = f"serviceName: {name}\n  {update}"
    return slow(rng, name, "stateful_partition", kind="StatefulSet", replicas=3, spec=spec)


def _stateful_on_delete(rng: random.Random, name: str) -> Release:
    spec = f"serviceName: {name}\n  updateStrategy: {{type: OnDelete}}"
    made = slow(rng, name, "stateful_on_delete", kind="StatefulSet", replicas=2, spec=spec)
    return replace(made, around=((30.0, "restart_one", name),))


def _daemon(rng: random.Random, name: str) -> Release:
    return slow(rng, name, "daemon", kind="DaemonSet")


def _daemon_surge(rng: random.Random, name: str) -> Release:
    spec = "updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"
    made = slow(rng, name, "daemon_surge", kind="DaemonSet", spec=spec)
    return replace(made, sort="daemon_surge")


def _leader(rng: random.Random, name: str) -> Release:
    """Leader election: replica 0 serves, the others stand by and are never ready."""
    words = rng.choice(
        [
            "not the leader, standing by",
            "lease is held by another-0",
            "state: follower",
            "Attempting to acquire leader lease",
        ]
    )
    script = (
        f"case $(hostname) in *-0) {SERVE}exec {HTTPD};; esac; echo {words!r}; exec sleep 86400"
    )
    stands_by = Behaviour(log=((1.0, words),))
    does = replace(serves(), needs_host="-0", without=stands_by)
    spec = f"serviceName: {name}\n  podManagementPolicy: Parallel"
    spec += "\n  updateStrategy: {type: OnDelete}"
    parts: dict[str, Any] = {"kind": "StatefulSet", "replicas": 3, "spec": spec, "probes": READY}
    before, after = manifest(name, 1, script, **parts), manifest(name, 2, script, **parts)
    return Release(
        name,
        "leader_election",
        before,
        after,
        kind="StatefulSet",
        around=((30.0, "restart", name),),
        programs={script: does},
        lasts=240.0,
    )


def _one_unready_of_five(_: random.Random, name: str) -> Release:
    """Replica 3 builds an index for ever; that is true and no reason to write anything."""
    script = f"case $(hostname) in *-3) echo 'index is rebuilt'; exec sleep 86400;; esac; {SERVING}"
    does = Behaviour(log=((1.0, "index is rebuilt"),), needs_host="-3", without=serves())
    spec = f"serviceName: {name}\n  podManagementPolicy: Parallel"
    parts: dict[str, Any] = {"kind": "StatefulSet", "replicas": 5, "spec": spec, "probes": READY}
    before, after = manifest(name, 1, script, **parts), manifest(name, 2, script, **parts)
    return Release(
        name,
        "one_unready_of_five",
        before,
        after,
        kind="StatefulSet",
        programs={script: does},
        told=True,
        lasts=240.0,
    )


def _crash_of_one(_: random.Random, name: str) -> Release:
    """Replica 2 crashes on its own data, since before the release."""
    line = "segment 0007.log is corrupt"
    script = f"case $(hostname) in *-2) echo {line!r}; exit 4;; esac; exec sleep 86400"
    does = replace(ends(4, line), needs_host="-2", without=SLEEPS)
    spec = f"serviceName: {name}\n  podManagementPolicy: Parallel"
    parts: dict[str, Any] = {"kind": "StatefulSet", "replicas": 3, "spec": spec}
    return Release(
        name,
        "one_crashes_of_three",
        manifest(name, 1, script, **parts),
        manifest(name, 2, script, **parts),
        kind="StatefulSet",
        programs={script: does},
        told=True,
        lasts=240.0,
    )


SLOW: dict[str, Make] = {
    "slow_refuses": _refuses,
    "slow_answers_404": _answers_404,
    "slow_with_startup_probe": _startup,
    "slow_with_startup_probe_only": _startup_only,
    "slow_with_late_liveness": _late_liveness,
    "slow_patient_readiness": _patient_readiness,
    "min_ready_seconds": _min_ready,
    "recreate": _recreate,
    "all_unavailable": _all_unavailable,
    "within_own_deadline": _tight_deadline,
    "jvm_warm_up": _warm_up,
    "slow_migration": _init,
    "migration_job": _migration_job,
    "slow_sidecar": _sidecar,
    "first_ever": _first,
    "stateful_ordered": _stateful,
    "stateful_parallel": _stateful_parallel,
    "stateful_partition": _stateful_partition,
    "stateful_on_delete": _stateful_on_delete,
    "daemon": _daemon,
    "daemon_surge": _daemon_surge,
    "leader_election": _leader,
    "one_unready_of_five": _one_unready_of_five,
    "one_crashes_of_three": _crash_of_one,
}
