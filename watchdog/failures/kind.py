"""The form that each failure kind fills in. One kind, one file beside this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from watchdog.actions import RemediationAction
from watchdog.nouns import Finding
from watchdog.observation.snapshot import ClusterSnapshot


@dataclass(frozen=True)
class Advice:
    """What a person has to do, and the one command for it, made from typed fields."""

    text: str
    command: str | None = None


@dataclass(frozen=True)
class Drill:
    """A small manifest (busybox images) that causes the failure in an empty namespace.

    `before` is applied first and must become available; `manifest` then breaks it. `ends` says what
    a pass without a model makes of it: `healed`, or `advice` for a human. `settle` names what shows
    that it has failed. `observe` are settings of that group without which it is not looked for.
    """

    manifest: str
    before: str | None = None
    ends: Literal["healed", "advice"] = "advice"
    settle: str = "crash"
    observe: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """A snapshot with the target that the kind must claim in it, or None if it must stay silent."""

    name: str
    snapshot: ClusterSnapshot
    claims: str | None
    action: str | None = None


@dataclass(frozen=True)
class FailureKind:
    """One way in which a workload fails.

    `detect` is pure: snapshot in, findings out, each on an owner. `explain` says the root cause in
    the words of an on-call engineer, without a model. `advise` says what a person has to do. `fix`
    is pure too: it proposes one action, or None where nothing mechanical repairs it. `actions` are
    the action kinds that a model may propose for it, besides custom_instruction. `hint` tells
    the model what to look at.
    """

    name: str
    summary: str
    detect: Callable[[ClusterSnapshot], Iterable[Finding]]
    explain: Callable[[Finding, ClusterSnapshot], str]
    advise: Callable[[Finding, ClusterSnapshot], Advice]
    hint: str
    drill: Drill
    examples: Callable[[], tuple[Example, ...]]
    fix: Callable[[Finding, ClusterSnapshot], RemediationAction | None] = (
        lambda _finding, _snapshot: None
    )
    actions: tuple[str, ...] = ()
