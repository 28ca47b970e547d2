"""What a rollout is given time for: its start, what a busy node does, what could not be read."""

from __future__ import annotations

from typing import Any

import pytest

from watchdog.detection.blame import blame
from watchdog.diagnosis.rules import detect, rules_fix
from watchdog.examples.builders import (
    ago,
    change,
    deployment,
    earlier,
    event,
    pod,
    ref,
    running,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures import KINDS
from watchdog.model.blame import BlameReason
from watchdog.model.diagnosis import Finding
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate, Probe
from watchdog.snapshot.refs import Condition, Noun
from watchdog.snapshot.snapshot import BlindSpot, EventSummary
from watchdog.snapshot.workloads import ContainerState, DeploymentSummary, PodSummary

IMAGE = change("image", "web:1", "web:2")
GOING = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
SANDBOX = Condition(type="PodReadyToStartContainers", status="True")
NO_SANDBOX = Condition(type="PodReadyToStartContainers", status="False")
REFUSED = event("Unhealthy", "Readiness probe failed: connect: connection refused", count=30)
READINESS = Probe(type="httpGet", asks="GET / on port 80", path="/", port="80", period_seconds=5)
STARTUP = Probe(type="tcpSocket", asks="port 80", period_seconds=5, failure_threshold=80)
PROBED = spec(readiness=READINESS)
PROXY = spec("proxy", init=True, sidecar=True, startup=STARTUP)
STARTS = running(name="proxy", init=True, ready=False, started=False)


def rolling(ready: int, **more: Any) -> DeploymentSummary:
    """Deployment/web with two pods, and a second revision on its way for 12 minutes."""
    given = {"desired": 2, "updated": 1, "conditions": (GOING,), "last": earlier(IMAGE)}
    given["status_changed_at"] = ago(40)
    return deployment(ready=ready, **{**given, **more})


def found(*seen: Noun) -> list[Finding]:
    return list(detect(snapshot_of(*seen), KINDS))


# --- what could not be read ------------------------------------------------------------------


UNREADY = {"conditions": (Condition(type="Ready", status="False", since=ago(300)),)}
SLOW: dict[str, tuple[tuple[ContainerState, ...], tuple[ContainerSpec, ...], dict[str, Any]]] = {
    "probe": ((running(ready=False),), (PROBED,), {}),
    "restarted once": ((running(ready=False, restarts=1),), (PROBED,), {}),
    "sidecar": ((STARTS, waiting("PodInitializing")), (PROXY, spec()), {"phase": "Pending"}),
    "init container": (
        (running(name="init", init=True, ready=False), waiting("PodInitializing")),
        (spec("init", init=True), spec()),
        {"phase": "Pending"},
    ),
    "pull": ((waiting("ContainerCreating"),), (PROBED,), {"phase": "Pending"}),
    "node": ((), (PROBED,), {"phase": "Pending"}),
}
UNPLACED = Condition(
    type="PodScheduled",
    status="False",
    reason="Unschedulable",
    message="0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 "
    "No preemption victims found for incoming pod.",
)


@pytest.mark.parametrize("owner", ["Deployment", "StatefulSet", "DaemonSet"])
@pytest.mark.parametrize("form", SLOW)
@pytest.mark.parametrize(("age", "reported"), [(300, False), (590, False), (610, True)])
def test_pod_whose_workload_could_not_be_read_has_the_time_of_a_rollout(
    form: str, owner: str, age: float, *, reported: bool
) -> None:
    states, specs, more = SLOW[form]
    if form == "node":
        more = {**more, "conditions": (*UNREADY["conditions"], UNPLACED)}
    waits = pod(
        *states,
        **{**UNREADY, "specs": specs, "owner": ref(owner, "web"), "created_at": ago(age), **more},
    )

    assert bool(found(waits, REFUSED)) is reported


@pytest.mark.parametrize(
    ("spots", "says"),
    [
        ((), "Deployment/web: 1 of 2 pods available, none starting"),
        ((BlindSpot(resource="pods", why="no answer"),), "Deployment/web: 1 of 2 pods available"),
    ],
)
def test_pods_that_could_not_be_read_may_be_starting(
    spots: tuple[BlindSpot, ...], says: str
) -> None:
    done = Condition(type="Progressing", status="True", reason="NewReplicaSetAvailable")
    seen = snapshot_of(rolling(1, conditions=(done,), status_changed_at=ago(90)))
    (finding,) = detect(seen.model_copy(update={"blind_spots": spots}), KINDS)

    assert says in map(str, finding.evidence)


def test_crashes_are_told_whether_or_not_the_workload_could_be_read() -> None:
    ended = waiting("CrashLoopBackOff", restarts=5, last_exit_code=1, last_finished_at=ago(20))

    assert found(pod(ended, specs=(PROBED,)))


def test_rollout_whose_revisions_could_not_be_read_may_do_without_what_its_strategy_allows() -> (
    None
):
    slow = pod(running(ready=False), specs=(PROBED,), created_at=ago(300))

    assert not found(rolling(1, max_unavailable=1, revisions=()), slow, REFUSED)
    assert found(rolling(1, max_unavailable=0, revisions=()), slow, REFUSED)


# --- what a busy node does, and then no more -------------------------------------------------


MOUNT = 'MountVolume.SetUp failed for volume "kube-api-access": configmap "ca" not found'
SANDBOX_LATE = "Failed to create pod sandbox: rpc error: code = DeadlineExceeded desc = context"
BUSY = (
    "context deadline exceeded",
    'failed to reserve container name "main_web_0": name "main_web_0" is reserved for "4e5f"',
    "rpc error: code = Unavailable desc = transport is closing",
)
PULL = 'Failed to pull image "busybox:1.36": '
LOST = (
    "failed to do request: dial tcp 10.0.0.1:443: i/o timeout",
    "unexpected EOF",
    "rpc error: code = Canceled desc = context canceled",
)


def starting(state: ContainerState, *others: ContainerState, **more: Any) -> PodSummary:
    """A pod of the new revision that is half a minute old and has a node."""
    given = {"phase": "Pending", "node": "node-1", "created_at": ago(40), "conditions": ()}
    return pod(state, *others, **{**given, **more})


@pytest.mark.parametrize(
    ("rest", "reported"),
    [
        ((waiting("ContainerCreating"), NO_SANDBOX), True),
        ((waiting("ContainerCreating"), SANDBOX), False),
        ((waiting("PodInitializing"), NO_SANDBOX, STARTS), False),
    ],
)
@pytest.mark.parametrize(
    "trouble",
    [event("FailedMount", MOUNT, count=4), event("FailedMount", "rpc error: no such share")],
)
def test_what_could_not_be_mounted_at_first_is_history_once_the_pod_has_its_sandbox(
    rest: tuple[Any, ...], trouble: EventSummary, *, reported: bool
) -> None:
    state, condition, *others = rest
    waits = starting(state, *others, conditions=(condition,), specs=(PROXY, spec()))

    assert bool(found(rolling(1), waits, trouble)) is reported


@pytest.mark.parametrize(
    ("ready", "count", "reported"), [(1, 1, False), (1, 2, True), (2, 2, False), (2, 9, False)]
)
def test_sandbox_that_is_late_is_reported_if_that_costs_something(
    ready: int, count: int, *, reported: bool
) -> None:
    late = event("FailedCreatePodSandBox", SANDBOX_LATE, count=count)
    waits = starting(waiting("ContainerCreating"), conditions=(NO_SANDBOX,))

    assert bool(found(rolling(ready), waits, late)) is reported


@pytest.mark.parametrize("says", BUSY)
@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError"])
@pytest.mark.parametrize(
    ("ready", "age", "reported"), [(1, 40, False), (1, 70, True), (2, 40, False), (2, 300, False)]
)
def test_runtime_that_has_no_time_is_given_some(
    says: str, reason: str, ready: int, age: float, *, reported: bool
) -> None:
    waits = starting(waiting(reason, says), created_at=ago(age))

    assert bool(found(rolling(ready), waits)) is reported


@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError"])
def test_what_the_runtime_refuses_is_told_at_once(reason: str) -> None:
    refused = waiting(reason, 'exec: "/no/such": stat /no/such: no such file or directory')

    assert found(rolling(2), starting(refused))


@pytest.mark.parametrize("says", LOST)
@pytest.mark.parametrize(
    ("count", "age", "reported"), [(1, 40, False), (1, 70, True), (2, 40, True), (5, 300, True)]
)
@pytest.mark.parametrize("ready", [1, 2])
def test_one_request_that_got_lost_is_no_image_that_cannot_be_pulled(
    says: str, count: int, age: float, ready: int, *, reported: bool
) -> None:
    pulled = event("Failed", PULL + says, count=count)
    for reason in ("ErrImagePull", "ImagePullBackOff"):
        waits = starting(waiting(reason, says), created_at=ago(age))

        assert bool(found(rolling(ready), waits, pulled)) is reported


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("ErrImagePull", "pull QPS exceeded"),
        ("ImagePullBackOff", 'Back-off pulling image "a:1": ErrImagePull: pull QPS exceeded'),
    ],
)
@pytest.mark.parametrize(("count", "age", "reported"), [(4, 40, False), (4, 70, True)])
def test_pull_that_the_node_has_put_off_is_no_failure_of_its_image(
    reason: str, says: str, count: int, age: float, *, reported: bool
) -> None:
    waits = starting(waiting(reason, says), created_at=ago(age))

    told = found(rolling(1), waits, event("Failed", f"{PULL}pull QPS exceeded", count=count))

    assert [(each.facts["reason"], each.origin) for each in told] == [
        ("throttled", "outside")
    ] * reported


def test_image_that_is_not_there_is_told_at_once() -> None:
    pulled = event("Failed", f"{PULL}busybox:1.36: not found", count=1)

    assert found(rolling(2), starting(waiting("ErrImagePull", "busybox:1.36: not found")), pulled)


@pytest.mark.parametrize("probe", ["startup", "liveness"])
@pytest.mark.parametrize(
    ("ready", "restarts", "reported"), [(2, 1, False), (2, 2, True), (1, 1, True)]
)
def test_first_restart_by_a_probe_is_a_part_of_the_start_if_nothing_is_lost(
    probe: str, ready: int, restarts: int, *, reported: bool
) -> None:
    killed = event("Killing", f"Container main failed {probe} probe, will be restarted", count=1)
    again = running(
        ready=False, restarts=restarts, last_exit_code=137, last_finished_at=ago(20), for_seconds=19
    )
    asks = spec(readiness=READINESS).model_copy(update={probe: READINESS})
    waits = pod(again, specs=(asks,), created_at=ago(90))

    assert bool(found(rolling(ready), waits, killed)) is reported


# --- what is lost meanwhile ------------------------------------------------------------------


AWAY = [{"strategy": "Recreate"}, {"max_unavailable": 2}]


@pytest.mark.parametrize("strategy", AWAY)
@pytest.mark.parametrize(
    ("container", "more", "given"),
    [
        (PROBED, {}, 400),
        (spec(), {}, 400),
        (PROBED, {"min_ready_seconds": 500}, 505),
        (spec(readiness=READINESS, startup=STARTUP), {}, 405),
        (spec(startup=STARTUP.model_copy(update={"failure_threshold": 100})), {}, 500),
        (spec(startup=STARTUP.model_copy(update={"failure_threshold": 900})), {}, 600),
        (PROBED, {"progress_deadline_seconds": 200}, 200),
        (PROBED, {"progress_deadline_seconds": 3600}, 400),
    ],
)
def test_service_that_is_away_is_told_once_its_start_takes_longer_than_it_may(
    strategy: dict[str, Any], container: ContainerSpec, more: dict[str, Any], given: float
) -> None:
    template = PodTemplate(containers=(container,))

    def reported(seconds: float) -> list[Finding]:
        away = Condition(type="Available", status="False", since=ago(seconds))
        workload = rolling(
            0, **strategy, **{"conditions": (GOING, away), "template": template, **more}
        )
        revisions = tuple(r.model_copy(update={"template": template}) for r in workload.revisions)
        workload = workload.model_copy(update={"revisions": revisions})
        slow = running(ready=False, started=container.startup is None)
        seen = snapshot_of(workload, pod(slow, specs=(container,), created_at=ago(seconds)))
        findings = list(detect(seen, KINDS))
        for each in findings:
            assert blame(each, seen).reason == BlameReason.STILL_STARTING
            assert rules_fix(each, seen, KINDS) is None
        return findings

    assert not reported(given - 1)
    assert reported(given + 1)
