"""A drill and examples of `statefulset_stuck`."""

from __future__ import annotations

from typing import Any

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.workloads import StatefulSetSummary


def examples() -> tuple[Example, ...]:
    new = PodTemplate(containers=(ex.spec(image="shop/db:2"),))
    values: dict[str, Any] = {
        "ref": ex.ref("StatefulSet", "db"),
        "desired": 2,
        "template": new,
    }
    db = StatefulSetSummary(**values)
    own: dict[str, Any] = {
        "ref": ex.ref("Pod", "db-0"),
        "owner": db.ref,
        "replica_set": None,
    }
    old = ex.pod(ex.crashing(), **own)
    gated = ex.pod(
        ex.running(),
        **own,
        template=new,
        conditions=(
            Condition(
                type="Ready",
                status="False",
                message='the condition of readiness gate "example.com/registered" does not exist',
                since=ex.ago(600),
            ),
        ),
    )
    young = gated.model_copy(
        update={"conditions": (Condition(type="Ready", status="False", since=ex.ago(20)),)}
    )
    full = db.model_copy(update={"updated": 1})
    crashes = ex.pod(ex.crashing(), **own, template=new)
    return (
        Example(
            "a broken pod of an old revision",
            ex.snapshot_of(db, old),
            "StatefulSet/db",
            "delete_pod",
        ),
        Example("a readiness gate", ex.snapshot_of(full, gated), "StatefulSet/db"),
        Example("only just started", ex.snapshot_of(full, young), None),
        Example("its newest pod crashes by itself", ex.snapshot_of(full, crashes), None),
    )


DRILL = Drill(
    manifest="""\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      readinessGates: [{conditionType: example.com/registered}]
      containers:
      - {name: main, image: "busybox:1.36", command: [sleep, "3600"]}
""",
    settle="unready",
)
