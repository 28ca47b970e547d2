"""Whole passes that are held back: too much is broken, not now, not so often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.demo_shop import BoxClock
from tests.support.simulated_cluster import NAMESPACE, Arena, outcomes
from watchdog.model.report import NamespaceReport
from watchdog.report.markdown import render_markdown

MANY = [f"shop-{i}" for i in range(7)]
FIXED = ("patch_deployment_env", "verified")


def break_all(arena: Arena, *well: str) -> None:
    for name in (*MANY, *well):
        arena.deploy(name)
    arena.wire.advance(600)
    for name in MANY:
        arena.deploy(name, env="[]")
    arena.wire.advance(60)


def rules(part: NamespaceReport) -> set[str | None]:
    return {result.rule for result in part.actions}


def fixed(part: NamespaceReport) -> bool:
    return [outcome for _, outcome in outcomes(part)] == ["verified"]


def flap(arena: Arena) -> None:
    """What was repaired is deployed as it should be, and then broken again."""
    arena.wire.advance(120)
    arena.deploy()
    arena.wire.advance(120)
    arena.deploy(env="[]")
    arena.wire.advance(60)


def test_where_most_is_broken_nothing_is_touched_and_a_sentence_says_so(arena: Arena) -> None:
    break_all(arena, "well")

    report = arena.run()

    (part,) = report.namespaces
    said = "7 of 8 workloads are sick: something common is broken, so nothing is touched."
    assert rules(part) == {"breaker"}
    assert arena.wire.real_writes == []
    assert part.warnings == (said,)
    assert said in render_markdown(report).replace("\\", "")
    assert len(part.findings) == 7
    assert {item.state for item in part.incidents} == {"needs_you"}


def test_where_less_than_the_share_is_broken_it_is_repaired(arena: Arena) -> None:
    break_all(arena, *(f"well-{i}" for i in range(7)))

    part = arena.look()

    assert outcomes(part).count(FIXED) == 2
    assert rules(part) == {None, "attempts"}


def window(arena: Arena, minutes: int, length: int = 30) -> str:
    """A window of today that opens so many minutes from now, by the cluster's clock."""
    opens = BoxClock(arena.wire).now() + timedelta(minutes=minutes)
    ends = opens + timedelta(minutes=length)
    return f"Mon-Sun {opens:%H:%M}-{ends:%H:%M} UTC"


@pytest.mark.parametrize("where", ["everywhere", "here"])
def test_outside_of_a_window_it_waits_and_inside_it_acts(arena: Arena, where: str) -> None:
    arena.break_env()
    text = window(arena, 10)
    given: dict[str, Any] = {"change_windows": text}
    if where == "here":
        given = {"policies": {NAMESPACE: {"windows": [text]}}}

    early = arena.look(**given)

    assert rules(early) == {"outside_window"}
    assert "opens on" in early.actions[0].reason
    assert arena.wire.real_writes == []

    arena.wire.advance(15 * 60)
    assert outcomes(arena.look(**given)) == [FIXED]


def test_a_change_that_does_not_help_is_taken_back_after_the_window_has_closed(
    arena: Arena,
) -> None:
    arena.deploy(env="[]", script="sleep 90; exit 1")
    arena.wire.advance(120)
    arena.wire.advance(60 - BoxClock(arena.wire).now().second)
    before = arena.spec()["template"]

    part = arena.look(
        change_windows=window(arena, 0, length=1),
        approved_env={"REQUIRED_CONFIG": "x"},
        verify={"stable_seconds": 100},
        run_budget_seconds=400,
    )

    assert [outcome for _, outcome in outcomes(part)] == ["undone"]
    assert arena.spec()["template"] == before
    assert len(arena.wire.real_writes) == 2


def test_one_workload_is_changed_only_so_often_within_an_hour(arena: Arena) -> None:
    arena.break_env()
    limits = {"actions_per_target_per_hour": 2}
    more = {"tries": 10, "cooldown_seconds": 0}
    for _ in range(2):
        assert fixed(arena.look(limits=limits, incidents=more))
        flap(arena)

    held = arena.look(limits=limits, incidents=more)

    assert rules(held) == {"hourly_budget"}
    assert arena.wire.real_writes == []
    assert [item.state for item in held.incidents if item.open] == ["broken"]

    arena.wire.advance(3600)
    assert fixed(arena.look(limits=limits, incidents=more))


def test_the_mark_on_the_workload_counts_where_memory_was_deleted(arena: Arena) -> None:
    arena.break_env()
    limits = {"actions_per_target_per_hour": 1}
    assert outcomes(arena.look(limits=limits)) == [FIXED]
    flap(arena)
    arena.wire.delete("ConfigMap", NAMESPACE, "sre-watchdog")

    assert rules(arena.look(limits=limits)) == {"hourly_budget"}


def test_a_namespace_is_changed_only_so_often_within_an_hour_and_within_one_pass(
    arena: Arena,
) -> None:
    for name in ("ledger", "orders", "billing"):
        arena.break_env(name)

    part = arena.look(limits={"actions_per_hour": 2}, max_remediation_attempts=5)

    assert outcomes(part).count(FIXED) == 2
    assert rules(part) == {None, "hourly_budget"}
    assert len(arena.wire.real_writes) == 2
