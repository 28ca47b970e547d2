"""When a CronJob was due: cron schedules, read as Kubernetes reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from watchdog.snapshot.workloads import CronJobSummary

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_NAMES = {
    name: str(number)
    for names in (
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        ["", *["mon", "tue", "wed", "thu", "fri", "sat"]],
    )
    for number, name in enumerate(names, start=1 if len(names) == 12 else 0)  # noqa: PLR2004
    if name
} | {"sun": "0"}
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
# February 29 returns within eight years, so a schedule without a time in them never comes due.
_YEARS = timedelta(days=8 * 366)


def zone_of(cron: CronJobSummary) -> tzinfo | None:
    """The zone of its schedule; None where this machine, whose list may be older, has no such."""
    try:
        return ZoneInfo(cron.time_zone) if cron.time_zone else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return None


def due_before(schedule: str, zone: tzinfo, now: datetime, count: int = 2) -> list[datetime] | None:
    """The last times at which the schedule was due, newest first; None where it is not cron."""
    fields = _MACROS.get(schedule.strip().lower(), schedule).split()
    try:
        minutes, hours, days, months, weekdays = (
            _values(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)
        )
    except ValueError:
        return None
    weekdays = {day % 7 for day in weekdays}
    either = fields[2] not in {"*", "?"} and fields[4] not in {"*", "?"}
    found: list[datetime] = []
    local = now.astimezone(zone)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    oldest = day - _YEARS
    while len(found) < count and day > oldest:
        by_date, by_week = day.day in days, day.isoweekday() % 7 in weekdays
        if day.month in months and (by_date or by_week if either else by_date and by_week):
            found += [
                moment
                for hour in sorted(hours, reverse=True)
                for minute in sorted(minutes, reverse=True)
                if (moment := day.replace(hour=hour, minute=minute, tzinfo=zone)) <= now
            ]
        day -= timedelta(days=1)
    return found[:count]


def _values(field: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        start, _, end = span.partition("-")
        if start in {"*", "?"}:
            first, last = low, high
        else:
            first = int(_NAMES.get(start, start))
            last = int(_NAMES.get(end, end)) if end else (high if step else first)
        if not low <= first <= last <= high:
            raise ValueError(f"{part} is not within {low}-{high}")
        values |= set(range(first, last + 1, int(step or 1)))
    return values
