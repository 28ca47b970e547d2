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
    pod,
    seen,
    settings,
    snapshot,
)
from watchdog.actions import PatchDeploymentImage
from watchdog.incidents.attempt_history import ATTEMPTS, Mark
from watchdog.policy.rollback import (
    no_migration_undone,
    revision_is_to_blame,
    rollout_is_not_young,
)
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate
from watchdog.snapshot.snapshot import LogTail
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


CHANGED_A_SCHEMA = (
    'Migrating schema "public" to version "42 - drop legacy column"',
    "Successfully applied 1 migration to schema `ledger`, now at version v42 (execution time 0.2s)",
    "  Applying ledger.0042_drop_column... OK",
    "INFO  [alembic.runtime.migration] Running upgrade 1975ea -> ae10, add a column",
    "Running Changeset: db/changelog.xml::42::ada",
    "ChangeSet db/changelog.xml::42::ada ran successfully in 12ms",
    "== 20261129101500 DropRegion: migrating ======================================",
    "== 20261129101500 DropRegion: migrated (0.0031s) =============================",
    "Applying migration `20261129101500_drop_region`",
    "Applying migration '20261129101500_DropRegion'.",
    "42/u drop_region (12.3ms)",
    "error: Dirty database version 42. Fix and force version.",
    "Migration DropRegion1764000000 has been executed successfully.",
    "[info] == Migrated 20261129101500 in 0.0s",
    "Batch 3 run: 2 migrations",
)
CHANGED_NONE = (
    "  No migrations to apply.",
    'Schema "public" is up to date. No migration necessary.',
    "Successfully applied 0 migrations",
    "Batch 3 run: 0 migrations",
    "migrating 3 shards to node-2",
    "checking for pending migrations",
)


@pytest.mark.parametrize("line", CHANGED_A_SCHEMA + CHANGED_NONE)
def test_a_program_that_says_that_it_changed_a_schema_is_taken_back_only_by_a_person(
    line: str,
) -> None:
    log = LogTail(pod=pod().ref.name, container="main", text=f"starting\n{line}\nfatal: boom")
    of_another = log.model_copy(update={"pod": "someone-else"})

    verdict = no_migration_undone(UNDO, context(snapshot=snapshot(logs=(log,))))

    asked = verdict is not None and (verdict.decision, verdict.rule) == ("ask", "migration")
    assert asked is (line in CHANGED_A_SCHEMA)
    assert no_migration_undone(UNDO, context(snapshot=snapshot(logs=(of_another,)))) is None


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
