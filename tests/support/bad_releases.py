"""Bad releases: each is undone, or told to a person where an undo is none of the watchdog's."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from tests.support.programs import demanding, demands, ends
from tests.support.release import (
    ALL_UNAVAILABLE,
    PROGRAMS,
    READY,
    RECREATE,
    SERVICE,
    SERVING,
    STRATEGIES,
    Release,
    calls,
    manifest,
)
from tests.support.slow_releases import Make
from watchdog.demo import Behaviour

CRASHES = {
    "own_crash": ends(3, "ValueError: ledger is corrupt"),
    "panic": ends(2, "panic: runtime error: invalid memory address or nil pointer dereference"),
    "syntax": ends(1, "SyntaxError: invalid syntax (settings.py, line 12)"),
    "no_such_program": ends(127, "sh: /opt/no-such-program: not found"),
    "unknown_flag": ends(2, "error: unknown flag: --workers"),
    "port_in_use": ends(1, "listen tcp :80: bind: address already in use"),
}


def _of(name: str, sort: str, before: str, after: str, **more: Any) -> Release:
    return Release(name, sort, before, after, good=False, lasts=300.0, **more)


def _crash(rng: random.Random, name: str) -> Release:
    sort = rng.choice(sorted(CRASHES))
    does = CRASHES[sort]
    seconds = rng.choice([0, 5, 20])
    script = f"sleep {seconds}; echo {does.log[0][1]!r}; exit {does.exits}"
    later = replace(does, after=float(seconds), log=((float(seconds), does.log[0][1]),))
    strategy = rng.choice([*STRATEGIES.values(), ALL_UNAVAILABLE, RECREATE])
    parts: dict[str, Any] = {"replicas": rng.choice([1, 2]), "spec": strategy}
    after = manifest(name, 2, script, **parts)
    return _of(name, sort, manifest(name, 1, **parts), after, programs={script: later})


def _image(rng: random.Random, name: str) -> Release:
    spec = rng.choice([*STRATEGIES.values(), RECREATE])
    after = manifest(name, 2, image="busybox:nope", spec=spec)
    return _of(name, "bad_image", manifest(name, 1, spec=spec), after)


def _variable(_: random.Random, name: str) -> Release:
    script = demands("REQUIRED_CONFIG")
    before = manifest(name, 1, script, env="- {name: REQUIRED_CONFIG, value: eu-1}")
    after = manifest(name, 2, script)
    return _of(name, "variable_dropped", before, after, programs=demanding("REQUIRED_CONFIG"))


def _database(_: random.Random, name: str) -> Release:
    """The release itself named the wrong host."""
    says = "connection to server at {} failed: Connection refused"
    right, wrong = f"{name}-db", f"{name}-bd"
    scripts = {db: calls(db, says.format(db)) for db in (right, wrong)}
    programs = {
        scripts[db]: Behaviour(needs_service=db, without=ends(1, says.format(db)))
        for db in (right, wrong)
    }
    parts: dict[str, Any] = {"spec": ALL_UNAVAILABLE}
    before = SERVICE.format(name=right) + "---"
    before += manifest(name, 1, scripts[right], env=f"- {{name: DB_HOST, value: {right}}}", **parts)
    after = manifest(name, 2, scripts[wrong], env=f"- {{name: DB_HOST, value: {wrong}}}", **parts)
    return _of(name, "wrong_host", before, after, programs=programs)


def _container(_: random.Random, name: str) -> Release:
    """A second container comes with the release, and crashes."""
    added = "- {name: proxy, image: 'busybox:1.36', command: [sh, -c, 'echo no upstream; exit 1']}"
    before = manifest(name, 1)
    after = manifest(name, 2).rstrip() + f"\n      {added}\n"
    programs = {"echo no upstream; exit 1": ends(1, "no upstream")}
    return _of(name, "added_container", before, after, programs=programs)


def _init(_: random.Random, name: str) -> Release:
    pod = (
        "initContainers: [{name: check, image: 'busybox:1.36', "
        "command: [sh, -c, 'echo schema 12 is needed; exit 1']}]"
    )
    programs = {"echo schema 12 is needed; exit 1": ends(1, "schema 12 is needed")}
    return _of(name, "added_init", manifest(name, 1), manifest(name, 2, pod=pod), programs=programs)


def _readiness(rng: random.Random, name: str) -> Release:
    """No pod answers under the new path, and all of the old ones are gone."""
    parts: dict[str, Any] = {"spec": rng.choice([ALL_UNAVAILABLE, RECREATE])}
    before = manifest(name, 1, SERVING, probes=READY, **parts)
    probes = READY.replace("path: /,", "path: /readyz,")
    after = manifest(name, 2, SERVING, probes=probes, **parts)
    return _of(name, "wrong_path", before, after, programs=PROGRAMS)


def _never_ready(rng: random.Random, name: str) -> Release:
    """It asks for nothing new and fails at nothing, but never gets ready; the old one is gone."""
    parts: dict[str, Any] = {"probes": READY, "spec": rng.choice([ALL_UNAVAILABLE, RECREATE])}
    before, after = manifest(name, 1, SERVING, **parts), manifest(name, 2, **parts)
    made = _of(name, "never_ready", before, after, programs=PROGRAMS)
    return replace(made, lasts=480.0)


def _liveness(_: random.Random, name: str) -> Release:
    parts: dict[str, Any] = {"spec": ALL_UNAVAILABLE}
    live = "livenessProbe: {tcpSocket: {port: %d}, periodSeconds: 5, failureThreshold: 2}"
    before = manifest(name, 1, SERVING, probes=live % 80, **parts)
    after = manifest(name, 2, SERVING, probes=live % 8081, **parts)
    return _of(name, "wrong_liveness_port", before, after, programs=PROGRAMS)


def _memory(_: random.Random, name: str) -> Release:
    script = "dd if=/dev/zero of=/dev/shm/fill bs=1M count=40 && sleep 86400"
    limits = "resources: {requests: {memory: 16Mi}, limits: {memory: %s}}"
    before = manifest(name, 1, script, probes=limits % "64Mi", replicas=1)
    after = manifest(name, 2, script, probes=limits % "24Mi", replicas=1)
    return _of(name, "memory_lowered", before, after, programs={script: Behaviour(memory="40Mi")})


def _node(_: random.Random, name: str) -> Release:
    pod = "nodeSelector: {disktype: sdd}"
    before = manifest(name, 1, spec=RECREATE)
    return _of(name, "no_such_node", before, manifest(name, 2, pod=pod, spec=RECREATE))


def _requests(_: random.Random, name: str) -> Release:
    asks = "resources: {requests: {cpu: '200'}}"
    before = manifest(name, 1, spec=RECREATE)
    return _of(name, "cpu_too_large", before, manifest(name, 2, probes=asks, spec=RECREATE))


def _config(_: random.Random, name: str) -> Release:
    key = "{key: workers, name: absent-config}"
    env = f"- {{name: WORKERS, valueFrom: {{configMapKeyRef: {key}}}}}"
    return _of(name, "absent_config", manifest(name, 1), manifest(name, 2, env=env))


def _stateful(_: random.Random, name: str) -> Release:
    parts: dict[str, Any] = {"kind": "StatefulSet", "spec": f"serviceName: {name}"}
    script = "echo 'unsupported format version 3'; exit 1"
    does = ends(1, "unsupported format version 3")
    before, after = manifest(name, 1, **parts), manifest(name, 2, script, **parts)
    return _of(name, "bad_stateful", before, after, kind="StatefulSet", programs={script: does})


def _daemon(_: random.Random, name: str) -> Release:
    script = "echo 'bad configuration'; exit 1"
    does = ends(1, "bad configuration")
    before = manifest(name, 1, kind="DaemonSet")
    after = manifest(name, 2, script, kind="DaemonSet")
    return _of(name, "bad_daemon", before, after, kind="DaemonSet", programs={script: does})


def _account(_: random.Random, name: str) -> Release:
    pod = "serviceAccountName: absent"
    before = manifest(name, 1, spec=RECREATE)
    return _of(name, "absent_account", before, manifest(name, 2, pod=pod, spec=RECREATE))


BAD: dict[str, Make] = {
    "crash": _crash,
    "bad_image": _image,
    "variable_dropped": _variable,
    "wrong_host": _database,
    "added_container": _container,
    "added_init": _init,
    "wrong_path": _readiness,
    "never_ready": _never_ready,
    "wrong_liveness_port": _liveness,
    "memory_lowered": _memory,
    "no_such_node": _node,
    "cpu_too_large": _requests,
    "absent_config": _config,
    "bad_stateful": _stateful,
    "bad_daemon": _daemon,
    "absent_account": _account,
}
