"""When a revision may be taken back: each rule by itself, at its boundary."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.policy_samples import (
    AVAILABLE,
    HERE,
    NOW,
    OLD,
    RESTART,
    UNDO,
    context,
    earlier,
    planned,
    seen,
    settings,
)
from watchdog.actions import PatchDeploymentImage
from watchdog.incidents.attempt_history import ATTEMPTS, Mark
from watchdog.policy.rollback import (
    no_migration_undone,
    revision_is_to_blame,
    rollout_is_not_young,
)
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate
from watchdog.snapshot.workloads import RevisionSummary

IMAGE = PatchDeploymentImage.model_validate({**HERE, "image": "ghcr.io/shop/ledger:1"})
RESTS = settings(grace={"rollout_seconds": 600})
PROVEN: dict[str, Any] = seen(revisions=AVAILABLE)


def test_a_proven_revision_is_not_taken_back_and_is_named() -> None:
    verdict = revision_is_to_blame(UNDO, context(**PROVEN))

    assert verdict is not None
    assert verdict.decision == "refuse"
    assert verdict.reason.startswith("revision 7 is not to blame: ")


def test_a_part_of_an_earlier_revision_is_judged_as_the_whole_and_a_suggestion_is_not() -> None:
    template = earlier(image="ghcr.io/shop/ledger:1")
    restored = planned(IMAGE, template=template, **PROVEN)
    suggested = planned(IMAGE, **PROVEN)
    assert restored.write is not None
    assert suggested.write is not None
    assert (restored.write.material.origin, suggested.write.material.origin) == (
        "revision",
        "suggested",
    )

    verdict = revision_is_to_blame(IMAGE, restored)

    assert verdict is not None
    assert verdict.decision == "refuse"
    assert revision_is_to_blame(IMAGE, suggested) is None
    assert revision_is_to_blame(RESTART, planned(RESTART, **PROVEN)) is None


def test_where_nothing_worked_a_migration_in_the_first_revision_counts() -> None:
    migrates = PodTemplate(containers=(ContainerSpec(name="db-migrate", init=True),))
    revisions = (
        RevisionSummary(revision=2, replica_set="ledger-b", current=True),
        RevisionSummary(revision=1, replica_set="ledger-a", template=migrates),
    )

    verdict = no_migration_undone(UNDO, context(**seen(revisions=revisions)))

    assert verdict is not None
    assert (verdict.decision, verdict.rule) == ("ask", "migration")


@pytest.mark.parametrize(
    ("seconds_after_our_write", "young"),
    [(0, False), (300, False), (301, True), (-60, False), (-60.5, True)],
)
def test_a_rollout_that_began_with_our_own_write_is_not_young(
    seconds_after_our_write: float, young: bool
) -> None:
    mark = Mark("abc", NOW - timedelta(seconds=400), 1)
    made = mark.at + timedelta(seconds=seconds_after_our_write)
    current = RevisionSummary(revision=7, replica_set="ledger-b", current=True, created_at=made)
    given = seen(
        revisions=(current, RevisionSummary.model_validate(OLD)),
        annotations={ATTEMPTS: mark.text()},
    )

    verdict = rollout_is_not_young(UNDO, context(settings=RESTS, **given))

    assert (verdict is not None) is young
