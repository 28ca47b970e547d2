"""The way back: our own write is taken back, and one that an earlier pass began is recognised."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from watchdog.actions import Object, Operations, ProposedValue, RemediationAction, RolloutUndo
from watchdog.errors import ClusterError, ForbiddenError, NotFoundError, RejectedError
from watchdog.incidents.attempt_history import ATTEMPTS, Mark, mark_of
from watchdog.kube.ports import Writer
from watchdog.model.incident import Attempt
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.policy.policy import judge_undo
from watchdog.policy.retries import CHANGED_SINCE
from watchdog.policy.verdict import Context, Write
from watchdog.remediation.json_patch import applied, part_hash
from watchdog.remediation.permission import Applied, Permission, Tried
from watchdog.remediation.replicasets import owned_by, revision
from watchdog.remediation.write import generation, preview, read, send, written_part
from watchdog.snapshot.refs import ObjectRef

_CLOCKS_DIFFER = timedelta(minutes=5)
_UNDONE_WITHIN = timedelta(hours=1)  # a pass that goes on with another follows within minutes


def undo(attempt: Tried, cluster: Writer, permission: Permission) -> ActionResult:
    """Take our own write back, unless someone changed the object since: UNDONE or FAILED.

    Where it cannot be done now but may be later, it stays APPLIED: the next pass goes on.
    """
    result, done = attempt.result, attempt.applied
    if done is None or done.generation is None or not done.back:
        return _ended(result, Outcome.FAILED, "it cannot be taken back")
    action = result.action
    try:
        live = read(cluster, action)
        same = live["metadata"]["uid"] == done.before["metadata"]["uid"]
        # Not by the generation: an autoscaler that sets the replicas moves that too.
        if not same or written_part(action, live) != done.left:
            left = _ended(result, Outcome.FAILED, "someone changed it since, so it was not undone")
            return left.model_copy(update={"rule": CHANGED_SINCE})
        write = Write(live, applied(live, done.back), ProposedValue(None, "none", ""))
        verdict = judge_undo(action, replace(done.context, write=write))
        if verdict.decision == "refuse":
            passes = verdict.rule == "paused"
            kept = Outcome.APPLIED if passes else Outcome.FAILED
            return _ended(result, kept, f"not undone: {verdict.reason}")
        preview(cluster, action, live, done.back)
        permission.may_write()
        sent = send(cluster, action, live, done.back)
    except (NotFoundError, RejectedError, ForbiddenError, LookupError) as error:
        return _ended(result, Outcome.FAILED, f"could not be undone: {error}")
    except ClusterError as error:
        return _ended(result, Outcome.APPLIED, f"could not be undone yet: {error}")
    if sent.outcome is Outcome.APPLIED:
        return _ended(result, Outcome.UNDONE, "it is as it was before").model_copy(
            update={"undo": None}
        )
    kept = Outcome.APPLIED if sent.outcome is Outcome.UNKNOWN else Outcome.FAILED
    return _ended(result, kept, f"could not be undone: {sent.reason}")


def recall(
    begun: Attempt, owner: ObjectRef, context: Context, cluster: Writer, now: datetime
) -> Tried | None:
    """What became of a write that an earlier pass recorded and did not live to settle.

    `owner` is the workload that it was meant to heal. None where it never reached the cluster; an
    attempt without `applied` where someone changed the object since. How to take it back is read
    from the mark on the workload, never from memory: a ConfigMap that was edited makes nothing be
    written. Raises ClusterError where it cannot be read.
    """
    action = begun.action
    try:
        live = read(cluster, action)
    except NotFoundError:
        if action.target_kind != "Pod":
            return None
        live = {"metadata": {"uid": ""}, "spec": {}}
    if not _arrived(begun, live):
        return None
    result = ActionResult(
        action=action, outcome=Outcome.APPLIED, source="an earlier pass", reason=begun.reason
    )
    part = written_part(action, live)
    mark = _mark(live)
    if mark is not None and mark.left and mark.left != part_hash(part):
        gone = "it was changed again since, so it is not known whether it would have helped"
        return Tried(_ended(result, Outcome.FAILED, gone), id=begun.id)
    fresh = mark is not None and timedelta(0) <= now - mark.at + _CLOCKS_DIFFER <= _UNDONE_WITHIN
    done = Applied(
        before={"metadata": {"uid": begun.uid}},
        back=_back(action, mark, live, cluster) if mark and fresh else [],
        owner=owner,
        context=context,
        generation=generation(live),
        left=part,
    )
    return Tried(result, done, id=begun.id)


def _arrived(begun: Attempt, live: Object) -> bool:
    """Whether the object carries what the try would have written."""
    action, metadata = begun.action, live["metadata"]
    if action.target_kind == "Pod":
        return metadata["uid"] != begun.uid or bool(metadata.get("deletionTimestamp"))
    if metadata["uid"] != begun.uid:
        return False
    if action.subresource == "scale":
        moved = generation(live) != begun.generation
        return moved and live["spec"].get("replicas") == action.suggested(live)
    mark = _mark(live)
    return mark is not None and mark.id == begun.id


def _mark(live: Object) -> Mark | None:
    return mark_of((live["metadata"].get("annotations") or {}).get(ATTEMPTS))


def _back(action: RemediationAction, mark: Mark, live: Object, cluster: Writer) -> Operations:
    """How to return to the revision before; what carries no mark is left to a person."""
    if not action.changes_template or mark.revision is None or not mark.left:
        return []
    undoing = RolloutUndo(target=action.target, to_revision=mark.revision)
    for item in owned_by(cluster, live):
        if revision(item) == mark.revision:
            return undoing.operations(live, undoing.restored(live, item["spec"]["template"]))
    return []


def _ended(result: ActionResult, outcome: Outcome, reason: str) -> ActionResult:
    return result.model_copy(update={"outcome": outcome, "reason": reason})
