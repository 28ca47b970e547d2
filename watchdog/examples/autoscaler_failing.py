"""A drill and examples of `autoscaler_failing`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import AutoscalerSummary


def _scaler(type_: str, reason: str, message: str, **more: object) -> AutoscalerSummary:
    failing = Condition(
        type=type_, status="False", reason=reason, message=message, since=ex.ago(600)
    )
    values = {
        "ref": ex.ref("HorizontalPodAutoscaler", "web"),
        "target": ex.WEB,
        "conditions": (failing,),
    }
    return AutoscalerSummary.model_validate({**values, **more})


def examples() -> tuple[Example, ...]:
    metrics = "unable to get metrics for resource cpu: unable to fetch metrics"
    absent = _scaler("AbleToScale", "FailedGetScale", 'deployments.apps "web" not found')
    request = "missing request for cpu in container main of Pod web-7d9f-x2k4p"
    blind = _scaler("ScalingActive", "FailedGetResourceMetric", metrics)
    young = blind.conditions[0].model_copy(update={"since": ex.ago(60)})
    off = _scaler("ScalingActive", "ScalingDisabled", "the replica count of the target is zero")
    name = "HorizontalPodAutoscaler/web"
    limit = Condition(
        type="ScalingLimited",
        status="True",
        reason="TooManyReplicas",
        message="the desired replica count is more than the maximum replica count",
        since=ex.ago(1800),
    )
    full = off.model_copy(update={"conditions": (limit,), "current": 5, "max_replicas": 5})
    recently = limit.model_copy(update={"since": ex.ago(60)})
    unsaid = off.model_copy(update={"conditions": (), "target_absent": True})
    return (
        Example("at its maximum for long", ex.snapshot_of(full), name),
        Example(
            "at its maximum for a moment",
            ex.snapshot_of(full.model_copy(update={"conditions": (recently,)})),
            None,
        ),
        Example(
            "as many pods as ever",
            ex.snapshot_of(full.model_copy(update={"min_replicas": 5})),
            None,
        ),
        Example("its target is not there", ex.snapshot_of(unsaid), name),
        Example("its target does not exist", ex.snapshot_of(absent), name),
        Example("no metrics", ex.snapshot_of(blind), name),
        Example(
            "no requests",
            ex.snapshot_of(_scaler("ScalingActive", "FailedGetResourceMetric", request)),
            name,
        ),
        Example(
            "no metrics yet",
            ex.snapshot_of(blind.model_copy(update={"conditions": (young,)})),
            None,
        ),
        Example("scaled to zero on purpose", ex.snapshot_of(off), None),
    )


DRILL = Drill(
    manifest="""\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shelf}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shelf}
  maxReplicas: 3
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
""",
    settle="condition",
)
