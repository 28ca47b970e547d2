"""A Job that does not end keeps its CronJob, which allows one at a time, from starting others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.detection.cron import due_before, zone_of
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.owners import Trouble, age, kubectl, owner_finding
from watchdog.snapshot.workloads import CronJobSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

_SLACK = timedelta(seconds=30)
_MISSED = 3
_COUNTED = 50
_PILED_UP = 10
# Where runs have ended well before, one may take longer than the schedule, and often does.
_LONG_SECONDS = 3600


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for cron in snapshot.cronjobs:
        if trouble := _overrun(snapshot, cron):
            yield owner_finding("cronjob_blocked", snapshot, cron.ref, trouble)
            continue
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


def _overrun(snapshot: ClusterSnapshot, cron: CronJobSummary) -> Trouble | None:
    """What to say of runs that end later than the next ones start."""
    if cron.suspended or not cron.active or cron.concurrency_policy == "Forbid":
        return None
    start = cron.last_succeeded_at or cron.created_at
    if cron.concurrency_policy == "Allow":
        if cron.active < _PILED_UP:
            return None
        line = f"{cron.ref}: schedule {cron.schedule}, {cron.active} Jobs active side by side"
        facts = {"why": "piled up", "active": str(cron.active)}
        return Trouble("its Jobs pile up", (line,), (), start, facts)
    zone, last = zone_of(cron), cron.last_scheduled_at
    if zone is None or last is None or start is None:
        return None
    runs = sum(
        start < moment < last
        for moment in due_before(cron.schedule, zone, snapshot.taken_at, _COUNTED) or []
    )
    if runs < _MISSED:
        return None
    done = f"last success {start:%Y-%m-%d %H:%M %Z}" if cron.last_succeeded_at else "no success yet"
    line = f"{cron.ref}: schedule {cron.schedule}, concurrencyPolicy Replace, {done}"
    facts = {"why": "replaced", "runs": f"{runs} or more" if runs == _COUNTED else str(runs)}
    return Trouble("each run is replaced before it ends", (line,), (), start, facts)


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
    if facts.get("why") == "piled up":
        return (
            f"The Jobs of {finding.target} pile up: {facts['active']} run at the same time. They "
            "end later than the next ones start, or not at all, and concurrencyPolicy Allow sets "
            "no bound."
        )
    if facts.get("why") == "replaced":
        return (
            f"No run of {finding.target} ends: each takes longer than the time to the next start, "
            f"and concurrencyPolicy Replace stops it then. This happened to {facts['runs']} runs."
        )
    return (
        f"Job {facts['job']} of {finding.target} has run for {facts['minutes']} minutes and does "
        f"not end. concurrencyPolicy Forbid lets no other start beside it, so {facts['missed']} "
        "starts were missed."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    if "job" not in finding.facts:
        return Advice(
            f"Find out what the Jobs of {finding.target} wait for. If they need the time, start "
            "them less often; give them an activeDeadlineSeconds, so that one that hangs ends.",
            kubectl(snapshot, "describe", "cronjob", finding.target.name),
        )
    job = finding.facts["job"]
    return Advice(
        f"See in its log what Job {job} waits for, then delete that Job: the next start comes by "
        "itself. Give the job template an activeDeadlineSeconds, so that a run that hangs is "
        "ended; if it is meant to run for ever, make it a Deployment.",
        kubectl(snapshot, "logs", f"job/{job}", "--all-containers", "--tail=50"),
    )


CRONJOB_BLOCKED = FailureKind(
    name="cronjob_blocked",
    summary="Jobs of a CronJob do not end: they block the next, are replaced, or pile up",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint=(
        "The active Job hangs, and concurrencyPolicy Forbid makes the CronJob skip its starts. "
        "Ending it is for a person, who knows what it was doing."
    ),
)
