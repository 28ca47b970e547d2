"""Incidents and memories for tests: one Deployment that misses a variable, in every state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.report_samples import STARTED, ref
from watchdog.actions import PatchDeploymentEnv, RolloutUndo
from watchdog.incidents.memory import Memory
from watchdog.model.incident import ApprovalRequest, Attempt, Incident
from watchdog.model.outcome import Outcome

MARK = "0123456789abcdef" * 2


def attempt(outcome: Outcome | None = Outcome.UNDONE, **changes: Any) -> Attempt:
    values: dict[str, Any] = {
        "id": "a1",
        "action": PatchDeploymentEnv(target=ref(), container="main", name="LEDGER_REGION"),
        "patch": "b2",
        "at": STARTED - timedelta(minutes=8),
        "outcome": outcome,
        "reason": "0 of 2 pods ready" if outcome is Outcome.UNDONE else "",
    }
    return Attempt(**{**values, **changes})


def request(**changes: Any) -> ApprovalRequest:
    values: dict[str, Any] = {
        "id": "5f6e7d8c9b0a",
        "action": RolloutUndo(target=ref(), to_revision=6),
        "uid": "u-1",
        "patch": "c3",
        "asked_at": STARTED,
        "expires_at": STARTED + timedelta(days=1),
    }
    return ApprovalRequest(**{**values, **changes})


def incident(**changes: Any) -> Incident:
    values: dict[str, Any] = {
        "fingerprint": MARK,
        "kind": "missing_env",
        "target": ref(),
        "container": "main",
        "uid": "u-1",
        "summary": "missing environment variable",
        "first_seen": STARTED - timedelta(minutes=12),
        "last_seen": STARTED,
        "state": "needs_you",
    }
    return Incident(**{**values, **changes})


def memory(*incidents: Incident, **changes: Any) -> Memory:
    values: dict[str, Any] = {"cluster": "prod-eu", "namespace": "shop", "incidents": incidents}
    return Memory(**{**values, **changes})
