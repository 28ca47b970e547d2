"""Memories for tests: incidents with tries and messages, of ordinary length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from watchdog.actions import PatchDeploymentEnv
from watchdog.incidents.memory import Memory, StoredDiagnosis
from watchdog.model.diagnosis import Diagnosis, TokenUse
from watchdog.model.incident import ApprovalRequest, Attempt, Incident, Thread
from watchdog.model.outcome import Outcome
from watchdog.snapshot.refs import ObjectRef

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
NAMESPACE = "shop"
SECRET = "s3cr3t-value-7f"
EARLIER = timedelta(hours=1)


def action(name: str = "web", value: str | None = None, env: str = "REGION") -> PatchDeploymentEnv:
    return PatchDeploymentEnv(
        target=ref(name), container="main", name=env, value=SecretStr(value) if value else None
    )


def ref(name: str = "web", namespace: str = NAMESPACE) -> ObjectRef:
    return ObjectRef(kind="Deployment", namespace=namespace, name=name)


def one_try(number: int = 0, **more: Any) -> Attempt:
    given: dict[str, Any] = {
        "id": f"{number:016x}",
        "action": action(),
        "patch": "ab" * 32,
        "at": NOW - EARLIER,
        "outcome": Outcome.UNDONE,
        "reason": "pods of the new revision end with exit code 1: " + "REGION is not set. " * 6,
        "uid": "2b1b5b4e-9a1f-4c7e-8f0e-3c2b1a0d9e8f",
        "generation": 7,
        "revision": 6,
        "replicas": 3,
    }
    return Attempt(**{**given, **more})


def incident(number: int = 0, **more: Any) -> Incident:
    given: dict[str, Any] = {
        "fingerprint": f"{number:016x}",
        "kind": "missing_env",
        "target": ref(f"web-{number}"),
        "container": "main",
        "uid": "2b1b5b4e-9a1f-4c7e-8f0e-3c2b1a0d9e8f",
        "summary": "missing environment variable",
        "first_seen": NOW - 2 * EARLIER,
        "last_seen": NOW,
    }
    return Incident(**{**given, **more})


def tried(number: int = 0, **more: Any) -> Incident:
    """Three tries, a message, and a cool-down."""
    given: dict[str, Any] = {
        "attempts": 3,
        "tries": tuple(one_try(each) for each in range(3)),
        "quiet_until": NOW + EARLIER,
        "thread": Thread(channel="C0123456789", ts="1772359200.000100", shown="cd" * 32),
    }
    return incident(number, **{**given, **more})


def resolved(number: int, hours_ago: float) -> Incident:
    ended = NOW - timedelta(hours=hours_ago)
    return tried(
        number, state="resolved", resolved_at=ended, first_seen=ended - EARLIER, last_seen=ended
    )


def asked(**more: Any) -> ApprovalRequest:
    given: dict[str, Any] = {
        "id": "ef" * 8,
        "action": action(),
        "uid": "2b1b5b4e",
        "patch": "ab" * 32,
        "asked_at": NOW,
        "expires_at": NOW + timedelta(days=1),
    }
    return ApprovalRequest(**{**given, **more})


def diagnosed(*actions: PatchDeploymentEnv, words: str = "REGION is missing") -> StoredDiagnosis:
    diagnosis = Diagnosis(
        has_issue=True,
        summary=words,
        root_cause=words,
        evidence=("REGION: must be set",),
        remediation_actions=actions or (action(),),
        confidence=0.9,
        source="llm",
        model="m",
        tokens=TokenUse(prompt=900, completion=80, total=980),
    )
    return StoredDiagnosis(situation="12" * 32, at=NOW, diagnosis=diagnosis)


def memory(*incidents: Incident, **more: Any) -> Memory:
    return Memory(cluster="test", namespace=NAMESPACE, incidents=incidents, **more)
