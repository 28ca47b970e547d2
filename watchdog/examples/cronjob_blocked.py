"""A drill and examples of `cronjob_blocked`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex
from watchdog.snapshot.workloads import CronJobSummary


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


def examples() -> tuple[Example, ...]:
    def case(name: str, claims: str | None, **more: object) -> Example:
        return Example(name, ex.snapshot_of(_cron(**more)), claims)

    claims = "CronJob/sync"
    first = {"last_succeeded_at": None}
    replacing = {"concurrency_policy": "Replace", "last_scheduled_at": ex.ago(60)}
    return (
        case("hangs for two hours", claims),
        case("the first run hangs", claims, last_scheduled_at=ex.ago(1200), **first),
        case("a long run", None, last_scheduled_at=ex.ago(1800)),
        case("the first run may take a while", None, last_scheduled_at=ex.ago(700), **first),
        case("each replaces the last", claims, **replacing, **first),
        case("one was replaced", None, **{**replacing, "last_succeeded_at": ex.ago(500)}),
        case("Jobs pile up", claims, concurrency_policy="Allow", active=12),
        case("a day's work", None, schedule="0 3 * * *", last_scheduled_at=ex.ago(40000)),
        case("runs side by side", None, concurrency_policy="Allow", last_scheduled_at=ex.ago(60)),
        case("suspended", None, suspended=True),
    )


DRILL = Drill(
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
)
