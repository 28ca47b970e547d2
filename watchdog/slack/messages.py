"""One finding of a report as one Slack message: its blocks, its fallback and its details. Pure.

Sentences made here are bold or in code, foreign text is plain. What an incident that outlives the
report adds is incident_message.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchdog.model.incident import Incident
from watchdog.model.report import NamespaceReport, Report
from watchdog.report.case import Case
from watchdog.report.next_steps import ToDo
from watchdog.report.ownership import UNSAID, Ownership
from watchdog.report.story import done, sentences, titled
from watchdog.report.wording import chapters, ended
from watchdog.slack.block_kit import (
    BODY,
    TEXT,
    Block,
    Message,
    code,
    context,
    escape,
    escaped,
    labelled,
    mrkdwn,
    plain,
    section,
    units,
)
from watchdog.text.format import count, shorten

MAX_POSTS = 5  # then one digest: Slack takes about one message a second in a channel
_HEADLINE, _TO_DO, _TRIED = 300, 900, 700
_TO_DOS, _UNDOS, _CHANGES, _DIGEST_LINES = 3, 2, 1, 40
_VALUES, _PATCH = 1200, 2000
COLORS = {
    "broken": "#d1242f",
    "fixing": "#0969da",
    "fixed": "#1a7f37",
    "needs you": "#bf8700",
    "would fix": "#6e7781",
    "resolved": "#1a7f37",
}


@dataclass(frozen=True)
class Background:
    """What is known of a finding besides the report.

    The `incident` as it is remembered says how it stands and how often it was tried; `tried` says
    what was tried before, in sentences; `ours` whose namespace it is.
    """

    incident: Incident | None = None
    tried: str = ""
    ours: Ownership = UNSAID


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
    known: Background = Background(),
) -> Message:
    """The message about one finding."""
    incident, tried, ours = known.incident, known.tried, known.ours
    status = incident.state.replace("_", " ") if incident else case.status
    headline = titled(status, f"{case.name}, {case.summary}")
    body = _body(case, status)
    also = "; ".join(case.also)
    paragraphs = (
        ("State", sentences(_severity(case, status)), 300),
        ("Why", case.why, 800),
        ("Also, for the same reason", also, 400),
        ("Fix", sentences(*done(case)), 700),
    )
    blocks = [section(f"*{mrkdwn(headline, _HEADLINE)}*{where(report)}")]
    blocks += [labelled(name, text, limit) for name, text, limit in paragraphs if text]
    blocks += [plain(tried, _TRIED)] if tried else []
    blocks += left_to_do(case.to_do, case.undo)
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
        bar=(context(_facts(case, item, report, known), ours.links),),
        color=COLORS[status],
    )


def left_to_do(to_do: Sequence[ToDo], undo: Sequence[str]) -> list[Block]:
    """What a person has to do, and how to take the change back."""
    undos = [section(asked("Undo", ToDo("", command))) for command in undo[:_UNDOS]]
    return [*(section(asked("To do", item)) for item in to_do[:_TO_DOS]), *undos]


def where(report: Report) -> str:
    """` (prod-eu)`, in Slack's markup."""
    return f" ({mrkdwn(report.cluster, 100)})" if report.cluster else ""


def _body(case: Case, status: str) -> str:
    """Severity, cause and what was done, in sentences."""
    also = f"Also, for the same reason: {'; '.join(case.also)}" if case.also else ""
    return sentences(_severity(case, status), case.why, also, *done(case))


def _severity(case: Case, status: str) -> str:
    over = status in {"fixed", "resolved"} and case.finding.since is not None
    severity = f"was {case.severity}" if over else case.severity
    return severity[:1].upper() + severity[1:]


def _facts(
    case: Case,
    item: NamespaceReport,
    report: Report,
    background: Background,
) -> str:
    incident = background.incident
    tokens = item.diagnosis.tokens.total if item.diagnosis.tokens else None
    begun = incident.first_seen if incident else case.first_seen
    attempts = incident.attempts if incident else case.attempts
    known = facts(begun, attempts, incident.reopened if incident else 0, report)
    spent = [count(tokens, "token")] if tokens else []
    return " · ".join([*background.ours.facts, *known, *spent]) or "sre-watchdog"


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
    for change in case.for_git[:_CHANGES]:
        blocks += [section("*Change for Git*")]
        blocks += [plain(change.where, 700)] if change.where else []
        blocks += _manifest(change.values, _VALUES) if change.values else []
        blocks += _manifest(change.patch, _PATCH)
    blocks += [plain(case.model_says, 1000)] if case.model_says else []
    if not blocks:
        return ()
    told = f"Details of {case.name}: {case.changed or case.why}"
    return (Message(case.namespace, escape(told, TEXT), tuple(blocks)),)


def _manifest(lines: Sequence[str], limit: int) -> list[Block]:
    """Lines to be copied: whole, or not there."""
    text = "\n".join(lines)
    if units(escaped(text)) > limit:
        return [plain("It is too long for Slack: see the report.", 100)]
    return [section(code(text))]


def _digest(cases: Sequence[Case], report: Report) -> Message:
    lines = [titled(case.status, f"{case.name}, {case.summary}") for case in cases]
    return digest(lines, cases[0].namespace, report)


def digest(lines: Sequence[str], namespace: str, report: Report) -> Message:
    """All further problems of a pass in one message, a line for each."""
    head = f"{count(len(lines), 'more problem')} in this pass{where(report)}"
    shown = [*lines[:_DIGEST_LINES]]
    if len(lines) > _DIGEST_LINES:
        shown.append(f"and {len(lines) - _DIGEST_LINES} more")
    told = "\n".join(shorten(line, 62) for line in shown)
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
