"""Model or rules, and says which: from a snapshot and its findings to one Diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from watchdog.actions import CustomInstruction, RemediationAction
from watchdog.diagnosis.plan_check import told
from watchdog.diagnosis.rules import Kinds, rules_advice, rules_diagnosis, rules_fix, summarise
from watchdog.errors import ModelError
from watchdog.model.diagnosis import Diagnosis, Finding
from watchdog.model.incident import Attempt
from watchdog.settings.schema import Settings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.text.format import quoted
from watchdog.text.model_text import harmless_word, plain_prose

if TYPE_CHECKING:
    from watchdog.llm.prompt_parts import Prompt
    from watchdog.llm.reply import Reply
    from watchdog.settings.services import LLMSettings

Ask = Callable[["Prompt"], "Reply"]


def diagnose(  # noqa: PLR0913 - what a diagnosis rests on
    snapshot: ClusterSnapshot,
    findings: Sequence[Finding],
    kinds: Kinds,
    settings: Settings,
    ask: Ask | None,
    *,
    tried: Sequence[Attempt] = (),
) -> Diagnosis:
    """The diagnosis of one namespace; `ask` is None where no model is configured.

    `tried` are the tries that did not help: the next one differs from them.

    Without findings no one is asked. A model that gives no usable answer leaves the rules'
    diagnosis, with `model_error` saying why. Never raises for what a model says or does not say.
    """
    rules = rules_diagnosis(snapshot, findings, kinds, tried)
    if not findings or ask is None:
        return rules
    # Imported here, as most passes ask no model.
    from watchdog.diagnosis.parse import parse
    from watchdog.diagnosis.prompt import build_prompt
    from watchdog.llm.own_secrets import hidden, own_secrets
    from watchdog.text.redact import redact

    prompt = build_prompt(snapshot, findings, rules.explanations, kinds, settings.llm, tried=tried)
    used: dict[str, object] = {"model": settings.llm.model_name, **_sent(prompt, settings.llm)}
    try:
        reply = ask(prompt)
        name = _named(reply.model, settings.llm.model_name)
        used |= {"model": name, "tokens": reply.tokens}
        answer = parse(reply, prompt)
    except ModelError as error:
        if not error.sent:
            used = {"model": settings.llm.model_name}
        why = plain_prose(redact(hidden(str(error), own_secrets(settings.llm))))
        said = {"model_error": why, "model_fault": error.fault}
        return rules.model_copy(update={**used, **said})
    kept, notes = told(answer.remediation_actions, snapshot)
    answer = answer.model_copy(
        update={"remediation_actions": kept, "disagreements": (*answer.disagreements, *notes)}
    )
    if not answer.has_issue:
        return _suppressed(rules, answer).model_copy(update=used)
    return _planned(answer, rules, _Rules(snapshot, findings, kinds, tried)).model_copy(update=used)


def _sent(prompt: Prompt, llm: LLMSettings) -> dict[str, object]:
    """Which server gets how much: people must be able to see where their cluster's words go."""
    from watchdog.llm.prompt_parts import DEFAULT_URL

    host = urlsplit(llm.base_url or DEFAULT_URL).hostname
    return {"server": host, "sent_chars": len(prompt.system) + len(prompt.user)}


def diagnosed_before(  # noqa: PLR0913 - what a diagnosis rests on
    stored: Diagnosis,
    asked_at: datetime,
    snapshot: ClusterSnapshot,
    findings: Sequence[Finding],
    kinds: Kinds,
    *,
    tried: Sequence[Attempt] = (),
) -> Diagnosis:
    """What a model said at that time, while the situation is the same, with the rules as of now.

    It passes the checks of a fresh answer once more: the words, the plan, the model's name.
    """
    rules = rules_diagnosis(snapshot, findings, kinds, tried)
    used = {"model": _named(stored.model, ""), "tokens": None, "asked_at": asked_at}
    if stored.source == "rules":  # it saw nothing wrong
        said = tuple(plain_prose(line) for line in stored.disagreements)
        held = {"remediation_actions": (), "disagreements": said}
        return rules.model_copy(update={**held, **used})
    offered = {found.target: set[str]() for found in findings}
    for found in findings:
        kind = next((each for each in kinds if each.name == found.kind), None)
        offered[found.target] |= set(kind.actions) if kind else set()
    owners = {pod.ref: pod.owner for pod in snapshot.pods}
    # A ConfigMap carries no finding of its own; policy asks whether one names it.
    anywhere = set().union(*offered.values()) if offered else set()
    plan = tuple(
        action
        for action in stored.remediation_actions
        if not isinstance(action, CustomInstruction)
        and action.kind
        in offered.get(
            owners.get(action.target, action.target),
            anywhere if action.target.kind == "ConfigMap" else set(),
        )
    )
    advice = tuple(
        action.model_copy(update={"instruction": plain_prose(action.instruction)})
        for action in stored.remediation_actions
        if isinstance(action, CustomInstruction)
        and action.command is None
        and action.target in offered
    )
    kept, notes = told(plan, snapshot)
    answer = Diagnosis(
        has_issue=True,
        summary=plain_prose(stored.summary),
        root_cause=plain_prose(stored.root_cause),
        evidence=tuple(plain_prose(line) for line in stored.evidence),
        unverified_evidence=tuple(plain_prose(line) for line in stored.unverified_evidence),
        remediation_actions=(*kept, *advice),
        confidence=stored.confidence,
        agrees=stored.agrees,
        source="llm",
        disagreements=notes,
    )
    return _planned(answer, rules, _Rules(snapshot, findings, kinds, tried)).model_copy(update=used)


def _named(model: str | None, otherwise: str) -> str | None:
    """A model's name as its server or the memory gives it, if it reads like one."""
    return model if model and harmless_word(model) else otherwise or None


class _Rules:
    """What the rules say of each finding, to hold the model's plan against."""

    def __init__(
        self,
        snapshot: ClusterSnapshot,
        findings: Sequence[Finding],
        kinds: Kinds,
        tried: Sequence[Attempt],
    ) -> None:
        self.findings = findings
        self.owners = {pod.ref: pod.owner for pod in snapshot.pods}
        self.fixes = [rules_fix(finding, snapshot, kinds, tried) for finding in findings]
        self.advice = [rules_advice(finding, snapshot, kinds, tried) for finding in findings]

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
