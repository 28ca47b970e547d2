"""A CronJob that does not start Jobs any more, or never will."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

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
from watchdog.failures.schedule import due_before, zone_of
from watchdog.observation.workloads import CronJobSummary

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
