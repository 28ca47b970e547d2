"""A Job that was given up, with what its last pod says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from watchdog.failures import example as ex
from watchdog.failures import manifest
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.lines import quotes, shorten
from watchdog.failures.look import Seen, exit_code, exit_reason, times
from watchdog.failures.owners import Trouble, kubectl, owner_finding
from watchdog.observation.base import Condition, ObjectRef
from watchdog.observation.pod_template import ContainerSpec
from watchdog.observation.workloads import CronJobSummary, JobSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot

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
        failed = _failed(job)
        if failed is None or owner in told:
            continue
        told.add(owner)
        culprit = _culprit(snapshot, job)
        facts = {"job": job.ref.name, "reason": failed.reason, **_facts(culprit)}
        line = f"{job.ref} {failed.reason}: {shorten(failed.message)}"
        evidence = (line, *_evidence(snapshot, culprit))
        pods = [culprit.pod] if culprit else []
        trouble = Trouble("Job failed", evidence, pods, failed.since, facts)
        finding = owner_finding("job_failed", snapshot, owner, trouble)
        yield finding.model_copy(
            update={
                "container": culprit.state.name if culprit else None,
                "impact": finding.impact or f"its newest Job failed {times(job.failed)}",
            }
        )


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


def _recovered(snapshot: ClusterSnapshot, job: JobSummary) -> bool:
    owner = _owner(job)
    cron = next((item for item in snapshot.cronjobs if item.ref == owner), None)
    done = cron.last_succeeded_at if cron else None
    return bool(done and job.started_at and done > job.started_at)


def _culprit(snapshot: ClusterSnapshot, job: JobSummary) -> Seen | None:
    """The container that failed in the Job's newest pod."""
    pods = [pod for pod in snapshot.pods if pod.ref.name.startswith(f"{job.ref.name}-")]
    pods = [pod for pod in pods if pod.owner in {job.ref, _owner(job)} and pod.phase != "Succeeded"]
    for pod in sorted(pods, key=lambda p: (p.created_at is not None, p.created_at), reverse=True):
        for state in sorted(pod.containers, key=lambda item: not item.init):
            if exit_code(state):
                spec = pod.template.container(state.name) or ContainerSpec(name=state.name)
                return Seen(pod, state, spec)
    return None


def _facts(culprit: Seen | None) -> dict[str, str]:
    if culprit is None:
        return {}
    return {"exit_code": str(exit_code(culprit.state))}


def _evidence(snapshot: ClusterSnapshot, culprit: Seen | None) -> list[str]:
    if culprit is None:
        return []
    code, ended = exit_code(culprit.state), exit_reason(culprit.state)
    how = f" ({ended})" if ended and ended != "Error" else ""
    state = f"pod {culprit.pod.ref.name}: container {culprit.state.name} exit code {code}{how}"
    return [state, *quotes(snapshot, culprit)]


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts = finding.facts
    why = _REASONS.get(facts["reason"], facts["reason"] or "it was given up")

    text = f"Job {facts['job']} failed: {why}."
    if facts.get("exit_code") and facts["reason"] != "DeadlineExceeded":
        text += f" Container {finding.container} exited with code {facts['exit_code']}"
        said = next((line for line in finding.evidence if line.startswith("log ")), None)
        text += f"; its log says {said.partition(': ')[2]}." if said else "."
    return text


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    job = finding.facts["job"]
    if finding.facts["reason"] == "DeadlineExceeded":
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
    logs = kubectl(snapshot, "logs", f"job/{job}", "--tail=50")
    return Advice(f"{fix}, then delete the Job and create it anew.", logs)


def _again(name: str) -> str:
    return f"{name[:45].rstrip('-.')}-again"


def _job(**more: object) -> JobSummary:
    failed = Condition(
        type="Failed",
        status="True",
        reason="BackoffLimitExceeded",
        message="Job has reached the specified backoff limit",
        since=ex.ago(60),
    )
    values: dict[str, object] = {
        "ref": ex.ref("Job", "report"),
        "failed": 1,
        "conditions": (failed,),
        "started_at": ex.ago(120),
    }
    return JobSummary.model_validate({**values, **more})


def _examples() -> tuple[Example, ...]:
    owner: dict[str, Any] = {"ref": ex.ref("Pod", "report-x1"), "owner": ex.ref("Job", "report")}
    crashed = ex.pod(ex.ended(3), phase="Failed", replica_set=None, **owner)
    said = ex.log("fatal: no input", "report-x1", previous=False)
    cron = CronJobSummary(ref=ex.ref("CronJob", "nightly"), last_succeeded_at=ex.ago(30))
    run = _job(ref=ex.ref("Job", "nightly-1"), cron_job="nightly")
    done = Condition(type="Complete", status="True")
    return (
        Example("exits with an error", ex.snapshot_of(_job(), crashed, said), "Job/report"),
        Example(
            "its CronJob owns it",
            ex.snapshot_of(run, cron.model_copy(update={"last_succeeded_at": ex.ago(9000)})),
            "CronJob/nightly",
        ),
        Example("the next run succeeded", ex.snapshot_of(run, cron), None),
        Example(
            "failed once, then completed",
            ex.snapshot_of(_job(succeeded=1, conditions=(done,)), crashed),
            None,
        ),
    )


JOB_FAILED = FailureKind(
    name="job_failed",
    summary="a Job was given up: retries used up, deadline passed, or by its failure policy",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The exit code and the log of the newest pod say why; a Job cannot be changed in place.",
    drill=Drill(
        manifest=f"""\
apiVersion: batch/v1
kind: Job
metadata: {{name: report}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
{manifest.pod_spec("echo 'report: 3 of 7 ledgers do not balance'; exit 3")}
""",
        settle="job",
    ),
    examples=_examples,
)
