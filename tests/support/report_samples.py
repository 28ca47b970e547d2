"""Reports for the tests of the views: one Deployment that misses a variable, in every state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from watchdog.actions import PatchDeploymentEnv
from watchdog.model.diagnosis import Diagnosis, Explanation, Finding, Impact, TokenUse
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult, NamespaceReport, Report, TargetHealth
from watchdog.snapshot.refs import ObjectRef

STARTED = datetime(2026, 11, 22, 14, 15, tzinfo=UTC)
UNDO = "kubectl -n shop rollout undo deployment/ledger --to-revision=7"
BY_HAND = "kubectl -n shop set env deployment/ledger -c main LEDGER_REGION=VALUE"


def ref(name: str = "ledger", namespace: str = "shop") -> ObjectRef:
    return ObjectRef(kind="Deployment", namespace=namespace, name=name)


def finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "kind": "missing_env",
        "target": ref(),
        "container": "main",
        "summary": "missing environment variable",
        "impact": Impact(ready=0, wanted=2),
        "evidence": (
            'log ledger-7d9f-x2k4p/main: "fatal: setting LEDGER_REGION must not be empty"',
            "event BackOff ×14: restarting failed container main",
        ),
        "since": STARTED - timedelta(minutes=12),
        "pods": ("ledger-7d9f-x2k4p",),
        "facts": {"variable": "LEDGER_REGION"},
    }
    return Finding(**{**values, **changes})


def explanation(**changes: Any) -> Explanation:
    values: dict[str, Any] = {
        "kind": "missing_env",
        "target": ref(),
        "why": "The container exits at start because LEDGER_REGION is not set.",
        "changed": "Revision 7 (12 min ago) removed env LEDGER_REGION.",
        "to_do": "Set LEDGER_REGION on the container.",
        "command": BY_HAND,
    }
    return Explanation(**{**values, **changes})


def diagnosis(**changes: Any) -> Diagnosis:
    values: dict[str, Any] = {
        "has_issue": True,
        "root_cause": "LEDGER_REGION is gone.",
        "confidence": 0.93,
        "source": "llm",
        "model": "gpt-5-mini",
        "tokens": TokenUse(prompt=700, completion=112, total=812),
        "explanations": (explanation(),),
    }
    return Diagnosis(**{**values, **changes})


def rules_diagnosis(**changes: Any) -> Diagnosis:
    return diagnosis(source="rules", model=None, confidence=None, tokens=None, **changes)


def fix(outcome: Outcome = Outcome.VERIFIED, **changes: Any) -> ActionResult:
    values: dict[str, Any] = {
        "action": PatchDeploymentEnv(target=ref(), container="main", name="LEDGER_REGION"),
        "outcome": outcome,
        "diff": "+ - name: LEDGER_REGION\n+   value: (as in revision 6)",
        "source": "revision 6",
    }
    if outcome is Outcome.VERIFIED:
        values["undo"] = UNDO
        values["verification"] = TargetHealth(
            healthy=True,
            summary="revision 8 has 2 of 2 pods ready, stable for 20 s",
            waited_seconds=31,
        )
    return ActionResult(**{**values, **changes})


def namespace(**changes: Any) -> NamespaceReport:
    values: dict[str, Any] = {
        "namespace": "shop",
        "objects": {"pods": 14, "deployments": 5, "services": 3},
        "findings": (finding(),),
        "diagnosis": diagnosis(),
        "actions": (fix(),),
    }
    return NamespaceReport(**{**values, **changes})


def report(*namespaces: NamespaceReport, **changes: Any) -> Report:
    values: dict[str, Any] = {
        "cluster": "prod-eu",
        "started_at": STARTED,
        "duration_seconds": 48.0,
        "namespaces": namespaces or (namespace(),),
    }
    return Report(**{**values, **changes})


def healthy() -> Report:
    return report(NamespaceReport(namespace="shop", objects={"pods": 14, "deployments": 5}))
