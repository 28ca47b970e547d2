"""The form that each failure kind fills in: one file of `watchdog/failures/` each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from watchdog.actions import RemediationAction
from watchdog.model.diagnosis import Finding
from watchdog.snapshot.snapshot import ClusterSnapshot

TRIED = "tried"
"""A fact in what `advise` gets: the title of the kind's own fix, if that did not help before."""


@dataclass(frozen=True)
class Advice:
    """What a person has to do, and the one command for it, made from typed fields."""

    text: str
    command: str | None = None


@dataclass(frozen=True)
class FailureKind:
    """One way in which a workload fails.

    `detect` is pure: snapshot in, findings out, each on an owner. `explain` says the root cause in
    the words of an on-call engineer, without a model. `advise` says what a person has to do. `fix`
    is pure too: it proposes one action, or None where nothing mechanical repairs it. `actions` are
    the action kinds that a model may propose for it, besides custom_instruction. `hint` tells
    the model what to look at. A drill and examples of it are in `watchdog/examples/`.
    """

    name: str
    summary: str
    detect: Callable[[ClusterSnapshot], Iterable[Finding]]
    explain: Callable[[Finding, ClusterSnapshot], str]
    advise: Callable[[Finding, ClusterSnapshot], Advice]
    hint: str
    fix: Callable[[Finding, ClusterSnapshot], RemediationAction | None] = (
        lambda _finding, _snapshot: None
    )
    actions: tuple[str, ...] = ()
