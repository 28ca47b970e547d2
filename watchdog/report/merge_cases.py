"""Cases with a common cause told as one: the first in full, the others as its parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from watchdog.text.format import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from watchdog.report.case import Case, Step

_WORST_FIRST = ("needs you", "broken", "fixing", "would fix", "fixed")
_SEVERAL = 3


def together(cases: Iterable[Case]) -> tuple[Case, ...]:
    """One case for each problem, in order; a case that shares no cause stays as it is."""
    groups: dict[object, list[Case]] = {}
    for case in cases:
        cause = case.finding.cause
        groups.setdefault(cause.what if cause else id(case), []).append(case)
    return tuple(_merged(group) for group in groups.values())


def _merged(cases: list[Case]) -> Case:
    first, *others = cases
    if not others:
        return first
    todo = {
        (item.text, item.approval): item
        for case in cases
        for item in (case.to_do if _asks(case, first) else ())
    }
    return replace(
        first,
        status=min((c.status for c in cases if _asks(c, first)), key=_WORST_FIRST.index),
        also=tuple(_part(case) for case in others),
        others=tuple(case.finding for case in others),
        steps=tuple(_named(step, case) for case in cases for step in case.steps),
        # Each that is to be approved has a command of its own.
        to_do=tuple(t for at, t in enumerate(todo.values()) if at < _SEVERAL or t.approval),
        undo=tuple(command for case in cases for command in case.undo),
        for_git=tuple(dict.fromkeys(change for case in cases for change in case.for_git)),
        first_seen=min((c.first_seen for c in cases if c.first_seen), default=None),
        attempts=sum(case.attempts for case in cases),
    )


def _asks(case: Case, first: Case) -> bool:
    """Whether the case has something to do of its own: what suffers from the first has not."""
    return case is first or not case.finding.suffers or bool(case.steps)


def _part(case: Case) -> str:
    impact = f", {case.finding.impact}" if case.finding.impact else ""
    return one_line(f"{case.target}: {case.summary}{impact}")


def _named(step: Step, case: Case) -> Step:
    return replace(step, title=f"{case.target}: {step.title}")
