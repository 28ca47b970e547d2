"""Model or rules, and says which: from a snapshot and its findings to one Diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from watchdog.actions import CustomInstruction, RemediationAction
from watchdog.diagnosis.parse import parse
from watchdog.diagnosis.prompt import Prompt, build_prompt
from watchdog.diagnosis.proposed import told
from watchdog.diagnosis.reply import Reply
from watchdog.diagnosis.rules import Kinds, rules_advice, rules_diagnosis, rules_fix, summarise
from watchdog.errors import ModelError
from watchdog.incidents.incident import Try
from watchdog.nouns import Diagnosis, Finding
from watchdog.observation.base import ObjectRef
from watchdog.observation.snapshot import ClusterSnapshot
from watchdog.prose import plain_prose
from watchdog.report.phrases import quoted
from watchdog.settings import Settings

Ask = Callable[[Prompt], Reply]


def diagnose(  # noqa: PLR0913 - what a diagnosis rests on
    snapshot: ClusterSnapshot,
    findings: Sequence[Finding],
    kinds: Kinds,
    settings: Settings,
    ask: Ask | None,
    *,
    tried: Sequence[Try] = (),
) -> Diagnosis:
    """The diagnosis of one namespace; `ask` is None where no model is configured.

    `tried` are the tries that did not help: rules and model are told, so that the next one differs.

    Without findings nobody is asked. A model that gives no usable answer leaves the rules'
    diagnosis, with `model_error` saying why. Never raises for what a model says or does not say.
    """
    rules = rules_diagnosis(snapshot, findings, kinds, tried)
    if not findings or ask is None:
        return rules
    prompt = build_prompt(snapshot, findings, rules.explanations, kinds, settings.llm, tried=tried)
    model = settings.llm.model_name
    try:
        reply = ask(prompt)
    except ModelError as error:
        return rules.model_copy(update={"model": model, "model_error": plain_prose(str(error))})
    used = {"model": reply.model, "tokens": reply.tokens}
    try:
        answer = parse(reply, prompt)
    except ModelError as error:
        return rules.model_copy(update={**used, "model_error": plain_prose(str(error))})
    kept, notes = told(answer.remediation_actions, snapshot)
    answer = answer.model_copy(
        update={"remediation_actions": kept, "disagreements": (*answer.disagreements, *notes)}
    )
    if not answer.has_issue:
        return _suppressed(rules, answer).model_copy(update=used)
    return _planned(answer, rules, _Rules(snapshot, findings, kinds, tried)).model_copy(update=used)


def diagnosed_before(stored: Diagnosis, asked_at: datetime, rules: Diagnosis) -> Diagnosis:
    """What a model said at that time, while the situation is the same, with the rules as of now."""
    return stored.model_copy(
        update={"asked_at": asked_at, "explanations": rules.explanations, "tokens": None}
    )


class _Rules:
    """What the rules say of each finding, to hold the model's plan against."""

    def __init__(
        self,
        snapshot: ClusterSnapshot,
        findings: Sequence[Finding],
        kinds: Kinds,
        tried: Sequence[Try],
    ) -> None:
        self.findings = findings
        self.owners = {pod.ref: pod.owner for pod in snapshot.pods}
        self.fixes = [rules_fix(finding, snapshot, kinds, tried) for finding in findings]
        self.advice = [rules_advice(finding, snapshot, kinds) for finding in findings]

    def concerns(self, action: RemediationAction, finding: Finding) -> bool:
        """Whether the action is meant for the finding."""
        target: ObjectRef = action.target
        return finding.target in {target, self.owners.get(target)}


def _suppressed(rules: Diagnosis, answer: Diagnosis) -> Diagnosis:
    """The quiet attack: "nothing is wrong". The findings stand, and nothing is written."""
    said = f" ({quoted(answer.summary)})" if answer.summary else ""
    note = f"The model sees nothing wrong{said}; the rules' findings stand, and nothing is changed."
    return rules.model_copy(
        update={"remediation_actions": (), "disagreements": (note, *answer.disagreements)}
    )


def _planned(answer: Diagnosis, rules: Diagnosis, held: _Rules) -> Diagnosis:
    """The model's plan; findings that it passes over keep the rules' advice, not their writes."""
    plan: list[RemediationAction] = list(answer.remediation_actions)
    for finding, advice in zip(held.findings, held.advice, strict=True):
        passed_over = not any(held.concerns(action, finding) for action in plan)
        if passed_over and advice is not None:
            plan.append(advice)
    return answer.model_copy(
        update={
            "summary": answer.summary or summarise(held.findings),
            "root_cause": answer.root_cause or rules.root_cause,
            "remediation_actions": tuple(plan),
            "disagreements": (*answer.disagreements, *_differences(answer, held)),
            "explanations": rules.explanations,
        }
    )


def _differences(answer: Diagnosis, held: _Rules) -> Iterator[str]:
    """Where the rules would act otherwise, one line for each finding."""
    for finding, fix in zip(held.findings, held.fixes, strict=True):
        if fix is None or isinstance(fix, CustomInstruction):
            continue
        theirs = [a for a in answer.remediation_actions if held.concerns(a, finding)]
        if any(_same(action, fix) for action in theirs):
            continue
        writes = [a.title for a in theirs if not isinstance(a, CustomInstruction)]
        would = f"the model would {' and '.join(writes)}" if writes else "the model changes nothing"
        yield f"{finding.target}: the rules would {fix.title}; {would}."


def _same(action: RemediationAction, fix: RemediationAction) -> bool:
    """Whether both do the same; a value that only one of them names makes no difference."""
    if type(action) is not type(fix) or action.target != fix.target:
        return False
    one, other = action.model_dump(), fix.model_dump()
    return all(
        one[name] == other[name]
        for name in one
        if one[name] is not None and other[name] is not None
    )
