"""What a watchdog must not have done or said during releases, and what it must not have missed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.support.release import Release
from watchdog.model.outcome import Outcome
from watchdog.model.report import NamespaceReport

_WRITTEN = {Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNDONE, Outcome.UNKNOWN}
FREE: dict[str, Any] = {
    "max_remediation_attempts": 10,
    "limits": {"actions_per_hour": 1000, "breaker_share": 1},
}
"""Settings under which nothing but blame holds a write back."""


class Seen(NamedTuple):
    """What became of a release: what was said of it, what was written or not, its version now."""

    told: tuple[str, ...]
    written: tuple[str, ...]
    withheld: tuple[str, ...]
    version: str
    generation: int

    def wrong(self, release: Release) -> str | None:
        """Why this is wrong; None if it is right."""
        if release.good:
            wrote = self.version != release.ends_as or self.generation != 1 + release.writes
            if self.written or wrote or (self.told and not release.told):
                return f"{release.name} ({release.sort}): {self}"
        elif self.version == release.ends_as and not self.told:
            return f"{release.name} ({release.sort}): neither undone nor told"
        return None


def seen(release: Release, live: dict[str, Any], said: Iterable[NamespaceReport]) -> Seen:
    """Read off the workload and off all passes what became of a release."""
    told: dict[str, str] = {}
    written: list[str] = []
    passes = tuple(said)
    for part in passes:
        for found in part.findings:
            if _is(found.target, release):
                told.setdefault(
                    found.kind, f"{found.kind}: {'; '.join(map(str, found.evidence[:2]))}"
                )
        written += [
            f"{result.action.kind} {result.outcome}"
            for result in part.actions
            if _is(result.action.target, release) and result.outcome in _WRITTEN
        ]
    withheld = dict.fromkeys(
        f"{result.action.kind} {result.outcome}: {result.reason}"
        for part in passes
        for result in part.actions
        if _is(result.action.target, release) and result.outcome not in _WRITTEN
    )
    environment = live["spec"]["template"]["spec"]["containers"][0]["env"]
    version = environment[0]["value"]
    return Seen(
        tuple(told.values()),
        tuple(written),
        tuple(withheld),
        version,
        live["metadata"]["generation"],
    )


def _is(target: Any, release: Release) -> bool:
    name = target.name
    return bool(name == release.name or name.startswith(f"{release.name}-"))
