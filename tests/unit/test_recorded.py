"""The kinds, held against what a real API server said when each drill was recorded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import recorded_api
from watchdog.detection.kind import FailureKind
from watchdog.diagnosis.rules import detect, rules_diagnosis
from watchdog.examples import drill_of
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Finding
from watchdog.observation.collector import observe
from watchdog.settings.schema import Settings
from watchdog.snapshot.snapshot import ClusterSnapshot

RECORDED = Path(__file__).parent.parent / "recorded"
ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
LOCAL = ("127.", "10.", "0.")
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def replayed(kind: FailureKind) -> tuple[ClusterSnapshot, tuple[Finding, ...]]:
    recording = recorded_api.load(RECORDED / f"{kind.name}.json")
    settings = Settings.model_validate(drill_of(kind.name).settings)
    snapshot = observe(recording, recorded_api.NAMESPACE, settings, recording)
    return snapshot, detect(snapshot, KINDS)


@each_kind
def test_a_recorded_drill_is_found_as_its_kind_and_no_other(kind: FailureKind) -> None:
    _, findings = replayed(kind)

    assert {f.kind for f in findings if not (f.cause and f.cause.of)} == {kind.name}


@each_kind
def test_a_recorded_drill_is_proposed_what_its_kind_says(kind: FailureKind) -> None:
    snapshot, findings = replayed(kind)

    actions = {
        action.kind for action in rules_diagnosis(snapshot, findings, KINDS).remediation_actions
    }

    assert actions
    assert (actions == {"custom_instruction"}) == (drill_of(kind.name).ends == "advice")


@each_kind
def test_a_recording_is_small_and_of_no_machine(kind: FailureKind) -> None:
    text = (RECORDED / f"{kind.name}.json").read_text()

    assert len(text) < 30_000
    assert all(found.startswith(LOCAL) for found in ADDRESS.findall(text))


def test_nothing_is_recorded_that_is_no_kind() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == {kind.name for kind in KINDS}
