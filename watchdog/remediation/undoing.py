"""The way back: our own write is taken back, and one that an earlier pass began is recognised."""

from __future__ import annotations

from dataclasses import replace

from watchdog.actions import Material, Object, Operations, RolloutUndo
from watchdog.errors import ClusterError, NotFoundError
from watchdog.incidents.incident import Try
from watchdog.incidents.past import ATTEMPTS, mark_of
from watchdog.nouns import ActionResult, Outcome
from watchdog.observation.snapshot import ObjectRef
from watchdog.remediation.operations import applied
from watchdog.remediation.permission import Applied, Attempt, Permission
from watchdog.remediation.policy import judge_undo
from watchdog.remediation.replicasets import owned_by, revision
from watchdog.remediation.sending import Cluster, generation, preview, read, send, written_part
from watchdog.remediation.verdict import Context, Write


def undo(attempt: Attempt, cluster: Cluster, permission: Permission) -> ActionResult:
    """Take our own write back, unless somebody changed the object since: UNDONE or FAILED."""
    result, done = attempt.result, attempt.applied
    if done is None or done.generation is None or not done.back:
        return _ended(result, Outcome.FAILED, "it cannot be taken back")
    action = result.action
    try:
        live = read(cluster, action)
        same = live["metadata"]["uid"] == done.before["metadata"]["uid"]
        # Not by the generation: an autoscaler that sets the replicas moves that too.
        if not same or written_part(action, live) != done.left:
            return _ended(result, Outcome.FAILED, "somebody changed it since, so it was not undone")
        write = Write(live, applied(live, done.back), Material(None, "none", ""))
        verdict = judge_undo(action, replace(done.context, write=write))
        if verdict.decision == "refuse":
            return _ended(result, Outcome.FAILED, f"not undone: {verdict.reason}")
        preview(cluster, action, live, done.back)
        permission.still_ours()
        sent = send(cluster, action, live, done.back)
    except (ClusterError, LookupError) as error:
        return _ended(result, Outcome.FAILED, f"could not be undone: {error}")
    if sent.outcome is Outcome.APPLIED:
        return _ended(result, Outcome.UNDONE, "it is as it was before").model_copy(
            update={"undo": None}
        )
    return _ended(result, Outcome.FAILED, f"could not be undone: {sent.reason}")


def recall(begun: Try, owner: ObjectRef, context: Context, cluster: Cluster) -> Attempt | None:
    """What became of a write that an earlier pass recorded and did not live to settle.

    `owner` is the workload that it was meant to heal.

    None where it never reached the cluster, or where somebody changed the object instead. Raises
    ClusterError where that cannot be read.
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
    untouched = begun.generation is not None and generation(live) == begun.generation + 1
    done = Applied(
        before={"metadata": {"uid": begun.uid}},
        back=_back(begun, live, cluster) if untouched else [],
        owner=owner,
        context=context,
        generation=generation(live),
        left=written_part(action, live),
    )
    result = ActionResult(
        action=action, outcome=Outcome.APPLIED, source="an earlier pass", reason=begun.reason
    )
    return Attempt(result, done, id=begun.id)


def _arrived(begun: Try, live: Object) -> bool:
    """Whether the object carries what the try would have written."""
    action, metadata = begun.action, live["metadata"]
    if action.target_kind == "Pod":
        return metadata["uid"] != begun.uid or bool(metadata.get("deletionTimestamp"))
    if metadata["uid"] != begun.uid:
        return False
    if action.subresource == "scale":
        moved = generation(live) != begun.generation
        return moved and live["spec"].get("replicas") == action.suggested(live)
    mark = mark_of((metadata.get("annotations") or {}).get(ATTEMPTS))
    return mark is not None and mark.id == begun.id


def _back(begun: Try, live: Object, cluster: Cluster) -> Operations:
    """How to return to what was before, from references alone: a revision, a number."""
    action = begun.action
    if action.subresource == "scale" and begun.replicas is not None:
        return [{"op": "replace", "path": "/spec/replicas", "value": begun.replicas}]
    if not action.changes_template or begun.revision is None:
        return []
    undoing = RolloutUndo(target=action.target, to_revision=begun.revision)
    for item in owned_by(cluster, live):
        if revision(item) == begun.revision:
            return undoing.operations(live, undoing.restored(live, item["spec"]["template"]))
    return []


def _ended(result: ActionResult, outcome: Outcome, reason: str) -> ActionResult:
    return result.model_copy(update={"outcome": outcome, "reason": reason})
