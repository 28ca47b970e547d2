"""One finding of a report as one Slack message: its blocks, its fallback and its details. Pure.

Sentences made here are bold or in code, foreign text is plain. What an incident that outlives the
report adds is slack_incidents.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from watchdog.nouns import Incident, NamespaceReport, Report
from watchdog.report.phrases import count, shorten
from watchdog.report.slack_kit import (
    BODY,
    TEXT,
    Block,
    Message,
    code,
    context,
    escape,
    escaped,
    mrkdwn,
    plain,
    section,
    units,
)
from watchdog.report.todo import ToDo
from watchdog.report.words import Case, chapters, ended

MAX_POSTS = 5  # then one digest: Slack takes about one message a second in a channel
_HEADLINE, _TO_DO, _TRIED = 300, 900, 700
_TO_DOS, _UNDOS, _DIGEST_LINES = 3, 2, 40
TITLES = {
    "broken": "Broken",
    "fixing": "Fixing",
    "fixed": "Fixed",
    "needs you": "Needs you",
    "would fix": "Would fix",
    "resolved": "Resolved",
}


def messages(report: Report, channels: Mapping[str, str] | None = None) -> list[Message]:
    """The messages of a pass: one for each finding, and digests of those beyond the fifth.

    `channels` maps namespaces to channels; each channel gets a digest of its own.
    """
    found = [
        (case, item)
        for chapter, item in zip(chapters(report), report.namespaces, strict=True)
        for case in chapter.cases
    ]
    rest: dict[str, list[Case]] = {}
    for case, _ in found[MAX_POSTS:]:
        rest.setdefault((channels or {}).get(case.namespace, ""), []).append(case)
    posts = [blocks_for(case, item, report) for case, item in found[:MAX_POSTS]]
    return [*posts, *(_digest(cases, report) for cases in rest.values())]


def blocks_for(
    case: Case,
    item: NamespaceReport,
    report: Report,
    incident: Incident | None = None,
    tried: str = "",
) -> Message:
    """The message about one finding.

    What is remembered of its `incident` says how it stands and how often it was tried; `tried` says
    what was tried before, in sentences.
    """
    status = incident.state.replace("_", " ") if incident else case.status
    headline = f"{TITLES[status]}: {case.name}, {case.summary}"
    body = _body(case, status)
    blocks = [section(f"*{mrkdwn(headline, _HEADLINE)}*{where(report)}")]
    blocks += [plain(body, BODY)] if body else []
    blocks += [plain(tried, _TRIED)] if tried else []
    blocks += [section(asked("To do", todo)) for todo in case.to_do[:_TO_DOS]]
    blocks += [section(asked("Undo", ToDo("", command))) for command in case.undo[:_UNDOS]]
    blocks += [context(_facts(case, item, report, incident))]
    said = [
        f"{headline}{where(report)}.",
        body,
        tried,
        *(f"To do: {spoken(todo)}" for todo in case.to_do),
    ]
    return Message(
        namespace=case.namespace,
        text=escape(" ".join(part for part in said if part), TEXT),
        blocks=tuple(blocks),
        thread=_details(case),
    )


def where(report: Report) -> str:
    """` (prod-eu)`, in Slack's markup."""
    return f" ({mrkdwn(report.cluster, 100)})" if report.cluster else ""


def _body(case: Case, status: str) -> str:
    """Severity, cause and what was done, in sentences."""
    was = (
        "was "
        if status in {"fixed", "resolved"} and case.severity.startswith(("down", "broken"))
        else ""
    )
    severity = was + case.severity
    severity = severity[:1].upper() + severity[1:]
    also = f"Also, for the same reason: {'; '.join(case.also)}" if case.also else ""
    return sentences(severity, case.why, also, *done(case))


def sentences(*parts: str) -> str:
    """These parts one after the other, each with its full stop."""
    return " ".join(
        part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part
    )


def done(case: Case) -> list[str]:
    """What was done in this pass, and whether it is healthy now."""
    said = []
    for step in case.steps:
        said.append(f"{step.title[:1].upper()}{step.title[1:]}: {step.done}")
        if step.reason:
            said.append(step.reason)
        if step.healthy is not None:
            said.append(
                f"{'Healthy' if step.healthy else 'Not healthy'}: {step.check}".rstrip(": ")
            )
    return said


def _facts(case: Case, item: NamespaceReport, report: Report, incident: Incident | None) -> str:
    tokens = item.diagnosis.tokens.total if item.diagnosis.tokens else None
    begun = incident.first_seen if incident else case.first_seen
    attempts = incident.attempts if incident else case.attempts
    known = facts(begun, attempts, incident.reopened if incident else 0, report)
    return " · ".join([*known, *([count(tokens, "token")] if tokens else [])]) or "sre-watchdog"


def facts(begun: datetime | None, attempts: int, reopened: int, report: Report) -> list[str]:
    """`first seen 14:03`, `1 attempt`, `came back 2 times`: what is not nothing."""
    parts = []
    if begun:
        same_day = begun.date() == ended(report).date()
        parts.append(f"first seen {begun:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'} %Z}".rstrip())
    parts += [count(attempts, "attempt")] if attempts else []
    return parts + ([f"came back {count(reopened, 'time')}"] if reopened else [])


def _details(case: Case) -> tuple[Message, ...]:
    """Everything else, for the thread; nothing where there is nothing more to say."""
    blocks: list[Block] = []
    blocks += [plain(f"What changed: {case.changed}", BODY)] if case.changed else []
    if case.evidence:
        blocks += [section("*Evidence*"), section(code("\n".join(case.evidence)))]
    diff = "\n".join(line for step in case.steps for line in step.diff)
    if diff:
        blocks += [section("*Change*"), section(code(diff))]
    blocks += [plain(case.model_says, 1000)] if case.model_says else []
    if not blocks:
        return ()
    told = f"Details of {case.name}: {case.changed or case.why}"
    return (Message(case.namespace, escape(told, TEXT), tuple(blocks)),)


def _digest(cases: Sequence[Case], report: Report) -> Message:
    lines = [f"{TITLES[case.status]}: {case.name}, {case.summary}" for case in cases]
    return digest(lines, cases[0].namespace, report)


def digest(lines: Sequence[str], namespace: str, report: Report) -> Message:
    """All further problems of a pass in one message, a line for each."""
    head = f"{count(len(lines), 'more problem')} in this pass{where(report)}"
    shown = [*lines[:_DIGEST_LINES]]
    if len(lines) > _DIGEST_LINES:
        shown.append(f"and {len(lines) - _DIGEST_LINES} more")
    told = "\n".join(shorten(line, 60) for line in shown)
    return Message(
        namespace=namespace,
        text=escape(f"{head}. " + told.replace("\n", "; "), TEXT),
        blocks=(section(f"*{head}*"), plain(told, 2900)),
    )


def asked(label: str, todo: ToDo) -> str:
    """`*To do:* ...` with its command as code, in Slack's markup."""
    text = f"*{label}:* {mrkdwn(todo.text, _TO_DO)}".rstrip()
    if not todo.command:
        return text
    if units(escaped(todo.command)) > _TO_DO:
        return f"{text} (the command is too long for Slack: see the report)"
    if "`" in todo.command:
        return f"{text}\n{code(todo.command)}"
    return f"{text} `{escaped(todo.command)}`"


def spoken(todo: ToDo) -> str:
    """The same in one sentence, for the fallback."""
    return f"{todo.text} {todo.command}".strip() if todo.command else todo.text
