"""Requests for an approval: one at a time, and none that loses another one's approval."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.memory_samples import NOW, action, asked, ref
from watchdog.actions import RemediationAction, RolloutUndo
from watchdog.incidents.approvals import (
    APPROVE,
    Intent,
    answered,
    kept_out,
    request_for,
    shown_whole,
)
from watchdog.incidents.attempt_history import ATTEMPTS, Mark
from watchdog.slack.block_kit import escape, escaped
from watchdog.snapshot.refs import ObjectRef

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


LIVE: dict[str, Any] = {
    "metadata": {"uid": "2b1b5b4e", "generation": 7, "namespace": "shop", "name": "web"},
    "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "main"}]}}},
}
SHOWN = Intent("1", ASKED_FOR, ASKED_FOR.target, LIVE, "cd" * 32, NOW)


def live(**changes: Any) -> dict[str, Any]:
    """The object with a few of its parts changed, `spec__replicas` for one inside of another."""
    item: dict[str, Any] = json.loads(json.dumps(LIVE))
    for path, value in changes.items():
        first, _, then = path.partition("__")
        if then:
            item[first][then] = value
        else:
            item[first] = value
    return item


def other(**changes: Any) -> Intent:
    return replace(SHOWN, **changes)


def aimed(name: str = "web", namespace: str = "shop") -> RemediationAction:
    return ASKED_FOR.model_copy(update={"target": ref(name, namespace)})


# Every part of what was shown, changed in each way that matters.
ANOTHER_WRITE = {
    "object": other(action=aimed("api")),
    "namespace": other(action=aimed("web", "bank")),
    "kind of object": other(
        action=ASKED_FOR.model_copy(
            update={"target": ObjectRef(kind="StatefulSet", namespace="shop", name="web")}
        )
    ),
    "uid": other(live=live(metadata__uid="another")),
    "uid in other letters": other(live=live(metadata__uid="2B1B5B4E")),
    "patch": other(patch="ce" * 32),
    "patch cut": other(patch="cd" * 31),
    "container": other(action=ASKED_FOR.model_copy(update={"container": "sidecar"})),
    "variable": other(action=ASKED_FOR.model_copy(update={"name": "ZONE"})),
    "action": other(action=OTHER),
    "revision": other(action=OTHER.model_copy(update={"to_revision": 2})),
    "replicas": other(live=live(spec__replicas=3)),
    "template": other(live=live(spec__template={"spec": {"containers": [{"name": "x"}]}})),
    "a field more": other(live=live(spec__paused=True)),
    "a field less": other(live=live(spec={"replicas": 2})),
    "data": other(live=live(data={"region": "eu-1"})),
}


@pytest.mark.parametrize("wanted", ANOTHER_WRITE.values(), ids=ANOTHER_WRITE)
@pytest.mark.parametrize("by", ["annotation", "Slack"])
def test_an_approval_of_one_write_is_none_of_another(wanted: Intent, by: str) -> None:
    asked_for, _ = request_for(SHOWN, None, DAY, NOW)
    held = {**wanted.live["metadata"], "annotations": {APPROVE: asked_for.id}}
    if by == "annotation":
        wanted = replace(wanted, live={**wanted.live, "metadata": held})

    request, note = request_for(wanted, asked_for, DAY, NOW + timedelta(minutes=5))
    answer = answered(request, wanted, {asked_for.id: "U1"} if by == "Slack" else {})

    assert request.id != asked_for.id
    assert answer.by == ""
    assert "no longer holds" in note


@pytest.mark.parametrize(
    "edited",
    [
        {"uid": "another"},
        {"state": "ab" * 32},
        {"state": ""},
        {"patch": "ab" * 32},
        {"action": OTHER},
        {"asked_at": NOW + timedelta(hours=1)},
        {"asked_at": NOW - timedelta(hours=1)},
        {"id": "ab" * 32},
        {"id": "ab"},
        {"id": ""},
    ],
    ids=lambda edited: f"{next(iter(edited))}={next(iter(edited.values()))!s:.12}",
)
def test_a_request_that_was_edited_is_asked_anew(edited: dict[str, Any]) -> None:
    asked_for, _ = request_for(SHOWN, None, DAY, NOW)

    request, _ = request_for(
        SHOWN, asked_for.model_copy(update=edited), DAY, NOW + timedelta(minutes=5)
    )

    assert request.asked_at == NOW + timedelta(minutes=5)
    assert len(request.id) == 64


def test_a_request_that_still_holds_is_the_same_one() -> None:
    asked_for, _ = request_for(SHOWN, None, DAY, NOW)

    assert request_for(SHOWN, asked_for, DAY, NOW + timedelta(hours=1)) == (asked_for, "")
    approved = replace(SHOWN, live=live(metadata__annotations={APPROVE: asked_for.id}))
    assert answered(asked_for, approved, {}).by == "approved by annotation"


@pytest.mark.parametrize(
    "held", [lambda id_: id_[:12], lambda id_: id_[:-1], lambda id_: f"{id_}0"]
)
def test_a_part_of_an_id_approves_nothing(held: Callable[[str], str]) -> None:
    asked_for, _ = request_for(SHOWN, None, DAY, NOW)
    approved = replace(SHOWN, live=live(metadata__annotations={APPROVE: held(asked_for.id)}))

    assert answered(asked_for, approved, {}).by == ""


@pytest.mark.parametrize(("minutes", "burnt"), [(1, True), (-1, False)])
def test_a_request_is_burnt_by_any_write_after_it(minutes: int, burnt: bool) -> None:
    asked_for, _ = request_for(SHOWN, None, DAY, NOW)
    mark = Mark("ab", NOW + timedelta(minutes=minutes), 1).text()
    # Memory, state and approval are all put back; the write left its mark.
    again = replace(SHOWN, live=live(metadata__annotations={APPROVE: asked_for.id, ATTEMPTS: mark}))

    request, _ = request_for(again, asked_for, DAY, NOW + timedelta(hours=1))

    assert (answered(request, again, {}).by == "") is burnt


@pytest.mark.parametrize(
    ("diff", "whole"),
    [
        ("+ a" * 400, True),
        ("x" * 2400, True),
        ("x" * 2401, False),
        ("<" * 601, False),
        ("\U0001f600" * 1201, False),
    ],
)
def test_what_no_message_has_room_for_cannot_be_approved(diff: str, whole: bool) -> None:
    assert shown_whole(diff) is whole
    assert (escape(diff, 2400) == escaped(diff)) is whole


@pytest.mark.parametrize(("told", "known"), [(7, 7), ("7", None), (None, None)])
def test_the_generation_is_a_number_or_unknown(told: Any, known: int | None) -> None:
    live = {"metadata": {"uid": "2b1b5b4e", "generation": told}, "spec": {}}

    assert replace(intent(ASKED_FOR), live=live).generation == known


def test_a_request_is_over_at_its_very_end() -> None:
    plan = (ASKED_FOR, OTHER)

    assert kept_out([asked()], intent(OTHER), plan, DAY, NOW + timedelta(seconds=DAY - 1))
    assert not kept_out([asked()], intent(OTHER), plan, DAY, NOW + timedelta(seconds=DAY))


@pytest.mark.parametrize(
    ("seconds", "change", "says"),
    [
        (DAY, {}, "the request {id} has expired"),
        (0, {"patch": "ee" * 32}, "the request {id} no longer holds: the situation is another one"),
        (0, {"live": "marked"}, "the request {id} no longer holds: it was changed since"),
    ],
)
def test_why_a_request_is_asked_anew_is_said_with_twelve_digits_of_its_id(
    seconds: float, change: dict[str, Any], says: str
) -> None:
    before, note = request_for(intent(ASKED_FOR), None, DAY, NOW)
    assert note == ""
    if change.get("live"):
        mark = Mark("ab", NOW + timedelta(seconds=1), 1)
        notes = {"annotations": {ATTEMPTS: mark.text()}}
        held = intent(ASKED_FOR).live
        change = {"live": {**held, "metadata": {**held["metadata"], **notes}}}
    wanted = replace(intent(ASKED_FOR), **change)

    after, said = request_for(wanted, before, DAY, NOW + timedelta(seconds=seconds + 1))

    assert said == says.format(id=before.id[:12])
    assert after.id != before.id


def test_a_request_holds_until_its_very_end_and_no_longer() -> None:
    before, _ = request_for(intent(ASKED_FOR), None, DAY, NOW)

    def again(seconds: float) -> str:
        return request_for(intent(ASKED_FOR), before, DAY, NOW + timedelta(seconds=seconds))[0].id

    assert again(DAY - 1) == before.id
    assert again(DAY) != before.id


def test_a_write_in_the_second_of_the_request_burns_it_not() -> None:
    before, _ = request_for(intent(ASKED_FOR), None, DAY, NOW)
    held = intent(ASKED_FOR).live
    notes = {"annotations": {ATTEMPTS: Mark("ab", before.asked_at, 1).text()}}
    marked = {**held, "metadata": {**held["metadata"], **notes}}

    later = NOW + timedelta(seconds=1)

    assert request_for(replace(intent(ASKED_FOR), live=marked), before, DAY, later)[0] == before


def test_the_reason_of_a_request_is_cut_at_five_hundred_characters() -> None:
    request, _ = request_for(replace(intent(ASKED_FOR), reason="x" * 600), None, DAY, NOW)

    assert len(request.reason) == 500


def test_what_is_asked_for_holds_no_value_and_all_else() -> None:
    valued = action(value="s3cr3t-value-7f")

    assert request_for(intent(valued), None, DAY, NOW)[0].action == action()
    assert request_for(intent(OTHER), None, DAY, NOW)[0].action == OTHER


def test_who_approved_is_said_by_the_way_it_was_done() -> None:
    request, _ = request_for(intent(ASKED_FOR), None, DAY, NOW)

    def answer(note: str, slack: dict[str, str]) -> tuple[str, str, str]:
        held = intent(ASKED_FOR).live
        live = {**held, "metadata": {**held["metadata"], "annotations": {APPROVE: note}}}
        found = answered(request, replace(intent(ASKED_FOR), live=live), slack)
        return found.request, found.by, found.note

    assert answer(f" {request.id} ", {}) == (request.id, "approved by annotation", "")
    assert answer("", {request.id: "U1"}) == (request.id, "approved by U1 in Slack", "")
    assert answer("", {}) == (request.id, "", "")
    assert answer("ab", {}) == (
        request.id,
        "",
        "the approval on it is not for this change, or has expired",
    )


def test_quotation_marks_take_one_character_in_a_message() -> None:
    assert shown_whole('"' * 2400)


def test_the_state_is_the_same_whatever_the_order_of_its_fields() -> None:
    held = intent(ASKED_FOR).live
    one = replace(intent(ASKED_FOR), live={**held, "spec": {"a": 1, "b": 2}})
    two = replace(intent(ASKED_FOR), live={**held, "spec": {"b": 2, "a": 1}})
    before, _ = request_for(one, None, DAY, NOW)

    assert request_for(two, before, DAY, NOW)[0] == before
