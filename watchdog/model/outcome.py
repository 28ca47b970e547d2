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
