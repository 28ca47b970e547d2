"""One incident as one Slack message: Block Kit, its fallback sentence and its thread. Pure.

Slack's limits (field by field, and about 12,000 characters for all blocks together) are kept with
room to spare by the lengths below, so that nothing is refused. Foreign text stands only in plain
text and in code blocks, because Slack's markup signs cannot be escaped; sentences made here are
bold or in code. Sending is slack.py's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.nouns import NamespaceReport, Report
from watchdog.report.phrases import clean, count, one_line, shorten
from watchdog.report.todo import ToDo
from watchdog.report.words import Case, chapters, ended

Block = dict[str, Any]

MAX_POSTS = 5  # then one digest: Slack takes about one message a second in a channel
_HEADLINE, _BODY, _TO_DO, _CODE = 300, 2000, 900, 2400
_TO_DOS, _UNDOS, _DIGEST_LINES = 3, 2, 40
_TEXT = 2800
_TITLES = {
    "broken": "Broken",
    "fixing": "Fixing",
    "fixed": "Fixed",
    "needs you": "Needs you",
    "would fix": "Would fix",
}
_EDGE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_SIGNS = str.maketrans({"*": "\u2217", "~": "\u223c", "`": "'"})


@dataclass(frozen=True)
class Message:
    """What is posted: `text` is the whole story in sentences, `thread` the details as replies.

    `namespace` decides the channel; `incident` tells which finding it is about, empty for a digest.
    """

    namespace: str
    incident: str
    text: str
    blocks: tuple[Block, ...]
    thread: tuple[Message, ...] = ()


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


def blocks_for(case: Case, item: NamespaceReport, report: Report) -> Message:
    """The message about one finding."""
    headline = _headline(case, report)
    body = _body(case)
    blocks = [_section(f"*{_mrkdwn(headline, _HEADLINE)}*{_where(report)}")]
    blocks += [_plain(body, _BODY)] if body else []
    blocks += [_section(_asked("To do", todo)) for todo in case.to_do[:_TO_DOS]]
    blocks += [_section(_asked("Undo", ToDo("", command))) for command in case.undo[:_UNDOS]]
    blocks += [_context(_facts(case, item, report))]
    said = [
        f"{headline}{_where(report)}.",
        body,
        *(f"To do: {_spoken(todo)}" for todo in case.to_do),
    ]
    return Message(
        namespace=case.namespace,
        incident=_incident(case, report),
        text=_escape(" ".join(part for part in said if part), _TEXT),
        blocks=tuple(blocks),
        thread=_details(case),
    )


def _headline(case: Case, report: Report) -> str:
    title = (
        "Would fix"
        if report.mode == "dry_run" and case.status == "would fix"
        else _TITLES[case.status]
    )
    return f"{title}: {case.name}, {case.summary}"


def _where(report: Report) -> str:
    return f" ({_mrkdwn(report.cluster, 100)})" if report.cluster else ""


def _body(case: Case) -> str:
    """Severity, cause and what was done, in sentences."""
    was = "was " if case.status == "fixed" and case.severity.startswith(("down", "broken")) else ""
    severity = was + case.severity
    severity = severity[:1].upper() + severity[1:]
    also = f"Also, for the same reason: {'; '.join(case.also)}" if case.also else ""
    parts = [severity, case.why, also, *(_done(case))]
    return " ".join(
        part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part
    )


def _done(case: Case) -> list[str]:
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


def _facts(case: Case, item: NamespaceReport, report: Report) -> str:
    """`first seen 14:03 · 1 attempt · 812 tokens`."""
    tokens = item.diagnosis.tokens.total if item.diagnosis.tokens else None
    parts = []
    if case.first_seen:
        same_day = case.first_seen.date() == ended(report).date()
        parts.append(
            f"first seen {case.first_seen:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'} %Z}".rstrip()
        )
    parts += [count(case.attempts, "attempt")] if case.attempts else []
    parts += [count(tokens, "token")] if tokens else []
    return " · ".join(parts) or "sre-watchdog"


def _details(case: Case) -> tuple[Message, ...]:
    """Everything else, for the thread; nothing where there is nothing more to say."""
    blocks: list[Block] = []
    blocks += [_plain(f"What changed: {case.changed}", _BODY)] if case.changed else []
    if case.evidence:
        blocks += [_section("*Evidence*"), _section(_code("\n".join(case.evidence)))]
    diff = "\n".join(line for step in case.steps for line in step.diff)
    if diff:
        blocks += [_section("*Change*"), _section(_code(diff))]
    blocks += [_plain(case.model_says, 1000)] if case.model_says else []
    if not blocks:
        return ()
    told = f"Details of {case.name}: {case.changed or case.why}"
    return (Message(case.namespace, "", _escape(told, _TEXT), tuple(blocks)),)


def _digest(cases: Sequence[Case], report: Report) -> Message:
    """All further findings of a pass in one message."""
    head = f"{count(len(cases), 'more problem')} in this pass{_where(report)}"
    lines = [
        f"{_TITLES[case.status]}: {case.name}, {case.summary}" for case in cases[:_DIGEST_LINES]
    ]
    if len(cases) > _DIGEST_LINES:
        lines.append(f"and {len(cases) - _DIGEST_LINES} more")
    told = "\n".join(shorten(line, 60) for line in lines)
    return Message(
        namespace=cases[0].namespace,
        incident="",
        text=_escape(f"{head}. " + told.replace("\n", "; "), _TEXT),
        blocks=(_section(f"*{head}*"), _plain(told, 2900)),
    )


def _incident(case: Case, report: Report) -> str:
    """Which finding: never a pod's name and never a model's words."""
    target = case.finding.target
    container = case.finding.container or "-"
    parts = (
        report.cluster,
        target.namespace,
        target.kind,
        target.name,
        case.finding.kind,
        container,
    )
    return "/".join(parts)


def _asked(label: str, todo: ToDo) -> str:
    text = f"*{label}:* {_mrkdwn(todo.text, _TO_DO)}".rstrip()
    if not todo.command:
        return text
    if _units(_escaped(todo.command)) > _TO_DO:
        return f"{text} (the command is too long for Slack: see the report)"
    if "`" in todo.command:
        return f"{text}\n{_code(todo.command)}"
    return f"{text} `{_escaped(todo.command)}`"


def _spoken(todo: ToDo) -> str:
    return f"{todo.text} {todo.command}".strip() if todo.command else todo.text


def _section(markdown: str) -> Block:
    # Verbatim: Slack would otherwise turn addresses and channel names into links.
    return {"type": "section", "text": {"type": "mrkdwn", "text": markdown, "verbatim": True}}


def _plain(text: str, limit: int) -> Block:
    return {
        "type": "section",
        "text": {"type": "plain_text", "text": _cut(clean(text), limit), "emoji": False},
    }


def _context(text: str) -> Block:
    return {
        "type": "context",
        "elements": [{"type": "plain_text", "text": _cut(text, 300), "emoji": False}],
    }


def _code(text: str) -> str:
    """A code block that its text cannot leave; cut before it is closed."""
    safe = re.sub(r"`{3,}", lambda run: "'" * len(run[0]), clean(text))
    return f"```\n{_escape(safe, _CODE)}\n```"


def _mrkdwn(text: str, limit: int) -> str:
    """A sentence in which nothing becomes bold, struck, code, a link or a mention."""
    safe = one_line(text, 4000).translate(_SIGNS)
    return _escape(_EDGE_UNDERSCORE.sub("\u02cd", safe), limit)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escape(text: str, limit: int) -> str:
    """Escaped and at most `limit` long, never cut within an entity or a character."""
    text = shorten(text, limit)
    while _units(_escaped(text)) > limit:
        text = shorten(text, len(text) - max(1, (_units(_escaped(text)) - limit) // 5))
    return _escaped(text)


def _cut(text: str, limit: int) -> str:
    text = shorten(text, limit)
    while _units(text) > limit:
        text = shorten(text, len(text) - max(1, (_units(text) - limit) // 2))
    return text


def _units(text: str) -> int:
    """Length as Slack may count it, in UTF-16: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2
