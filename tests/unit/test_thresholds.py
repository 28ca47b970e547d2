"""Each setting that a detector judges by works in both directions, and every setting is read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from watchdog.diagnosis.rules import detect
from watchdog.examples.builders import (
    ago,
    broken,
    deployment,
    pod,
    running,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures import KINDS
from watchdog.settings.schema import GraceSettings, LimitSettings, ObserveSettings, Settings
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import ClusterSnapshot

ROOT = Path(__file__).parents[2]
_UNPLACED = (
    "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available:"
    " 2 Preemption is not helpful for scheduling."
)


def judged_by(snapshot: ClusterSnapshot, settings: Settings) -> ClusterSnapshot:
    return snapshot.model_copy(update={"thresholds": settings.thresholds})


def found(snapshot: ClusterSnapshot, settings: Settings) -> set[str]:
    return {finding.kind for finding in detect(judged_by(snapshot, settings), KINDS)}


def starting(seconds: float) -> ClusterSnapshot:
    """A pod that waits for its container for so long, without any failure."""
    young = pod(
        waiting("ContainerCreating"), phase="Pending", status="Pending", created_at=ago(seconds)
    )
    return snapshot_of(deployment(ready=0, available=0), young)


def unready(seconds: float) -> ClusterSnapshot:
    """A pod that runs and has not been ready for so long, for no reason that is known."""
    condition = Condition(type="Ready", status="False", since=ago(seconds))
    idle = pod(
        running(ready=False, for_seconds=seconds),
        conditions=(condition,),
        created_at=ago(seconds),
    )
    down = Condition(type="Available", status="False", since=ago(seconds))
    return snapshot_of(deployment(ready=0, available=0, conditions=(down,)), idle)


def leaving(seconds: float) -> ClusterSnapshot:
    gone = pod(running(), deleted_at=ago(seconds), status="Terminating")
    return snapshot_of(deployment(), gone)


def restarted(times: int, ended_seconds_ago: float) -> ClusterSnapshot:
    """A container that runs again after so many restarts, the last of them so long ago."""
    state = running(
        for_seconds=ended_seconds_ago,
        restarts=times,
        last_exit_code=1,
        last_reason="Error",
        last_started_at=ago(ended_seconds_ago + 3),
        last_finished_at=ago(ended_seconds_ago),
    )
    return snapshot_of(deployment(ready=1), pod(state, sick=True))


@pytest.mark.parametrize("name", ["pending_seconds", "unready_seconds", "terminating_seconds"])
def test_a_longer_grace_is_silent_and_a_shorter_one_is_not(name: str) -> None:
    case = {"pending_seconds": starting, "unready_seconds": unready}.get(name, leaving)
    default = GraceSettings().model_dump()[name]

    def with_grace(seconds: float) -> Settings:
        every = dict.fromkeys(("pending_seconds", "unready_seconds"), 10000.0)
        return Settings(grace=GraceSettings(**{**every, name: seconds}))

    assert found(case(default + 30), with_grace(default))
    assert not found(case(default + 30), with_grace(default + 60))
    assert not found(case(default - 30), with_grace(default))
    assert found(case(default - 30), with_grace(default - 40))


def test_fewer_restarts_count_where_the_setting_says_so() -> None:
    once = restarted(1, 100)

    assert not found(once, Settings())
    assert found(once, Settings(grace=GraceSettings(restarts=1)))
    assert found(restarted(2, 100), Settings())
    assert not found(restarted(2, 100), Settings(grace=GraceSettings(restarts=3)))


def test_a_restart_counts_within_the_window_only() -> None:
    thrice = restarted(3, 100)
    two_hours = Settings(observe=ObserveSettings(restart_window_seconds=7200))
    minute = Settings(observe=ObserveSettings(restart_window_seconds=60))

    assert found(thrice, two_hours)
    assert not found(thrice, minute)


def fixes(snapshot: ClusterSnapshot, settings: Settings) -> Iterator[dict[str, Any]]:
    judged = judged_by(snapshot, settings)
    by_name = {kind.name: kind for kind in KINDS}
    for finding in detect(judged, KINDS):
        if action := by_name[finding.kind].fix(finding, judged):
            yield action.params


def test_the_fallback_requests_are_those_of_the_settings() -> None:
    placed = Condition(
        type="PodScheduled", status="False", reason="Unschedulable", message=_UNPLACED
    )
    greedy = spec(requests={"memory": "900Gi"})
    wanted = PodTemplate(containers=(greedy,))
    waits = pod(
        specs=(greedy,),
        phase="Pending",
        status="Pending",
        conditions=(placed,),
        created_at=ago(600),
    )
    seen = snapshot_of(deployment(template=wanted), waits)
    settings = Settings(limits=LimitSettings(fallback_memory="96Mi"))

    assert any("512Mi" in str(params) for params in fixes(seen, Settings()))
    assert any("96Mi" in str(params) for params in fixes(seen, settings))


def test_memory_is_raised_by_the_factor_of_the_settings_at_most() -> None:
    small = spec(limits={"memory": "64Mi"})
    killed = broken(
        running(
            ready=False,
            restarts=4,
            for_seconds=5,
            last_exit_code=137,
            last_reason="OOMKilled",
            last_started_at=ago(40),
            last_finished_at=ago(10),
        ),
        container=small,
    )
    careful = Settings(limits=LimitSettings(memory_factor=1.5))

    assert any("128Mi" in str(params) for params in fixes(killed, Settings()))
    assert any("96Mi" in str(params) for params in fixes(killed, careful))


def leaves(model: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from leaves(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}"


READ = {
    node.attr
    for path in (ROOT / "watchdog").rglob("*.py")
    if path.name != "schema.py" or path.parent.name != "settings"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.Attribute)
} | {"actions", "policies", "key_file", "all_namespaces"}
"""What the code reads of any value; the four are read by the settings' own methods."""


@pytest.mark.parametrize("setting", sorted(leaves(Settings)))
def test_every_setting_is_read_somewhere(setting: str) -> None:
    assert setting.rpartition(".")[2] in READ
