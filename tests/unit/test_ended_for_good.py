"""Claims about containers whose own restart policy (Kubernetes 1.35) keeps them ended."""

from __future__ import annotations

import pytest

from watchdog.diagnosis.rules import detect, rules_diagnosis
from watchdog.examples.builders import ago, deployment, ended, log, pod, running, snapshot_of, spec
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Explanation
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import ClusterSnapshot


def with_helper(code: int, policy: str | None, text: str = "") -> ClusterSnapshot:
    """A Deployment whose rollout is a minute old: its helper has ended, its main container runs."""
    rolling = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
    away = Condition(type="Available", status="False", since=ago(60))
    made = pod(
        ended(code, name="helper"),
        running(name="main", for_seconds=55),
        specs=(spec("helper", restart_policy=policy), spec("main")),
        created_at=ago(60),
    )
    said = (log(text, container="helper", previous=False),) if text else ()
    return snapshot_of(deployment(conditions=(rolling, away)), made, *said)


def told(seen: ClusterSnapshot) -> Explanation:
    (found,) = rules_diagnosis(seen, detect(seen, KINDS), KINDS).explanations
    return found


def test_a_helper_that_failed_and_stays_ended_is_told_with_the_way_out() -> None:
    found = told(with_helper(1, "Never", "fatal: the ledger's index is corrupt"))

    assert "fatal: the ledger's index is corrupt" in found.why
    assert "not started again (its own restartPolicy is Never)" in found.why
    assert "init container" in found.to_do


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_a_helper_that_is_done_is_told_long_before_the_progress_deadline(policy: str) -> None:
    found = told(with_helper(0, policy))

    assert found.kind == "unhealthy_workload"
    assert "Container helper has ended (exit code 0)" in found.why
    assert "native sidecar" in found.to_do


@pytest.mark.parametrize("policy", [None, "Always"])
def test_a_helper_that_is_started_again_may_end_once(policy: str | None) -> None:
    assert detect(with_helper(0, policy), KINDS) == ()
