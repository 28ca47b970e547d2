"""What was tried before, and what a person took back, holds a change back: each rule by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.policy_samples import (
    LEDGER,
    NOW,
    RESTART,
    UNDO,
    context,
    live,
    planned,
    scale,
    seen,
)
from watchdog.actions import RolloutUndo
from watchdog.incidents.attempt_history import ATTEMPTS, TAKEN_BACK, Mark, Past
from watchdog.model.incident import Attempt
from watchdog.model.outcome import Outcome
from watchdog.policy.policy import judge
from watchdog.policy.retries import (
    CHANGED_SINCE,
    not_given_up,
    not_taken_back,
    rested,
    something_else,
)
from watchdog.policy.verdict import Context
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.workloads import RevisionSummary

MORE = scale(3)
OTHER = ObjectRef(kind="Deployment", namespace="shop", name="other")
OURS = Mark("abc", NOW - timedelta(hours=1), 1, revision=7)
GONE_BACK: dict[str, Any] = seen(
    revisions=(RevisionSummary(revision=7, replica_set="ledger-b", current=True),),
    annotations={ATTEMPTS: OURS.text(), TAKEN_BACK: "abc"},
)


def tried(patch: str, outcome: Outcome = Outcome.UNDONE) -> Past:
    item = Attempt(id="aa", action=RESTART, patch=patch, at=NOW, outcome=outcome)
    return Past(failed=(item,), count=1)


def before(past: Past, target: ObjectRef = LEDGER) -> dict[str, Any]:
    return {"past": {target: past}}


@pytest.mark.parametrize(
    ("past", "rule", "words"),
    [
        (Past(count=3, escalated=True), "escalated", "3 tries did not help"),
        (
            Past(count=2, quiet_until=NOW + timedelta(minutes=5)),
            "cooling_down",
            "nothing is tried before 14:08:00 UTC",
        ),
    ],
)
def test_what_did_not_help_is_not_tried_for_ever(past: Past, rule: str, words: str) -> None:
    verdict = judge(RESTART, context(**before(past)))

    assert (verdict.decision, verdict.rule) == ("refuse", rule)
    assert words in verdict.reason
    assert judge(RESTART, context(**before(past, OTHER))).decision == "allow"


def test_after_a_first_try_nothing_rests_and_no_one_is_needed() -> None:
    given = context(**before(Past(count=1)))

    assert (not_given_up(RESTART, given), rested(RESTART, given)) == (None, None)
    assert (not_given_up(RESTART, context()), rested(RESTART, context())) == (None, None)


def test_what_someone_changes_meanwhile_is_left_to_them_and_nothing_else_is() -> None:
    verdict = judge(RESTART, context(changed_by_others={LEDGER}))

    assert (verdict.decision, verdict.rule) == ("refuse", CHANGED_SINCE)
    assert verdict.reason.startswith(f"someone changed {LEDGER} while this pass watched it")
    assert judge(RESTART, context(changed_by_others={OTHER})).decision == "allow"


def exact(past: Past | None = None) -> Context:
    """The context of an exact write, with what was tried before on its workload."""
    return replace(planned(MORE, live()), past={LEDGER: past} if past else {})


def test_the_same_write_is_not_made_twice_if_it_did_not_help() -> None:
    write = exact().write
    assert write is not None

    verdict = something_else(MORE, exact(tried(write.patch)))

    assert verdict is not None
    assert (verdict.decision, verdict.rule) == ("refuse", "tried_before")
    assert "14:03 UTC" in verdict.reason


@pytest.mark.parametrize(
    ("patch", "outcome"), [("0" * 8, Outcome.UNDONE), (None, Outcome.VERIFIED)]
)
def test_another_write_and_one_that_helped_may_be_made(patch: str | None, outcome: Outcome) -> None:
    write = exact().write
    assert write is not None

    past = tried(write.patch if patch is None else patch, outcome)

    assert something_else(MORE, exact(past)) is None


def test_before_the_write_is_known_nothing_is_the_same() -> None:
    assert something_else(MORE, context(**before(tried("0" * 8)))) is None
    assert something_else(MORE, exact()) is None


def test_what_a_person_took_back_is_left_until_the_next_deploy() -> None:
    verdict = judge(UNDO, context(**GONE_BACK))

    assert (verdict.decision, verdict.rule) == ("refuse", "taken_back")
    assert "13:03 UTC" in verdict.reason
    assert not_taken_back(MORE, context(**GONE_BACK)) is None
    assert not_taken_back(RolloutUndo(target=OTHER), context(**GONE_BACK)) is None
    assert not_taken_back(UNDO, context()) is None
