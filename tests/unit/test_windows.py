"""When change windows are open: by the clock on a wall there, whatever summer time does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watchdog.settings.change_windows import next_opening, parse, window_open

WEEK = ("Mon-Fri 09:00-17:00 Europe/Berlin",)
NIGHT = ("Fri 22:00-04:00 UTC",)

# Both are open only while New York's summer time has begun and Berlin's has not.
ABROAD = (("Mon 09:00-10:00 America/New_York",), ("Mon 14:00-15:00 Europe/Berlin",))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("windows", "now", "is_open"),
    [
        (WEEK, "2026-03-02T07:59:59", False),  # Monday, 08:59:59 in Berlin
        (WEEK, "2026-03-02T08:00:00", True),
        (WEEK, "2026-03-02T15:59:59", True),
        (WEEK, "2026-03-02T16:00:00", False),
        (WEEK, "2026-03-01T12:00:00", False),  # a Sunday
        (WEEK, "2026-03-30T07:00:00", True),  # the Monday after clocks went forward: 09:00
        (WEEK, "2026-03-30T15:00:00", False),
        (WEEK, "2026-10-26T07:59:59", False),  # the Monday after they went back
        (WEEK, "2026-10-26T08:00:00", True),
        (NIGHT, "2026-03-06T22:00:00", True),
        (NIGHT, "2026-03-07T03:59:59", True),
        (NIGHT, "2026-03-07T04:00:00", False),
        (NIGHT, "2026-03-07T22:00:00", False),  # Saturday's night is not Friday's
        (NIGHT, "2026-03-06T03:00:00", False),  # nor is Thursday's
        (("Sun 23:00-01:00 UTC",), "2026-03-02T00:30:00", True),  # into the next week
        (("Sat-Mon 10:00-11:00 UTC",), "2026-03-01T10:30:00", True),  # over the week's end
        (("Sat-Mon 10:00-11:00 UTC",), "2026-03-02T10:30:00", True),
        (("Sat-Mon 10:00-11:00 UTC",), "2026-03-03T10:30:00", False),
        (("Mon-Sun 00:00-24:00 UTC",), "2026-03-03T23:59:59", True),
        (("Mon 09:00-10:00 UTC", "Tue 09:00-10:00 UTC"), "2026-03-03T09:30:00", True),
        (("Mon 09:00-10:00 Asia/Kolkata",), "2026-03-02T03:45:00", True),
        (("Tue 00:00-06:00 Pacific/Auckland",), "2026-03-02T12:00:00", True),
        ((), "2026-03-01T03:00:00", True),
    ],
)
def test_a_window_is_open_while_the_clock_there_says_so(
    windows: tuple[str, ...], now: str, is_open: bool
) -> None:
    assert window_open(windows, at(now)) is is_open


def test_an_hour_that_the_clock_skips_is_in_no_window() -> None:
    skipped = ("Sun 02:00-03:00 Europe/Berlin",)
    night = [at("2026-03-29T00:00:00") + timedelta(minutes=m) for m in range(180)]

    assert not any(window_open(skipped, now) for now in night)
    assert next_opening(skipped, now=night[0]) == at("2026-04-05T00:00:00")


def test_an_hour_that_the_clock_shows_twice_is_in_the_window_twice() -> None:
    twice = ("Sun 02:00-03:00 Europe/Berlin",)
    night = [at("2026-10-24T23:00:00") + timedelta(minutes=m) for m in range(240)]

    assert sum(window_open(twice, now) for now in night) == 120


@pytest.mark.parametrize(
    ("groups", "now", "opens"),
    [
        ((WEEK,), "2026-03-27T20:00:00", "2026-03-30T07:00:00"),  # over a change of clocks
        ((WEEK,), "2026-10-23T20:00:00", "2026-10-26T08:00:00"),
        ((WEEK,), "2026-03-02T07:59:30", "2026-03-02T08:00:00"),
        ((NIGHT,), "2026-03-07T04:00:00", "2026-03-13T22:00:00"),
        ((WEEK, ("Wed 16:30-23:00 Europe/Berlin",)), "2026-03-02T12:00:00", "2026-03-04T15:30:00"),
        (((), WEEK), "2026-03-01T12:00:00", "2026-03-02T08:00:00"),
        (ABROAD, "2026-02-22T13:01:00", "2026-03-09T13:00:00"),
        (ABROAD, "2026-02-22T13:00:00", None),  # not within 15 days
        ((WEEK, ("Sat 09:00-10:00 UTC",)), "2026-03-01T12:00:00", None),
    ],
)
def test_the_next_opening_is_when_all_that_have_to_be_are_open(
    groups: tuple[tuple[str, ...], ...], now: str, opens: str | None
) -> None:
    assert next_opening(*groups, now=at(now)) == (at(opens) if opens else None)


def test_the_next_opening_is_told_in_the_zone_of_the_window() -> None:
    opening = next_opening(WEEK, now=at("2026-03-27T20:00:00"))

    assert f"{opening:%a %H:%M %Z}" == "Mon 09:00 CEST"


def test_days_may_be_written_in_any_case_and_spaced_widely() -> None:
    assert parse("mon-FRI  09:00-17:00 Europe/Berlin") == parse(WEEK[0])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("always", "is no change window"),
        ("Mon 9-17 UTC", "is no change window"),
        ("Mon 09:00-17:00", "is no change window"),
        ("Mon-Moon 09:00-17:00 UTC", "names a day that is none of Mon, Tue"),
        ("Someday 09:00-17:00 UTC", "names a day"),
        ("Mon 09:60-17:00 UTC", "has a time that no clock shows"),
        ("Mon 09:00-25:00 UTC", "has a time that"),
        ("Mon 09:00-24:01 UTC", "has a time that"),
        ("Mon 09:00-09:00 UTC", "is never open"),
        ("Mon 24:00-09:00 UTC", "is never open"),
        ("Mon 09:00-17:00 Mars/Olympus", "names the time zone Mars/Olympus"),
        ("Mon 09:00-17:00 ../../etc/passwd", "names the time zone"),
        ("Mon 09:00-17:00 Europe", "names the time zone Europe"),
    ],
)
def test_what_is_no_window_is_refused_with_the_value_and_the_form(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="such as Mon-Fri") as caught:
        parse(text)

    assert says in str(caught.value)
    assert repr(text) in str(caught.value)


def test_of_what_is_long_only_the_beginning_is_repeated() -> None:
    text = "Mon 09:00-17:00 " + "x" * 100

    with pytest.raises(ValueError, match="names the time zone") as caught:
        parse(text)

    assert str(caught.value).startswith(f"{text[:80]!r} names")
