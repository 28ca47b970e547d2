"""What Slack is told of an incident: its message, the replies below it, what asks for approval.

Pure. A finding of this pass lends the words (slack_blocks.py); without one the incident speaks for
itself. No value is in an incident, so none is shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchdog.incidents.incident import ApprovalRequest, Incident, Try
from watchdog.nouns import NamespaceReport, Outcome, Report
from watchdog.regex import regex
from watchdog.report.phrases import clean, count, duration, one_line
from watchdog.report.slack_blocks import TITLES, blocks_for, done, facts, sentences, where
from watchdog.report.slack_kit import (
    BODY,
    TEXT,
    Block,
    Message,
    code,
    context,
    escape,
    mrkdwn,
    plain,
    section,
)
from watchdog.report.todo import approve_command
from watchdog.report.words import Case

ASKS = "Approval needed for"  # how a reply that asks begins
_HEADLINE = 300
_TRIES = 5
_USER = regex(r"[UW][A-Z0-9]{1,30}")
_ENDED = {
    Outcome.UNDONE: "it did not help and was undone",
    Outcome.FAILED: "it failed",
    Outcome.VERIFIED: "it helped, but did not last",
}


@dataclass(frozen=True)
class Story:
    """An incident with this pass's words for it; `case` is None where it was not found now."""

    incident: Incident
    report: Report
    now: datetime
    item: NamespaceReport | None = None
    case: Case | None = None

    @property
    def name(self) -> str:
        """`shop/ledger`."""
        target = self.incident.target
        return one_line(f"{target.namespace}/{target.name}")

    @property
    def headline(self) -> str:
        """`Broken: shop/ledger, missing environment variable`."""
        title = TITLES[self.incident.state.replace("_", " ")]
        summary = one_line(self.incident.summary or self.incident.kind.replace("_", " "))
        return f"{title}: {self.name}, {summary}"

    @property
    def lasted(self) -> str:
        """`14 min`: from its beginning to its end, or to now."""
        until = self.incident.resolved_at or self.now
        return duration((until - self.incident.first_seen).total_seconds())


def incident_message(story: Story) -> Message:
    """The one message of the incident, as it stands now."""
    incident, report = story.incident, story.report
    tried = tries(incident, story.case) if incident.state in {"needs_you", "broken"} else ""
    if story.case is not None and story.item is not None and incident.open:
        return blocks_for(story.case, story.item, report, incident, tried)
    body = sentences(*_ending(story)) if not incident.open else ""
    told = [part for part in (body, tried) if part]
    line = facts(incident.first_seen, incident.attempts, incident.reopened, report)
    blocks = [
        section(f"*{mrkdwn(story.headline, _HEADLINE)}*{where(report)}"),
        *(plain(part, BODY) for part in told),
        context(" · ".join(line)),
    ]
    head = f"{story.headline}{where(report)}."
    return _message(story, " ".join([head, *told, " · ".join(line)]), blocks)


def details(story: Story) -> Message | None:
    """Evidence and change, for the first reply; None where there is nothing more to say."""
    thread = incident_message(story).thread
    return thread[0] if thread else None


def change(story: Story, *, back: bool) -> Message:
    """The reply about what is different; `back`: it had ended, and is there again."""
    incident, case = story.incident, story.case
    head = f"It is back: {story.headline}" if back else story.headline
    if incident.state == "resolved":
        head = f"Resolved after {story.lasted}: {story.name}"
        said = sentences(*_ending(story)[1:])
    else:
        tried = tries(incident, case) if incident.state == "needs_you" else ""
        said = " ".join(part for part in (sentences(*done(case)) if case else "", tried) if part)
    blocks = [section(f"*{mrkdwn(head, _HEADLINE)}*")]
    blocks += [plain(said, BODY)] if said else []
    diff = "\n".join(line for step in case.steps for line in step.diff) if case else ""
    blocks += [section(code(diff))] if diff and incident.open else []
    return _message(story, f"{head}. {said}".strip(), blocks)


def changes(stories: Sequence[Story]) -> Message:
    """One reply for several incidents that share a message."""
    lines = [_line(story) for story in stories]
    told = "\n".join(lines)
    return _message(stories[0], told.replace("\n", "; "), [plain(told, BODY)])


def reminder(story: Story) -> Message:
    """The reply to an incident that has waited for a person for long."""
    head = f"Still waiting for you: {story.name}, broken for {story.lasted}"
    said = tries(story.incident, story.case)
    blocks = [section(f"*{mrkdwn(head, _HEADLINE)}*"), *([plain(said, BODY)] if said else [])]
    return _message(story, f"{head}. {said}".strip(), blocks)


def ask(story: Story, request: ApprovalRequest, approvers: Iterable[str]) -> Message:
    """What would be changed, why it needs a person, and how to say yes: code made every word."""
    head = f"{ASKS} {story.name}: {one_line(request.action.title)}"
    why = sentences(*([one_line(request.reason)] if request.reason else []))
    until = f"It can be approved until {request.expires_at:%Y-%m-%d %H:%M %Z}".rstrip() + "."
    diff = request_diff(story, request)
    command = approve_command(request.action.target, request.id)
    who = ", ".join(_mention(user) for user in approvers)
    react = f"React with :white_check_mark: (only: {who}), or run:" if who else "To approve, run:"
    blocks = [section(f"*{mrkdwn(head, _HEADLINE)}*")]
    blocks += [plain(why, BODY)] if why else []
    blocks += [section(code(diff))] if diff else []
    blocks += [
        section(f"{react}\n{code(command)}"),
        context(until),
    ]
    return _message(story, f"{head}. {why} {until} Or run: {command}", blocks)


def request_diff(story: Story, request: ApprovalRequest) -> str:
    """The change that this pass asked about, as policy showed it: without values."""
    results = story.item.actions if story.item else ()
    found = next((result.diff for result in results if result.request == request.id), "")
    return "\n".join(line.rstrip() for line in clean(found).splitlines() if line.strip())


def tries(incident: Incident, case: Case | None) -> str:
    """What was tried before this pass and how it failed; empty where nothing was."""
    now = {step.title for step in case.steps} if case else set()
    failed = [item for item in incident.tries if item.failed]
    told = [_try(item) for item in failed if not any(_same(item, title) for title in now)]
    return f"Tried without success: {'; '.join(told[-_TRIES:])}." if told else ""


def shown(message: Message) -> str:
    """A hash of what a message says."""
    said = json.dumps([message.text, message.blocks], sort_keys=True)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _ending(story: Story) -> list[str]:
    incident = story.incident
    first = (
        f"It first broke {story.lasted} before, and came back {count(incident.reopened, 'time')}"
        if incident.reopened
        else f"It was broken for {story.lasted}"
    )
    helped = [item for item in incident.tries if item.settled and not item.failed]
    if helped:
        return [first, f"Fixed by: {one_line(helped[-1].action.title)}"]
    return [first, "It is well again without a change by the watchdog"]


def _line(story: Story) -> str:
    if story.incident.state == "resolved":
        return one_line(f"Resolved after {story.lasted}: {story.name}", 200)
    return one_line(story.headline, 200)


def _try(item: Try) -> str:
    how = _ENDED.get(item.outcome, "") if item.outcome else ""
    reason = f" ({one_line(item.reason, 200)})" if item.reason else ""
    return f"{one_line(item.action.title)}: {how}{reason}"


def _same(item: Try, title: str) -> bool:
    return one_line(item.action.title) in title


def _mention(user: str) -> str:
    return f"<@{user}>" if _USER.fullmatch(user) else mrkdwn(user, 40)


def _message(story: Story, text: str, blocks: Sequence[Block]) -> Message:
    return Message(
        namespace=story.incident.target.namespace,
        text=escape(text, TEXT),
        blocks=tuple(blocks),
    )
