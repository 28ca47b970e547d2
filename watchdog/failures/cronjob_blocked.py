"""A Job that does not end keeps its CronJob, which allows one at a time, from starting others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.owners import Trouble, age, kubectl, owner_finding
from watchdog.failures.schedule import due_before, zone_of
from watchdog.observation.workloads import CronJobSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

_SLACK = timedelta(seconds=30)
_MISSED = 3
_COUNTED = 50
# Where runs have ended well before, one may take longer than the schedule, and often does.
_LONG_SECONDS = 3600


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for cron in snapshot.cronjobs:
        missed = _missed(snapshot, cron)
        if missed < _MISSED or cron.last_scheduled_at is None:
            continue
        started = cron.last_scheduled_at
        # The controller names a Job after the minute that it was due in.
        job = f"{cron.ref.name}-{int(started.timestamp()) // 60}"
        line = (
            f"{cron.ref}: schedule {cron.schedule}, concurrencyPolicy Forbid, last started "
            f"{started:%Y-%m-%d %H:%M %Z} and {cron.active} Job still active"
        )
        count = f"{missed} or more" if missed == _COUNTED else str(missed)
        facts = {"job": job, "missed": count, "minutes": str(int(age(snapshot, started) // 60))}
        trouble = Trouble("a Job that does not end blocks it", (line,), (), started, facts)
        yield owner_finding("cronjob_blocked", snapshot, cron.ref, trouble)


def _missed(snapshot: ClusterSnapshot, cron: CronJobSummary) -> int:
    """How many starts passed by while the active Job ran; 0 where that is no sign of trouble."""
    zone, started = zone_of(cron), cron.last_scheduled_at
    if cron.suspended or not cron.active or cron.concurrency_policy != "Forbid":
        return 0
    if zone is None or started is None:
        return 0
    if cron.last_succeeded_at and age(snapshot, started) < _LONG_SECONDS:
        return 0
    due = due_before(cron.schedule, zone, snapshot.taken_at - _SLACK, _COUNTED) or []
    return sum(moment > started for moment in due)


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    return (
        f"Job {facts['job']} of {finding.target} has run for {facts['minutes']} minutes and does "
        f"not end. concurrencyPolicy Forbid lets no other start beside it, so {facts['missed']} "
        "starts were missed."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    job = finding.facts["job"]
    return Advice(
        f"See in its log what Job {job} waits for, then delete that Job: the next start comes by "
        "itself. Give the job template an activeDeadlineSeconds, so that a run that hangs is "
        "ended; if it is meant to run for ever, make it a Deployment.",
        kubectl(snapshot, "logs", f"job/{job}", "--tail=50"),
    )


def _cron(**more: object) -> CronJobSummary:
    values = {
        "ref": ex.ref("CronJob", "sync"),
        "schedule": "*/5 * * * *",
        "concurrency_policy": "Forbid",
        "active": 1,
        "created_at": ex.ago(864000),
        "last_scheduled_at": ex.ago(7200),
        "last_succeeded_at": ex.ago(7400),
    }
    return CronJobSummary.model_validate({**values, **more})


def _examples() -> tuple[Example, ...]:
    def case(name: str, claims: str | None, **more: object) -> Example:
        return Example(name, ex.snapshot_of(_cron(**more)), claims)

    claims = "CronJob/sync"
    first = {"last_succeeded_at": None}
    return (
        case("hangs for two hours", claims),
        case("the first run hangs", claims, last_scheduled_at=ex.ago(1200), **first),
        case("a long run", None, last_scheduled_at=ex.ago(1800)),
        case("the first run may take a while", None, last_scheduled_at=ex.ago(700), **first),
        case("a day's work", None, schedule="0 3 * * *", last_scheduled_at=ex.ago(40000)),
        case("runs side by side", None, concurrency_policy="Allow", last_scheduled_at=ex.ago(60)),
        case("suspended", None, suspended=True),
    )


CRONJOB_BLOCKED = FailureKind(
    name="cronjob_blocked",
    summary="a Job that does not end keeps its CronJob from starting others",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The active Job hangs, and concurrencyPolicy Forbid makes the CronJob skip its starts. "
        "Ending it is for a person, who knows what it was doing."
    ),
    drill=Drill(
        manifest="""\
apiVersion: batch/v1
kind: CronJob
metadata: {name: sync}
spec:
  schedule: "* * * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 1
          containers:
          - name: main
            image: busybox:1.36
            command: [sh, -c, "echo waiting for the lock; sleep 7200"]
""",
        settle="running",
    ),
    examples=_examples,
)
