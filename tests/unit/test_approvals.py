"""Requests for an approval: one at a time, and none that loses another one's approval."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.memories import NOW, action, asked
from watchdog.actions import RemediationAction, RolloutUndo
from watchdog.incidents.approvals import Intent, kept_out

ASKED_FOR = action()
OTHER = RolloutUndo(target=ASKED_FOR.target, to_revision=3)
DAY = 86_400.0


def intent(change: RemediationAction) -> Intent:
    live = {"metadata": {"uid": "2b1b5b4e", "generation": 7}, "spec": {}}
    return Intent("1", change, change.target, live, "cd" * 32, NOW)


@pytest.mark.parametrize("plan", [(ASKED_FOR, OTHER), (OTHER, ASKED_FOR)])
def test_a_change_that_was_asked_for_keeps_out_the_others_of_its_plan(
    plan: tuple[RemediationAction, ...],
) -> None:
    before = asked(action=ASKED_FOR.model_copy(update={"value": None}))

    assert kept_out([before], intent(OTHER), plan, DAY, NOW + timedelta(hours=1))
    assert not kept_out([before], intent(ASKED_FOR), plan, DAY, NOW + timedelta(hours=1))


def test_an_undo_is_the_same_change_whatever_revision_it_was_asked_for() -> None:
    plan = (RolloutUndo(target=OTHER.target), ASKED_FOR)

    assert kept_out([asked(action=OTHER)], intent(ASKED_FOR), plan, DAY, NOW)


def test_a_change_that_is_no_longer_planned_makes_way() -> None:
    assert not kept_out([asked()], intent(OTHER), (OTHER,), DAY, NOW)


@pytest.mark.parametrize(("hours", "seconds"), [(25, DAY), (2, 3600.0)])
def test_a_request_that_has_expired_makes_way(hours: int, seconds: float) -> None:
    later = NOW + timedelta(hours=hours)

    assert not kept_out([asked()], intent(OTHER), (ASKED_FOR, OTHER), seconds, later)


def test_the_request_of_another_container_keeps_out_too() -> None:
    beside = ASKED_FOR.model_copy(update={"container": "sidecar"})

    assert kept_out([asked()], intent(beside), (ASKED_FOR, beside), DAY, NOW)


def test_two_that_were_both_asked_for_do_not_keep_out_one_another() -> None:
    both = [asked(), asked(action=OTHER)]

    assert not kept_out(both, intent(ASKED_FOR), (ASKED_FOR, OTHER), DAY, NOW)
    assert not kept_out(both, intent(OTHER), (ASKED_FOR, OTHER), DAY, NOW)
