"""A namespace with nothing to judge gets no judge: then no failure kind may have had a say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import recorded_api
from watchdog.agent.fast_path import nothing_to_judge
from watchdog.diagnosis.rules import detect
from watchdog.examples import builders as ex
from watchdog.examples import drill_of, examples_of
from watchdog.failures import KINDS
from watchdog.observation.collector import observe
from watchdog.settings.schema import Settings
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import AutoscalerSummary, ClusterSnapshot, DisruptionBudgetSummary

RECORDED = Path(__file__).parent.parent / "recorded"
FIELDS = [
    name
    for name, field in ClusterSnapshot.model_fields.items()
    if str(field.annotation).startswith("tuple")
]


def snapshots() -> list[ClusterSnapshot]:
    """Every example of every kind, every recorded drill, and each of them with one field only."""
    found = [example.snapshot for kind in KINDS for example in examples_of(kind.name)]
    for kind in KINDS:
        recording = recorded_api.load(RECORDED / f"{kind.name}.json")
        settings = Settings.model_validate(drill_of(kind.name).settings)
        found.append(observe(recording, recorded_api.NAMESPACE, settings, recording))
    parts = [
        whole.model_copy(update={name: () for name in FIELDS if name != kept})
        for whole in found
        for kept in FIELDS
        if getattr(whole, kept)
    ]
    return [*found, *parts]


def test_where_there_is_nothing_to_judge_no_kind_finds_anything() -> None:
    well = [snapshot for snapshot in snapshots() if nothing_to_judge(snapshot)]

    assert [finding for snapshot in well for finding in detect(snapshot, KINDS)] == []
    for held in ("autoscalers", "disruption_budgets", "blind_spots", "cuts"):
        assert held in FIELDS


def test_what_was_found_to_look_sick_is_always_judged() -> None:
    sick = [snapshot for snapshot in snapshots() if detect(snapshot, KINDS)]

    assert len(sick) > len(KINDS)
    assert not any(nothing_to_judge(snapshot) for snapshot in sick)


@pytest.mark.parametrize(("type_", "status", "judged"), [
    ("AbleToScale", "True", False),
    ("ScalingLimited", "False", False),
    ("ScalingActive", "False", True),
    ("ScalingActive", "Unknown", True),
])  # fmt: skip
def test_an_autoscaler_is_judged_unless_it_says_that_it_scales(
    type_: str, status: str, judged: bool
) -> None:
    scaler = AutoscalerSummary(
        ref=ex.ref("HorizontalPodAutoscaler", "web"),
        target=ex.WEB,
        conditions=(Condition(type=type_, status=status),),
    )

    assert nothing_to_judge(ex.snapshot_of(scaler)) is not judged


@pytest.mark.parametrize(("allowed", "judged"), [(1, False), (0, True)])
def test_a_disruption_budget_is_judged_unless_it_allows_a_disruption(
    allowed: int, judged: bool
) -> None:
    budget = DisruptionBudgetSummary(ref=ex.ref("PodDisruptionBudget", "web"), allowed=allowed)

    assert nothing_to_judge(ex.snapshot_of(budget)) is not judged
