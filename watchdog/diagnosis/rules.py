"""Rules decide whether something is wrong, and are the diagnosis where no model speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from watchdog.actions import (
    CustomInstruction,
    PatchDeploymentEnv,
    RemediationAction,
    RolloutUndo,
)
from watchdog.detection import nodes
from watchdog.detection.admission import injected
from watchdog.detection.beside import beside, beside_words
from watchdog.detection.blame import blame
from watchdog.detection.kind import TRIED, Advice, FailureKind
from watchdog.detection.restarts import stays_ended
from watchdog.detection.rollback import place, undo
from watchdog.diagnosis.owner_advice import for_the_owner, going_back, reading
from watchdog.diagnosis.revision_changes import changed
from watchdog.diagnosis.shared_causes import problems, with_causes
from watchdog.logs import log
from watchdog.model.diagnosis import Diagnosis, Explanation, Finding
from watchdog.model.incident import Attempt
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import BlindSpot, ClusterSnapshot
from watchdog.snapshot.workloads import JobSummary, WorkloadSummary

Kinds = Sequence[FailureKind]
FAILURE_KINDS = "failure kinds"
"""Resource of a blind spot: a kind that could not judge what was read."""
_DEFECT = "a defect of the watchdog: {}; the log has the trace"
T = TypeVar("T")
_UNSAID = "Look at its pods and events; the watchdog cannot say more, and its log tells why."
_NAMED = 5
_EVIDENCE = 20


def detect(
    snapshot: ClusterSnapshot, kinds: Kinds, spots: list[BlindSpot] | None = None
) -> tuple[Finding, ...]:
    """What is wrong, the worst first (fewest of the wanted pods ready); pods of no one come last.

    A kind that fails takes no other with it: it finds nothing, and `spots` gets a blind spot.

    The first kind in order that claims an owner wins it; later kinds' findings on the same owner
    are dropped. One kind may find several containers of one owner. Findings with a common cause
    follow each other.
    """
    claims: dict[ObjectRef, list[Finding]] = {}
    left = snapshot
    for kind in kinds:
        mine: dict[ObjectRef, list[Finding]] = {}
        try:
            for finding in kind.detect(left):
                mine.setdefault(_owner(finding.target, snapshot), []).append(finding)
        except Exception as error:  # noqa: BLE001 - tenants write what kinds read
            log.error("failure kind %s: %s", kind.name, error, exc_info=True)
            if spots is not None:
                why = _DEFECT.format(type(error).__name__)
                spots.append(BlindSpot(resource=FAILURE_KINDS, subject=kind.name, why=why))
        for owner, findings in mine.items():
            claims.setdefault(owner, findings)
        if mine:
            left = snapshot.model_copy(update={"claimed": frozenset(claims)})
    found = [nodes.with_node(one, snapshot) for findings in claims.values() for one in findings]
    return with_causes(sorted(found, key=lambda finding: _rank(finding, snapshot)), snapshot)


def explain(
    findings: Sequence[Finding],
    snapshot: ClusterSnapshot,
    kinds: Kinds,
    tried: Sequence[Attempt] = (),
) -> tuple[Explanation, ...]:
    """Why, what changed and what a person has to do, one for each finding.

    `tried` are the tries that did not help, which are not advised once more.
    """
    return tuple(_explanation(finding, snapshot, kinds, tried) for finding in findings)


def rules_fix(
    finding: Finding, snapshot: ClusterSnapshot, kinds: Kinds, tried: Sequence[Attempt] = ()
) -> RemediationAction | None:
    """The action that the finding's kind proposes, if it has one.

    What only suffers from another finding is left alone: it goes on once that is repaired. So is a
    container that admission added: it is not in the workload. Where the kind's own fix did not
    help, the last revision that was available is what remains.
    """
    kind = kind_of(finding, kinds)
    added = injected(snapshot.workload(finding.target), finding.container)
    left = finding.suffers or added or nodes.is_about_a_node(finding)
    fix = _said_by(kind, kind.fix, finding, snapshot) if kind and not left else None
    if fix is not None and kind is not None and beside(finding, snapshot):
        # No change of one container heals a pod of which another fails by itself.
        whole = undo(finding, snapshot)
        fix = whole if whole and whole.kind in kind.actions else fix
    if kind is None or fix is None or not _did_not_help(fix, tried):
        return fix
    deployment = snapshot.deployment(finding.target)
    if deployment is None or deployment.last_available is None:
        return None
    back = RolloutUndo(target=finding.target, to_revision=deployment.last_available.revision)
    return back if back.kind in kind.actions and not _did_not_help(back, tried) else None


def rules_advice(
    finding: Finding, snapshot: ClusterSnapshot, kinds: Kinds, tried: Sequence[Attempt] = ()
) -> CustomInstruction | None:
    """The kind's words for a person, as the action that changes nothing."""
    kind = kind_of(finding, kinds)
    if kind is None:
        return None
    advice = _advice(kind, finding, snapshot, tried)
    return CustomInstruction(target=finding.target, instruction=advice.text, command=advice.command)


def rules_diagnosis(
    snapshot: ClusterSnapshot,
    findings: Sequence[Finding],
    kinds: Kinds,
    tried: Sequence[Attempt] = (),
) -> Diagnosis:
    """The diagnosis without a model; without findings it says that there is no issue.

    `tried` are the tries that did not help, so that the next one differs.

    `confidence` is None: a rule either applies or it does not, and a number would be made up.
    """
    if not findings:
        return Diagnosis(has_issue=False)
    explanations = explain(findings, snapshot, kinds, tried)
    proposed = (
        rules_fix(finding, snapshot, kinds, tried) or rules_advice(finding, snapshot, kinds, tried)
        for finding in findings
    )
    actions: list[RemediationAction] = []
    for action in proposed:
        if action is not None and action not in actions:
            actions.append(action)
    return Diagnosis(
        has_issue=True,
        summary=summarise(findings),
        root_cause=_root_cause(findings, explanations),
        evidence=tuple(dict.fromkeys(str(e) for f in findings for e in f.evidence))[:_EVIDENCE],
        remediation_actions=tuple(actions),
        source="rules",
        explanations=explanations,
    )


def summarise(findings: Sequence[Finding]) -> str:
    """`2 problems: ConfigMap app is missing (5 workloads); Job/report: failed`."""
    found = problems(findings)
    named = "; ".join(_name(parts) for parts in found[:_NAMED])
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{len(found)} problem{'s' if len(found) > 1 else ''}: {named}{more}"


def _name(parts: tuple[Finding, ...]) -> str:
    first = parts[0]
    if first.cause is None:
        return f"{first.target}: {first.summary}"
    owners = len({part.target for part in parts})
    what = f"{owners} workloads" if owners > 1 else str(first.target)
    return f"{first.cause.what} ({what})"


def kind_of(finding: Finding, kinds: Kinds) -> FailureKind | None:
    """The kind that made the finding."""
    return next((kind for kind in kinds if kind.name == finding.kind), None)


def _advice(
    kind: FailureKind, finding: Finding, snapshot: ClusterSnapshot, tried: Sequence[Attempt]
) -> Advice:
    if nodes.is_about_a_node(finding):
        return nodes.advice(finding, snapshot)
    workload = snapshot.workload(finding.target)
    fix = _said_by(kind, kind.fix, finding, snapshot) if tried else None
    if fix is not None and _did_not_help(fix, tried):
        finding = finding.model_copy(update={"facts": {**finding.facts, TRIED: fix.title}})
    said = _said_by(kind, kind.advise, finding, snapshot) or Advice(_UNSAID)
    return for_the_owner(said, workload, finding.container)


def _said_by(
    kind: FailureKind,
    say: Callable[[Finding, ClusterSnapshot], T],
    finding: Finding,
    snapshot: ClusterSnapshot,
) -> T | None:
    """What a kind makes of its finding; None if that fails, so that the finding is still told."""
    try:
        return say(finding, snapshot)
    except Exception as error:  # noqa: BLE001 - tenants write what kinds read
        log.error("failure kind %s: %s", kind.name, error, exc_info=True)
        return None


def _did_not_help(fix: RemediationAction, tried: Sequence[Attempt]) -> bool:
    """Whether the same was tried; values are not remembered, so they make no difference."""
    wanted = fix.model_dump(exclude={"value"})
    return any(t.failed and t.action.model_dump(exclude={"value"}) == wanted for t in tried)


def _explanation(
    finding: Finding, snapshot: ClusterSnapshot, kinds: Kinds, tried: Sequence[Attempt]
) -> Explanation:
    kind = kind_of(finding, kinds)
    if kind is None:
        return Explanation(kind=finding.kind, target=finding.target, why=finding.summary)
    advice = _advice(kind, finding, snapshot, tried)
    fix, workload = rules_fix(finding, snapshot, kinds, tried), snapshot.workload(finding.target)
    back = _back(fix, finding, workload) if workload else Advice("")
    found = blame(finding, snapshot)
    why = (
        nodes.why(finding, snapshot)
        if nodes.is_about_a_node(finding)
        else _said_by(kind, kind.explain, finding, snapshot) or finding.summary
    )
    stays, go_on = stays_ended(finding, snapshot)
    others, besides = beside_words(finding, snapshot)
    besides = "" if isinstance(fix, RolloutUndo) else besides
    return Explanation(
        kind=finding.kind,
        target=finding.target,
        why=" ".join(filter(None, (why, stays, others))),
        changed=changed(snapshot.deployment(finding.target), snapshot.taken_at, found),
        blame=found if found.revision else None,
        to_do=" ".join(filter(None, (advice.text, go_on, besides))),
        command=advice.command,
        go_back=back.text,
        go_back_command=back.command,
        place=place(finding.target, snapshot),
    )


def _back(fix: RemediationAction | None, finding: Finding, workload: WorkloadSummary) -> Advice:
    """How a person goes back by hand to what the fix would take from an earlier revision."""
    if isinstance(fix, RolloutUndo):
        return going_back(fix, workload)
    had = finding.facts.get("had")
    return reading(fix, had) if had and isinstance(fix, PatchDeploymentEnv) else Advice("")


def _root_cause(findings: Sequence[Finding], explanations: tuple[Explanation, ...]) -> str:
    why = {(item.kind, item.target): item.why for item in reversed(explanations)}
    found = problems(findings)
    said = [why[first.kind, first.target] for first, *_ in found]
    if len(found) == len(findings) == 1:
        return said[0]
    named = (
        f"{parts[0].cause.what if parts[0].cause else parts[0].target}: {text}"
        for parts, text in zip(found, said, strict=True)
    )
    return "\n".join(dict.fromkeys(named))


def _owner(target: ObjectRef, snapshot: ClusterSnapshot) -> ObjectRef:
    """The object at the top: a pod's workload, the CronJob of a Job."""
    if target.kind == "Pod":
        return next((pod.owner for pod in snapshot.pods if pod.ref == target), target)
    workload = snapshot.workload(target)
    if isinstance(workload, JobSummary) and workload.cron_job:
        return ObjectRef(kind="CronJob", namespace=target.namespace, name=workload.cron_job)
    return target


def _rank(finding: Finding, snapshot: ClusterSnapshot) -> tuple[bool, float, str, str, str]:
    """Whatever has room for some findings only has it for those about pods of no one last."""
    target = finding.target
    workload = snapshot.workload(target)
    if workload is not None and workload.desired:
        ready = workload.ready / workload.desired
    else:
        ready = 0.0 if target.kind in {"Pod", "Job"} else 1.0
    return target.kind == "Pod", ready, target.kind, target.name, finding.container or ""
