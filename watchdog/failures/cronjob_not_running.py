"""A CronJob that does not start Jobs any more, or never will."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchdog.failures import example as ex
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import shorten
from watchdog.failures.owners import (
    Trouble,
    age,
    event_text,
    kubectl,
    owner_finding,
    recent,
    sentence,
)
from watchdog.observation.snapshot import CronJobSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

_REFUSED = {
    "UnparseableSchedule",
    "UnParseableCronJobSchedule",
    "InvalidSchedule",
    "UnknownTimeZone",
    "TooManyMissedTimes",
    "FailedNeedsStart",
}
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
# Controllers start a Job within seconds of its time; this covers their pauses and clocks apart.
_SLACK = timedelta(seconds=90)
# February 29 returns within eight years, so a schedule without a time in them never comes due.
_YEARS = timedelta(days=8 * 366)


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


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for cron in snapshot.cronjobs:
        if cron.suspended or cron.active:
            continue
        why = _why(snapshot, cron)
        if not why:
            continue
        about = [e for e in snapshot.events_about(cron.ref) if e.type == "Warning"]
        last = cron.last_scheduled_at
        state = f"{cron.ref}: schedule {cron.schedule}, last started " + (
            last.strftime("%Y-%m-%d %H:%M %Z") if last else "never"
        )
        evidence = (state, *(event_text(event) for event in about[-1:]))
        trouble = Trouble("CronJob does not run", evidence, (), last or cron.created_at, why)
        yield owner_finding("cronjob_not_running", snapshot, cron.ref, trouble)


def _why(snapshot: ClusterSnapshot, cron: CronJobSummary) -> dict[str, str]:
    refused = [
        event
        for event in snapshot.events_about(cron.ref)
        if event.reason in _REFUSED and recent(snapshot, event, 3600)
    ]
    if refused and not (cron.last_scheduled_at and age(snapshot, cron.last_scheduled_at) < 120):  # noqa: PLR2004
        return {"why": "refused", "message": shorten(refused[-1].message)}
    try:
        zone: tzinfo = ZoneInfo(cron.time_zone) if cron.time_zone else UTC
    except (ZoneInfoNotFoundError, ValueError):
        # This machine's list of zones may be older than the cluster's.
        return {}
    due = due_before(cron.schedule, zone, snapshot.taken_at - _SLACK)
    if due is None:
        return {}
    if not due:
        return {"why": "never"}
    started = max((t for t in (cron.last_scheduled_at, cron.created_at) if t), default=None)
    if len(due) < 2 or started is None or started >= due[1]:  # noqa: PLR2004
        return {}
    missed = [e for e in snapshot.events_about(cron.ref) if e.reason == "MissSchedule"]
    return {"why": "missed", "message": shorten(missed[-1].message) if missed else ""}


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    cron = next(item for item in snapshot.cronjobs if item.ref == finding.target)
    match finding.facts["why"]:
        case "refused":
            return sentence(
                f"The controller cannot schedule {cron.ref}: {finding.facts['message']}"
            )
        case "never":
            return f"The schedule {cron.schedule} of {cron.ref} never comes due on any date."
    deadline = cron.starting_deadline_seconds
    late = f" Its startingDeadlineSeconds is {deadline}." if deadline is not None else ""
    return f"{cron.ref} (schedule {cron.schedule}) has missed its last two starts or more.{late}"


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    name = finding.target.name
    if finding.facts["why"] == "missed":
        text = f"Look at the events of {finding.target} and at the CronJob controller."
        return Advice(text, kubectl(snapshot, "describe", "cronjob", name))
    return Advice(
        f"Correct the schedule or time zone of {finding.target}.",
        kubectl(snapshot, "edit", "cronjob", name),
    )


def _cron(**more: object) -> CronJobSummary:
    values = {
        "ref": ex.ref("CronJob", "nightly"),
        "schedule": "*/10 * * * *",
        "created_at": ex.ago(864000),
        "last_scheduled_at": ex.ago(7200),
    }
    return CronJobSummary.model_validate({**values, **more})


def _examples() -> tuple[Example, ...]:
    bad = ex.event(
        "InvalidSchedule", "invalid schedule: 0 3 31 2 *", about=ex.ref("CronJob", "nightly")
    )
    impossible = _cron(schedule="0 3 31 2 *", last_scheduled_at=None)
    return (
        Example("missed its starts", ex.snapshot_of(_cron()), "CronJob/nightly"),
        Example("never comes due", ex.snapshot_of(impossible, bad), "CronJob/nightly"),
        Example("suspended", ex.snapshot_of(_cron(suspended=True)), None),
        Example("started in time", ex.snapshot_of(_cron(last_scheduled_at=ex.ago(300))), None),
        Example(
            "just created",
            ex.snapshot_of(_cron(created_at=ex.ago(600), last_scheduled_at=None)),
            None,
        ),
        Example(
            "due once a week",
            ex.snapshot_of(_cron(schedule="0 3 * * sun", last_scheduled_at=ex.ago(500000))),
            None,
        ),
    )


CRONJOB_NOT_RUNNING = FailureKind(
    name="cronjob_not_running",
    summary="a CronJob that is not suspended has stopped starting Jobs, or never will",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="Compare the schedule with the last start; read the CronJob's own events.",
    drill=Drill(
        manifest="""\
apiVersion: batch/v1
kind: CronJob
metadata: {name: closing}
spec:
  schedule: "0 3 31 2 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - {name: main, image: "busybox:1.36", command: ["true"]}
""",
        settle="event",
    ),
    examples=_examples,
)
