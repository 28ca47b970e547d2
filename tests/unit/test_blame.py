"""Which revision is to blame for what, over generated histories of a Deployment."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from watchdog.detection.blame import blame
from watchdog.diagnosis.rules import detect, rules_diagnosis, rules_fix
from watchdog.examples.builders import (
    CURRENT,
    NOW,
    POD,
    WEB,
    ago,
    change,
    crashing,
    deployment,
    earlier,
    event,
    log,
    pod,
    ref,
    running,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures import KINDS
from watchdog.model.blame import BlameReason
from watchdog.model.diagnosis import Finding, Origin
from watchdog.snapshot.pod_template import ContainerPort, ContainerSpec, PodTemplate, Probe
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import BlindSpot, ClusterSnapshot
from watchdog.snapshot.workloads import (
    Change,
    ContainerState,
    DaemonSetSummary,
    DeploymentSummary,
    RevisionSummary,
    StatefulSetSummary,
    WorkloadSummary,
)

IMAGE = change("image", "web:1", "web:2")
LIMIT = change("limits.memory", "256Mi", "64Mi")
LABELS = change("labels", "a=b", "a=c", container=None)


def finding(
    since: float = 600, origin: Origin = "workload", fails: tuple[str, ...] = ()
) -> Finding:
    return Finding(
        kind="crash_app_error",
        target=WEB,
        container="main",
        summary="crash loop",
        since=ago(since),
        origin=origin,
        fails=fails,
    )


def history(
    *changes: Change, proven: bool = False, age: float = 90, worked: bool = True
) -> ClusterSnapshot:
    current = RevisionSummary(
        revision=7, replica_set=CURRENT, current=True, available=proven, created_at=ago(age)
    )
    before = earlier(*changes, available=worked)
    return snapshot_of(deployment(revisions=(current, before)))


def expected(
    changes: tuple[Change, ...], since: float, age: float, origin: Origin, *flags: bool
) -> BlameReason:
    """The rule as the issue words it, written down once more and differently."""
    proven, worked, names = flags
    if not worked or not changes:
        return BlameReason.NONE_WORKED
    if changes == (LABELS,):
        return BlameReason.NOT_CHANGED
    if origin == "outside":
        return BlameReason.FROM_OUTSIDE
    if age - since > 600:
        return BlameReason.BEGAN_LATER
    if proven:
        limit_fails = names and LIMIT in changes
        return BlameReason.CHANGED_WHAT_FAILS if limit_fails else BlameReason.PROVEN
    return BlameReason.NEVER_COMPLETED


ORIGINS: tuple[Origin, ...] = ("workload", "outside")
HISTORIES = [
    (changes, since, age, origin, proven, worked, names)
    for changes, (since, age), origin, proven, worked, names in product(
        [(), (LABELS,), (IMAGE,), (LIMIT,), (IMAGE, LIMIT, LABELS)],
        [(5, 10), (60, 90), (30, 640), (10, 2000), (86400, 86500)],
        ORIGINS,
        [False, True],
        [False, True],
        [False, True],
    )
]


def test_the_reason_is_the_rules_for_every_history() -> None:
    for changes, since, age, origin, proven, worked, names in HISTORIES:
        fails = ("limits.memory",) if names else ()
        found = blame(
            finding(since, origin, fails),
            history(*changes, proven=proven, age=age, worked=worked),
        )

        wanted = expected(changes, since, age, origin, proven, worked, names)
        assert found.reason is wanted, (changes, since, age, origin, proven, worked, names)
        assert found.to_blame is (wanted in {"never_completed", "changed_what_fails"})


@pytest.mark.parametrize(("serving", "to_blame"), [(0, False), (1, False), (2, True), (3, True)])
def test_no_revision_is_to_blame_if_most_pods_of_the_one_that_worked_fail_too(
    serving: int, *, to_blame: bool
) -> None:
    before = earlier(IMAGE, ready_replicas=serving, replicas=serving + 2)
    old = pod(running(ready=False), ref=ref("Pod", "web-5c8b-a"), replica_set="web-5c8b", alike=2)
    found = blame(finding(), snapshot_of(deployment(last=before), old, pod(crashing())))

    assert found.to_blame is to_blame
    assert to_blame or found.reason is BlameReason.EARLIER_FAILS_TOO


@pytest.mark.parametrize("state", [{"deleted_at": ago(5)}, {"phase": "Failed"}])
def test_old_pods_on_their_way_out_say_nothing(state: dict[str, Any]) -> None:
    old = pod(running(ready=False), ref=ref("Pod", "web-5c8b-a"), replica_set="web-5c8b", **state)

    assert blame(finding(), snapshot_of(deployment(last=earlier(IMAGE)), old)).to_blame


@pytest.mark.parametrize("fields", [("image",), ("readiness", "ports"), ("limits.memory",)])
def test_revision_that_added_the_container_that_fails_is_to_blame_for_any_of_its_fields(
    fields: tuple[str, ...],
) -> None:
    added = history(change("container", None, "busybox:9.9", container="main"))
    removed = history(change("container", "busybox:1", None, container="main"))
    other = history(change("container", None, "busybox:9.9", container="proxy"))

    assert blame(finding(), added, *fields, container="main").to_blame
    assert not blame(finding(), removed, *fields, container="main").to_blame
    assert not blame(finding(), other, *fields, container="main").to_blame


OUTSIDE = {
    "dial tcp 10.96.4.2:5432: connect: connection refused": "DB_HOST",
    'psql: could not translate host name "db" to address: Name or service not known': "PGHOST",
    "x509: certificate has expired or is not yet valid": "TLS_CERT",
    'FATAL: password authentication failed for user "pay"': "DB_PASSWORD",
    "Error: upstream returned 503, giving up": "UPSTREAM",
    "fatal: lost connection to broker": "BROKER",
    "redis is unavailable": "REDIS_URL",
    "fatal: token has expired": "API_TOKEN",
    "Error: ETIMEDOUT": "API_ENDPOINT",
}


@pytest.mark.parametrize(("line", "setting"), OUTSIDE.items())
@pytest.mark.parametrize("init", [False, True])
def test_crash_that_speaks_of_something_outside_is_undone_only_if_the_revision_set_that(
    line: str, setting: str, *, init: bool
) -> None:
    name = "migrate-db" if init else "main"

    def proposed(*changes: Change) -> str | None:
        state = crashing(1, name=name, init=init)
        main = (waiting("PodInitializing"),) if init else ()
        specs = (spec(name, init=init), *((spec(),) if init else ()))
        phase = "Pending" if init else "Running"
        crashed = pod(state, *main, specs=specs, phase=phase)
        seen = snapshot_of(deployment(last=earlier(*changes)), crashed, log(line, container=name))
        (found,) = detect(seen, KINDS)
        fix = rules_fix(found, seen, KINDS)
        return fix.kind if fix else None

    version = change("env APP_VERSION", "a value", "a value", name)
    assert proposed(change("image", "web:1", "web:2", name), version) is None
    assert proposed(change(f"env {setting}", "a value", "a value", name)) == "rollout_undo"
    assert proposed(change("container", None, "web:2", name)) == "rollout_undo"


def test_full_disk_is_the_revisions_doing_only_if_it_changed_the_volumes() -> None:
    line = "dd: error writing '/cache/fill': No space left on device"

    def proposed(field: str) -> bool:
        last = earlier(change(field, "a", "b", None))
        seen = snapshot_of(deployment(last=last), pod(crashing()), log(line))
        (found,) = detect(seen, KINDS)
        return rules_fix(found, seen, KINDS) is not None

    assert proposed("volumes")
    assert not proposed("image")


def test_own_error_of_a_revision_that_never_completed_is_its_own() -> None:
    for line in ("ValueError: ledger is corrupt", "panic: nil map", "boom", ""):
        last = earlier(IMAGE)
        seen = snapshot_of(deployment(last=last), pod(crashing(3)), *([log(line)] if line else []))
        (found,) = detect(seen, KINDS)

        assert found.origin == "workload"
        assert rules_fix(found, seen, KINDS) is not None


GOING = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
OVERDUE = Condition(type="Progressing", status="False", reason="ProgressDeadlineExceeded")
DONE = Condition(type="Progressing", status="True", reason="NewReplicaSetAvailable")


def rolling(
    ready: int, desired: int = 4, allowed: int = 1, progress: Condition = GOING, **more: Any
) -> DeploymentSummary:
    """A Deployment whose second revision is being rolled out."""
    values = {"updated": 1, "max_unavailable": allowed, "conditions": (progress,)}
    return deployment(ready=ready, desired=desired, last=earlier(IMAGE), **values, **more)


REFUSED = "Readiness probe failed: dial tcp 10.1.2.3:80: connect: connection refused"
NO_SUCH_PATH = "Readiness probe failed: HTTP probe failed with statuscode: 404"
NOT_YET = "Readiness probe failed: HTTP probe failed with statuscode: 503"
PROBED = spec(readiness=Probe(type="httpGet", asks="GET /ready on port 80", path="/", port="80"))
WARMING_UP = spec(
    readiness=PROBED.readiness,
    startup=Probe(type="tcpSocket", asks="port 80", failure_threshold=30),
)


def unready(
    workload: WorkloadSummary, said: str = REFUSED, container: ContainerSpec = PROBED, **more: Any
) -> set[str]:
    """The kinds found on that workload with one pod that runs and is not ready."""
    runs = min(600.0, (NOW - more.get("created_at", ago(300))).total_seconds())
    runs -= more.pop("waited", 0.0)
    state = running(ready=False, started=container.startup is None, for_seconds=runs)
    owner = {"owner": workload.ref, "created_at": ago(300), "specs": (container,)}
    waits = pod(state, **{**owner, **more})
    unhealthy = event("Unhealthy", said, count=30)
    return {found.kind for found in detect(snapshot_of(workload, waits, unhealthy), KINDS)}


@pytest.mark.parametrize("said", [REFUSED, NO_SUCH_PATH, NOT_YET])
@pytest.mark.parametrize("container", [PROBED, WARMING_UP])
@pytest.mark.parametrize(
    ("workload", "found"),
    [
        (rolling(4), False),
        (rolling(3), False),
        (rolling(2), True),
        (rolling(3, allowed=0), True),
        (rolling(1, 1, 0), False),
        (rolling(0, 1, 1), False),
        (rolling(0, 1, 1, OVERDUE), True),
        (rolling(1, 3, 3), False),
        (rolling(0, 3, 3), False),
        (rolling(0, 3, 3, OVERDUE), True),
        (rolling(0, 3, 2), True),
        (rolling(4, progress=OVERDUE), True),
        (rolling(3, progress=DONE), True),
        (rolling(0, strategy="Recreate"), False),
        (rolling(0, strategy="Recreate", progress=OVERDUE), True),
        (rolling(0, strategy="Recreate", progress=DONE), True),
        (deployment(desired=4, ready=3, conditions=(GOING,), max_unavailable=1), True),
    ],
)
def test_rollout_that_lost_nothing_is_left_alone_until_its_deadline_whatever_its_probes_say(
    said: str, container: ContainerSpec, workload: DeploymentSummary, *, found: bool
) -> None:
    assert bool(unready(workload, said, container)) is found


@pytest.mark.parametrize("said", [REFUSED, NO_SUCH_PATH, NOT_YET])
@pytest.mark.parametrize(
    ("probe", "ports", "found"),
    [
        (PROBED.readiness, (), False),
        (Probe(type="httpGet", asks="GET /old on port 80", path="/old", port="80"), (), True),
        (Probe(type="tcpSocket", asks="port 8080", port="8080"), (), True),
        (Probe(type="httpGet", asks="GET /ready on port 80", period_seconds=30), (), False),
        (None, (), True),
        (PROBED.readiness, (ContainerPort(number=8080),), True),
    ],
)
@pytest.mark.parametrize("strategy", [{"strategy": "Recreate"}, {"allowed": 4}])
def test_new_revision_that_asks_something_else_by_its_probe_may_be_wrong_before_its_deadline(
    said: str,
    probe: Probe | None,
    ports: tuple[ContainerPort, ...],
    strategy: dict[str, Any],
    *,
    found: bool,
) -> None:
    workload = rolling(0, **strategy)
    asked = PodTemplate(containers=(spec(readiness=probe, ports=ports),))
    now, before = workload.revisions
    before = before.model_copy(update={"template": asked})
    now = now.model_copy(update={"template": PodTemplate(containers=(PROBED,))})
    workload = workload.model_copy(update={"revisions": (now, before)})

    assert bool(unready(workload, said)) is found


@pytest.mark.parametrize(
    ("took", "pod_age", "waited", "found"),
    [
        (200, 250, 2, False),
        (200, 310, 2, True),
        (20, 100, 2, True),
        (200, 400, 150, False),
        (200, 600, 150, True),
    ],
)
def test_new_pod_of_a_proven_revision_may_run_for_as_long_as_its_rollout_took(
    took: float, pod_age: float, waited: float, *, found: bool
) -> None:
    workload = rolling(3, progress=DONE)
    now, before = workload.revisions
    times = {"created_at": ago(9000), "completed_at": ago(9000 - took), "available": True}
    workload = workload.model_copy(update={"revisions": (now.model_copy(update=times), before)})

    assert bool(unready(workload, created_at=ago(pod_age), waited=waited)) is found


def test_probe_is_compared_with_the_revision_before_where_none_is_known_to_have_worked() -> None:
    workload = rolling(0, strategy="Recreate")
    now, before = workload.revisions
    other = PodTemplate(containers=(spec(readiness=Probe(type="tcpSocket", asks="port 8080")),))
    before = before.model_copy(update={"template": other, "available": False})
    now = now.model_copy(update={"template": PodTemplate(containers=(PROBED,))})

    assert unready(workload.model_copy(update={"revisions": (now, before)}))


def test_lost_pods_are_told_but_a_revision_that_may_be_starting_is_not_to_blame() -> None:
    workload = rolling(1, desired=4)
    seen = snapshot_of(workload, pod(running(ready=False), specs=(PROBED,), created_at=ago(300)))
    (found, *_) = detect(seen, KINDS)

    assert blame(found, seen).reason == BlameReason.STILL_STARTING
    assert rules_fix(found, seen, KINDS) is None


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (crashing(), True),
        (running(ready=False, restarts=3, last_exit_code=1, last_finished_at=ago(30)), True),
        (waiting("ImagePullBackOff", "not found"), True),
        (waiting("CreateContainerConfigError", 'secret "a" not found'), True),
        (running(ready=False), False),
    ],
)
def test_what_has_failed_is_no_slow_start(state: ContainerState, *, found: bool) -> None:
    seen = snapshot_of(rolling(4), pod(state, specs=(PROBED,)))

    assert bool(detect(seen, KINDS)) is found


@pytest.mark.parametrize("of", [StatefulSetSummary, DaemonSetSummary])
@pytest.mark.parametrize(
    ("ready", "pod_age", "age", "found"),
    [
        (2, 300, 9000, False),
        (2, 599, 9000, False),
        (2, 601, 9000, True),
        (1, 300, 9000, True),
        (2, 300, 330, True),
    ],
)
def test_pod_of_another_controller_has_the_time_of_a_rollout(
    of: type[StatefulSetSummary], ready: int, pod_age: float, age: float, *, found: bool
) -> None:
    kind = of.__name__.removesuffix("Summary")
    workload = of(ref=ref(kind, "db"), desired=3, ready=ready, updated=1, created_at=ago(age))

    assert bool(unready(workload, created_at=ago(pod_age), replica_set=None)) is found


STANDBY = [
    "not leader: standby",
    "I am not the leader",
    "role=follower",
    "lease is held by another",
    "lock already held by pay-7d9f-a",
    "attempting to acquire leader lease shop/pay...",
    "waiting to become leader",
    "running as replica",
    "passive node, waiting",
    "another instance is active",
    "state: standby",
    "hot-standby mode",
    "acting as backup server",
]
NO_STANDBY = [
    "no leader elected",
    "leader lost, giving up",
    "connection refused",
    "backup failed: disk is slow",
    "the replica is corrupt",
    "secondary index is missing",
]


def some_unready(said: str, logged: str = "", ready: int = 1, progress: Condition = DONE) -> bool:
    workload = deployment(desired=3, ready=ready, conditions=(progress,), last=earlier(IMAGE))
    waits = pod(running(ready=False), specs=(PROBED,))
    unhealthy = event("Unhealthy", f"Readiness probe failed: {said}", count=30)
    text = [log(logged, previous=False)] if logged else []
    return bool(detect(snapshot_of(workload, waits, unhealthy, *text), KINDS))


@pytest.mark.parametrize("words", STANDBY)
@pytest.mark.parametrize("progress", [DONE, OVERDUE])
def test_standby_by_design_is_no_incident(words: str, progress: Condition) -> None:
    assert not some_unready(words, progress=progress)
    assert not some_unready("command failed", f"2026-03-02 INFO {words}", progress=progress)


@pytest.mark.parametrize("words", STANDBY)
def test_standby_without_a_pod_that_serves_is_an_incident(words: str) -> None:
    assert some_unready(words, ready=0)


@pytest.mark.parametrize("words", NO_STANDBY)
def test_other_words_are_no_standby(words: str) -> None:
    assert some_unready(words)


PENDING = {
    "resource": "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: "
    "1 No preemption victims found for incoming pod.",
    "selector": "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. "
    "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
    "taint": "0/1 nodes are available: 1 node(s) had untolerated taint(s). preemption: 0/1 nodes "
    "are available: 1 Preemption is not helpful for scheduling.",
}


@pytest.mark.parametrize("message", PENDING.values(), ids=PENDING.keys())
@pytest.mark.parametrize(
    ("workload", "found"),
    [
        (rolling(4), False),
        (rolling(3), False),
        (rolling(2), True),
        (rolling(3, progress=OVERDUE), True),
        (rolling(0, 1, 1), True),
    ],
)
def test_rollout_that_waits_for_a_node_is_left_alone_until_its_deadline(
    message: str, workload: DeploymentSummary, *, found: bool
) -> None:
    placed = Condition(type="PodScheduled", status="False", reason="Unschedulable", message=message)
    waits = pod(phase="Pending", conditions=(placed,), created_at=ago(300))

    assert bool(detect(snapshot_of(workload, waits), KINDS)) is found


@pytest.mark.parametrize(
    ("ran", "runs", "to_blame"), [(2, 1, True), (2, 3, False), (60, 59, True), (60, 61, False)]
)
def test_revision_that_runs_again_for_longer_than_before_is_not_undone_now(
    ran: float, runs: float, *, to_blame: bool
) -> None:
    state = running(
        ready=True,
        for_seconds=runs,
        restarts=4,
        last_exit_code=1,
        last_started_at=ago(runs + 10 + ran),
        last_finished_at=ago(runs + 10),
    )
    found = finding().model_copy(update={"pods": (POD,)})
    seen = snapshot_of(deployment(last=earlier(IMAGE)), pod(state))

    assert blame(found, seen).to_blame is to_blame


@pytest.mark.parametrize(
    ("probe", "failed", "changes", "to_blame"),
    [
        ("Startup", 4, {"started": False}, True),
        ("Startup", 30, {"started": False}, True),
        ("Liveness", 4, {}, True),
        ("Liveness", 30, {}, False),
        ("Readiness", 4, {}, False),
    ],
)
def test_what_a_probe_is_about_to_end_does_not_run_again(
    probe: str, failed: float, changes: dict[str, Any], *, to_blame: bool
) -> None:
    ran = {"last_started_at": ago(40), "last_finished_at": ago(30), "last_exit_code": 137}
    state = running(ready=False, for_seconds=20, restarts=4, **{**ran, **changes})
    said = event("Unhealthy", f"{probe} probe failed: HTTP 500", last_seen=ago(failed))
    found = finding().model_copy(update={"pods": (POD,)})
    seen = snapshot_of(deployment(last=earlier(IMAGE)), pod(state), said)

    assert blame(found, seen).to_blame is to_blame


@pytest.mark.parametrize(
    ("spots", "words"),
    [
        ((), "its log is empty"),
        (
            (BlindSpot(resource="pods/log", why="forbidden"),),
            "its log could not be read (forbidden)",
        ),
        (
            (
                BlindSpot(
                    resource="pods/log", subject=f"{POD}/main", why="the node does not answer"
                ),
            ),
            "its log could not be read (the node does not answer)",
        ),
        (
            (
                BlindSpot(resource="pods/log", subject="other-1/main", why="of another node"),
                BlindSpot(resource="pods/log", why="all the rest"),
                BlindSpot(resource="pods/log", subject=f"{POD}/main", why="of its own node"),
            ),
            "its log could not be read (of its own node)",
        ),
        (
            (BlindSpot(resource="pods/log", subject="other-1/main", why="of another node"),),
            "its log is empty",
        ),
    ],
)
def test_log_that_could_not_be_read_is_not_called_empty(
    spots: tuple[BlindSpot, ...], words: str
) -> None:
    seen = snapshot_of(deployment(last=earlier(IMAGE)), pod(crashing(3)))
    seen = seen.model_copy(update={"blind_spots": spots})

    found = rules_diagnosis(seen, detect(seen, KINDS), KINDS)

    assert words in found.root_cause
    assert [action.kind for action in found.remediation_actions] == ["rollout_undo"]


CANNOT_CAUSE = [
    LABELS,
    change("requests.memory", "64Mi", "128Mi"),
    change("requests.cpu", None, "500m"),
    change("limits.memory", "64Mi", "1Gi"),
    change("limits.cpu", "500m", "1"),
    change("limits.memory", "64Mi", None),
    change("terminationGracePeriodSeconds", "30", "60", None),
    change("priorityClassName", None, "high", None),
    change("topologySpreadConstraints", None, "[]", None),
    change("limits.memory", "1Gi", "64Mi", "proxy"),
    change("requests.cpu", "1", "10m", "proxy"),
    change("readinessProbe", "GET /a", "GET /b", "proxy"),
]
MAY_CAUSE = [
    IMAGE,
    change("requests.memory", "128Mi", "64Mi"),
    change("requests.cpu", "500m", None),
    change("limits.memory", "1Gi", "64Mi"),
    change("limits.cpu", "1", "500m"),
    change("limits.memory", None, "64Mi"),
    change("tolerations", None, "gpu", None),
    change("volumes", None, "config", None),
    change("env MODE", "a value", "a value"),
    change("image", "proxy:1", "proxy:2", "proxy"),
    change("container", None, "proxy:1", "proxy"),
    change("ports", "80/TCP", "8080/TCP", "proxy"),
]


@pytest.mark.parametrize("harmless", CANNOT_CAUSE, ids=str)
def test_revision_is_not_to_blame_for_a_crash_that_nothing_it_changed_can_cause(
    harmless: Change,
) -> None:
    found = blame(finding(), history(harmless))

    assert found.reason is BlameReason.NOT_CHANGED
    assert blame(finding(), history(harmless, LABELS)).reason is BlameReason.NOT_CHANGED
    assert blame(finding(), history(harmless, IMAGE)).to_blame


@pytest.mark.parametrize("harmful", MAY_CAUSE, ids=str)
def test_revision_is_to_blame_for_a_crash_that_one_of_its_changes_may_cause(
    harmful: Change,
) -> None:
    assert blame(finding(), history(harmful)).to_blame
    assert blame(finding(), history(harmful, *CANNOT_CAUSE)).to_blame


def test_more_resources_may_be_to_blame_for_pods_that_find_no_place() -> None:
    waits = finding().model_copy(update={"kind": "unschedulable", "container": None})

    assert blame(waits, history(change("requests.memory", "64Mi", "64Gi"))).to_blame
    assert not blame(waits, history(LABELS)).to_blame


@pytest.mark.parametrize(
    ("changed", "failing", "to_blame"),
    [
        ("main", "migrate", False),
        ("warm", "migrate", False),
        ("fetch", "migrate", True),
        ("mesh", "migrate", True),
        ("migrate", "migrate", True),
        ("main", "mesh", True),
        ("migrate", "main", True),
        ("gone", "migrate", True),
    ],
)
def test_init_container_does_not_fail_by_what_is_started_after_it(
    changed: str, failing: str, *, to_blame: bool
) -> None:
    template = PodTemplate(
        containers=(
            spec("fetch", init=True),
            spec("mesh", init=True, sidecar=True),
            spec("migrate", init=True),
            spec("warm", init=True),
            spec(),
        )
    )
    other = earlier(change("image", "a:1", "a:2", changed))
    seen = snapshot_of(deployment(last=other, template=template))
    found = blame(finding().model_copy(update={"container": failing}), seen)

    assert found.to_blame is to_blame


DOWN = "ERROR health: cannot reach orders-db: dial tcp 10.96.4.2:5432: connect: connection refused"
ASKS = Probe(type="httpGet", asks="GET /ready on port 80", path="/ready", port="80")
RUNS_A_COMMAND = Probe(type="exec", asks="/bin/check")
PROBE_CHANGED = change("readinessProbe", "GET /a", "GET /ready on port 80")
LIVENESS_CHANGED = change("livenessProbe", "GET /a", "GET /ready on port 80")
DB_CHANGED = change("env DB_HOST", "a value", "a value")


def probed(
    kind: str, said: str, logged: str, *changes: Change, probe: Probe = ASKS
) -> tuple[Finding, ClusterSnapshot]:
    """A rollout that is overdue, as the `kind` probe of its new pod fails."""
    given: dict[str, Any] = {kind: probe}
    state = (
        running(ready=False)
        if kind == "readiness"
        else crashing(137, last_started_at=ago(90), last_finished_at=ago(30))
    )
    more = [event("Unhealthy", f"{kind.capitalize()} probe failed: {said}", count=30)]
    if kind == "liveness":
        killed = "Container main failed liveness probe, will be restarted"
        more.append(event("Killing", killed, type="Normal"))
    workload = deployment(desired=2, ready=2, last=earlier(*changes), conditions=(OVERDUE,))
    waits = pod(state, specs=(spec(**given),))
    tail = log(logged, previous=kind == "liveness")
    seen = snapshot_of(workload, waits, tail, *more)
    (found,) = detect(seen, KINDS)
    assert found.kind == f"{kind}_failing"
    return found, seen


@pytest.mark.parametrize("kind", ["readiness", "liveness"])
@pytest.mark.parametrize("answer", ["HTTP probe failed with statuscode: 503", "EOF", "timeout"])
def test_probe_that_fails_as_a_dependency_is_down_is_not_the_releases_doing(
    kind: str, answer: str
) -> None:
    found, seen = probed(kind, answer, DOWN, IMAGE)

    assert found.origin == "outside"
    assert rules_fix(found, seen, KINDS) is None


@pytest.mark.parametrize(
    ("kind", "answer", "logged", "changes"),
    [
        ("readiness", "HTTP probe failed with statuscode: 503", "ready to serve", (IMAGE,)),
        ("readiness", "HTTP probe failed with statuscode: 404", DOWN, (IMAGE,)),
        ("readiness", "HTTP probe failed with statuscode: 503", DOWN, (IMAGE, PROBE_CHANGED)),
        ("readiness", "HTTP probe failed with statuscode: 503", DOWN, (IMAGE, DB_CHANGED)),
        ("readiness", "EOF", "WARN traces: connection refused\nindexing", (IMAGE,)),
        ("liveness", "HTTP probe failed with statuscode: 500", "ready to serve", (IMAGE,)),
        ("liveness", "HTTP probe failed with statuscode: 404", DOWN, (IMAGE,)),
        ("liveness", "HTTP probe failed with statuscode: 503", DOWN, (LIVENESS_CHANGED,)),
    ],
)
def test_probe_that_fails_by_what_the_release_brought_is_its_doing(
    kind: str, answer: str, logged: str, changes: tuple[Change, ...]
) -> None:
    found, seen = probed(kind, answer, logged, *changes)

    assert found.origin == "workload"
    assert rules_fix(found, seen, KINDS) is not None


def test_command_of_a_probe_may_say_that_a_dependency_is_down() -> None:
    down = "redis-cli: Could not connect to Redis at cache:6379: Connection refused"
    found, _ = probed("readiness", down, "ready", IMAGE, probe=RUNS_A_COMMAND)
    own, _ = probed(
        "readiness", "check: no such table orders", "ready", IMAGE, probe=RUNS_A_COMMAND
    )
    refused, _ = probed("readiness", "dial tcp 10.1.2.3:80: connection refused", "ready", IMAGE)

    assert found.origin == "outside"
    assert own.origin == refused.origin == "workload"


NODE_SAYS = [
    "mkdir /var/lib/containerd/io.containerd.snapshotter.v1/new-1: no space left on device",
    "open /var/lib/containerd/tmp/x: input/output error",
    "failed to get sandbox: dial unix /run/containerd/containerd.sock: connect: connection refused",
    "write /sys/fs/cgroup/pids/x: disk quota exceeded",
]


@pytest.mark.parametrize("said", NODE_SAYS)
@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError"])
def test_container_that_its_node_cannot_create_is_not_the_releases_doing(
    said: str, reason: str
) -> None:
    stuck = waiting(reason, f"failed to create containerd container: {said}")
    seen = snapshot_of(deployment(last=earlier(IMAGE)), pod(stuck, phase="Pending"))
    (found,) = detect(seen, KINDS)

    assert found.origin == "outside"
    assert rules_fix(found, seen, KINDS) is None


def test_container_that_cannot_be_created_as_it_is_specified_is_the_releases_doing() -> None:
    for said in ("container has runAsNonRoot and image will run as root", "seccomp: a.json: no"):
        stuck = waiting("CreateContainerConfigError", said)
        last = earlier(change("securityContext", "{}", "{...}"))
        seen = snapshot_of(deployment(last=last), pod(stuck, phase="Pending"))
        (found,) = detect(seen, KINDS)

        assert rules_fix(found, seen, KINDS) is not None


@pytest.mark.parametrize(
    ("changed", "said", "undone"),
    [
        (IMAGE, "host namespaces (hostNetwork=true)", False),
        (change("env MODE", "a value", "a value"), "host namespaces (hostNetwork=true)", False),
        (
            change("securityContext", None, '{"privileged": true}'),
            'privileged (container "main" must not set securityContext.privileged=true)',
            True,
        ),
        (change("hostNetwork", None, "True", None), "host namespaces (hostNetwork=true)", True),
        (
            change("volumes", None, "host (hostPath)", None),
            'hostPath volumes (volume "host")',
            True,
        ),
        (
            change("container", None, "agent:1", "agent"),
            'privileged (container "agent" must not set securityContext.privileged=true)',
            True,
        ),
        (change("container", None, "agent:1", "agent"), "hostPort (8080)", False),
    ],
)
def test_pod_security_refuses_what_a_release_changed_or_else_the_level_was_raised(
    changed: Change, said: str, *, undone: bool
) -> None:
    message = f'pods "web-" is forbidden: violates PodSecurity "baseline:latest": {said}'
    refused = Condition(
        type="ReplicaFailure",
        status="True",
        reason="FailedCreate",
        message=message,
        since=ago(700),
    )
    workload = deployment(
        desired=2, ready=0, updated=0, last=earlier(changed), conditions=(OVERDUE, refused)
    )
    seen = snapshot_of(workload)
    (found,) = detect(seen, KINDS)

    assert found.kind == "creation_refused"
    assert (rules_fix(found, seen, KINDS) is not None) is undone
