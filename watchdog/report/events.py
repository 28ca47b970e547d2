"""Report -> Kubernetes Events: each write leaves a trace where `kubectl describe` shows it. Pure.

The bodies are events.k8s.io/v1; anyone who holds the writer creates them, best effort.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from watchdog.kube.resources import BY_KIND
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult, NamespaceReport
from watchdog.report.wording import titled
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.format import one_line, shorten

CONTROLLER = "sre-watchdog"
_NOTE_BYTES = 1024
_LABEL_CHARS = 128
_REASONS = {
    Outcome.APPLIED: ("FixApplied", "Normal"),
    Outcome.VERIFIED: ("FixVerified", "Normal"),
    Outcome.UNDONE: ("FixUndone", "Warning"),
    Outcome.FAILED: ("FixFailed", "Warning"),
    Outcome.UNKNOWN: ("FixUnanswered", "Warning"),
}


def events(
    item: NamespaceReport, at: datetime, instance: str, uids: Mapping[ObjectRef, str] | None = None
) -> list[dict[str, Any]]:
    """One Event body for each write that was sent; refusals and dry runs leave none.

    `instance` is the name of this watchdog's pod or host. `uids` gives the targets' uids: without
    one, `kubectl describe` does not find the event.
    """
    written = [result for result in item.actions if result.outcome.was_sent]
    return [
        _event(result, at, instance, (uids or {}).get(result.action.target)) for result in written
    ]


def _event(result: ActionResult, at: datetime, instance: str, uid: str | None) -> dict[str, Any]:
    target = result.action.target
    reason, type_ = _REASONS[result.outcome]
    resource = BY_KIND.get(target.kind)
    version = (
        "/".join(part for part in (resource.group, resource.version) if part) if resource else ""
    )
    regarding = {"kind": target.kind, "namespace": target.namespace, "name": target.name}
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "generateName": target.name[:200].rstrip(".-") + "-",
            "namespace": target.namespace,
        },
        "eventTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingController": CONTROLLER,
        "reportingInstance": instance[:_LABEL_CHARS] or CONTROLLER,
        "action": result.action.kind[:_LABEL_CHARS],
        "reason": reason,
        "type": type_,
        "note": _within(_note(result), _NOTE_BYTES),
        "regarding": regarding
        | ({"apiVersion": version} if version else {})
        | ({"uid": uid} if uid else {}),
    }


def _note(result: ActionResult) -> str:
    """What was done, what was seen, and how to take it back."""
    parts = [f"{titled(result)}: {result.outcome.value}", result.reason]
    if result.verification:
        parts.append(result.verification.summary or "; ".join(result.verification.problems))
    parts.append(f"Undo: {result.undo}" if result.undo else "")
    return one_line(". ".join(part.rstrip(".") for part in parts if part), 1000)


def _within(text: str, size: int) -> str:
    """At most `size` bytes, whole characters only."""
    while len(text.encode()) > size:
        text = shorten(text, len(text) - max(1, (len(text.encode()) - size) // 4))
    return text
