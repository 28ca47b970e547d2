"""A CronJob that does not start Jobs any more, or never will."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.detection.cron import due_before, zone_of
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import (
    Trouble,
    age,
    event_text,
    kubectl,
    owner_finding,
    recent,
    sentence,
)
from watchdog.snapshot.workloads import CronJobSummary
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

_REFUSED = {
    "UnparseableSchedule",
    "UnParseableCronJobSchedule",
    "InvalidSchedule",
    "UnknownTimeZone",
    "TooManyMissedTimes",
    "FailedNeedsStart",
}
# Controllers start a Job within seconds of its time; this covers their pauses and clocks apart.
_SLACK = timedelta(seconds=90)


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
        event = event_text(about[-1]) if about else None
        start = last or cron.created_at
        trouble = Trouble("CronJob does not run", (state, event), (), start, why)
        yield owner_finding("cronjob_not_running", snapshot, cron.ref, trouble)


def _why(snapshot: ClusterSnapshot, cron: CronJobSummary) -> dict[str, str]:
    refused = [
        event
        for event in snapshot.events_about(cron.ref)
        if event.reason in _REFUSED and recent(snapshot, event, 3600)
    ]
    if refused and not (cron.last_scheduled_at and age(snapshot, cron.last_scheduled_at) < 120):  # noqa: PLR2004
        return {"why": "refused", "message": shorten(refused[-1].message)}
    zone = zone_of(cron)
    if zone is None:
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
                f"The controller cannot schedule {cron.ref}: {verbatim(finding.facts['message'])}"
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


CRONJOB_NOT_RUNNING = FailureKind(
    name="cronjob_not_running",
    summary="a CronJob that is not suspended has stopped starting Jobs, or never will",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="Compare the schedule with the last start; read the CronJob's own events.",
)
