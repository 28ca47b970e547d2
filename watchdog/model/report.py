"""What a pass did and tells: ActionResult, Verification, NamespaceReport, Report.

These values cross boundaries (JSON report, memory). They have no behaviour beyond reading them.
"""

from datetime import datetime
from enum import Enum
from typing import Any, Literal

from watchdog.actions import RemediationAction
from watchdog.model.diagnosis import Diagnosis, Evidence, Finding, Impact
from watchdog.model.history import WorkloadHistory
from watchdog.model.incident import Incident
from watchdog.model.lasting import LastingChange
from watchdog.model.outcome import Outcome
from watchdog.snapshot.deployer import NextDeploy
from watchdog.snapshot.refs import Noun
from watchdog.snapshot.snapshot import BlindSpot

_PLAIN = frozenset({str, int, float, bool})


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
    `request` is the id of the approval that it waits for. `next_deploy` says what the next deploy
    does to the change, once that is over. `lasting` is the change for Git, refused ones too where
    only whose object it is, or what this product may do, stands against them.
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
    next_deploy: NextDeploy | None = None
    lasting: LastingChange | None = None


class Verification(Noun):
    """Whether the namespace is healthy, and what still is not."""

    healthy: bool
    problems: tuple[str, ...] = ()
    waited_seconds: float = 0.0


class NamespaceReport(Noun):
    """Everything that a pass learned and did in one namespace.

    `workloads` say how what has a finding came to be so.
    `warnings` are whole sentences about why nothing was written, or what could not be kept.
    `model_calls_today` and `model_tokens_today` count since midnight UTC; None where memory was not
    asked. A namespace that is `gone` does not exist any more: nothing is unseen there.
    """

    namespace: str
    objects: dict[str, int] = {}
    blind_spots: tuple[BlindSpot, ...] = ()
    cuts: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    diagnosis: Diagnosis = Diagnosis.model_construct()
    actions: tuple[ActionResult, ...] = ()
    verification: Verification | None = None
    incidents: tuple[Incident, ...] = ()
    workloads: tuple[WorkloadHistory, ...] = ()
    warnings: tuple[str, ...] = ()
    model_calls_today: int | None = None
    model_tokens_today: int | None = None
    error: str | None = None
    gone: bool = False

    @property
    def unseen(self) -> bool:
        """Whether not one kind of object could be listed."""
        return self.error is not None or (bool(self.blind_spots) and not self.objects)


class Delivery(Noun):
    """One message or push that left, or could not; `error` says why."""

    to: str
    ok: bool
    error: str | None = None


class Report(Noun):
    """One pass, whole; text, JSON, Markdown and Slack are views of it.

    `not_looked_for` names what the settings leave out, each with its setting.
    """

    version: Literal[1] = 1
    cluster: str = ""
    started_at: datetime
    duration_seconds: float = 0.0
    mode: Literal["act", "dry_run"] = "act"
    result: Literal["ok", "degraded", "failed"] = "ok"
    namespaces: tuple[NamespaceReport, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    stages: dict[str, float] = {}
    not_looked_for: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The JSON report of design.md's contract: `actions` entries are flattened."""
        found: dict[str, Any] = plain(self)
        for namespace, raw in zip(self.namespaces, found["namespaces"], strict=True):
            raw["actions"] = [_flat(result) for result in namespace.actions]
        return found


def plain(value: Any) -> Any:
    """What `model_dump(mode="json")` gives, for what a report is made of.

    That would first build the schema of all that may be in a report, a twentieth of what a healthy
    pass costs.
    """
    if value is None or type(value) in _PLAIN:
        return value
    match value:
        case Evidence() | Impact():
            return str(value)
        case BlindSpot():
            return {**vars(value), "what": value.what}
        case Noun():
            return {name: plain(inner) for name, inner in vars(value).items()}
        case tuple() | list():
            return [plain(inner) for inner in value]
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Enum():
            return value.value
        case _:
            return str(value)


def _flat(result: ActionResult) -> dict[str, Any]:
    """`{"kind", "target", "params", "outcome", "reason", "diff", "undo", ...}`."""
    action = result.action
    rest = {name: plain(inner) for name, inner in result if name != "action"}
    return {"kind": action.kind, "target": plain(action.target), "params": action.params, **rest}
