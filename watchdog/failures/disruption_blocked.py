"""A PodDisruptionBudget that stands in the way of an eviction, or cannot be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.failures import example as ex
from watchdog.failures.kind import Advice, Drill, Example, FailureKind
from watchdog.failures.owners import Trouble, event_text, kubectl, owner_finding, recent
from watchdog.observation.base import ObjectRef
from watchdog.observation.snapshot import DisruptionBudgetSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.nouns import Finding
    from watchdog.observation.snapshot import ClusterSnapshot, EventSummary

# What the disruption controller says of a budget that it cannot compute.
_UNCOMPUTED = {"UnmanagedPods", "CalculateExpectedPodCountFailed"}
# What drainers and node autoscalers say of a pod that the budget holds back.
_BLOCKED = ("disruption budget", "PodDisruptionBudget", "pdb ")
_RECENT_SECONDS = 3600.0


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for budget in snapshot.disruption_budgets:
        if budget.allowed:
            continue
        # Healthy pods of which none is expected: no controller says how many there should be.
        strange = budget.healthy > budget.expected == 0
        event = _said(snapshot, budget)
        if event is None and not strange:
            continue
        own = strange or (event is not None and event.reason in _UNCOMPUTED)
        why = "uncomputed" if own else "blocked"
        numbers = f"{budget.allowed} disruptions allowed, {budget.healthy} healthy pods"
        line = f"{budget.ref}: {numbers}, {budget.desired_healthy} wanted"
        facts = {"why": why, "wanted": str(budget.desired_healthy), "has": str(budget.healthy)}
        evidence = (line, event_text(event) if event else None)
        start = event.first_seen if event else None
        trouble = Trouble("budget blocks evictions", evidence, (), start, facts)
        yield owner_finding("disruption_blocked", snapshot, budget.ref, trouble)


def _said(snapshot: ClusterSnapshot, budget: DisruptionBudgetSummary) -> EventSummary | None:
    own = [e for e in snapshot.events_about(budget.ref) if e.reason in _UNCOMPUTED]
    if own:
        return own[-1]
    # A budget with unhealthy pods blocks as it should: those pods are the problem then.
    if budget.healthy < budget.expected or not budget.selector:
        return None
    chosen = [pod.ref for pod in snapshot.pods if _selects(budget, pod.template.labels)]
    return next(
        (
            event
            for event in reversed(snapshot.events_about(*chosen))
            if any(word in event.message for word in _BLOCKED)
            and recent(snapshot, event, _RECENT_SECONDS)
        ),
        None,
    )


def _selects(budget: DisruptionBudgetSummary, labels: dict[str, str]) -> bool:
    return budget.selector.items() <= labels.items()


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    if finding.facts["why"] == "uncomputed":
        return (
            f"{finding.target} selects pods that no controller owns, so its percentage or "
            "maxUnavailable cannot be computed and no pod may be evicted."
        )
    return (
        f"{finding.target} wants {finding.facts['wanted']} healthy pods and there are "
        f"{finding.facts['has']}: not one may be evicted, so a node cannot be drained."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    describe = kubectl(snapshot, "describe", "poddisruptionbudget", finding.target.name)
    if finding.facts["why"] == "uncomputed":
        text = f"Set minAvailable of {finding.target} to a whole number, or correct its selector."
        return Advice(text, describe)
    text = f"Run one pod more, or let {finding.target} spare one (maxUnavailable: 1)."
    return Advice(text, describe)


def _examples() -> tuple[Example, ...]:
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
    return (
        Example("an eviction was refused", ex.snapshot_of(tight, pod, held), name),
        Example("it selects bare pods", ex.snapshot_of(tight, strange), name),
        Example(
            "healthy pods of which it expects none",
            ex.snapshot_of(tight.model_copy(update={"expected": 0, "desired_healthy": 0})),
            name,
        ),
        Example("one pod that must stay, and nobody evicts it", ex.snapshot_of(tight, pod), None),
        Example(
            "its pods are not healthy",
            ex.snapshot_of(tight.model_copy(update={"healthy": 0}), pod, held),
            None,
        ),
    )


DISRUPTION_BLOCKED = FailureKind(
    name="disruption_blocked",
    summary="a PodDisruptionBudget refuses every eviction, or cannot be computed",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The pods are fine; the budget leaves no room to drain a node.",
    drill=Drill(
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
    ),
    examples=_examples,
)
