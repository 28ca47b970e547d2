"""A drill and examples of `job_failed`."""

from __future__ import annotations

from typing import Any

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.workloads import CronJobSummary, JobSummary


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


def examples() -> tuple[Example, ...]:
    owner: dict[str, Any] = {"ref": ex.ref("Pod", "report-x1"), "owner": ex.ref("Job", "report")}
    crashed = ex.pod(ex.ended(3), phase="Failed", replica_set=None, **owner)
    said = ex.log("fatal: no input", "report-x1", previous=False)
    cron = CronJobSummary(ref=ex.ref("CronJob", "nightly"), last_succeeded_at=ex.ago(30))
    run = _job(ref=ex.ref("Job", "nightly-1"), cron_job="nightly")
    done = Condition(type="Complete", status="True")
    silent = CronJobSummary(
        ref=ex.ref("CronJob", "nightly"),
        schedule="*/10 * * * *",
        created_at=ex.ago(7200),
        last_scheduled_at=ex.ago(300),
    )
    succeeded = silent.model_copy(update={"last_succeeded_at": ex.ago(250)})
    again = silent.model_copy(update={"active": 1})
    at_first = again.model_copy(update={"created_at": ex.ago(900)})
    replaced = again.model_copy(update={"concurrency_policy": "Replace"})
    return (
        Example(
            "its container is restarted in place",
            ex.snapshot_of(
                _job(conditions=(), active=1, failed=0),
                ex.pod(ex.crashing(1), replica_set=None, **owner),
                said,
            ),
            "Job/report",
        ),
        Example("no failed Job is kept", ex.snapshot_of(silent), "CronJob/nightly"),
        Example(
            "no failed Job is kept, and the next one runs", ex.snapshot_of(again), "CronJob/nightly"
        ),
        Example("its first run is still under way", ex.snapshot_of(at_first), None),
        Example("it replaces runs that may have been well", ex.snapshot_of(replaced), None),
        Example("no Job is kept, and all is well", ex.snapshot_of(succeeded), None),
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


DRILL = Drill(
    manifest=f"""\
apiVersion: batch/v1
kind: Job
metadata: {{name: report}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
{drill_manifest.pod_spec("echo 'report: 3 of 7 ledgers do not balance'; exit 3")}
""",
    settle="job",
)
