"""What Slack shows of an incident: its message, the replies below it, what asks for approval.

Pure. A finding of this pass lends the words (messages.py); without one the incident speaks for
itself. No value is in an incident, so none is shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from watchdog.incidents.approvals import shown_whole
from watchdog.model.incident import ApprovalRequest
from watchdog.report.next_steps import APPROVE_THERE, approve_command, diff_lines
from watchdog.report.story import SIGNS, Story, done, sentences, tries
from watchdog.slack.block_kit import (
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
from watchdog.slack.messages import (
    COLORS,
    Background,
    blocks_for,
    facts,
    left_to_do,
    spoken,
    where,
)
from watchdog.text.format import count, one_line
from watchdog.text.regex import regex

ASKS = "Approval needed for"  # how a reply that asks begins
_HEADLINE = 300
_USER = regex(r"[UW][A-Z0-9]{1,30}")


def incident_message(story: Story) -> Message:
    """The one message of the incident, as it stands now."""
    incident, report = story.incident, story.report
    tried = tries(incident, story.case) if incident.state in {"needs_you", "broken"} else ""
    if story.case is not None and story.item is not None and incident.open:
        return blocks_for(story.case, story.item, report, Background(incident, tried, story.ours))
    body = sentences(*_ending(story)) if not incident.open else ""
    told = [part for part in (body, tried) if part]
    to_do, undo = story.left
    known = facts(incident.first_seen, incident.attempts, incident.reopened, report)
    line = " · ".join([*story.ours.facts, *known])
    blocks = [
        section(f"*{mrkdwn(story.headline, _HEADLINE)}*{where(report)}"),
        *(plain(part, BODY) for part in told),
        *left_to_do(to_do, undo),
    ]
    head = f"{story.headline}{where(report)}."
    asked = [f"To do: {spoken(item)}" for item in to_do]
    message = _message(story, " ".join([head, *told, *asked, line]), blocks)
    bar = (context(line or "sre-watchdog", story.ours.links),)
    return replace(message, bar=bar, color=COLORS[story.status])


def details(story: Story) -> Message | None:
    """Evidence and change, for the first reply; None where there is nothing more to say."""
    thread = incident_message(story).thread
    return thread[0] if thread else None


def change(story: Story, *, back: bool) -> Message:
    """The reply about what is different; `back`: it had ended, and is there again."""
    incident, case = story.incident, story.case
    head = f"It is back: {story.headline}" if back else story.headline
    if incident.state == "resolved":
        head = _line(story)
        said = sentences(*_ending(story)[1:], *_still(story))
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
    reason = one_line(request.reason)
    why = sentences(f"{reason[:1].upper()}{reason[1:]}")
    until = f"It can be approved until {request.expires_at:%Y-%m-%d %H:%M %Z}".rstrip() + "."
    diff = request_diff(story, request)
    command = approve_command(request.action.target, request.id)
    who = ", ".join(_mention(user) for user in approvers)
    react = f"React with :white_check_mark: (only: {who}), or run:" if who else "To approve, run:"
    blocks = [section(f"*{mrkdwn(head, _HEADLINE)}*")]
    blocks += [plain(why, BODY)] if why else []
    blocks += [section(code(diff))] if diff else []
    blocks += [
        section(f"{react}\n{code(command)}" if diff else f"{APPROVE_THERE}."),
        context(until),
    ]
    # Slack may refuse the blocks, and the text then stands alone: it has all of the change as well.
    first = f"{escape(head, _HEADLINE)}.\n{escaped(diff)}\n"
    rest = escaped(f"{why} {until} Or run: {command}") if diff else f"{APPROVE_THERE}."
    text = first + rest if units(first + rest) <= TEXT else first + escaped(until)
    return replace(_message(story, "", blocks), text=text)


def used(story: Story) -> Message:
    """What takes the place of an ask once its approval was used."""
    head = f"The approval for {story.name} was used"
    said = "A reaction to this message approves nothing any more."
    blocks = [section(f"*{mrkdwn(head, _HEADLINE)}*"), context(said)]
    return _message(story, f"{head}. {said}", blocks)


def request_diff(story: Story, request: ApprovalRequest) -> str:
    """The change that this pass asked about, as policy showed it: without values.

    Empty if this pass has not got it, or a message has no room for all of it.
    """
    results = story.item.actions if story.item else ()
    found = next((result.diff for result in results if result.request == request.id), "")
    return "\n".join(diff_lines(found)) if shown_whole(found) else ""


def shown(message: Message) -> str:
    """A hash of what a message says."""
    said = json.dumps([message.text, message.blocks, message.bar, message.color], sort_keys=True)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _ending(story: Story) -> list[str]:
    incident = story.incident
    first = (
        f"It first broke {story.lasted} before, and came back {count(incident.reopened, 'time')}"
        if incident.reopened
        else f"It was broken for {story.lasted}"
    )
    if incident.helped:
        return [first, f"Fixed by: {one_line(incident.helped.action.title)}"]
    if incident.departed:
        return [first, "Its namespace is gone or no longer watched"]
    return [first, "It is well again without a change by the watchdog"]


def _still(story: Story) -> list[str]:
    """That the message above has more to do, which is easily taken for over."""
    to_do, _ = story.left
    return ["What is left to do stands in the message above"] if to_do else []


def _line(story: Story) -> str:
    if story.incident.state == "resolved":
        return one_line(f"{SIGNS['resolved']} Resolved after {story.lasted}: {story.name}", 200)
    return one_line(story.headline, 200)


def _mention(user: str) -> str:
    return f"<@{user}>" if _USER.fullmatch(user) else mrkdwn(user, 40)


def _message(story: Story, text: str, blocks: Sequence[Block]) -> Message:
    return Message(
        namespace=story.incident.target.namespace,
        text=escape(text, TEXT),
        blocks=tuple(blocks),
    )
