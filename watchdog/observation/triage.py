"""Asks the cheap question whether anything here may be sick.

It reads the cells that kubectl would print, page by page, and keeps only the names of what does not
look well. What it does not understand counts as suspect, and is read in full by collector.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from watchdog.observation.looking import Looking
from watchdog.observation.printed import NONE, cells, seconds
from watchdog.observation.reader import Reader
from watchdog.regex import regex
from watchdog.resources import (
    CLAIMS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    STATEFULSETS,
    Resource,
)
from watchdog.settings import ObserveSettings, Settings

TRIAGED = (PODS, DEPLOYMENTS, STATEFULSETS, DAEMONSETS, JOBS, CRONJOBS, CLAIMS)
Row = Mapping[str, Any]

_COLUMNS = {
    PODS: ("Name", "Ready", "Status", "Restarts", "Readiness Gates"),
    DEPLOYMENTS: ("Name", "Ready", "Up-to-date", "Available"),
    STATEFULSETS: ("Name", "Ready"),
    DAEMONSETS: ("Name", "Desired", "Current", "Ready", "Up-to-date", "Available"),
    JOBS: ("Name", "Completions"),
    CRONJOBS: ("Name", "Schedule", "Suspend", "Active", "Last Schedule", "Age"),
    CLAIMS: ("Name", "Status"),
}
# The letters that Kubernetes makes random name endings of, so that they form no words.
_ENDING = regex(r"-(?:[bcdfghjklmnpqrstvwxz2456789]{5}|\d+)$")
_RESTARTS = regex(r"(\d+)(?: \((\w+) ago\))?")


class Suspect(NamedTuple):
    """An object that does not look well, and what kubectl prints as its status.

    `well_now` marks a pod that is ready, and only suspect because it restarted lately.
    """

    resource: Resource
    name: str
    status: str
    well_now: bool = False

    @property
    def family(self) -> str:
        """The name without its random or numbered ending, which pods of one owner share."""
        return family(self.name)


@dataclass
class Glance:
    """What triage saw. `counts` has every resource that could be listed, by its plural name.

    `well` names one pod that looks well for each family of names, to compare a sick one with.
    """

    counts: dict[str, int] = field(default_factory=dict)
    suspects: list[Suspect] = field(default_factory=list)
    well: dict[str, str] = field(default_factory=dict)

    def of(self, resource: Resource) -> list[Suspect]:
        """The suspects of one resource."""
        return [item for item in self.suspects if item.resource == resource]

    def groups(self) -> Counter[tuple[str, str]]:
        """How many suspect pods share a family and a status."""
        return Counter((item.family, item.status) for item in self.of(PODS))


def family(name: str) -> str:
    """`web-7d9f-x2k4p` and `web-7d9f-abcde` are of family `web-7d9f`."""
    return _ENDING.sub("", name)


def glance(
    reader: Reader, namespace: str, settings: Settings, looking: Looking, now: datetime
) -> Glance:
    """Look at everything that triage knows. What cannot be listed is a blind spot, not healthy."""

    def look(resource: Resource) -> Callable[[], _Seen | None]:
        selector = "" if resource == CLAIMS else settings.label_selector
        return lambda: looking.attempt(
            resource.plural,
            lambda: _see(reader, resource, namespace, selector, settings.observe, now),
        )

    found = Glance()
    running_jobs: list[str] = []
    lists = looking.side_by_side([look(r) for r in TRIAGED])
    for resource, seen in zip(TRIAGED, lists, strict=True):
        if seen is None:
            continue
        found.counts[resource.plural] = seen.count
        found.suspects += seen.suspects
        found.well.update(seen.well)
        running_jobs += seen.running_jobs
    known = set(found.well) | {item.family for item in found.of(PODS)}
    known |= {family(name) for name in known}
    # A Job that may not create its pods (a quota, a webhook) looks like one that is busy.
    found.suspects += [Suspect(JOBS, name, "Running") for name in running_jobs if name not in known]
    return found


@dataclass
class _Seen:
    count: int = 0
    suspects: list[Suspect] = field(default_factory=list)
    well: dict[str, str] = field(default_factory=dict)
    running_jobs: list[str] = field(default_factory=list)


def _see(  # noqa: PLR0913, PLR0917 - the parts of one list
    reader: Reader,
    resource: Resource,
    namespace: str,
    label_selector: str,
    settings: ObserveSettings,
    now: datetime,
) -> _Seen:
    seen = _Seen()
    for row in _rows(reader, resource, namespace, label_selector, settings, now):
        if row is None:
            seen = _Seen()
            continue
        seen.count += 1
        name = str(row["Name"])
        status = suspicion(resource, row, settings.restart_window_seconds)
        if status is not None:
            seen.suspects.append(
                Suspect(resource, name, status, resource == PODS and _is_ready(row))
            )
        elif resource == PODS:
            seen.well.setdefault(family(name), name)
        elif resource == JOBS and row.get("Status") == "Running":
            seen.running_jobs.append(name)
    return seen


def _rows(  # noqa: PLR0913, PLR0917 - the parts of one list
    reader: Reader,
    resource: Resource,
    namespace: str,
    label_selector: str,
    settings: ObserveSettings,
    now: datetime,
) -> Iterator[Row | None]:
    """The rows by column name; None where the list starts again from its beginning."""
    pages = reader.table(
        resource,
        namespace,
        columns=_COLUMNS[resource],
        label_selector=label_selector,
        page_size=settings.page_size,
    )
    for page in pages:
        if page.first:
            yield None
        if page.items is None:
            yield from (dict(zip(page.columns, row, strict=False)) for row in page.rows)
        else:
            yield from (cells(resource.plural, item, now) for item in page.items)


def suspicion(resource: Resource, row: Row, restart_window_seconds: float) -> str | None:
    """Why the object of this row has to be read in full, in kubectl's words; None if it is well."""
    if resource == PODS:
        return _pod(row, restart_window_seconds)
    return _SUSPICIONS[resource](row)


def _pod(row: Row, restart_window_seconds: float) -> str | None:
    status = str(row.get("Status"))
    if status in {"Completed", "Succeeded"}:
        return None
    if not _is_ready(row):
        return status
    restarts = _RESTARTS.fullmatch(str(row.get("Restarts")))
    if restarts is None:
        return status
    count, ago = restarts.groups()
    age = seconds(ago)
    if count == "0" or (age is not None and age > restart_window_seconds):
        return None
    return status


def _is_ready(row: Row) -> bool:
    ready = _fraction(row.get("Ready"))
    gates = _fraction(row.get("Readiness Gates"))
    if gates is not None and gates[0] < gates[1]:
        return False
    return row.get("Status") == "Running" and ready is not None and ready[0] == ready[1]


def _deployment(row: Row) -> str | None:
    ready = _fraction(row.get("Ready"))
    if ready is None:
        return "unknown"
    wanted = ready[1]
    counts = (ready[0], row.get("Up-to-date"), row.get("Available"))
    return (
        None if all(_reaches(count, wanted) for count in counts) else f"{ready[0]}/{wanted} ready"
    )


def _stateful_set(row: Row) -> str | None:
    ready = _fraction(row.get("Ready"))
    if ready is None:
        return "unknown"
    return None if ready[0] >= ready[1] else f"{ready[0]}/{ready[1]} ready"


def _daemon_set(row: Row) -> str | None:
    wanted = row.get("Desired")
    if not isinstance(wanted, int):
        return "unknown"
    counts = [row.get(column) for column in ("Current", "Ready", "Up-to-date", "Available")]
    if all(_reaches(count, wanted) for count in counts):
        return None
    return f"{row.get('Ready')}/{wanted} ready"


# Of a Job that is deleted or about to complete, nothing more is asked.
_WELL_JOBS = {"Complete", "SuccessCriteriaMet", "Suspended", "Running", "Terminating"}


def _job(row: Row) -> str | None:
    if "Status" in row:
        status = str(row["Status"])
        return None if status in _WELL_JOBS else status
    # Kubernetes before 1.31 has no such column.
    done = _fraction(row.get("Completions"))
    return None if done is not None and done[0] >= done[1] else "unknown"


# A day that none of the schedule's months has: such a CronJob never runs, however young it is.
_NO_SUCH_DAY = regex(
    r"\S+ \S+ (?:(?:30|31|30,31) (?:2|feb)|31 (?:4|6|9|11|apr|jun|sep|nov)) \*", re.IGNORECASE
)


# Starts that a running Job made its CronJob miss before that is looked at.
_HANGS = 3


def _cron_job(row: Row) -> str | None:
    if str(row.get("Suspend")) == "True":
        return None
    if _NO_SUCH_DAY.match(str(row.get("Schedule"))):
        return "never due"
    last = row.get("Last Schedule")
    since = seconds(row.get("Age") if last in {None, "", NONE} else last)
    usual = longest_gap_seconds(str(row.get("Schedule")))
    if since is None or usual is None:
        return "unknown"
    if row.get("Active") not in {None, 0, "0"} and since > _HANGS * usual:
        # Where Jobs may run side by side, the last start is not that long ago.
        return "busy"
    return "overdue" if since > 2 * usual + 300 else None


def _claim(row: Row) -> str | None:
    status = str(row.get("Status"))
    return None if status == "Bound" else status


_SUSPICIONS: dict[Resource, Callable[[Row], str | None]] = {
    DEPLOYMENTS: _deployment,
    STATEFULSETS: _stateful_set,
    DAEMONSETS: _daemon_set,
    JOBS: _job,
    CRONJOBS: _cron_job,
    CLAIMS: _claim,
}


def longest_gap_seconds(schedule: str) -> float | None:
    """Roughly the longest time between two starts of a cron schedule; None if it is not one.

    A coarse bound is enough: it only decides whether a CronJob is read in full.
    """
    minute, hour, day = 60.0, 3600.0, 86400.0
    macros = {
        "@yearly": 366 * day, "@annually": 366 * day, "@monthly": 31 * day, "@weekly": 7 * day,
        "@daily": day, "@midnight": day, "@hourly": hour,
    }  # fmt: skip
    if schedule in macros:
        return macros[schedule]
    fields = schedule.split()
    if len(fields) != 5:  # noqa: PLR2004 - the fields of a cron line
        return None
    minutes, hours, days, months, weekdays = fields
    gap = hour
    if minutes.startswith("*"):
        gap = minute * _step(minutes)
    if hours != "*":
        gap = hour * _step(hours) if hours.startswith("*/") else day
    if weekdays not in {"*", "?"}:
        gap = 7 * day
    if days not in {"*", "?"}:
        gap = 31 * day
    return gap if months == "*" else 366 * day


def _step(text: str) -> int:
    step = text.partition("/")[2]
    return int(step) if step.isdigit() and step != "0" else 1


def _fraction(text: Any) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d+)/(\d+)(?: of \d+)?", str(text))
    return (int(found[1]), int(found[2])) if found else None


def _reaches(count: Any, wanted: int) -> bool:
    return isinstance(count, int) and count >= wanted
