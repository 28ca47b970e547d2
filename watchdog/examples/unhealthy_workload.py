"""A drill and examples of `unhealthy_workload`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.workloads import (
    JobSummary,
    StatefulSetSummary,
)


def examples() -> tuple[Example, ...]:
    done = Condition(type="Progressing", status="True", reason="NewReplicaSetAvailable")
    rolling = Condition(type="Progressing", status="True", reason="ReplicaSetUpdated")
    slow = ex.pod(ex.running(ready=False))
    young = slow.model_copy(
        update={"conditions": (Condition(type="Ready", status="False", since=ex.ago(20)),)}
    )
    pulling = ex.pod(ex.waiting("ContainerCreating"), phase="Pending", created_at=ex.ago(40))
    job = JobSummary(ref=ex.ref("Job", "report"), active=1, desired=1)
    stuck = ex.pod(
        ex.waiting("ContainerCreating"),
        phase="Pending",
        ref=ex.ref("Pod", "report-1"),
        owner=job.ref,
        replica_set=None,
    )
    store = StatefulSetSummary(ref=ex.ref("StatefulSet", "db"), desired=1, created_at=ex.ago(900))
    restarting = store.model_copy(update={"status_changed_at": ex.ago(5)})
    two = store.model_copy(update={"desired": 2, "ready": 1, "status_changed_at": ex.ago(125)})
    came, leaves = (
        ex.pod(
            ex.running(),
            ref=ex.ref("Pod", f"db-{ordinal}"),
            owner=store.ref,
            replica_set=None,
            created_at=ex.ago(seconds),
        )
        for ordinal, seconds in ((1, 125), (0, 300))
    )
    now_ready = (Condition(type="Ready", status="True", since=ex.ago(1)),)
    came = came.model_copy(update={"conditions": now_ready})
    leaves = leaves.model_copy(update={"deleted_at": ex.ago(-29), "deletion_grace_seconds": 30})
    unready = (Condition(type="Ready", status="False", since=ex.ago(280)),)
    standby = leaves.model_copy(
        update={"containers": (ex.running(ready=False),), "conditions": unready}
    )
    churn = ex.deployment(conditions=(rolling, _UNAVAILABLE))
    born = Condition(
        type="Progressing", status="Unknown", reason="DeploymentPaused", since=ex.ago(4000)
    )
    paused = ex.deployment(
        paused=True, updated=0, conditions=(born,), revisions=(), status_changed_at=ex.ago(4000)
    )
    return (
        Example(
            "unready for long",
            ex.snapshot_of(ex.deployment(conditions=(done,)), slow),
            "Deployment/web",
        ),
        Example("a bare pod", ex.snapshot_of(ex.bare_pod(ex.running(ready=False))), "Pod/task"),
        Example("a Job's pod does not start", ex.snapshot_of(job, stuck), "Job/report"),
        Example("no pods", ex.snapshot_of(store), "StatefulSet/db"),
        Example("made paused, so it has no pods", ex.snapshot_of(paused), "Deployment/web"),
        Example("between two pods of a restart", ex.snapshot_of(restarting), None),
        Example(
            "one after another, its status read before its pods",
            ex.snapshot_of(two, came),
            None,
        ),
        Example("a standby that is replaced", ex.snapshot_of(two, came, standby), None),
        Example(
            "pods that fail at once count as progress", ex.snapshot_of(churn), "Deployment/web"
        ),
        Example(
            "within its progress deadline",
            ex.snapshot_of(
                ex.deployment(conditions=(rolling,), status_changed_at=ex.ago(90)), slow
            ),
            None,
        ),
        Example(
            "unready for a moment", ex.snapshot_of(ex.deployment(conditions=(done,)), young), None
        ),
        Example(
            "a bare pod that starts",
            ex.snapshot_of(pulling.model_copy(update={"owner": pulling.ref})),
            None,
        ),
        Example(
            "a completed pod", ex.snapshot_of(ex.bare_pod(ex.ended(0), phase="Succeeded")), None
        ),
    )


_UNAVAILABLE = Condition(type="Available", status="False", since=ex.ago(700))


_GATE = "readinessGates: [{conditionType: example.com/registered}]"


DRILL = Drill(
    manifest=f"""\
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  selector: {{matchLabels: {{app: agent}}}}
  template:
    metadata: {{labels: {{app: agent}}}}
    spec:
{drill_manifest.pod_spec(["sleep", "3600"], pod=_GATE)}
""",
    settle="unready",
)
