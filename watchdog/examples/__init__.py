"""What shows a failure kind at work: a drill that causes it, and snapshots with what to find.

One file for each kind, of the kind's name, with `DRILL` and `examples()`. The image has none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal

from watchdog.snapshot.snapshot import ClusterSnapshot


@dataclass(frozen=True)
class Drill:
    """A small manifest (busybox images) that causes the failure in an empty namespace.

    `before` is applied first and must become available; `manifest` then breaks it. `ends` says what
    a pass without a model makes of it: `healed`, or `advice` for a human. `settle` names what shows
    that it has failed. `observe`, `watch` and `grace` are settings of those groups without which it
    is not looked for, or not within minutes.
    """

    manifest: str
    before: str | None = None
    ends: Literal["healed", "advice"] = "advice"
    settle: str = "crash"
    observe: Mapping[str, int] = field(default_factory=dict)
    watch: Mapping[str, str] = field(default_factory=dict)
    grace: Mapping[str, float] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, dict[str, float | str]]:
        """The settings that it needs, by group."""
        return {
            "observe": dict(self.observe),
            "watch": dict(self.watch),
            "grace": dict(self.grace),
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same as environment variables: `SRE_AGENT_GRACE__PENDING_SECONDS`."""
        return {
            f"SRE_AGENT_{group}__{name}".upper(): str(value)
            for group, values in self.settings.items()
            for name, value in values.items()
        }


@dataclass(frozen=True)
class Example:
    """A snapshot with the target that the kind must claim in it, or None if it must stay silent."""

    name: str
    snapshot: ClusterSnapshot
    claims: str | None
    action: str | None = None


def drill_of(kind: str) -> Drill:
    """The drill of the failure kind of that name; raises ModuleNotFoundError if it has no file."""
    drill: Drill = import_module(f"watchdog.examples.{kind}").DRILL
    return drill


def examples_of(kind: str) -> tuple[Example, ...]:
    """The examples of a kind; raises ModuleNotFoundError if it has no file."""
    examples: tuple[Example, ...] = import_module(f"watchdog.examples.{kind}").examples()
    return examples
