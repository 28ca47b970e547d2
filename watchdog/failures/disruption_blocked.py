"""A PodDisruptionBudget that stands in the way of an eviction, or cannot be computed."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import (
    Trouble,
    event_text,
    kubectl,
    owner_finding,
    recent,
    sentence,
)
from watchdog.observation.evictions import REFUSED
from watchdog.snapshot.refs import Condition, ObjectRef
from watchdog.snapshot.snapshot import DisruptionBudgetSummary
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary

# What the disruption controller says of a budget that it cannot compute.
# Of the two reasons, only the first says that no controller owns the pods.
_NOT_COUNTED = "CalculateExpectedPodCountFailed"
_UNCOMPUTED = {"UnmanagedPods", _NOT_COUNTED}
_RECENT_SECONDS = 3600.0


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    yield from _overlaps(snapshot)
    for budget in snapshot.disruption_budgets:
        if budget.allowed:
            continue
        failed = _sync_failed(budget)
        if failed is not None:
            line = f"{budget.ref}: DisruptionAllowed=False (SyncFailed): {shorten(failed.message)}"
            facts = {"why": "uncomputed", "message": shorten(failed.message)}
            trouble = Trouble("budget blocks evictions", (line,), (), failed.since, facts)
            yield owner_finding("disruption_blocked", snapshot, budget.ref, trouble)
            continue
        # Healthy pods of which none is expected: no controller says how many there should be.
        strange = budget.healthy > budget.expected == 0
        event = _said(snapshot, budget)
        if event is None and not strange:
            continue
        own = strange or (event is not None and event.reason in _UNCOMPUTED)
        why = "uncomputed" if own else "blocked"
        numbers = f"{budget.allowed} disruptions allowed, {_pods(str(budget.healthy))}"
        line = f"{budget.ref}: {numbers}, {budget.desired_healthy} wanted"
        facts = {"why": why, "wanted": str(budget.desired_healthy), "has": str(budget.healthy)}
        if event and event.reason == _NOT_COUNTED:
            facts["message"] = shorten(event.message)
        evidence = (line, event_text(event) if event else None)
        start = event.first_seen if event else None
        trouble = Trouble("budget blocks evictions", evidence, (), start, facts)
        yield owner_finding("disruption_blocked", snapshot, budget.ref, trouble)


def _overlaps(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    """Two budgets of one pod: the API server answers each eviction of it with an error."""
    told: set[ObjectRef] = set()
    for one, other in combinations(snapshot.disruption_budgets, 2):
        if told & {one.ref, other.ref} or not one.shares_pods_with(other):
            continue
        told |= {one.ref, other.ref}
        labels = ", ".join(f"{key}={value}" for key, value in one.selector.items())
        line = f"{one.ref} and {other.ref} select the same pods ({labels})"
        facts = {"why": "two", "other": str(other.ref)}
        trouble = Trouble("two budgets for the same pods", (line,), facts=facts)
        yield owner_finding("disruption_blocked", snapshot, one.ref, trouble)


def _sync_failed(budget: DisruptionBudgetSummary) -> Condition | None:
    """The condition by which the disruption controller says that it cannot compute the budget."""
    return next(
        (
            item
            for item in budget.conditions
            if item.type == "DisruptionAllowed"
            and item.status == "False"
            and item.reason == "SyncFailed"
        ),
        None,
    )


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
            if any(word in event.message for word in REFUSED)
            and recent(snapshot, event, _RECENT_SECONDS)
        ),
        None,
    )


def _pods(count: str) -> str:
    return f"{count} healthy pod{'' if count == '1' else 's'}"


def _selects(budget: DisruptionBudgetSummary, labels: dict[str, str]) -> bool:
    return budget.selector.items() <= labels.items()


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    if finding.facts["why"] == "two":
        return (
            f"{finding.target} and {finding.facts['other']} select the same pods. The API server "
            "refuses to evict a pod that has more than one budget, so a node cannot be drained."
        )
    if message := finding.facts.get("message"):
        return sentence(
            f"{finding.target} cannot be computed, so no pod of it may be evicted: "
            f"{verbatim(message)}"
        )
    if finding.facts["why"] == "uncomputed":
        return (
            f"{finding.target} selects pods that no controller owns, so its percentage or "
            "maxUnavailable cannot be computed and no pod may be evicted."
        )
    return (
        f"{finding.target} wants {_pods(finding.facts['wanted'])} and has "
        f"{finding.facts['has']}: none may be evicted, so a node cannot be drained."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    describe = kubectl(snapshot, "describe", "poddisruptionbudget", finding.target.name)
    if finding.facts["why"] == "two":
        text = f"Keep one of {finding.target} and {finding.facts['other']}, and delete the other."
        return Advice(text, kubectl(snapshot, "get", "poddisruptionbudgets"))
    if finding.facts["why"] == "uncomputed":
        text = f"Set minAvailable of {finding.target} to a whole number, or correct its selector."
        return Advice(text, describe)
    text = f"Run one pod more, or let {finding.target} allow one eviction (maxUnavailable: 1)."
    return Advice(text, describe)


DISRUPTION_BLOCKED = FailureKind(
    name="disruption_blocked",
    summary="a PodDisruptionBudget refuses every eviction, or cannot be computed",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The pods are fine; the budget leaves no room to drain a node.",
)
