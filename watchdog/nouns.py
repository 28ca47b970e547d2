"""The nouns of a pass: Finding, Diagnosis, ActionResult, Verification, Report.

They are values that cross boundaries (JSON report, memory, saved snapshots). No behaviour lives
here beyond reading them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from watchdog.actions import RemediationAction
from watchdog.incidents.incident import Incident
from watchdog.observation.base import Noun, ObjectRef
from watchdog.observation.snapshot import BlindSpot
from watchdog.outcome import Outcome

__all__ = [
    "ActionResult",
    "Cause",
    "Delivery",
    "Diagnosis",
    "Explanation",
    "Finding",
    "Incident",
    "NamespaceReport",
    "Outcome",
    "Report",
    "TargetHealth",
    "TokenUse",
    "Verification",
]


class Cause(Noun):
    """What several findings have in common: `what`, in words ("ConfigMap app is missing").

    `of` is the broken thing's own finding, where this one only suffers from it.
    """

    what: str
    of: ObjectRef | None = None


class Finding(Noun):
    """One symptom, by one failure kind, on one owner. Pure code made it, from the snapshot alone.

    `summary` is a short phrase ("missing environment variable"), `impact` how badly it is broken
    ("0 of 2 pods ready"), `evidence` quotes the snapshot, `facts` carries what the kind's own
    `explain` and `fix` need (the variable's name), never a value that must not be shown. `cause` is
    set where other findings have the same.
    """

    kind: str
    target: ObjectRef
    container: str | None = None
    summary: str
    impact: str = ""
    evidence: tuple[str, ...] = ()
    since: datetime | None = None
    pods: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    cause: Cause | None = None


class Explanation(Noun):
    """What the rules say about one finding: why, what changed, and what a person has to do.

    `command` is one whole command made by code from typed fields, or None. `place` is where a
    change of the workload lasts ("the values of Helm release shop"), where something says so.
    """

    kind: str
    target: ObjectRef
    why: str
    changed: str | None = None
    to_do: str = ""
    command: str | None = None
    place: str = ""


class TokenUse(Noun):
    """Tokens of the one model call, as the server counted them; None where it did not say."""

    prompt: int | None = None
    completion: int | None = None
    total: int | None = None


class Diagnosis(Noun):
    """Why the namespace is sick and what to do about it, by a model or by the rules.

    `summary`, `root_cause` and `evidence` are the source's own; `explanations` are always the
    rules', one for each finding. `model_error` says why a model that is configured did not speak;
    `disagreements` says in words where model and rules differ.
    `asked_at` is set where the diagnosis is an earlier pass's, of the same situation.
    """

    has_issue: bool = False
    summary: str = ""
    root_cause: str = ""
    evidence: tuple[str, ...] = ()
    remediation_actions: tuple[RemediationAction, ...] = ()
    confidence: float | None = None
    source: Literal["llm", "rules"] = "rules"
    model: str | None = None
    model_error: str | None = None
    tokens: TokenUse | None = None
    disagreements: tuple[str, ...] = ()
    unverified_evidence: tuple[str, ...] = ()
    asked_at: datetime | None = None
    explanations: tuple[Explanation, ...] = ()

    def explanation(self, finding: Finding) -> Explanation | None:
        """The rules' explanation of that finding."""
        return next(
            (e for e in self.explanations if (e.kind, e.target) == (finding.kind, finding.target)),
            None,
        )


class TargetHealth(Noun):
    """What verification saw of one fixed workload; times in seconds."""

    healthy: bool
    problems: tuple[str, ...] = ()
    summary: str = ""
    waited_seconds: float = 0.0


class ActionResult(Noun):
    """An action and what became of it.

    `rule` names the policy rule behind a refusal (a metric label), `reason` says it to a person.
    `diff` is a small text diff with names and sources in place of values; `source` says where the
    value came from ("revision 6"). `undo` is the whole command that takes the change back.
    `request` is the id of the approval that it waits for.
    """

    action: RemediationAction
    outcome: Outcome
    reason: str = ""
    rule: str | None = None
    diff: str = ""
    source: str | None = None
    undo: str | None = None
    verification: TargetHealth | None = None
    request: str | None = None


class Verification(Noun):
    """Whether the namespace is healthy, and what still is not."""

    healthy: bool
    problems: tuple[str, ...] = ()
    waited_seconds: float = 0.0


class NamespaceReport(Noun):
    """Everything that a pass learned and did in one namespace.

    `warnings` are whole sentences about why nothing was written, or what could not be kept.
    `model_calls_today` and `model_tokens_today` count since midnight UTC; None where memory was not
    asked.
    """

    namespace: str
    objects: dict[str, int] = {}
    blind_spots: tuple[BlindSpot, ...] = ()
    cuts: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    diagnosis: Diagnosis = Diagnosis()
    actions: tuple[ActionResult, ...] = ()
    verification: Verification | None = None
    incidents: tuple[Incident, ...] = ()
    warnings: tuple[str, ...] = ()
    model_calls_today: int | None = None
    model_tokens_today: int | None = None
    error: str | None = None


class Delivery(Noun):
    """One message or push that left, or could not; `error` says why."""

    to: str
    ok: bool
    error: str | None = None


class Report(Noun):
    """One pass, whole; text, JSON, Markdown and Slack are views of it."""

    version: Literal[1] = 1
    cluster: str = ""
    started_at: datetime
    duration_seconds: float = 0.0
    mode: Literal["act", "dry_run"] = "act"
    result: Literal["ok", "degraded", "failed"] = "ok"
    namespaces: tuple[NamespaceReport, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    stages: dict[str, float] = {}

    def to_json(self) -> dict[str, Any]:
        """The JSON report of design.md's contract: `actions` entries are flattened."""
        dumped: dict[str, Any] = self.model_dump(mode="json")
        for namespace, raw in zip(self.namespaces, dumped["namespaces"], strict=True):
            raw["actions"] = [_flat(result) for result in namespace.actions]
        return dumped


def _flat(result: ActionResult) -> dict[str, Any]:
    """`{"kind", "target", "params", "outcome", "reason", "diff", "undo", ...}`."""
    rest: dict[str, Any] = result.model_dump(mode="json", exclude={"action"})
    target = result.action.target.model_dump(mode="json")
    return {"kind": result.action.kind, "target": target, "params": result.action.params, **rest}
