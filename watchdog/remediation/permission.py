"""What remediation may do, what it asks a person, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from watchdog.actions import Object, Operations, RemediationAction
from watchdog.incidents.approvals import Answer, Intent
from watchdog.incidents.attempt_history import Past
from watchdog.model.lasting import LastingChange
from watchdog.model.report import ActionResult
from watchdog.policy.verdict import Context, Verdict
from watchdog.settings.schema import Settings
from watchdog.snapshot.refs import ObjectRef


@dataclass(frozen=True)
class Proposal:
    """A change as a person is asked about it. `approval` says why it needs one, if it does.

    `lasting` is the same for Git.
    """

    action: RemediationAction
    diff: str
    source: str
    approval: str | None = None
    lasting: LastingChange | None = None


@dataclass(frozen=True)
class Permission:
    """What remediation may do in this namespace and pass.

    `legal` gives the action kinds that each failure kind allows. `consent` shows a change to a
    person and asks; None where no one can be asked. `asks_first`: ask even for what is automatic.
    `may_write` is called right before every write and raises where the pass may not write.
    `write_blocked_reason` is why nothing may be written at all. `past` tells what was tried on a
    workload before, `begin` records a write before it is sent (what cannot be recorded is not
    done), and `request` asks for an approval by message or annotation, if consent cannot be asked
    for at once; it receives what of the plan may still be made, and gives None if that was asked
    for before. `blocked` says why nothing may be changed just now; it is asked last, as it asks
    others. `plan`
    is all that is proposed, also what waits for an approval already. `changed_by_others` are the
    workloads that someone changed while this pass watched them.
    """

    settings: Settings
    attempts_left: int
    dry_run: bool
    legal: Mapping[str, Collection[str]]
    consent: Callable[[Proposal], bool] | None = None
    asks_first: bool = False
    may_write: Callable[[], None] = lambda: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    write_blocked_reason: Verdict | None = None
    past: Mapping[ObjectRef, Past] = field(default_factory=dict)
    begin: Callable[[Intent], None] | None = None
    request: Callable[[Intent, Sequence[RemediationAction]], Answer | None] | None = None
    blocked: Callable[[], Verdict | None] | None = None
    plan: tuple[RemediationAction, ...] = ()
    changed_by_others: Collection[ObjectRef] = ()


@dataclass(frozen=True)
class Applied:
    """What has to be known to watch a write and to take it back; kept in this process only.

    `owner` is the workload to watch. `generation` is that of the object after our write, None
    where it is not known whether it arrived. `back` turns the write round, `left` is what we left
    behind: while it is like that, no one changed it since.
    """

    before: Object
    back: Operations
    owner: ObjectRef
    context: Context
    generation: int | None = None
    left: Any = None


@dataclass(frozen=True)
class Tried:
    """One action's result, and what it takes to follow it up. `counts`: it used up an attempt.

    `id` is that of the recorded try, empty where nothing was sent.
    """

    result: ActionResult
    applied: Applied | None = None
    counts: bool = False
    id: str = ""
