"""Approvals by message or annotation: bound to one exact change of one object, and to a time. Pure.

The id of a request is a whole SHA-256 over the object with its namespace and uid, its state, the
action, what would be written, and when it was asked. An approval is an id; so an approval for
another object, another change, another state of the object or an expired request is another id,
whatever stands in memory. Besides, each field is compared. The state is the spec and not its
generation, as a Deployment's moves with its annotations too: to approve would undo the approval.

An approval is used once. The mark that a write leaves on the workload is younger than any request
that was asked before it, so those are burnt, whatever is put back into memory; of a Slack message,
the used ask says so from then on and approves nothing.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchdog.actions import Object, RemediationAction
from watchdog.incidents.attempt_history import ATTEMPTS, mark_of
from watchdog.incidents.transitions import full_digest
from watchdog.model.incident import ApprovalRequest
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.format import clean

APPROVE = "sre-watchdog/approve"
# What is longer is cut somewhere on its way to a person; half of Slack's limit of a code block.
_LONGEST_DIFF = 2400


@dataclass(frozen=True)
class Intent:
    """One exact write before it is made: its object as it is, and the hash of what is written.

    `id` names this very try; it is recorded, and written to the workload with the change. `reason`
    says why it needs an approval, where it does.
    """

    id: str
    action: RemediationAction
    owner: ObjectRef
    live: Object
    patch: str
    at: datetime
    reason: str = ""

    @property
    def uid(self) -> str:
        """The object's uid."""
        return str(self.live["metadata"]["uid"])

    @property
    def generation(self) -> int | None:
        """How often its spec was changed; None for what has no such number."""
        value = self.live["metadata"].get("generation")
        return value if isinstance(value, int) else None


@dataclass(frozen=True)
class Answer:
    """What became of asking for an approval: `by` says who gave it, empty while no one has."""

    request: str
    by: str = ""
    note: str = ""


def kept_out(
    asked: Iterable[ApprovalRequest],
    intent: Intent,
    plan: Iterable[RemediationAction],
    seconds: float,
    now: datetime,
) -> bool:
    """Whether another change of the workload was asked for, still runs and is still planned.

    `asked` are all requests about it. Two that were both asked for, by plans that differed, do not
    keep out one another.
    """
    running = {each.action.subject for each in asked if now < _end(each, seconds)}
    planned = {action.subject for action in plan}
    return intent.action.subject not in running and bool(running & planned)


def request_for(
    intent: Intent, before: ApprovalRequest | None, seconds: float, now: datetime
) -> tuple[ApprovalRequest, str]:
    """The request for this change, and what to say about the one before it.

    That is the one that is open already, where it is for the same and still runs.
    """
    note = ""
    if before is not None:
        if not _is_for(before, intent):
            note = f"the request {before.id[:12]} no longer holds: the situation is another one"
        elif _burnt(before, intent):
            note = f"the request {before.id[:12]} no longer holds: it was changed since"
        elif now < _end(before, seconds):
            return before, ""
        else:
            note = f"the request {before.id[:12]} has expired"
    asked_at = now.replace(microsecond=0)
    request = ApprovalRequest(
        id=_id(intent, asked_at),
        action=without_value(intent.action),
        uid=intent.uid,
        generation=intent.generation,
        state=_state(intent),
        patch=intent.patch,
        reason=intent.reason[:500],
        asked_at=asked_at,
        expires_at=asked_at + timedelta(seconds=seconds),
    )
    return request, note


def answered(request: ApprovalRequest, intent: Intent, slack: Mapping[str, str]) -> Answer:
    """Whether the request was approved, by the annotation on the object or by a Slack user id."""
    held = str((intent.live["metadata"].get("annotations") or {}).get(APPROVE, "")).strip()
    if held == request.id:
        return Answer(request.id, "approved by annotation")
    if request.id in slack:
        return Answer(request.id, f"approved by {slack[request.id]} in Slack")
    # Never how to approve it: that stands beside the whole change alone, and a reason everywhere.
    note = "the approval on it is not for this change, or has expired" if held else ""
    return Answer(request.id, "", note)


def without_value(action: RemediationAction) -> RemediationAction:
    """The action as it may be remembered."""
    held = "value" in type(action).model_fields
    return action.model_copy(update={"value": None}) if held else action


def _end(request: ApprovalRequest, seconds: float) -> datetime:
    """When it expires; sooner than it says where the setting was shortened since."""
    return min(request.expires_at, request.asked_at + timedelta(seconds=seconds))


def shown_whole(diff: str) -> bool:
    """Whether every view that asks for an approval has room for all of it."""
    # As Slack shows it, which counts UTF-16: a tab becomes two spaces.
    escaped = html.escape(clean(diff), quote=False)
    return len(escaped.encode("utf-16-le")) // 2 <= _LONGEST_DIFF


def _is_for(request: ApprovalRequest, intent: Intent) -> bool:
    """Whether it was asked about this very write; each field, and the id over all of them."""
    asked, wanted = (
        (each.target.namespace, each.target, each)
        for each in (request.action, without_value(intent.action))
    )
    return (
        asked == wanted
        and request.uid == intent.uid
        and request.state == _state(intent)
        and request.patch == intent.patch
        and request.id == _id(intent, request.asked_at)
    )


def _burnt(request: ApprovalRequest, intent: Intent) -> bool:
    """Whether the object carries the mark of a write that is younger than the request."""
    mark = mark_of((intent.live["metadata"].get("annotations") or {}).get(ATTEMPTS))
    return mark is not None and mark.at > request.asked_at


def _state(intent: Intent) -> str:
    live = intent.live
    return full_digest(json.dumps([live.get("spec"), live.get("data")], sort_keys=True))


def _id(intent: Intent, asked_at: datetime) -> str:
    action = without_value(intent.action)
    return full_digest(
        action.target.namespace, action.target, intent.uid, _state(intent), intent.patch,
        action.model_dump_json(), asked_at.isoformat(),
    )  # fmt: skip
