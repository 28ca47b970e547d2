"""A drill and examples of `rollout_stuck`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.workloads import RevisionSummary


def examples() -> tuple[Example, ...]:
    late = Condition(
        type="Progressing",
        status="False",
        reason="ProgressDeadlineExceeded",
        message='ReplicaSet "web-7d9f" has timed out progressing.',
        since=ex.ago(120),
    )
    on_time = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
    done = RevisionSummary(revision=7, replica_set=ex.CURRENT, current=True, ready_replicas=1)
    image = ex.earlier(ex.change("image", "shop/web:1.4", "shop/web:1.5"))
    new_pod = ex.pod(ex.running(ready=False, for_seconds=40))
    return (
        Example(
            "past its deadline while the old pods serve",
            ex.snapshot_of(
                ex.deployment(ready=2, desired=2, updated=1, conditions=(late,), last=image),
                new_pod,
            ),
            "Deployment/web",
            "rollout_undo",
        ),
        Example(
            "the first revision never became available",
            ex.snapshot_of(ex.deployment(conditions=(late,)), new_pod),
            "Deployment/web",
        ),
        Example(
            "within its deadline",
            ex.snapshot_of(
                ex.deployment(ready=2, desired=2, updated=1, conditions=(on_time,), last=image),
                new_pod,
            ),
            None,
        ),
        Example(
            "late, but done",
            ex.snapshot_of(ex.deployment(ready=1, conditions=(late,), revisions=(done,))),
            None,
        ),
    )


_GATE = "readinessGates: [{conditionType: example.com/registered}]"


def _patient(**more: str) -> str:
    made = drill_manifest.deployment(["sleep", "3600"], **more)
    return made.replace("  selector:", "  progressDeadlineSeconds: 15\n  selector:", 1)


DRILL = Drill(before=_patient(), manifest=_patient(pod=_GATE), ends="healed", settle="deadline")
