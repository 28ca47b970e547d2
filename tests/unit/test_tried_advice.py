"""What the advice says after the fix of the rules was tried and did not help."""

from __future__ import annotations

import pytest

from watchdog.actions import PatchDeploymentResources, RemediationAction, RolloutUndo
from watchdog.diagnosis.rules import detect, rules_diagnosis
from watchdog.examples.builders import NOW, WEB, broken, crashing, spec
from watchdog.failures import KINDS
from watchdog.model.diagnosis import Explanation
from watchdog.model.incident import Attempt
from watchdog.model.outcome import Outcome
from watchdog.snapshot.snapshot import LimitRangeSummary

RANGE = LimitRangeSummary(name="lr", default={"memory": "32Mi"}, max={"memory": "48Mi"})


def raised(to: str) -> PatchDeploymentResources:
    return PatchDeploymentResources(target=WEB, container="main", memory_limit=to)


def advised(
    *ranges: LimitRangeSummary,
    tried: RemediationAction | None = None,
    outcome: Outcome = Outcome.UNDONE,
) -> Explanation:
    seen = broken(
        crashing(137, last_reason="OOMKilled"),
        *ranges,
        container=spec(limits={"memory": "32Mi"}),
    )
    attempts = (
        [Attempt(id="aa", action=tried, patch="bb", at=NOW, outcome=outcome)] if tried else []
    )
    (said,) = rules_diagnosis(seen, detect(seen, KINDS), KINDS, attempts).explanations
    return said


@pytest.mark.parametrize("outcome", [Outcome.UNDONE, Outcome.FAILED])
def test_the_most_that_a_limit_range_allows_is_not_advised_once_more(outcome: Outcome) -> None:
    said = advised(RANGE, tried=raised("48Mi"), outcome=outcome)

    assert "48Mi was tried and did not help" in said.to_do
    assert "LimitRange lr allows no more" in said.to_do
    assert "--limits" not in (said.command or "")


def test_a_raise_that_did_not_help_is_not_advised_once_more() -> None:
    said = advised(tried=raised("64Mi"))

    assert "64Mi was tried and did not help" in said.to_do
    assert "a memory limit above 64Mi" in said.to_do
    assert said.command is None


@pytest.mark.parametrize(
    ("tried", "outcome"),
    [
        (None, Outcome.UNDONE),
        (raised("40Mi"), Outcome.UNDONE),
        (raised("48Mi"), Outcome.VERIFIED),
        (raised("48Mi"), Outcome.APPLIED),
        (RolloutUndo(target=WEB), Outcome.UNDONE),
    ],
)
def test_what_was_not_tried_or_did_help_is_advised(
    tried: RemediationAction | None, outcome: Outcome
) -> None:
    said = advised(RANGE, tried=tried, outcome=outcome)

    assert "tried" not in said.to_do
    assert "--limits=memory=48Mi" in (said.command or "")
