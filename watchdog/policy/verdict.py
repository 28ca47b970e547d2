"""What policy receives (Context) and what it answers (Verdict)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from watchdog.actions import Object, ProposedValue, RemediationAction
from watchdog.incidents.attempt_history import Past
from watchdog.model.diagnosis import Finding
from watchdog.settings.schema import Settings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import DeploymentSummary, WorkloadSummary


class Verdict(NamedTuple):
    """A decision, the rule that made it (a metric label) and one sentence for a person."""

    decision: Literal["allow", "ask", "refuse"]
    rule: str = ""
    reason: str = ""


ALLOWED = Verdict("allow")


def refuse(rule: str, reason: str) -> Verdict:
    """It may not be done."""
    return Verdict("refuse", rule, reason)


def ask(rule: str, reason: str) -> Verdict:
    """It may be done once a person approved it."""
    return Verdict("ask", rule, reason)


@dataclass(frozen=True)
class Write:
    """One exact write: the object as it is, as it would be, and where the value comes from.

    `patch` is the hash of what is written.
    """

    live: Object
    after: Object
    material: ProposedValue
    patch: str = ""


@dataclass(frozen=True)
class Context:
    """All that policy may know. `legal` gives the action kinds that each failure kind allows.

    `past` says what was tried on a workload before, `begun` how many changes were made since that
    was read. Without `now` it is as late as when the snapshot was taken. `changed_by_others` are
    the workloads that someone changed while this pass watched them.
    """

    snapshot: ClusterSnapshot
    findings: tuple[Finding, ...]
    settings: Settings
    legal: Mapping[str, Collection[str]]
    write: Write | None = None
    past: Mapping[ObjectRef, Past] = field(default_factory=dict)
    begun: int = 0
    now: datetime | None = None
    changed_by_others: Collection[ObjectRef] = ()

    def about(self, action: RemediationAction) -> tuple[Finding, ...]:
        """The findings that the action's target carries."""
        target = action.target
        return tuple(f for f in self.findings if f.target == target or _names(f, target))

    def owner(self, action: RemediationAction) -> ObjectRef:
        """The workload that the action changes: of a pod, the one at its top.

        Of a ConfigMap, the first one that fails without it.
        """
        if action.target_kind == "ConfigMap":
            return next((found.target for found in self.about(action)), action.target)
        if action.target_kind != "Pod":
            return action.target
        pods = (pod.owner for pod in self.snapshot.pods if pod.ref == action.target)
        return next(pods, action.target)

    def workload(self, action: RemediationAction) -> WorkloadSummary | None:
        """What was seen of that workload."""
        return self.snapshot.workload(self.owner(action))

    def deployment(self, action: RemediationAction) -> DeploymentSummary | None:
        """The same, where it is a Deployment."""
        return self.snapshot.deployment(self.owner(action))

    def annotations(self, action: RemediationAction) -> dict[str, str]:
        """Ours on the workload, as observed and, where it was read again, as it is now."""
        seen = self.workload(action)
        live = self.write.live["metadata"].get("annotations") if self.write else None
        return {**(seen.annotations if seen else {}), **(live or {})}


def _names(finding: Finding, target: ObjectRef) -> bool:
    pod = target.kind == "Pod" and target.name in finding.pods
    named = (finding.facts.get("object"), finding.facts.get("name"))
    config = target.kind == "ConfigMap" and named == (target.kind, target.name)
    return (pod or config) and target.namespace == finding.target.namespace


Rule = Callable[[RemediationAction, Context], Verdict | None]
