"""A Job that was given up, with what its last pod says about it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from watchdog.detection.container_view import ContainerView
from watchdog.detection.containers import (
    crashes,
    exit_code,
    exit_reason,
    job_of,
    make_finding,
    matching,
    times,
    with_evidence,
)
from watchdog.detection.cron import due_before, zone_of
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import quotes, shorten
from watchdog.detection.owners import Trouble, event_text, kubectl, owner_finding, sentence
from watchdog.model.diagnosis import Evidence, Finding, Impact
from watchdog.snapshot.pod_template import ContainerSpec
from watchdog.snapshot.refs import Condition, ObjectRef
from watchdog.snapshot.workloads import JobSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.snapshot.snapshot import ClusterSnapshot

# Runs in a row without one that succeeds, where no Job is left to say why.
_UNSUCCESSFUL_RUNS, _COUNTED = 2, 50
# Controllers start a Job within seconds of its time; this covers their pauses and clocks apart.
_LOST = "FailedIndex"
_SLACK = timedelta(seconds=90)
_REASONS = {
    "BackoffLimitExceeded": "it failed more often than its backoff limit allows",
    "DeadlineExceeded": "it ran for longer than its deadline",
    "PodFailurePolicy": "its pod failure policy gave it up",
    "FailedIndexes": "some of its indexes failed",
    "MaxFailedIndexesExceeded": "too many of its indexes failed",
}


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    told: set[ObjectRef] = set()
    newest = sorted(snapshot.jobs, key=lambda job: (job.started_at is not None, job.started_at))
    for job in reversed(newest):
        owner = _owner(job)
        if owner in told:
            continue
        if job.cron_job and (job.succeeded or _recovered(snapshot, job)):
            told.add(owner)
        failed = _failed(job) or _lost(job)
        if failed is None or owner in told:
            continue
        told.add(owner)
        culprit = _culprit(snapshot, job)
        facts = {"job": job.ref.name, "reason": failed.reason, **_facts(culprit)}
        if failed.reason == _LOST:
            facts["indexes"] = job.failed_indexes
        line = f"{job.ref} {failed.reason}: {shorten(failed.message)}"
        evidence = (line, *_evidence(snapshot, culprit))
        pods = [culprit.pod] if culprit else []
        trouble = Trouble("Job failed", evidence, pods, failed.since, facts)
        finding = owner_finding("job_failed", snapshot, owner, trouble)
        yield finding.model_copy(
            update={
                "container": culprit.state.name if culprit else None,
                "impact": finding.impact or Impact(words=f"its newest Job failed{_often(job)}"),
            }
        )
    yield from _looping(snapshot, told)
    yield from _unkept(snapshot, told)


def _looping(snapshot: ClusterSnapshot, told: set[ObjectRef]) -> Iterator[Finding]:
    """Jobs whose pods restart their container in place: that is no failed pod, for long or ever."""
    for owner, seen in matching(snapshot, lambda item: crashes(item, snapshot)):
        first = seen[0]
        job = job_of(snapshot, first.pod)
        if job is None or owner in told or first.state.restarts < snapshot.thresholds.restarts:
            continue
        told.add(owner)
        facts = {"job": job.ref.name, **_facts(first), "restarts": str(first.state.restarts)}
        finding = make_finding("job_failed", "Job crashes again and again", snapshot, seen, **facts)
        yield with_evidence(finding, *quotes(snapshot, first))


def _unkept(snapshot: ClusterSnapshot, told: set[ObjectRef]) -> Iterator[Finding]:
    """CronJobs whose runs have all failed lately, though no failed Job is kept."""
    for cron in snapshot.cronjobs:
        zone, last = zone_of(cron), cron.last_scheduled_at
        since = cron.last_succeeded_at or cron.created_at
        if cron.ref in told or cron.suspended or zone is None:
            continue
        if cron.active and cron.concurrency_policy == "Replace":
            continue  # it may have ended those before it
        if last is None or since is None:
            continue
        latest = due_before(cron.schedule, zone, snapshot.taken_at - _SLACK, 1)
        if not latest or latest[0] > last:
            continue  # it does not start them any more, which is another failure
        due = due_before(cron.schedule, zone, last, _COUNTED) or []
        # What runs now may still succeed; that it runs says nothing of those before it.
        runs = sum(moment > since for moment in due) - cron.active
        if runs < _UNSUCCESSFUL_RUNS:
            continue
        done = cron.last_succeeded_at
        success = f"last success {done:%Y-%m-%d %H:%M %Z}" if done else "no run has succeeded"
        prefix = f"{cron.ref.name}-"
        said = [
            event
            for event in snapshot.events
            if event.about.kind == "Job" and event.about.name.startswith(prefix)
        ]
        line = f"{cron.ref}: last started {last:%Y-%m-%d %H:%M %Z}, {success}"
        evidence = (line, event_text(said[-1]) if said else None)
        count = f"{runs} or more" if runs + cron.active == _COUNTED else str(runs)
        facts = {"runs": count, "reason": said[-1].reason if said else ""}
        trouble = Trouble("its runs fail", evidence, (), since, facts)
        finding = owner_finding("job_failed", snapshot, cron.ref, trouble)
        impact = Impact(words=f"the last {count} runs did not succeed")
        yield finding.model_copy(update={"impact": impact})


def _often(job: JobSummary) -> str:
    """How often its pods failed; a deadline may pass before one has."""
    return f" {times(job.failed)}" if job.failed else ""


def _owner(job: JobSummary) -> ObjectRef:
    if job.cron_job:
        return ObjectRef(kind="CronJob", namespace=job.ref.namespace, name=job.cron_job)
    return job.ref


def _failed(job: JobSummary) -> Condition | None:
    # The deadline's verdict comes at once as FailureTarget, and as Failed when its pods are gone.
    for type_ in ("Failed", "FailureTarget"):
        condition = job.condition(type_)
        if condition is not None and condition.status == "True":
            return condition
    return None


def _lost(job: JobSummary) -> Condition | None:
    """The indexes that have used up their own retries, while the others of the Job go on."""
    if not job.failed_indexes:
        return None
    return Condition(type=_LOST, status="True", reason=_LOST, message=job.failed_indexes)


def _recovered(snapshot: ClusterSnapshot, job: JobSummary) -> bool:
    owner = _owner(job)
    cron = next((item for item in snapshot.cronjobs if item.ref == owner), None)
    done = cron.last_succeeded_at if cron else None
    return bool(done and job.started_at and done > job.started_at)


def _culprit(snapshot: ClusterSnapshot, job: JobSummary) -> ContainerView | None:
    """The container that failed in the Job's newest pod."""
    pods = [pod for pod in snapshot.pods if pod.ref.name.startswith(f"{job.ref.name}-")]
    pods = [pod for pod in pods if pod.owner in {job.ref, _owner(job)} and pod.phase != "Succeeded"]
    for pod in sorted(pods, key=lambda p: (p.created_at is not None, p.created_at), reverse=True):
        for state in sorted(pod.containers, key=lambda item: not item.init):
            if exit_code(state):
                spec = pod.template.container(state.name) or ContainerSpec(name=state.name)
                return ContainerView(pod, state, spec)
    return None


def _facts(culprit: ContainerView | None) -> dict[str, str]:
    if culprit is None:
        return {}
    return {"exit_code": str(exit_code(culprit.state))}


def _evidence(snapshot: ClusterSnapshot, culprit: ContainerView | None) -> list[Evidence | str]:
    if culprit is None:
        return []
    code, ended = exit_code(culprit.state), exit_reason(culprit.state)
    how = f" ({ended})" if ended and ended != "Error" else ""
    state = f"pod {culprit.pod.ref.name}: container {culprit.state.name} exit code {code}{how}"
    return [state, *quotes(snapshot, culprit)]


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    if "runs" in facts:
        reason = _REASONS.get(facts["reason"])
        why = f" The last of its Jobs failed: {reason}." if reason else ""
        return (
            f"The last {facts['runs']} runs of {finding.target} did not succeed, and no failed Job "
            f"is kept that says why (failedJobsHistoryLimit or a TTL).{why}"
        )
    if "reason" not in facts:
        text = (
            f"Container {finding.container} of Job {facts['job']} is restarted in place again and "
            f"again: it has ended {times(int(facts['restarts']))}, the last time with exit code "
            f"{facts.get('exit_code', 'unknown')}"
        )
        said = next((line.text for line in finding.evidence if line.kind == "log"), None)
        return sentence(f"{text}; its log says {said}" if said else text)
    why = _REASONS.get(facts["reason"], facts["reason"] or "it was given up")

    text = f"Job {facts['job']} failed: {why}."
    if "indexes" in facts:
        text = f"Of Job {facts['job']} the indexes {facts['indexes']} have failed for good."
    if facts.get("exit_code") and facts["reason"] != "DeadlineExceeded":
        text += f" Container {finding.container} exited with code {facts['exit_code']}"
        said = next((line.text for line in finding.evidence if line.kind == "log"), None)
        text += f"; its log says {said}." if said else "."
    return text


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    if "runs" in finding.facts:
        name = finding.target.name
        run = ("create", "job", f"--from=cronjob/{name}", _again(name))
        return Advice(
            f"Run {finding.target} once by hand and read its log; keep failed Jobs "
            "(failedJobsHistoryLimit: 1), so that the next failure can be explained.",
            kubectl(snapshot, *run),
        )
    job = finding.facts["job"]
    if finding.facts.get("reason") == "DeadlineExceeded":
        fix = f"Find out why {finding.target} takes so long, or raise its activeDeadlineSeconds"
    else:
        fix = f"Correct what makes {finding.target} fail"
    if finding.target.kind == "CronJob":
        run = (
            "create",
            "job",
            f"--from=cronjob/{finding.target.name}",
            _again(finding.target.name),
        )
        return Advice(f"{fix}, then run it once by hand.", kubectl(snapshot, *run))
    # Without its name, kubectl takes the first container of the pod.
    container = ("-c", finding.container) if finding.container else ("--all-containers",)
    logs = kubectl(snapshot, "logs", f"job/{job}", *container, "--tail=50")
    return Advice(f"{fix}, then delete the Job and create it again.", logs)


def _again(name: str) -> str:
    return f"{name[:45].rstrip('-.')}-again"


JOB_FAILED = FailureKind(
    name="job_failed",
    summary="a Job was given up: retries used up, deadline passed, or by its failure policy",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The exit code and the log of the newest pod say why; a Job cannot be changed in place.",
)
