"""What counts of earlier tries: those that are remembered, and the mark on the workload itself."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.memory_samples import NOW, incident, memory, one_try, ref
from watchdog.incidents.attempt_history import Mark, Past, mark_of, past_of
from watchdog.incidents.memory import Memory
from watchdog.model.incident import Attempt
from watchdog.model.outcome import Outcome
from watchdog.settings.schema import IncidentSettings

WEB = ref()
LONG_AGO = timedelta(hours=5)
HOURLY = IncidentSettings(cooldown_seconds=3600)


def mark(id_: str = "ab", ago: float = 60, tries: int = 1, **more: Any) -> Mark:
    return Mark(id_, NOW - timedelta(seconds=ago), tries, **more)


def failed(id_: str = "aa", ago: float = 60, **more: Any) -> Attempt:
    return one_try(id=id_, at=NOW - timedelta(seconds=ago), **more)


def of(*tries: Attempt, **more: Any) -> Memory:
    return memory(incident(1, target=WEB, tries=tries, **more))


def past(given: Memory, found: Mark | None = None, settings: IncidentSettings = HOURLY) -> Past:
    return past_of(given, WEB, found, settings, NOW)


@pytest.mark.parametrize(
    "written", [mark(), mark("0f" * 32, tries=0), mark(tries=1000, revision=7, left="cd" * 16)]
)
def test_a_mark_is_read_as_it_was_written(written: Mark) -> None:
    assert mark_of(written.text()) == written


PLAIN = {"id": "ab", "at": "2026-03-01T09:59:00+00:00", "tries": 1}


@pytest.mark.parametrize(
    "text",
    [
        None, "", "{", "[]", "7", '"ab"', "null", "[" * 1000,
        json.dumps({"at": PLAIN["at"], "tries": 1}),
        json.dumps({"id": "ab", "tries": 1}),
        json.dumps({"id": "ab", "at": PLAIN["at"]}),
        json.dumps({**PLAIN, "id": 7}),
        json.dumps({**PLAIN, "id": "a b"}),
        json.dumps({**PLAIN, "id": "a" * 65}),
        json.dumps({**PLAIN, "at": 7}),
        json.dumps({**PLAIN, "at": "today"}),
        json.dumps({**PLAIN, "at": "2026-03-01T09:59:00"}),
        json.dumps({**PLAIN, "tries": "1"}),
        json.dumps({**PLAIN, "tries": None}),
        json.dumps(PLAIN)[:-1].ljust(1000) + "}",
    ],
)  # fmt: skip
def test_what_we_did_not_write_is_no_mark(text: str | None) -> None:
    assert mark_of(text) is None


@pytest.mark.parametrize(
    ("more", "read"),
    [
        ({}, mark()),
        ({"tries": -3}, mark(tries=0)),
        ({"tries": 1001}, mark(tries=1000)),
        ({"revision": 7, "left": "cd"}, mark(revision=7, left="cd")),
        ({"revision": "7", "left": 8}, mark()),
    ],
)
def test_of_a_mark_that_someone_edited_only_what_can_be_is_taken(
    more: dict[str, Any], read: Mark
) -> None:
    text = json.dumps({**PLAIN, **more})

    assert mark_of(text) == read
    assert mark_of(text[:-1].ljust(999) + "}") == read


def test_nothing_counts_where_nothing_was_tried() -> None:
    assert past(of()) == Past()
    assert past(memory()) == Past()
    assert (Past().count, Past().within_hour) == (0, 0)


def test_only_what_failed_in_an_open_incident_of_that_workload_counts() -> None:
    helped = failed("a2", outcome=Outcome.VERIFIED)
    running = failed("a3", outcome=None)
    given = memory(
        incident(1, target=WEB, tries=(failed("a1"), helped, running)),
        incident(2, target=WEB, tries=(failed("a4"),), state="resolved", resolved_at=NOW),
        incident(3, target=ref("api"), tries=(failed("a5"),)),
    )

    found = past(given)

    assert found.failed == (failed("a1"),)
    assert found.count == 1
    assert not found.escalated
    assert found.quiet_until is None


@pytest.mark.parametrize(("tries", "escalated"), [(2, False), (3, True), (4, True)])
def test_after_the_third_failed_try_a_person_is_asked(tries: int, escalated: bool) -> None:
    given = of(*(failed(f"a{number}") for number in range(tries)))

    assert past(given).count == tries
    assert past(given).escalated is escalated


@pytest.mark.parametrize(
    ("ago", "until"),
    [
        ((7200, 60), NOW + timedelta(seconds=3540)),
        ((60, 7200), NOW + timedelta(seconds=3540)),
        ((7200, 3599), NOW + timedelta(seconds=1)),
        ((7200, 3600), None),
        ((7200, 3700), None),
    ],
)
def test_after_the_second_one_it_rests_from_the_last_of_them(
    ago: tuple[int, int], until: datetime | None
) -> None:
    given = of(failed("a1", ago[0]), failed("a2", ago[1]))

    assert past(given).quiet_until == until


def test_a_mark_that_memory_does_not_know_counts_as_so_many_tries_as_it_says() -> None:
    found = past(memory(), mark(tries=2))

    assert (found.count, found.failed, found.escalated) == (2, (), False)
    assert found.quiet_until == NOW + timedelta(seconds=3540)
    assert past(memory(), mark(tries=3)).escalated


@pytest.mark.parametrize(
    ("ago", "count"),
    [(0, 2), (86_400, 2), (86_401, 0), (-300, 2), (-301, 0)],
    ids=["now", "a day ago", "longer ago", "five minutes ahead", "further ahead"],
)
def test_a_mark_counts_for_a_day_and_clocks_may_differ_by_five_minutes(
    ago: int, count: int
) -> None:
    assert past(memory(), mark(ago=ago, tries=2)).count == count
    # The one that memory knows says as much of those before it.
    unsettled = failed("ab", ago=0, outcome=None)
    assert past(of(unsettled), mark(ago=ago, tries=3)).count == count


def test_a_mark_of_a_clock_that_is_ahead_lets_nothing_rest_for_longer() -> None:
    found = past(memory(), mark(ago=-300, tries=2))

    assert found.quiet_until == NOW + timedelta(hours=1)
    assert found.within_hour == 2


def test_the_stricter_of_memory_and_mark_counts() -> None:
    remembered = of(failed("a1"), failed("a2"))

    assert past(remembered, mark(tries=1)).count == 2
    assert past(remembered, mark(tries=3)).count == 3
    assert past(remembered, mark(ago=10, tries=1)).quiet_until == NOW + timedelta(seconds=3590)
    assert past(remembered, mark(ago=90, tries=1)).quiet_until == NOW + timedelta(seconds=3540)


@pytest.mark.parametrize(
    ("known", "tries", "count"),
    [
        (failed("ab"), 1, 1),
        (failed("ab"), 3, 3),
        (failed("ab", outcome=None), 3, 2),
        (failed("ab", outcome=Outcome.VERIFIED), 3, 2),
        (failed("ab", outcome=Outcome.VERIFIED), 1, 0),
    ],
)
def test_a_memory_that_says_less_than_its_last_mark_was_edited(
    known: Attempt, tries: int, count: int
) -> None:
    assert past(of(known), mark(tries=tries)).count == count
    # A mark of a try that ended with its incident says nothing of the next one.
    over = of(known, state="resolved", resolved_at=NOW)
    assert past(over, mark(tries=tries)).count == 0


def test_then_it_rests_from_the_later_of_both_but_never_from_a_time_to_come() -> None:
    edited = of(failed("ab", 90))

    assert past(edited, mark(ago=60, tries=2)).quiet_until == NOW + timedelta(seconds=3540)
    assert past(edited, mark(ago=120, tries=2)).quiet_until == NOW + timedelta(seconds=3510)
    assert past(edited, mark(ago=-300, tries=2)).quiet_until == NOW + timedelta(hours=1)
    running = of(failed("ab", 90, outcome=None))
    assert past(running, mark(ago=60, tries=3)).quiet_until == NOW + timedelta(seconds=3540)


def test_of_a_try_long_ago_that_failed_another_one_s_mark_says_nothing() -> None:
    given = of(failed("aa", LONG_AGO.total_seconds()), failed("ab", outcome=Outcome.VERIFIED))

    assert past(given, mark(tries=2)).count == 1


def test_a_mark_that_says_no_more_than_memory_lets_nothing_rest_after_a_success() -> None:
    ago = LONG_AGO.total_seconds()
    given = of(failed("a1", ago), failed("a2", ago), failed("ab", outcome=Outcome.VERIFIED))

    found = past(given, mark(tries=3))

    assert (found.count, found.quiet_until) == (2, None)
