"""An incident that outlives the report, with the words that this pass has for it. Pure.

What Slack and the other messengers say of an incident is made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watchdog.model.incident import Attempt, Incident
from watchdog.model.outcome import Outcome
from watchdog.model.report import NamespaceReport, Report
from watchdog.report.case import Case, place_and_name
from watchdog.report.next_steps import ToDo, lasting
from watchdog.report.ownership import UNSAID, Ownership
from watchdog.text.format import duration, one_line

_TRIES = 5
TITLES = {
    "broken": "Broken",
    "fixing": "Fixing",
    "fixed": "Fixed",
    "needs you": "Needs you",
    "would fix": "Would fix",
    "resolved": "Resolved",
}
# A sign of its own shape for each state, for those who do not tell the colours apart.
SIGNS = {
    "broken": "\u274c",
    "fixing": "\U0001f527",
    "fixed": "\u2705",
    "needs you": "\u270b",
    "would fix": "\U0001f50d",
    "resolved": "\u2705",
}
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
    ours: Ownership = UNSAID

    @property
    def status(self) -> str:
        """The state as messages call it: `needs you`."""
        return self.incident.state.replace("_", " ")

    @property
    def name(self) -> str:
        """`shop/ledger`, `shop/db (StatefulSet)`."""
        return place_and_name(self.incident.target)

    @property
    def headline(self) -> str:
        """The sign of its state, then `Broken: shop/ledger, missing environment variable`."""
        summary = one_line(self.incident.summary or self.incident.kind.replace("_", " "))
        return titled(self.status, f"{self.name}, {summary}")

    @property
    def lasted(self) -> str:
        """`14 min`: from its beginning to its end, or to now."""
        seconds = self.incident.broken_seconds
        if seconds is None:
            seconds = (self.now - self.incident.first_seen).total_seconds()
        return duration(seconds)

    @property
    def left(self) -> tuple[tuple[ToDo, ...], tuple[str, ...]]:
        """What is left to a person once it is over: to do so that the fix lasts, and its undo."""
        fix = self.incident.helped
        if fix is None or self.incident.open:
            return (), ()
        undo = (fix.undo,) if fix.undo else ()
        return tuple(lasting(fix.action, fix.next_deploy, fix.place)), undo


def titled(status: str, about: str) -> str:
    """The headline: the state as a sign and as a word, then what it is about."""
    return f"{SIGNS[status]} {TITLES[status]}: {about}"


def tries(incident: Incident, case: Case | None) -> str:
    """What was tried before this pass and how it failed; empty where nothing was."""
    now = {step.title for step in case.steps} if case else set()
    failed = [item for item in incident.tries if item.failed]
    told = [_try(item) for item in failed if not any(_same(item, title) for title in now)]
    return f"Tried without success: {'; '.join(told[-_TRIES:])}." if told else ""


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
            said.append(f"{step.reason[:1].upper()}{step.reason[1:]}")
        # Why it was undone is its reason already.
        if step.healthy is not None and step.outcome is not Outcome.UNDONE:
            said.append(
                f"{'Healthy' if step.healthy else 'Not healthy'}: {step.check}".rstrip(": ")
            )
    return said


def _try(item: Attempt) -> str:
    how = _ENDED.get(item.outcome, "") if item.outcome else ""
    reason = f" ({one_line(item.reason, 200)})" if item.reason else ""
    return f"{one_line(item.action.title)}: {how}{reason}"


def _same(item: Attempt, title: str) -> bool:
    return one_line(item.action.title) in title
