"""Which rows of kubectl's tables do not look well. Pure: cells in, a word or None out.

A cell is a hint and never a proof of health: what these rows cannot tell (a crash that prints
Completed, a node that is gone) is found by what the workload's own status lacks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from watchdog.kube.ports import Json
from watchdog.kube.resources import (
    CLAIMS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Resource,
)
from watchdog.observation.kubectl_columns import NONE, mapping, moment, objects, seconds
from watchdog.text.regex import regex

Row = Mapping[str, Any]
_FRACTION = regex(r"(\d+)/(\d+)(?: of \d+)?")
_RESTARTS = regex(r"(\d+)(?: \((\w+) ago\))?")
DONE = frozenset({"Completed", "Succeeded"})
# Crashes that are hours apart: so many of them, no further apart than that on average.
SLOW_RESTARTS, SLOW_SECONDS = 3, 6 * 3600.0


def suspicion(resource: Resource, row: Row, restart_window_seconds: float) -> str | None:
    """Why the object of this row has to be read in full, in kubectl's words; None if it is well."""
    if resource == PODS:
        return _pod(row, restart_window_seconds)
    return _SUSPICIONS[resource](row)


def _pod(row: Row, restart_window_seconds: float) -> str | None:
    status, ready = str(row.get("Status")), is_ready(row)
    if ready and str(row.get("Restarts")) == "0":
        return None
    if not ready and status not in DONE:
        return status
    if status in DONE and not _may_hide_a_crash(row):
        return None
    restarts = _RESTARTS.fullmatch(str(row.get("Restarts")))
    if restarts is None:
        return status
    count, ago = restarts.groups()
    age = seconds(ago)
    if status in DONE and count == "0":
        return status
    if count == "0":
        return None
    if age is None or age <= restart_window_seconds or _crashes_slowly(row, int(count), age):
        return status
    return None


def _crashes_slowly(row: Row, count: int, since: float) -> bool:
    """Whether it restarted several times within some hours, however long each run took."""
    lived = seconds(row.get("Age"))
    if lived is None or count < SLOW_RESTARTS:
        return False
    return since <= 2 * SLOW_SECONDS and lived / count <= SLOW_SECONDS


def _may_hide_a_crash(row: Row) -> bool:
    """Whether a pod that prints as done may be in a crash loop, or have failed.

    Since Kubernetes 1.35 a program that ends with 0 again and again prints Completed for much of
    the time. In any version one of several containers speaks for all of them.
    """
    ready = fraction(row.get("Ready"))
    return ready is None or ready[1] > 1 or str(row.get("Restarts", "0")) != "0"


def is_ready(row: Row) -> bool:
    """Whether a pod's row says that it runs and is ready, its readiness gates included."""
    ready = fraction(row.get("Ready"))
    gates = fraction(row.get("Readiness Gates"))
    if gates is not None and gates[0] < gates[1]:
        return False
    return row.get("Status") == "Running" and ready is not None and ready[0] == ready[1]


WELL_SIGNS = ("Ready", "Status", "Restarts", "Readiness Gates")
"""The cells by which `looks_well` goes."""


@lru_cache(maxsize=256)
def looks_well(*signs: str) -> bool:
    """Whether cells like these are of a pod that is well and never restarted."""
    row = dict(zip(WELL_SIGNS, signs, strict=True))
    return row["Restarts"] == "0" and _pod(row, restart_window_seconds=0) is None


def _deployment(row: Row) -> str | None:
    ready = fraction(row.get("Ready"))
    if ready is None:
        return "unknown"
    wanted = ready[1]
    counts = (ready[0], row.get("Up-to-date"), row.get("Available"))
    return (
        None if all(_reaches(count, wanted) for count in counts) else f"{ready[0]}/{wanted} ready"
    )


def _stateful_set(row: Row) -> str | None:
    ready = fraction(row.get("Ready"))
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
    done = fraction(row.get("Completions"))
    return None if done is not None and done[0] >= done[1] else "unknown"


# A day that none of the schedule's months has: such a CronJob never runs, however young it is.
_NO_SUCH_DAY = regex(
    r"\S+ \S+ (?:(?:30|31|30,31) (?:2|feb)|31 (?:4|6|9|11|apr|jun|sep|nov)) \*", re.IGNORECASE
)


# Starts that a running Job made its CronJob miss before that is looked at.
_HANGS = 3
# Jobs of one CronJob that run side by side: from so many on they end too slowly, or not at all.
PILED_UP = 10
# Runs in a row without one that succeeds, from which a CronJob is looked at.
UNSUCCESSFUL_RUNS = 2


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
    active = row.get("Active")
    if isinstance(active, int) and active >= PILED_UP:
        return "piled up"
    if active not in {None, 0, "0"} and since > _HANGS * usual:
        # Where Jobs may run side by side, the last start is not that long ago.
        return "busy"
    return "overdue" if since > 2 * usual + 300 else None


def _replica_set(row: Row) -> str | None:
    wanted = row.get("Desired")
    if not isinstance(wanted, int):
        return "unknown"
    if all(_reaches(row.get(column), wanted) for column in ("Current", "Ready")):
        return None
    return f"{row.get('Ready')}/{wanted} ready"


def _claim(row: Row) -> str | None:
    status, resizing = str(row.get("Status")), row.get("Resizing")
    return (
        str(resizing) if status == "Bound" and resizing else None if status == "Bound" else status
    )


_SUSPICIONS: dict[Resource, Callable[[Row], str | None]] = {
    DEPLOYMENTS: _deployment,
    STATEFULSETS: _stateful_set,
    DAEMONSETS: _daemon_set,
    JOBS: _job,
    CRONJOBS: _cron_job,
    CLAIMS: _claim,
    REPLICASETS: _replica_set,
}


def does_no_work(kind: str, raw: Json) -> bool:
    """Whether a Job or CronJob, read in full, does not do what its row seems to say."""
    spec, status = mapping(raw.get("spec")), mapping(raw.get("status"))
    if kind == JOBS.kind:
        ended = {"Complete", "Failed", "Suspended", "SuccessCriteriaMet"}
        over = any(
            item.get("type") in ended and item.get("status") == "True"
            for item in objects(status.get("conditions"))
        )
        return not over and not spec.get("suspend") and not status.get("active")
    if kind != CRONJOBS.kind or spec.get("suspend"):
        return False
    created = moment(mapping(raw.get("metadata")).get("creationTimestamp"))
    last, usual = (
        moment(status.get("lastScheduleTime")),
        longest_gap_seconds(str(spec.get("schedule"))),
    )
    since = moment(status.get("lastSuccessfulTime")) or created
    if last is None or since is None or usual is None:
        return False
    return (last - since).total_seconds() >= UNSUCCESSFUL_RUNS * usual


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


def fraction(text: Any) -> tuple[int, int] | None:
    """`3/5` as two numbers; None for anything else."""
    return _fraction(str(text))


@lru_cache(maxsize=256)  # nearly all rows of a list say the same
def _fraction(text: str) -> tuple[int, int] | None:
    found = _FRACTION.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def _reaches(count: Any, wanted: int) -> bool:
    return isinstance(count, int) and count >= wanted
