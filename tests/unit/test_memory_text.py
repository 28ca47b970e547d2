"""A memory as text: nothing lost, nothing secret, never too large, and nothing believed blindly."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.memory_samples import (
    NAMESPACE,
    NOW,
    SECRET,
    action,
    asked,
    diagnosed,
    incident,
    memory,
    one_try,
    ref,
    resolved,
    tried,
)
from watchdog.actions import ACTIONS
from watchdog.incidents.memory import (
    MAX_BYTES,
    Memory,
    ModelUse,
    NewerError,
    UnreadableError,
    check,
    decode,
    encode,
    fit,
)
from watchdog.model.incident import Incident
from watchdog.model.outcome import Outcome
from watchdog.snapshot.refs import Noun

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TIMES = st.integers(0, 10**8).map(lambda seconds: NOW - timedelta(seconds=seconds))
TRIES = st.builds(
    one_try, st.integers(0, 99), reason=WORDS, at=TIMES, lasted=st.booleans(),
    outcome=st.sampled_from([None, *Outcome]), generation=st.none() | st.integers(0, 99),
)  # fmt: skip
INCIDENTS = st.builds(
    incident, st.integers(0, 10**6), summary=WORDS, container=st.none() | st.just("main"),
    first_seen=TIMES, tries=st.lists(TRIES, max_size=3).map(tuple), attempts=st.integers(0, 1000),
    state=st.sampled_from(["broken", "fixing", "needs_you", "resolved"]),
    escalated=st.booleans(), request=st.none() | st.builds(asked, reason=WORDS),
)  # fmt: skip
MEMORIES = st.builds(
    lambda incidents, stored: memory(*incidents, diagnosed=stored),
    st.lists(INCIDENTS, max_size=4, unique_by=lambda each: each.fingerprint),
    st.none() | st.builds(lambda words: diagnosed(words=words), WORDS),
)


@settings(max_examples=60, deadline=None)
@given(MEMORIES)
def test_what_is_written_is_read_again_and_believed(given_memory: Memory) -> None:
    text = encode(given_memory)

    assert decode(text) == given_memory
    check(decode(text), NAMESPACE, NOW)


@settings(max_examples=30, deadline=None)
@given(MEMORIES, st.integers(500, 6000))
def test_what_is_given_up_is_never_what_an_open_incident_counts(
    given_memory: Memory, size: int
) -> None:
    kept = {each.fingerprint: each for each in fit(given_memory, size).incidents}

    for each in given_memory.incidents:
        if each.open and (each.attempts or each.tries or each.escalated):
            assert counts(kept[each.fingerprint]) == counts(each)


def test_a_person_reads_the_version_first_and_then_sorted_keys() -> None:
    text = encode(memory(tried(), use=ModelUse(day="2026-03-01", calls=1)))

    found = json.loads(text)
    assert next(iter(found)) == "version"
    assert list(found)[1:] == sorted(list(found)[1:])
    assert "\n" in text
    assert '"at": "2026-03-01T09:00:00Z"' in text


def test_no_value_of_a_variable_is_in_the_text() -> None:
    with_value = action(value=SECRET)
    whole = memory(
        tried(tries=(one_try(action=with_value),), request=asked(action=with_value)),
        diagnosed=diagnosed(with_value),
    )

    text = encode(whole)

    assert SECRET not in text
    assert "***" not in text
    stored = decode(text).diagnosed
    assert stored
    assert stored.diagnosis.remediation_actions == (action(),)


def test_a_field_that_may_be_absent_has_nothing_as_its_default() -> None:
    """Else what is left out as a default could be read as something else in the next version."""
    for kind in ACTIONS:
        for field in kind.model_fields.values():
            assert field.default_factory is None


@pytest.mark.parametrize(
    "text",
    [
        "", "nonsense", "[]", "null", "{", "[" * 100_000, '{"version": 1}', "9" * 5000,
        '{"version": "2", "namespace": "shop"}', '{"version": 0, "namespace": "shop"}',
        encode(memory(tried()))[:-40],
        encode(memory(incident(summary="x" * 400))).replace("xx", "x" * 20),
        encode(memory(tried())).replace('"attempts": 3', '"attempts": -1'),
        encode(memory(tried())).replace('"attempts": 3', '"attempts": 100000'),
        encode(memory(tried())).replace('"attempts": 3', '"command": "rm"'),
        encode(memory(tried())).replace("patch_deployment_env", "run_script"),
        encode(memory(tried())).replace('"name": "REGION"', '"name": "REGION", "value": "x"'),
        encode(memory(incident(1), incident(1))),
        encode(memory(*(incident(number) for number in range(1001)))),
        encode(memory(diagnosed=diagnosed(words="x" * MAX_BYTES))),
    ],
    ids=range(20),
)  # fmt: skip
def test_a_text_that_is_no_memory_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        decode(text)

    assert not isinstance(refused.value, NewerError)
    assert len(str(refused.value)) < 150


def test_a_newer_version_is_told_apart_whatever_else_it_holds() -> None:
    for more in ({}, {"surprise": 1}, {"long": "x" * MAX_BYTES}):
        with pytest.raises(NewerError):
            decode(json.dumps({"version": 2, "namespace": NAMESPACE, **more}))


SOON, LATER = NOW + timedelta(minutes=4), NOW + timedelta(minutes=6)


@pytest.mark.parametrize(
    "impossible",
    [
        memory().model_copy(update={"namespace": "other"}),
        memory(incident(target=ref(namespace="other"))),
        memory(tried(tries=(one_try(action=action().model_copy(
            update={"target": ref(namespace="other")})),))),
        memory(incident(first_seen=LATER)),
        memory(incident(last_seen=LATER)),
        memory(incident(last_seen=NOW.replace(tzinfo=None))),
        memory(incident(first_seen=datetime.min.replace(tzinfo=NOW.tzinfo))),
        memory(tried(tries=(one_try(at=LATER),))),
        memory(tried(quiet_until=NOW + timedelta(days=2, minutes=1))),
        memory(tried(request=asked(expires_at=datetime.max.replace(tzinfo=NOW.tzinfo)))),
        memory(use=ModelUse(day="2026-03-02")),
        memory(use=ModelUse(day="yesterday")),
    ],
)  # fmt: skip
def test_what_cannot_have_been_written_by_now_is_not_believed(impossible: Memory) -> None:
    with pytest.raises(UnreadableError):
        check(impossible, NAMESPACE, NOW)


def test_clocks_may_differ_by_a_few_minutes_and_ends_may_lie_two_days_ahead() -> None:
    two_days = NOW + timedelta(days=2)
    request = asked(asked_at=SOON, expires_at=two_days)
    check(memory(tried(last_seen=SOON, quiet_until=two_days, request=request)), NAMESPACE, NOW)


def test_two_hundred_incidents_with_tries_and_a_diagnosis_fit_whole() -> None:
    whole = memory(*(tried(number) for number in range(200)), diagnosed=diagnosed(words="x" * 2000))

    assert fit(whole) == whole
    assert len(encode(whole).encode()) <= MAX_BYTES


def test_resolved_incidents_go_first_and_the_longest_resolved_of_them() -> None:
    whole = memory(resolved(1, 5), tried(2), resolved(3, 50), diagnosed=diagnosed())
    without_the_oldest = memory(*whole.incidents[:2], diagnosed=whole.diagnosed)

    assert fit(whole, size(whole) - 1) == without_the_oldest
    assert fit(whole, size(without_the_oldest)) == without_the_oldest
    assert numbers(fit(whole, size(without_the_oldest) - 1)) == [2]


def test_then_the_diagnosis_then_the_words_of_old_tries_then_what_was_only_seen() -> None:
    whole = memory(incident(1), tried(2), resolved(3, 50), diagnosed=diagnosed())
    bare = memory(*whole.incidents[:2])

    undiagnosed = fit(whole, size(bare))
    wordless = fit(whole, size(bare) - 1)
    least = fit(whole, 100)

    assert undiagnosed == bare
    assert numbers(wordless) == [1, 2]
    assert [bool(each.reason) for each in wordless.incidents[1].tries] == [False, False, True]
    assert numbers(least) == [2]
    assert counts(least.incidents[0]) == counts(whole.incidents[1])


def test_of_thousands_that_were_only_seen_the_first_are_kept() -> None:
    one = incident()
    many = (
        one.model_copy(
            update={"fingerprint": f"{number:016x}", "first_seen": NOW - timedelta(seconds=number)}
        )
        for number in range(1500)
    )
    whole = memory().model_copy(update={"incidents": tuple(many)})
    kept = fit(whole, 10 * MAX_BYTES)

    assert numbers(kept) == list(range(500, 1500))
    assert decode(encode(kept))


def numbers(given_memory: Memory) -> list[int]:
    return [int(each.fingerprint, 16) for each in given_memory.incidents]


def size(given_memory: Memory) -> int:
    return len(encode(given_memory).encode())


def counts(each: Incident) -> dict[str, Any]:
    tries = [one.model_copy(update={"reason": ""}) for one in each.tries]
    return {**each.model_dump(exclude={"tries"}), "tries": tries}


def test_a_noun_of_memory_holds_no_mapping() -> None:
    """The walk over a memory looks into nouns and tuples only."""
    for noun in (tried(request=asked()), one_try(), diagnosed(), diagnosed().diagnosis):
        assert isinstance(noun, Noun)
        assert not [name for name, value in noun if isinstance(value, dict | list | set)]
