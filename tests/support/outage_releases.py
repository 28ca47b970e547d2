"""Good releases that something outside of them holds up or breaks: nothing of it is their doing."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from tests.support.programs import ends, serves
from tests.support.release import (
    ALL_UNAVAILABLE,
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

# What programs say of a dependency that is away, in the words of their clients.
SAYS = {
    "refused": "connection to server at {db}, port 5432 failed: Connection refused",
    "redis": "redis.exceptions.ConnectionError: Error 111 connecting to {db}:6379.",
    "starting": "FATAL:  the database system is starting up",
    "slots": "FATAL:  sorry, too many clients already",
    "kafka": "kafka.errors.NoBrokersAvailable: NoBrokersAvailable",
    "resolve": "could not translate host name {db}: Temporary failure in name resolution",
    "java_host": "java.net.UnknownHostException: {db}",
    "mysql": "Can't connect to MySQL server on {db} (111)",
    "link": "Communications link failure: the last packet sent successfully was 0 ms ago",
    "mongo": "MongoServerSelectionError: connect ECONNREFUSED 10.96.0.7:27017",
    "gateway": "POST https://{db}/v1/token returned 503 Service Unavailable",
    "limited": "GET https://{db}/v1/flags: 429 Too Many Requests",
    "vault": "Error making API request: Code: 503. Errors: * Vault is sealed",
    "leader": "etcdserver: no leader",
    "tns": "ORA-12541: TNS:no listener",
    "expired": "x509: certificate has expired or is not yet valid: now is after 2026-11-01",
    "ssl": "ssl.SSLCertVerificationError: certificate verify failed: certificate has expired",
    "password": "FATAL:  password authentication failed for user shop",
    "token": "ExpiredToken: The security token included in the request is expired",
    "license": "license server {db} did not answer within 10s",
    "space": "OSError: [Errno 28] No space left on device: '/shared/cache'",
}
LENGTHS = (20, 60, 200, 300)
_ROLLOUT_SECONDS = 60.0


def _dependent(
    rng: random.Random,
    name: str,
    sort: str,
    *,
    says: str = "refused",
    at: tuple[float, ...] = (0.0,),
    **parts: Any,
) -> Release:
    """A program that ends while its Service is away, from `at[0]` on; pods go at `at[1:]`.

    An outage that begins later than rollouts take is one of a release that has run for a minute.
    """
    db, length, starts = f"{name}-db", float(rng.choice(LENGTHS)), at[0]
    words = SAYS[says].format(db=db)
    script = calls(db, words, rng.choice([1, 2, 255]))
    does = Behaviour(needs_service=db, without=ends(1, words))
    happens = [
        (starts, "delete", f"Service/{db}"),
        (starts + length, "apply", SERVICE.format(name=db)),
    ]
    happens += [(moment, "restart", name) for moment in at[1:]]
    if starts > _ROLLOUT_SECONDS:
        happens.append((starts - _ROLLOUT_SECONDS, "rolled_out", f"Deployment/{name}"))
    before = SERVICE.format(name=db) + "---" + manifest(name, 1, script, **parts)
    after = manifest(name, 2, script, **parts)
    return Release(
        name,
        sort,
        before,
        after,
        kind=parts.get("kind", "Deployment"),
        around=tuple(sorted(happens)),
        programs={script: does},
        told=True,
        lasts=starts + length + 180.0,
    )


def _during(rng: random.Random, name: str) -> Release:
    starts, strategy = rng.choice([0.0, 5.0]), rng.choice(list(STRATEGIES.values()))
    return _dependent(rng, name, "outage", at=(starts,), spec=strategy)


def _any_words(rng: random.Random, name: str) -> Release:
    strategy = rng.choice([*STRATEGIES.values(), ALL_UNAVAILABLE, RECREATE])
    says = rng.choice(sorted(SAYS))
    return _dependent(rng, name, "outage_in_other_words", says=says, spec=strategy)


def _later(rng: random.Random, name: str) -> Release:
    """The release has run for minutes when its pods are restarted in an outage."""
    return _dependent(rng, name, "later_outage", at=(100.0, 105.0))


def _certificate(rng: random.Random, name: str) -> Release:
    says = rng.choice(["expired", "ssl"])
    return _dependent(rng, name, "expired_certificate", says=says, at=(90.0, 95.0))


def _secret_rotated(rng: random.Random, name: str) -> Release:
    says = rng.choice(["password", "token"])
    return _dependent(rng, name, "secret_rotated", says=says, at=(5.0,))


def _stateful(rng: random.Random, name: str) -> Release:
    parts: dict[str, Any] = {"kind": "StatefulSet", "spec": f"serviceName: {name}"}
    return _dependent(rng, name, "outage_of_stateful", at=(5.0,), **parts)


def _daemon(rng: random.Random, name: str) -> Release:
    return _dependent(rng, name, "outage_of_daemon", at=(2.0,), kind="DaemonSet")


def _before(rng: random.Random, name: str) -> Release:
    """The outage began before the release, and the old pods crash too."""
    return _dependent(rng, name, "outage_before", at=(0.0, 1.0))


def _unready(rng: random.Random, name: str) -> Release:
    """The program does not end, it answers probes only once it has its database."""
    db, length = f"{name}-db", rng.choice(LENGTHS)
    wait = f"until nslookup -type=a {db}.$NS.svc.cluster.local >/dev/null 2>&1; do sleep 2; done"
    script = f"{wait}; {SERVING}"
    does = replace(serves(), waits_for_service=db)
    around = (
        (2.0, "delete", f"Service/{db}"),
        (2.0 + length, "apply", SERVICE.format(name=db)),
    )
    spec = rng.choice(list(STRATEGIES.values()))
    parts: dict[str, Any] = {"probes": READY, "spec": spec}
    before = SERVICE.format(name=db) + "---" + manifest(name, 1, script, **parts)
    return Release(
        name,
        "waits_for_dependency",
        before,
        manifest(name, 2, script, **parts),
        around=around,
        programs={script: does},
        told=True,
        lasts=length + 90.0,
    )


def _init_waits(rng: random.Random, name: str) -> Release:
    """An init container ends with an error until the database is there."""
    db, length = f"{name}-db", rng.choice(LENGTHS)
    script = calls(db, f"waiting for {db}", rest="exit 0")
    does = Behaviour(exits=0, needs_service=db, without=ends(1, f"waiting for {db}"))
    command = f"[sh, -c, {script!r}]"
    env = "[{name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]"
    pod = f"initContainers: [{{name: wait, image: 'busybox:1.36', command: {command}, env: {env}}}]"
    around = (
        (0.0, "delete", f"Service/{db}"),
        (float(length), "apply", SERVICE.format(name=db)),
    )
    before = SERVICE.format(name=db) + "---" + manifest(name, 1, pod=pod)
    return Release(
        name,
        "init_waits",
        before,
        manifest(name, 2, pod=pod),
        around=around,
        programs={script: does},
        told=True,
        lasts=length + 180.0,
    )


def _node(rng: random.Random, name: str) -> Release:
    label, length = f"pool-{name}", rng.choice([60, 200, 400])
    strategy = rng.choice(list(STRATEGIES.values()))
    before = manifest(name, 1, spec=strategy)
    after = manifest(name, 2, spec=strategy, pod=f"nodeSelector: {{{label}: here}}")
    around = ((float(length), "label", label),)
    return Release(name, "waits_for_node", before, after, around=around, lasts=length + 60.0)


def _daemon_node(_: random.Random, name: str) -> Release:
    label = f"pool-{name}"
    pod = f"nodeSelector: {{{label}: here}}"
    before = manifest(name, 1, kind="DaemonSet", pod=pod)
    after = manifest(name, 2, kind="DaemonSet", pod=pod)
    around = ((60.0, "label", label),)
    return Release(
        name, "daemon_without_node", before, after, kind="DaemonSet", around=around, lasts=180.0
    )


def _room(rng: random.Random, name: str) -> Release:
    """The surge pod fits only once another workload is scaled down."""
    filler = manifest(f"{name}-other", 1, replicas=2, probes="resources: {requests: {cpu: 1500m}}")
    asks = "resources: {requests: {cpu: 800m}}"
    spec = STRATEGIES["none_unavailable"]
    before = filler + "---" + manifest(name, 1, replicas=1, probes=asks, spec=spec)
    after = manifest(name, 2, replicas=1, probes=asks, spec=spec)
    length = float(rng.choice([60, 200, 400]))
    around = ((length, "scale", f"Deployment/{name}-other=1"),)
    return Release(
        name,
        "waits_for_room",
        before,
        after,
        around=around,
        alone=True,
        real=False,
        lasts=length + 60,
    )


QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {{name: {name}}}
spec: {{hard: {{pods: "{pods}"}}}}
---
"""


def _quota(rng: random.Random, name: str) -> Release:
    """The quota has no room for the surge pod until another workload is scaled down."""
    filler = manifest(f"{name}-other", 1, replicas=2)
    spec = STRATEGIES["none_unavailable"]
    before = (
        QUOTA.format(name=name, pods=3) + filler + "---" + manifest(name, 1, replicas=1, spec=spec)
    )
    after = manifest(name, 2, replicas=1, spec=spec)
    length = float(rng.choice([60, 200, 400]))
    around = ((length, "scale", f"Deployment/{name}-other=1"),)
    return Release(
        name,
        "quota_frees_itself",
        before,
        after,
        around=around,
        alone=True,
        told=True,
        lasts=length + 90,
    )


def _registry(rng: random.Random, name: str) -> Release:
    """The registry is down for everyone while the release is rolled out."""
    length = float(rng.choice(LENGTHS))
    around = ((0.0, "registry", "down"), (length, "registry", "up"))
    spec = rng.choice([*STRATEGIES.values(), RECREATE])
    before, after = manifest(name, 1, spec=spec), manifest(name, 2, spec=spec)
    return Release(
        name,
        "registry_down",
        before,
        after,
        around=around,
        alone=True,
        real=False,
        told=True,
    )


def _registry_later(rng: random.Random, name: str) -> Release:
    """The same, when the release has long completed and its pods are restarted."""
    length = float(rng.choice(LENGTHS))
    around = (
        (150.0, "registry", "down"),
        (155.0, "restart", name),
        (150.0 + length, "registry", "up"),
    )
    return Release(
        name,
        "registry_down_later",
        manifest(name, 1),
        manifest(name, 2),
        around=around,
        alone=True,
        real=False,
        told=True,
    )


OUTAGES: dict[str, Make] = {
    "outage": _during,
    "outage_in_other_words": _any_words,
    "later_outage": _later,
    "expired_certificate": _certificate,
    "secret_rotated": _secret_rotated,
    "outage_of_stateful": _stateful,
    "outage_of_daemon": _daemon,
    "outage_before": _before,
    "waits_for_dependency": _unready,
    "init_waits": _init_waits,
    "waits_for_node": _node,
    "daemon_without_node": _daemon_node,
    "waits_for_room": _room,
    "quota_frees_itself": _quota,
    "registry_down": _registry,
    "registry_down_later": _registry_later,
}
