"""Good releases during which their owner, or an autoscaler, does something more."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from tests.support.programs import SLEEPS, ends
from tests.support.release import (
    ALL_UNAVAILABLE,
    PROGRAMS,
    READY,
    SERVING,
    STRATEGIES,
    Release,
    manifest,
)
from tests.support.slow_releases import Make, slow, slow_script
from watchdog.demo import Behaviour

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}-config}}
data: {data}
---
"""


def _labels_only(rng: random.Random, name: str) -> Release:
    """The template changed a label and nothing else, and its pods are slow again."""
    seconds = rng.choice([60, 200])
    script, does = slow_script(seconds)
    parts: dict[str, Any] = {"probes": READY, "replicas": 2, "image": "busybox:1.36"}
    return Release(
        name,
        "labels_only",
        manifest(name, 2, script, **parts),
        manifest(name, 2, script, labels=", team: books", **parts),
        programs={script: does},
        lasts=seconds * 2 + 60.0,
    )


def _restart_annotation(rng: random.Random, name: str) -> Release:
    """`kubectl rollout restart` of a slow starter."""
    seconds = rng.choice([60, 200])
    script, does = slow_script(seconds)
    parts: dict[str, Any] = {"probes": READY, "replicas": 2, "image": "busybox:1.36"}
    restarted = 'kubectl.kubernetes.io/restartedAt: "2026-11-29T10:00:00Z"'
    return Release(
        name,
        "restarted_by_owner",
        manifest(name, 2, script, **parts),
        manifest(name, 2, script, annotations=restarted, **parts),
        programs={script: does},
        lasts=seconds * 2 + 60.0,
    )


def _replicas_only(rng: random.Random, name: str) -> Release:
    seconds = rng.choice([60, 200])
    script, does = slow_script(seconds)
    parts: dict[str, Any] = {"probes": READY, "image": "busybox:1.36"}
    return Release(
        name,
        "replicas_only",
        manifest(name, 2, script, replicas=1, **parts),
        manifest(name, 2, script, replicas=4, **parts),
        programs={script: does},
        lasts=seconds + 60.0,
    )


def _taken_back_by_owner(rng: random.Random, name: str) -> Release:
    """The owner goes back to the first version in the middle of a slow rollout."""
    made = slow(rng, name, "taken_back_by_owner", rng.choice([60, 200]), replicas=2)
    around = ((float(rng.choice([15, 45])), "apply", made.before),)
    return replace(made, around=around, writes=2, ends_as="1")


def _taken_back_while_crashing(rng: random.Random, name: str) -> Release:
    """A bad version crashes, and its owner takes it back within seconds, to a slow starter."""
    seconds = rng.choice([60, 120])
    script, does = slow_script(seconds)
    parts: dict[str, Any] = {"probes": READY, "replicas": 2}
    before = manifest(name, 1, script, **parts)
    after = manifest(name, 2, "echo broken; exit 1", **parts)
    return Release(
        name,
        "taken_back_while_crashing",
        before,
        after,
        around=((3.0, "apply", before),),
        programs={script: does, "echo broken; exit 1": ends(1, "broken")},
        writes=2,
        ends_as="1",
        lasts=seconds + 120.0,
    )


def _superseded(rng: random.Random, name: str) -> Release:
    """A third version before the second is complete."""
    made = slow(rng, name, "superseded", rng.choice([60, 200]), replicas=2)
    script, does = slow_script(rng.choice([20, 60]))
    third = manifest(name, 3, script, probes=READY, replicas=2, image="busybox:1.36")
    around = ((float(rng.choice([15, 45])), "apply", third),)
    programs = {**made.programs, script: does}
    return replace(made, around=around, programs=programs, writes=2, ends_as="3")


def _paused(rng: random.Random, name: str) -> Release:
    """It is paused from its beginning for minutes."""
    made = slow(rng, name, "paused", rng.choice([20, 60]), replicas=2)
    paused = made.after.replace("replicas: 2", "replicas: 2\n  paused: true")
    around = ((float(rng.choice([60, 200])), "apply", made.after),)
    return replace(made, after=paused, around=around, writes=2, lasts=400.0)


def _paused_halfway(rng: random.Random, name: str) -> Release:
    """It is paused when its first pods are new and not ready yet."""
    made = slow(rng, name, "paused_halfway", rng.choice([60, 120]), replicas=3)
    paused = made.after.replace("replicas: 3", "replicas: 3\n  paused: true")
    around = ((10.0, "apply", paused), (240.0, "apply", made.after))
    return replace(made, around=around, writes=3, lasts=540.0)


def _scaled(rng: random.Random, name: str) -> Release:
    """An autoscaler scales up, and down again, during the rollout of a slow starter."""
    made = slow(rng, name, "scaled_during_rollout", rng.choice([60, 120, 200]), replicas=2)
    around = (
        (20.0, "scale", f"Deployment/{name}=5"),
        (150.0, "scale", f"Deployment/{name}=3"),
    )
    return replace(made, around=around, writes=3, lasts=made.lasts + 120)


def _from_zero(rng: random.Random, name: str) -> Release:
    """It is scaled to nothing, released, and scaled up again."""
    made = slow(rng, name, "from_zero", rng.choice([60, 200]), replicas=2)
    none = made.before.replace("replicas: 2", "replicas: 0")
    after = made.after.replace("replicas: 2", "replicas: 0")
    around = ((30.0, "scale", f"Deployment/{name}=2"),)
    # Nothing says yet how long its pods take to start: that one waits for long is true.
    return replace(made, before=none, after=after, around=around, writes=2, told=True)


def _configured(name: str, version: int, **parts: Any) -> tuple[str, dict[str, Behaviour]]:
    """A program that ends unless its ConfigMap says how many workers it has."""
    key = f"{{key: workers, name: {name}-config, optional: true}}"
    env = f"- {{name: WORKERS, valueFrom: {{configMapKeyRef: {key}}}}}"
    script = (
        '[ -n "$WORKERS" ] || { echo "invalid configuration of workers"; exit 1; }; sleep 86400'
    )
    does = replace(SLEEPS, needs_env="WORKERS", without=ends(1, "invalid configuration of workers"))
    return manifest(name, version, script, env=env, **parts), {script: does}


def _config_changed(rng: random.Random, name: str) -> Release:
    """The release is good; minutes later its ConfigMap is spoilt and its pods are restarted."""
    right, spoilt = (
        CONFIG.format(name=name, data=data) for data in ('{workers: "4"}', "{other: '1'}")
    )
    before, programs = _configured(name, 1)
    after, _ = _configured(name, 2)
    around = (
        (40.0, "rolled_out", f"Deployment/{name}"),
        (100.0, "apply", spoilt),
        (102.0, "restart", name),
        (100.0 + rng.choice([60, 200]), "apply", right),
    )
    return Release(
        name,
        "config_changed_later",
        right + before,
        after,
        around=around,
        programs=programs,
        told=True,
        lasts=560.0,
    )


def _one_of_five(_: random.Random, name: str) -> Release:
    """One of five pods is unready for ever: it started while the ConfigMap was spoilt."""
    right, spoilt = (CONFIG.format(name=name, data=data) for data in ('{ok: "1"}', "{other: '1'}"))
    key = f"{{key: ok, name: {name}-config, optional: true}}"
    env = f"- {{name: OK, valueFrom: {{configMapKeyRef: {key}}}}}"
    script = f'[ -n "$OK" ] || exec sleep 86400; {SERVING}'
    does = replace(PROGRAMS[SERVING], needs_env="OK", without=SLEEPS)
    parts: dict[str, Any] = {"env": env, "probes": READY, "replicas": 5}
    around = (
        (30.0, "rolled_out", f"Deployment/{name}"),
        (90.0, "apply", spoilt),
        (92.0, "restart_one", name),
        (130.0, "apply", right),
    )
    return Release(
        name,
        "one_of_five_later",
        right + manifest(name, 1, script, **parts),
        manifest(name, 2, script, **parts),
        around=around,
        programs={script: does},
        told=True,
        lasts=330.0,
    )


def _canary(rng: random.Random, name: str) -> Release:
    """Two Deployments: the stable one stays, and the canary beside it is slow."""
    made = slow(rng, f"{name}-canary", "canary", replicas=1, spec=STRATEGIES["none_unavailable"])
    stable = manifest(name, 1, SERVING, probes=READY, replicas=2)
    return replace(made, before=stable + "---" + made.before)


def _killed_pods(rng: random.Random, name: str) -> Release:
    """Someone deletes pods again and again during a slow rollout (a drain, a spot node)."""
    made = slow(
        rng, name, "pods_are_deleted", rng.choice([20, 60]), replicas=3, spec=ALL_UNAVAILABLE
    )
    around = ((30.0, "restart_one", name), (60.0, "restart_one", name), (90.0, "restart", name))
    return replace(made, around=around, lasts=300.0, told=True)


OWNERS: dict[str, Make] = {
    "labels_only": _labels_only,
    "restarted_by_owner": _restart_annotation,
    "replicas_only": _replicas_only,
    "taken_back_by_owner": _taken_back_by_owner,
    "taken_back_while_crashing": _taken_back_while_crashing,
    "superseded": _superseded,
    "paused": _paused,
    "paused_halfway": _paused_halfway,
    "scaled_during_rollout": _scaled,
    "from_zero": _from_zero,
    "config_changed_later": _config_changed,
    "one_of_five_later": _one_of_five,
    "canary": _canary,
    "pods_are_deleted": _killed_pods,
}
