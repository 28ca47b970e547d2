"""A drill and examples of `cronjob_not_running`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex
from watchdog.snapshot.workloads import CronJobSummary


def _cron(**more: object) -> CronJobSummary:
    values = {
        "ref": ex.ref("CronJob", "nightly"),
        "schedule": "*/10 * * * *",
        "created_at": ex.ago(864000),
        "last_scheduled_at": ex.ago(7200),
    }
    return CronJobSummary.model_validate({**values, **more})


def examples() -> tuple[Example, ...]:
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


DRILL = Drill(
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
)
