"""Change windows: when something may be written, by the clock on a wall somewhere. Pure.

`Mon-Fri 09:00-17:00 Europe/Berlin` is open while a clock there shows such a time on such a day. An
hour that summer time skips is in no window, and one that it repeats is in it twice. A window that
ends before it begins goes on past midnight and belongs to the day on which it began.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchdog.text.regex import regex

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FORM = "DAYS HH:MM-HH:MM ZONE, such as Mon-Fri 09:00-17:00 Europe/Berlin or Sat 22:00-04:00 UTC"
_TEXT = regex(
    r"(?P<first>\w+)(?:-(?P<last>\w+))? (?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d) (?P<zone>\S+)"
)
_MIDNIGHT = 24 * 60
# Every window opens once a week, unless summer time skips it: then a week later. Windows of several
# zones may meet only while their clocks differ as seldom, which no one waits for.
_MINUTES_AHEAD = 15 * _MIDNIGHT


@dataclass(frozen=True)
class Window:
    """Days (0 is Monday), the minute of the day at which it begins, its length, and the zone."""

    days: frozenset[int]
    start: int
    minutes: int
    zone: ZoneInfo

    def open(self, now: datetime) -> bool:
        """Whether it is open at that moment."""
        # By the clock on the wall: within one zone Python leaves summer time out of account.
        passed = now.astimezone(self.zone) - timedelta(minutes=self.start)
        return passed.weekday() in self.days and passed.hour * 60 + passed.minute < self.minutes


@lru_cache
def parse(text: str) -> Window:
    """Read a window; raises ValueError, with the value and the form that it should have."""
    found = _TEXT.fullmatch(" ".join(text.split()))
    if found is None:
        raise _none(text, "is no change window")
    first, last = _day(found["first"]), _day(found["last"] or found["first"])
    if first is None or last is None:
        raise _none(text, f"names a day that is none of {', '.join(DAYS)}")
    start, end = _minute(found["start"]), _minute(found["end"])
    if start is None or end is None:
        raise _none(text, "has a time that no clock shows")
    if start in (end, _MIDNIGHT):
        raise _none(text, "is never open (a whole day is 00:00-24:00)")
    zone = _zone(found["zone"])
    if zone is None:
        raise _none(text, f"names the time zone {found['zone']}, which there is none of")
    days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    return Window(days, start, (end - start) % _MIDNIGHT or _MIDNIGHT, zone)


def window_open(windows: Iterable[str], now: datetime) -> bool:
    """Whether one of them is open at that moment; always, where there are none."""
    given = [parse(text) for text in windows]
    return not given or any(window.open(now) for window in given)


def next_opening(*groups: tuple[str, ...], now: datetime) -> datetime | None:
    """When each group has a window open at once, in the zone of the last group's first window.

    None if that does not happen within 15 days. Exact to the minute.
    """
    return _next_opening(groups, now.astimezone(UTC).replace(second=0, microsecond=0))


@lru_cache(maxsize=16)
def _next_opening(groups: tuple[tuple[str, ...], ...], now: datetime) -> datetime | None:
    # Minute by minute is slow to the eye (some 50 ms) and right whatever summer time does.
    parsed = [[parse(text) for text in group] for group in groups if group]
    for minutes in range(1, _MINUTES_AHEAD):
        at = now + timedelta(minutes=minutes)
        if all(any(window.open(at) for window in group) for group in parsed):
            return at.astimezone(parsed[-1][0].zone) if parsed else at
    return None


def _day(name: str) -> int | None:
    return DAYS.index(name.title()) if name.title() in DAYS else None


def _minute(text: str) -> int | None:
    hour, minute = (int(part) for part in text.split(":"))
    found = hour * 60 + minute
    return found if minute < 60 and found <= _MIDNIGHT else None  # noqa: PLR2004 - of an hour


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _none(text: str, why: str) -> ValueError:
    return ValueError(f"{text[:80]!r} {why}; it is written {FORM}")
