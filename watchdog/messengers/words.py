"""The message about an incident to a messenger, within the length that it takes. Pure.

Messengers read markup, mentions and addresses out of plain text, each in its own way. So foreign
text loses what starts one, by signs of no width; a command is made by code, and is whole or absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from watchdog.report.next_steps import ToDo
from watchdog.report.story import Story, done, sentences, tries
from watchdog.text.format import inert, one_line, shorten

_LEFT_OUT = "(too long for this messenger: see the report)"


class Paragraph(NamedTuple):
    """Some sentences, and a command of ours below them."""

    text: str
    command: str = ""

    def written(self, *, markdown: bool) -> str:
        """Markdown would take signs out of a command that does not stand in a fence."""
        if not self.command:
            return self.text
        fence = "```"
        command = f"{fence}\n{self.command}\n{fence}" if markdown else self.command
        return f"{self.text}\n{command}"


@dataclass(frozen=True)
class Told:
    """A headline, and paragraphs in the order in which they are read."""

    title: str
    paragraphs: tuple[Paragraph, ...]

    def body(self, limit: int, *, markdown: bool = False) -> str:
        """As many paragraphs as fit into so many characters; commands are whole or left out."""
        found: list[str] = []
        left = limit
        for each in self.paragraphs:
            said = each.written(markdown=markdown)
            if len(said) > left and each.command:
                said = f"{each.text} {_LEFT_OUT}"
            if len(said) > left:
                said = shorten(each.text, left) if left >= _LEAST else ""
            if said:
                found.append(said)
                left -= len(said) + 1
        return "\n".join(found)


_LEAST = 60  # characters; a shorter piece says nothing
_PART = 300


def told(story: Story) -> Told:
    """The state of an incident: what a person has to do comes before how it came about."""
    incident, case, ours = story.incident, story.case, story.ours
    where = f" ({story.report.cluster})" if story.report.cluster else ""
    to_do, undo = (case.to_do, case.undo) if case and incident.open else story.left
    lasted = f"Broken for {story.lasted}" if incident.open else f"It was broken for {story.lasted}"
    impact = f", {case.finding.impact}" if case and case.finding.impact else ""
    helped = f"Fixed by: {incident.helped.action.title}" if incident.helped else ""
    acted = sentences(*done(case)) if case and incident.open else helped
    tried = tries(incident, case) if incident.state in {"needs_you", "broken"} else ""
    parts = (
        _said(f"{lasted}{impact}."),
        *(
            _said(f"To do: {item.text}")._replace(command=one_line(item.command or "", 4000))
            for item in to_do[:2]
        ),
        _said(f"Why: {case.why}" if case and case.why else ""),
        _said(acted),
        *(Paragraph("Undo:", one_line(command, 4000)) for command in undo[:1]),
        _said(tried),
        _said(", ".join(ours.facts)),
        # The operator's own addresses.
        *(Paragraph(f"{name}: {url}") for name, url in ours.links.items()),
    )
    title = inert(one_line(f"{story.headline}{where}", 240))
    return Told(title, tuple(part for part in parts if part.text))


def _said(text: str) -> Paragraph:
    return Paragraph(inert(shorten(one_line(text, 2000), _PART)))


def document(story: Story) -> dict[str, Any]:
    """The same for programs, as JSON: nothing is cut or changed in it."""
    incident, case, ours = story.incident, story.case, story.ours
    to_do, undo = (case.to_do, case.undo) if case and incident.open else story.left
    whole: Sequence[ToDo] = to_do
    return {
        "version": 1,
        "cluster": story.report.cluster,
        "namespace": incident.target.namespace,
        "incident": incident.fingerprint,
        "state": incident.state,
        "kind": incident.kind,
        "target": incident.target.model_dump(mode="json"),
        "container": incident.container,
        "summary": incident.summary,
        "first_seen": incident.first_seen.isoformat(),
        "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
        "attempts": incident.attempts,
        "reopened": incident.reopened,
        "impact": str(case.finding.impact) if case else "",
        "why": case.why if case else "",
        "done": done(case) if case else [],
        "to_do": [{"text": item.text, "command": item.command} for item in whole],
        "undo": list(undo),
        "owner": ours.owner,
        "severity": ours.severity,
        "runbook": ours.runbook,
        "dashboard": ours.dashboard,
    }
