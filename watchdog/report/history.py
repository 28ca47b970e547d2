"""What memory holds, for people: incidents, what was tried against each, what needs you.

Values are not here, because memory has none; foreign text passes `one_line` as in every view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from watchdog.incidents.memory import Memory
from watchdog.model.incident import ApprovalRequest, Attempt, Incident
from watchdog.model.outcome import Outcome
from watchdog.report.next_steps import APPROVE_THERE
from watchdog.text.format import count, duration, one_line

_ORDER = ("needs_you", "broken", "fixing", "fixed", "resolved")
_ENDED = {
    Outcome.APPLIED: "applied, not checked yet",
    Outcome.VERIFIED: "healthy",
    Outcome.UNDONE: "undone",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "no answer came back",
}
_SHORT = 8  # digits of an id that a person compares by eye


@dataclass(frozen=True)
class Page:
    """One namespace's memory, or why it could not be read; warnings are whole sentences."""

    memory: Memory
    warning: str = ""
    readable: bool = True


def tried(attempt: Attempt) -> str:
    """`set env REGION on container main: undone (0 of 2 pods ready)`."""
    ended = "not known yet" if attempt.outcome is None else _ENDED.get(attempt.outcome, "not made")
    if attempt.outcome is Outcome.VERIFIED and not attempt.lasted:
        ended = "healthy, and it did not last"
    reason = f" ({one_line(attempt.reason, 200)})" if attempt.reason else ""
    return one_line(f"{attempt.action.title}: {ended}{reason}")


def lasted(incident: Incident, now: datetime) -> str:
    """For how long it was broken: until the fix was verified, or until now."""
    known = incident.broken_seconds
    seconds = (now - incident.first_seen).total_seconds() if known is None else known
    return duration(seconds)


def render_history(pages: Iterable[Page], now: datetime, to: IO[str]) -> None:
    """One table of incidents for each namespace, and below it what was tried against each."""
    # Off a terminal nothing says how wide a line may be, and logs do not wrap.
    console = Console(file=to, width=None if to.isatty() else 160, highlight=False)
    for number, page in enumerate(pages):
        if number:
            console.print()
        _page(page, now, console)


def history_json(pages: Iterable[Page]) -> dict[str, Any]:
    """The same as JSON: memory as it is, without what only the next pass needs."""
    return {
        "version": 1,
        "namespaces": [
            {
                "namespace": page.memory.namespace,
                "readable": page.readable,
                "warning": page.warning,
                "incidents": [item.model_dump(mode="json") for item in page.memory.incidents],
                "stopped_by": page.memory.stopped_by,
                "model_use": page.memory.use.model_dump(mode="json"),
            }
            for page in pages
        ],
    }


def _page(page: Page, now: datetime, console: Console) -> None:
    memory = page.memory
    name = one_line(memory.namespace)
    if page.warning:
        _say(console, f"{name}: {one_line(page.warning)}")
    if memory.stopped_by:
        _say(console, f"{name} is paused by a stop sign in Slack: nothing is changed there.")
    if not memory.incidents:
        if page.readable:
            _say(console, f"{name}: no incident is remembered.")
        return
    counts = Counter[str](item.state for item in memory.incidents)
    tally = [f"{counts[state]} {_words(state, counts[state])}" for state in _ORDER if counts[state]]
    _say(console, f"{name}: {', '.join([count(counts.total(), 'incident'), *tally])}")
    table = Table("what", "where", "state", "first seen", "for", "tries", box=None, pad_edge=False)
    items = sorted(memory.incidents, key=lambda i: (not i.open, -i.last_seen.timestamp()))
    for item in items:
        cells = [
            one_line(item.summary or item.kind, 60),
            one_line(f"{item.target}" + (f"/{item.container}" if item.container else ""), 80),
            _state(item),
            f"{item.first_seen:%Y-%m-%d %H:%M}",
            lasted(item, now),
            str(item.attempts),
        ]
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    for item in items:
        for line in _details(item, page, now):
            _say(console, line)


def _words(state: str, number: int = 1) -> str:
    said = state.replace("_", " ")
    return said if number == 1 else said.replace("needs", "need")


def _state(item: Incident) -> str:
    said = _words(item.state)
    return f"{said}, reopened {item.reopened}×" if item.reopened else said


def _details(item: Incident, page: Page, now: datetime) -> Iterable[str]:
    """What was tried, until when it is quiet, and what is asked; nothing where there is nothing."""
    lines = [
        f"  {number}. {attempt.at:%Y-%m-%d %H:%M} {tried(attempt)}"
        for number, attempt in enumerate(item.tries, 1)
    ]
    if item.open and item.escalated:
        lines.append("  Nothing more is tried: a person is needed.")
    elif item.open and item.quiet_until and item.quiet_until > now:
        lines.append(f"  Nothing is tried until {item.quiet_until:%Y-%m-%d %H:%M}.")
    if item.request and item.open:
        lines += _asked(item.request, now)
    if lines:
        yield ""
        where = f"{item.target} in {page.memory.namespace}"
        yield one_line(f"{where}: {item.summary or item.kind}")
        yield from lines


def _asked(request: ApprovalRequest, now: datetime) -> list[str]:
    """What waits for an approval. The command is not here, as memory does not hold the change."""
    title, short = one_line(request.action.title), request.id[:_SHORT]
    if request.expires_at <= now:
        return [f"  Approval {short} to {title}: expired {request.expires_at:%Y-%m-%d %H:%M}."]
    return [
        f"  Waits until {request.expires_at:%Y-%m-%d %H:%M} for approval {short} to {title}:",
        f"    {APPROVE_THERE}.",
    ]


def _say(console: Console, line: str) -> None:
    """Never wrapped, so that a command can be copied whole."""
    console.print(line, markup=False, soft_wrap=True)
