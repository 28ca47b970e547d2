"""What a memory says of itself, and where exactly the bounds of one lie that is believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.memory_samples import (
    NAMESPACE,
    NOW,
    asked,
    diagnosed,
    incident,
    memory,
    one_try,
    ref,
    resolved,
    tried,
)
from watchdog.incidents.memory import (
    MAX_INCIDENTS,
    Memory,
    ModelUse,
    StoredDiagnosis,
    UnreadableError,
    check,
    decode,
    encode,
    fit,
)
from watchdog.model.incident import Incident, Notice, Thread
from watchdog.snapshot.refs import ObjectRef

KIB = 1024
SEEN = incident()


def over(number: int = 0, *, told: str = "resolved", **more: Any) -> Incident:
    """An incident that has ended, and the message that says so."""
    thread = Thread(channel="C0", ts="1.1", told=told)
    return resolved(number, 1).model_copy(update={"thread": thread, **more})


@pytest.mark.parametrize(
    ("item", "talks", "receivers", "rests"),
    [
        (incident(), False, (), False),
        (incident(), True, (), False),
        (over(), True, ("mail",), True),
        (over(told="broken"), True, (), False),
        (over(told="broken"), False, (), True),
        (over(notices=(Notice(to="mail", told="broken"),)), False, ("mail",), False),
        (over(notices=(Notice(to="mail", told="broken"),)), False, ("chat",), True),
        (over(notices=(Notice(to="mail", told="resolved"),)), True, ("mail",), True),
    ],
)
def test_a_memory_rests_once_nothing_is_open_and_everyone_knows(
    item: Incident, talks: bool, receivers: tuple[str, ...], rests: bool
) -> None:
    assert memory(over(1), item).rests(talks=talks, receivers=receivers) is rests
    assert memory(item, over(1)).rests(talks=talks, receivers=receivers) is rests


def test_of_the_last_hours_is_what_is_open_and_what_ended_since() -> None:
    items = [incident(1), resolved(2, 3), resolved(3, 2), resolved(4, 1)]

    found = memory(*items).recent(NOW - timedelta(hours=2))

    assert found == (items[0], items[2], items[3])


def test_each_day_the_model_is_counted_anew() -> None:
    used = ModelUse(day="2026-03-01", calls=3, tokens=900)

    assert memory(use=used).use_on(NOW) == used
    assert memory(use=used).use_on(NOW + timedelta(days=1)) == ModelUse(day="2026-03-02")
    today = memory().use_on(NOW)
    assert (today.day, today.calls, today.tokens) == ("2026-03-01", 0, 0)


def test_a_memory_of_700_kib_is_read_and_one_byte_more_is_not() -> None:
    text = encode(memory(tried()))
    most = text + " " * (700 * KIB - len(text.encode()))

    assert decode(most) == memory(tried())
    with pytest.raises(UnreadableError, match="larger than 700 KiB"):
        decode(most + " ")


@pytest.mark.parametrize("half", ["\\ud800", "\ud800"], ids=["escaped", "as it is"])
def test_half_a_character_is_refused_as_such(half: str) -> None:
    with pytest.raises(UnreadableError, match="half a character"):
        decode(encode(memory()).replace("test", half))


def test_a_thousand_incidents_and_a_diagnosis_are_kept_whole() -> None:
    items = (SEEN.model_copy(update={"fingerprint": f"{number:016x}"}) for number in range(1000))
    whole = memory(diagnosed=diagnosed()).model_copy(update={"incidents": tuple(items)})

    assert fit(whole) is whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": "1"}, "'version' is not valid"),
        ({"namespace": None}, "'namespace' is not valid"),
        ({"surprise": 1}, "it has a field that is unknown"),
        ({"incidents": [{"surprise": 1}]}, "'incidents.0.fingerprint' is not valid"),
        ({"incidents": [{"x" * 5000: 1}]}, "'incidents.0.fingerprint' is not valid"),
        ({"use": {"calls": -1}}, "'use.calls' is not valid"),
    ],
)
def test_the_first_thing_that_is_wrong_is_named_by_its_place_alone(
    change: dict[str, Any], said: str
) -> None:
    text = json.dumps({"version": 1, "namespace": NAMESPACE, **change})

    with pytest.raises(UnreadableError) as refused:
        decode(text)

    assert str(refused.value) == said


@pytest.mark.parametrize("text", ['"a text"', "7", "[]", "null"])
def test_what_is_no_object_has_no_field_to_name(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"^'it' is not valid$"):
        decode(text)


NODE = ref().model_copy(update={"kind": "Node", "namespace": ""})


@pytest.mark.parametrize(
    "possible",
    [
        memory(incident(target=NODE)),
        memory(incident(first_seen=datetime(2000, 1, 1, tzinfo=UTC))),
        memory(incident(last_seen=NOW + timedelta(minutes=5))),
        memory(tried(quiet_until=NOW + timedelta(days=2))),
        memory(use=ModelUse(day="2026-03-01")),
        memory(use=ModelUse()),
    ],
)
def test_what_can_just_have_been_written_by_now_is_believed(possible: Memory) -> None:
    check(possible, NAMESPACE, NOW)


@pytest.mark.parametrize(
    ("impossible", "said"),
    [
        (memory(incident(target=NODE.model_copy(update={"namespace": "other"}))), "another"),
        (memory(incident(first_seen=datetime(1999, 12, 31, tzinfo=UTC))), "too far in the past"),
        (memory(incident(last_seen=NOW + timedelta(minutes=5, seconds=1))), "'last_seen' lies too"),
        (memory(tried(quiet_until=NOW + timedelta(days=2, seconds=1))), "'quiet_until' lies too"),
        (memory(incident(last_seen=NOW.replace(tzinfo=None))), "no time zone"),
        (memory(use=ModelUse(day="2026-03-02")), "'use.day' lies in the future"),
        (memory(use=ModelUse(day="1 March")), "'use.day' is not a day"),
    ],
)
def test_what_cannot_is_named(impossible: Memory, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        check(impossible, NAMESPACE, NOW)


def test_the_day_of_the_model_s_use_may_begin_by_the_clock_of_another_machine() -> None:
    late = datetime(2026, 3, 1, 23, 56, tzinfo=UTC)

    check(memory(use=ModelUse(day="2026-03-02")), NAMESPACE, late)
    with pytest.raises(UnreadableError):
        check(memory(use=ModelUse(day="2026-03-02")), NAMESPACE, late - timedelta(minutes=2))


def test_a_diagnosis_is_of_the_whole_situation_unless_it_says_otherwise() -> None:
    part = diagnosed().model_copy(update={"whole": False})
    stored = StoredDiagnosis(situation="12" * 32, at=NOW, diagnosis=diagnosed().diagnosis)

    assert decode(encode(memory(diagnosed=part))).diagnosed == part
    assert stored.whole


KNOWN: dict[str, dict[str, Any]] = {
    "a try": {"tries": (one_try(),)},
    "a count": {"attempts": 1},
    "that a person is asked": {"escalated": True},
    "a pause": {"quiet_until": NOW + timedelta(hours=1)},
    "a request": {"request": asked()},
    "a message": {"thread": Thread(channel="C0", ts="1.1")},
}


@pytest.mark.parametrize("more", KNOWN.values(), ids=KNOWN)
def test_an_open_incident_of_which_anything_is_known_is_never_given_up(
    more: dict[str, Any],
) -> None:
    known = incident(1, **more)

    assert fit(memory(SEEN, known), 1).incidents == (known,)


def test_incidents_about_pods_of_no_one_give_way_to_those_about_workloads() -> None:
    """Anyone makes as many of them as they like, each with a message."""
    bare = ObjectRef(kind="Pod", namespace="shop", name="alpha")
    told = {"target": bare, "container": None, "thread": Thread(channel="C0", ts="1.1")}
    pods = [
        incident(number, **told, last_seen=NOW - timedelta(seconds=number))
        for number in range(1, MAX_INCIDENTS + 2)
    ]
    web = incident(0)

    kept = fit(memory(*pods, web)).incidents

    assert kept == (*pods[: MAX_INCIDENTS - 1], web)


def test_of_old_tries_the_words_go_and_of_the_last_one_they_stay() -> None:
    whole = memory(*(tried(number, last_seen=NOW - timedelta(hours=number)) for number in (1, 2)))

    (first, second) = fit(whole, len(encode(whole).encode()) - 1).incidents

    # The one that was not seen for longest says less first, and that is enough.
    assert first == whole.incidents[0]
    assert [bool(each.reason) for each in second.tries] == [False, False, True]


def test_of_no_more_incidents_than_it_takes_the_words_of_old_tries_go() -> None:
    whole = memory(*(tried(number, last_seen=NOW + timedelta(hours=number)) for number in range(3)))

    bare = fit(whole, len(encode(whole).encode()) - 500)
    said = [[bool(each.reason) for each in item.tries] for item in bare.incidents]

    assert said == [[False, False, True], [False, False, True], [True, True, True]]
    assert len(encode(bare).encode()) <= len(encode(whole).encode()) - 500


def test_of_those_that_ended_the_one_that_was_last_seen_goes_no_later() -> None:
    early, late = resolved(1, 5), resolved(2, 3)
    seen = early.model_copy(update={"last_seen": NOW})
    whole = memory(late, seen)

    assert fit(whole, len(encode(whole).encode()) - 1).incidents == (late,)


def test_what_is_given_up_is_no_more_than_it_takes() -> None:
    whole = memory(*(resolved(number, number) for number in range(1, 6)))
    weights = [len(encode(memory(*whole.incidents[:kept])).encode()) for kept in range(5, 0, -1)]

    for gone, weight in enumerate(weights):
        assert len(fit(whole, weight).incidents) == 5 - gone
        assert len(fit(whole, weight - 1).incidents) == 4 - gone
