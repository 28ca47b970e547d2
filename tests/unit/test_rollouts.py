"""Whose a rollout is, when it has failed, and which pods count as serving while it goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.policy_samples import (
    AVAILABLE,
    NOW,
    POD,
    RESTART,
    UNDO,
    context,
    deployment,
    finding,
    live,
    planned,
    pod,
    seen,
    snapshot,
)
from watchdog.policy.policy import judge
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.workloads import ContainerState, PodSummary

READY = Condition(type="Ready", status="True")
GOES_ON = Condition(type="Progressing", status="True")
OVERDUE = Condition(type="Progressing", status="False")
NO_QUOTA = Condition(type="ReplicaFailure", status="True")
NO_FAILURE = Condition(type="ReplicaFailure", status="False")


def state(**changes: Any) -> ContainerState:
    return ContainerState.model_validate({"name": "main", **changes})


def crashed(**changes: Any) -> ContainerState:
    """A container that runs, and crashed twice, the last time just within the window."""
    ended = NOW - timedelta(seconds=599)
    usual = {"state": "running", "restarts": 2, "last_exit_code": 1, "last_finished_at": ended}
    return state(**{**usual, **changes})


def pods_and_ready(ready: int, desired: int, *pods: PodSummary) -> dict[str, Any]:
    """A workload whose current revision once worked, so that only the pods that serve count."""
    held = deployment(ready=ready, desired=desired, updated=desired, revisions=AVAILABLE)
    return {"snapshot": snapshot(deployments=(held,), pods=pods)}


@pytest.mark.parametrize(
    ("container", "decision"),
    [
        (crashed(), "allow"),
        (crashed(restarts=1), "ask"),
        (crashed(last_exit_code=0), "ask"),
        (crashed(last_finished_at=None), "ask"),
        (crashed(last_finished_at=NOW - timedelta(seconds=600)), "ask"),
    ],
)
def test_a_pod_that_is_ready_between_two_crashes_does_not_serve(
    container: ContainerState, decision: str
) -> None:
    between = pod(conditions=(READY,), containers=(container,))

    assert judge(RESTART, context(**pods_and_ready(1, 2, between))).decision == decision


def test_a_crashing_pod_that_is_not_ready_takes_nothing_from_those_that_serve() -> None:
    down = pod(containers=(crashed(),))

    assert judge(RESTART, context(**pods_and_ready(1, 2, down))).rule == "blast_radius"


@pytest.mark.parametrize(
    ("read", "alike", "decision"), [(1, 1, "ask"), (1, 9, "ask"), (2, 1, "allow")]
)
def test_only_pods_that_were_read_are_proven_to_crash(read: int, alike: int, decision: str) -> None:
    between = [
        pod(
            ref=POD.model_copy(update={"name": f"ledger-b-{number}"}),
            conditions=(READY,), containers=(crashed(),), alike=alike,
        )
        for number in range(read)
    ]  # fmt: skip

    assert judge(RESTART, context(**pods_and_ready(3, 4, *between))).decision == decision


@pytest.mark.parametrize(
    ("counts", "down", "decision"),
    [
        # Ready by now: the one that crashes, and of three the one that did not serve before.
        ({"replicas": 1, "readyReplicas": 1}, pod(containers=(crashed(),)), "allow"),
        ({"replicas": 3, "readyReplicas": 3}, pod(containers=(crashed(),), alike=2), "ask"),
        ({"replicas": 3, "readyReplicas": 3}, pod(containers=(crashed(),)), "ask"),
        ({"readyReplicas": 1}, pod(containers=(crashed(),)), "allow"),
        # Not seen to crash, or on its way out.
        ({"replicas": 1, "readyReplicas": 1}, pod(containers=(crashed(restarts=1),)), "ask"),
        ({"replicas": 1, "readyReplicas": 1}, pod(containers=(crashed(),), deleted_at=NOW), "ask"),
    ],
)
def test_a_crashing_pod_that_is_ready_by_now_does_not_serve(
    counts: dict[str, int], down: PodSummary, decision: str
) -> None:
    desired = counts.get("replicas", 1)
    item = live()
    item["spec"]["replicas"], item["status"] = desired, counts

    assert judge(RESTART, planned(RESTART, item, **pods_and_ready(0, desired, down))).decision == (
        decision
    )


def test_a_status_that_leaves_out_its_ready_pods_has_none() -> None:
    item = live()
    del item["status"]["readyReplicas"]

    assert judge(RESTART, planned(RESTART, item, **seen(revisions=AVAILABLE))).decision == "allow"


def rolling(
    *states: ContainerState,
    conditions: tuple[Condition, ...] = (GOES_ON,),
    named: tuple[str, ...] = (),
    updated: int = 1,
) -> dict[str, Any]:
    """A rollout halfway, of a workload with a finding that names these pods."""
    held = deployment(updated=updated, conditions=conditions)
    pods = (pod(containers=states),) if states else ()
    return {
        "snapshot": snapshot(deployments=(held,), pods=pods),
        "findings": (finding(pods=named),),
    }


@pytest.mark.parametrize(
    "given",
    [
        rolling(),
        rolling(state(state="running")),
        rolling(state(state="running", exit_code=0)),
        rolling(state(state="waiting", reason="ContainerCreating")),
        rolling(state(state="waiting")),
        rolling(conditions=(GOES_ON, NO_FAILURE)),
    ],
)
def test_a_rollout_of_which_nothing_failed_goes_on_undisturbed(given: dict[str, Any]) -> None:
    assert judge(UNDO, context(**given)).rule == "rollout_in_progress"


@pytest.mark.parametrize(
    "given",
    [
        rolling(state(state="waiting", reason="ImagePullBackOff")),
        rolling(state(state="running", restarts=1)),
        rolling(state(state="terminated", exit_code=1)),
        rolling(named=("ledger-b-x",)),
        rolling(conditions=(OVERDUE,)),
        rolling(conditions=(GOES_ON, NO_QUOTA)),
        rolling(updated=2),
    ],
)
def test_a_rollout_that_failed_or_ended_is_repaired(given: dict[str, Any]) -> None:
    assert judge(UNDO, context(**given)).decision == "allow"
