"""A drill and examples of `disruption_blocked`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex
from watchdog.snapshot.refs import Condition, ObjectRef
from watchdog.snapshot.snapshot import DisruptionBudgetSummary


def _with(budget: DisruptionBudgetSummary, condition: Condition) -> DisruptionBudgetSummary:
    return budget.model_copy(update={"conditions": (condition,)})


def examples() -> tuple[Example, ...]:
    ref = ObjectRef(kind="PodDisruptionBudget", namespace=ex.NAMESPACE, name="web")
    tight = DisruptionBudgetSummary(
        ref=ref, selector={"app": "web"}, healthy=1, desired_healthy=1, expected=1
    )
    pod = ex.pod(ex.running())
    pod = pod.model_copy(
        update={"template": pod.template.model_copy(update={"labels": {"app": "web"}})}
    )
    held = ex.event(
        "FailedEviction", "Cannot evict pod as it would violate the pod's disruption budget."
    )
    strange = ex.event("UnmanagedPods", "Pods were found to be unmanaged", about=ref)
    name = "PodDisruptionBudget/web"
    failed = Condition(
        type="DisruptionAllowed",
        status="False",
        reason="SyncFailed",
        message="jobs.batch does not implement the scale subresource",
        since=ex.ago(600),
    )
    front = {"selector": {"app": "web", "tier": "front"}, "allowed": 1}
    other = tight.model_copy(update={"ref": ref.model_copy(update={"name": "front"}), **front})
    foreign = other.model_copy(update={"selector": {"app": "db"}})
    return (
        Example("cannot be computed", ex.snapshot_of(_with(tight, failed)), name),
        Example("two for the same pods", ex.snapshot_of(tight, other), name),
        Example("one each", ex.snapshot_of(tight, foreign), None),
        Example("an eviction was refused", ex.snapshot_of(tight, pod, held), name),
        Example("it selects bare pods", ex.snapshot_of(tight, strange), name),
        Example(
            "healthy pods of which it expects none",
            ex.snapshot_of(tight.model_copy(update={"expected": 0, "desired_healthy": 0})),
            name,
        ),
        Example("one pod that must stay, and no one evicts it", ex.snapshot_of(tight, pod), None),
        Example(
            "its pods are not healthy",
            ex.snapshot_of(tight.model_copy(update={"healthy": 0}), pod, held),
            None,
        ),
    )


DRILL = Drill(
    manifest="""\
apiVersion: v1
kind: Pod
metadata: {name: lonely, labels: {app: lonely}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: main, image: "busybox:1.36", command: [sleep, "3600"]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: lonely}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: lonely}}}
""",
    settle="event",
)
