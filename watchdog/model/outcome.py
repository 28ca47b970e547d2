"""How an action ended: one closed list for reports, memory, metrics and Events."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How an action ended; only `verified` counts as fixed."""

    APPLIED = "applied"
    VERIFIED = "verified"
    UNDONE = "undone"
    REFUSED = "refused"
    DRY_RUN = "dry_run"
    AWAITING_APPROVAL = "awaiting_approval"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """What became of the action, for people: `applied, not checked yet`, `not applied`."""
        return _WORDS[self]

    @property
    def was_sent(self) -> bool:
        """Whether a write reached the API server, or may have."""
        return self in _SENT


_WORDS = {
    Outcome.APPLIED: "applied, not checked yet",
    Outcome.VERIFIED: "applied",
    Outcome.UNDONE: "applied, then undone",
    Outcome.REFUSED: "not applied",
    Outcome.DRY_RUN: "would be applied",
    Outcome.AWAITING_APPROVAL: "waits for your approval",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "sent, no answer came back",
}
_SENT = frozenset(
    {Outcome.APPLIED, Outcome.VERIFIED, Outcome.UNDONE, Outcome.FAILED, Outcome.UNKNOWN}
)
