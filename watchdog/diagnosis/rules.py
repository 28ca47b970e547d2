"""Rules decide whether something is wrong, and are the diagnosis where no model speaks."""

from __future__ import annotations

from collections.abc import Sequence

from watchdog.actions import CustomInstruction, RemediationAction
from watchdog.diagnosis.changes import changed
from watchdog.failures.kind import FailureKind
from watchdog.nouns import Diagnosis, Explanation, Finding
from watchdog.observation.snapshot import ClusterSnapshot, JobSummary, ObjectRef

Kinds = Sequence[FailureKind]
_NAMED = 5
_EVIDENCE = 20


def detect(snapshot: ClusterSnapshot, kinds: Kinds) -> tuple[Finding, ...]:
    """What is wrong, the worst first (fewest of the wanted pods ready).

    The first kind in order that claims an owner wins it; later kinds' findings on the same owner
    are dropped. One kind may find several containers of one owner.
    """
    claims: dict[ObjectRef, list[Finding]] = {}
    for kind in kinds:
        mine: dict[ObjectRef, list[Finding]] = {}
        for finding in kind.detect(snapshot):
            mine.setdefault(_owner(finding.target, snapshot), []).append(finding)
        for owner, findings in mine.items():
            claims.setdefault(owner, findings)
    found = [finding for findings in claims.values() for finding in findings]
    return tuple(sorted(found, key=lambda finding: _rank(finding, snapshot)))


def explain(
    findings: Sequence[Finding], snapshot: ClusterSnapshot, kinds: Kinds
) -> tuple[Explanation, ...]:
    """Why, what changed and what a person has to do, one for each finding."""
    return tuple(_explanation(finding, snapshot, kinds) for finding in findings)


def rules_fix(
    finding: Finding, snapshot: ClusterSnapshot, kinds: Kinds
) -> RemediationAction | None:
    """The action that the finding's kind proposes, if it has one."""
    kind = kind_of(finding, kinds)
    return kind.fix(finding, snapshot) if kind else None


def rules_advice(
    finding: Finding, snapshot: ClusterSnapshot, kinds: Kinds
) -> CustomInstruction | None:
    """The kind's words for a person, as the action that changes nothing."""
    kind = kind_of(finding, kinds)
    if kind is None:
        return None
    advice = kind.advise(finding, snapshot)
    return CustomInstruction(target=finding.target, instruction=advice.text, command=advice.command)


def rules_diagnosis(
    snapshot: ClusterSnapshot, findings: Sequence[Finding], kinds: Kinds
) -> Diagnosis:
    """The diagnosis without a model; without findings it says that there is no issue.

    `confidence` is None: a rule either applies or it does not, and a number would be made up.
    """
    if not findings:
        return Diagnosis(has_issue=False)
    explanations = explain(findings, snapshot, kinds)
    proposed = (
        rules_fix(finding, snapshot, kinds) or rules_advice(finding, snapshot, kinds)
        for finding in findings
    )
    actions: list[RemediationAction] = []
    for action in proposed:
        if action is not None and action not in actions:
            actions.append(action)
    return Diagnosis(
        has_issue=True,
        summary=summarise(findings),
        root_cause=_root_cause(explanations),
        evidence=tuple(dict.fromkeys(line for f in findings for line in f.evidence))[:_EVIDENCE],
        remediation_actions=tuple(actions),
        source="rules",
        explanations=explanations,
    )


def summarise(findings: Sequence[Finding]) -> str:
    """`2 problems: Deployment/ledger: missing environment variable; Job/report: failed`."""
    named = "; ".join(f"{finding.target}: {finding.summary}" for finding in findings[:_NAMED])
    more = f"; and {len(findings) - _NAMED} more" if len(findings) > _NAMED else ""
    return f"{len(findings)} problem{'s' if len(findings) > 1 else ''}: {named}{more}"


def kind_of(finding: Finding, kinds: Kinds) -> FailureKind | None:
    """The kind that made the finding."""
    return next((kind for kind in kinds if kind.name == finding.kind), None)


def _explanation(finding: Finding, snapshot: ClusterSnapshot, kinds: Kinds) -> Explanation:
    kind = kind_of(finding, kinds)
    if kind is None:
        return Explanation(kind=finding.kind, target=finding.target, why=finding.summary)
    advice = kind.advise(finding, snapshot)
    return Explanation(
        kind=finding.kind,
        target=finding.target,
        why=kind.explain(finding, snapshot),
        changed=changed(snapshot.deployment(finding.target), snapshot.taken_at),
        to_do=advice.text,
        command=advice.command,
    )


def _root_cause(explanations: tuple[Explanation, ...]) -> str:
    if len(explanations) == 1:
        return explanations[0].why
    return "\n".join(dict.fromkeys(f"{item.target}: {item.why}" for item in explanations))


def _owner(target: ObjectRef, snapshot: ClusterSnapshot) -> ObjectRef:
    """The object at the top: a pod's workload, the CronJob of a Job."""
    if target.kind == "Pod":
        return next((pod.owner for pod in snapshot.pods if pod.ref == target), target)
    workload = snapshot.workload(target)
    if isinstance(workload, JobSummary) and workload.cron_job:
        return ObjectRef(kind="CronJob", namespace=target.namespace, name=workload.cron_job)
    return target


def _rank(finding: Finding, snapshot: ClusterSnapshot) -> tuple[float, str, str, str]:
    target = finding.target
    workload = snapshot.workload(target)
    if workload is not None and workload.desired:
        ready = workload.ready / workload.desired
    else:
        ready = 0.0 if target.kind in {"Pod", "Job"} else 1.0
    return ready, target.kind, target.name, finding.container or ""
