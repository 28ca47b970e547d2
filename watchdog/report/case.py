"""What the views show: chapters (namespaces), cases (problems), steps (actions), in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from watchdog.model.diagnosis import Finding
from watchdog.model.outcome import Outcome
from watchdog.report.next_steps import ToDo
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.format import one_line

Status = Literal["broken", "fixing", "fixed", "needs you", "would fix"]


def place_and_name(target: ObjectRef) -> str:
    """What messages call an object: with its kind if that is none that most problems are about."""
    kind = "" if target.kind == "Deployment" else f" ({target.kind})"
    place = "" if target.kind == "Namespace" else f"{target.namespace}/"
    return one_line(f"{place}{target.name}{kind}")


@dataclass(frozen=True)
class Step:
    """One action in words. `healthy` is None where nothing was watched; `check` says what."""

    title: str
    outcome: Outcome
    done: str
    reason: str = ""
    diff: tuple[str, ...] = ()
    healthy: bool | None = None
    check: str = ""
    undo: str | None = None


@dataclass(frozen=True)
class ForGit:
    """A change as the one who owns the object makes it: where, a chart's values, the patch."""

    where: str
    values: tuple[str, ...]
    patch: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One problem and everything that belongs to it, in words.

    `finding` is the one that leads; `also` names the others that have the same cause, `others` are
    their findings.
    """

    finding: Finding
    namespace: str
    status: Status
    summary: str
    severity: str
    why: str
    model_says: str
    changed: str
    evidence: tuple[str, ...]
    steps: tuple[Step, ...]
    to_do: tuple[ToDo, ...]
    undo: tuple[str, ...]
    first_seen: datetime | None
    attempts: int
    for_git: tuple[ForGit, ...] = ()
    also: tuple[str, ...] = ()
    others: tuple[Finding, ...] = ()

    @property
    def left(self) -> tuple[ToDo, ...]:
        """What is to do, for a view that shows all steps with their diffs."""
        shown = {step.diff for step in self.steps}
        return tuple(item.beside(shown) for item in self.to_do)

    @property
    def target(self) -> str:
        """`Deployment/ledger`."""
        return one_line(str(self.finding.target))

    @property
    def name(self) -> str:
        """`shop/ledger`, `shop/db (StatefulSet)`."""
        return place_and_name(self.finding.target)


@dataclass(frozen=True)
class Chapter:
    """One namespace. `state` is `healthy`, `sick`, `partly seen` (nothing found, not all read),
    `unseen` or `gone` (it does not exist any more); `others` are steps about nothing that is broken
    here, below what they are; `notes` are whole sentences about what could not be read and where
    sources differ.
    """

    namespace: str
    state: Literal["healthy", "sick", "partly seen", "unseen", "gone"]
    place: str
    objects: str
    cases: tuple[Case, ...]
    others: tuple[tuple[str, tuple[Step, ...]], ...]
    notes: tuple[str, ...]
