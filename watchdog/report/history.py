"""What memory holds, for people: incidents, what was tried against each, what waits for a person.

Values are not here, because memory has none; foreign text passes `one_line` as in every view.
"""

from __future__ import annotations

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
from watchdog.report.next_steps import approve_command
from watchdog.text.format import count, duration, one_line

_STATES = {"needs_you": "needs you"}
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
    """One namespace's memory, or why it could not be read; warnings are whole sentences.

    Of one that is not `verified` anyone who may edit the ConfigMap chose the words.
    """

    memory: Memory
    warning: str = ""
    readable: bool = True
    verified: bool = True


def tried(attempt: Attempt) -> str:
    """`set env REGION on container main: undone (0 of 2 pods ready)`."""
    ended = "not known yet" if attempt.outcome is None else _ENDED.get(attempt.outcome, "not made")
    if attempt.outcome is Outcome.VERIFIED and not attempt.lasted:
        ended = "healthy, and it did not last"
    reason = f" ({one_line(attempt.reason, 200)})" if attempt.reason else ""
    return one_line(f"{attempt.action.title}: {ended}{reason}")


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
    opened = sum(item.open for item in memory.incidents)
    _say(console, f"{name}: {count(len(memory.incidents), 'incident')}, {opened} open")
    table = Table("what", "where", "state", "first seen", "for", "tries", box=None, pad_edge=False)
    items = sorted(memory.incidents, key=lambda i: (not i.open, -i.last_seen.timestamp()))
    for item in items:
        cells = [
            one_line(item.summary or item.kind, 60),
            one_line(f"{item.target}" + (f"/{item.container}" if item.container else ""), 80),
            _state(item),
            f"{item.first_seen:%Y-%m-%d %H:%M}",
            duration(((item.resolved_at or now) - item.first_seen).total_seconds()),
            str(item.attempts),
        ]
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    for item in items:
        for line in _details(item, page, now):
            _say(console, line)


def _state(item: Incident) -> str:
    said = _STATES.get(item.state, item.state)
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
        lines += _asked(item.request, now, verified=page.verified)
    if lines:
        yield ""
        where = f"{item.target} in {page.memory.namespace}"
        yield one_line(f"{where}: {item.summary or item.kind}")
        yield from lines


def _asked(request: ApprovalRequest, now: datetime, *, verified: bool) -> list[str]:
    """What waits for an approval, and the command that gives it.

    An editor of the memory could put the id of another request beside harmless words.
    """
    title, short = one_line(request.action.title), request.id[:_SHORT]
    if request.expires_at <= now:
        return [f"  Approval {short} to {title}: expired {request.expires_at:%Y-%m-%d %H:%M}."]
    return [
        f"  Waits until {request.expires_at:%Y-%m-%d %H:%M} for approval {short} to {title}:",
        f"    {approve_command(request.action.target, request.id)}"
        if verified
        else "    The report and Slack have the command: this memory is not verified.",
    ]


def _say(console: Console, line: str) -> None:
    """Never wrapped, so that a command can be copied whole."""
    console.print(line, markup=False, soft_wrap=True)
