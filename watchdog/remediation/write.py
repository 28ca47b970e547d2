"""One write to one object: what is sent, what it may change, and what an absent answer means.

Every write of a workload in this product goes through `preview` and `send`, and each is sent once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from watchdog.actions import Object, Operations, RemediationAction
from watchdog.errors import ClusterError, NotFoundError, UnansweredError
from watchdog.kube.ports import Writer
from watchdog.kube.resources import CONFIGMAPS, DEPLOYMENTS, PODS, Resource
from watchdog.model.outcome import Outcome
from watchdog.remediation.json_patch import applied, in_place


class Sent(NamedTuple):
    """What became of a write; `item` is the object after it, where that is known."""

    outcome: Outcome
    item: Object | None = None
    reason: str = ""


def read(cluster: Writer, action: RemediationAction) -> Object:
    """The action's target as it is now."""
    return cluster.get(resource(action), action.target.namespace, action.target.name)


def preview(
    cluster: Writer, action: RemediationAction, live: Object, operations: Operations
) -> Object:
    """Let the API server judge the write without doing it; the object as it would be."""
    if action.target_kind == "Pod":
        uid = live["metadata"]["uid"]
        cluster.evict(action.target.namespace, action.target.name, uid, dry_run=True)
        return live
    reply = _patch(cluster, action, live, operations, dry_run=True)
    return reply if _whole(reply) else applied(live, operations)


def send(cluster: Writer, action: RemediationAction, live: Object, operations: Operations) -> Sent:
    """Write once. Without an answer it looks what became of it, and never sends again."""
    try:
        if action.target_kind == "Pod":
            uid = live["metadata"]["uid"]
            cluster.evict(action.target.namespace, action.target.name, uid, dry_run=False)
            return Sent(Outcome.APPLIED)
        reply = _patch(cluster, action, live, operations, dry_run=False)
    except UnansweredError:
        return _look_what_became_of_it(cluster, action, live, operations)
    if _whole(reply) and generation(reply) is not None:
        return Sent(Outcome.APPLIED, reply)
    try:
        return Sent(Outcome.APPLIED, read(cluster, action))
    except ClusterError:
        return Sent(Outcome.APPLIED)


def generation(item: Object) -> int | None:
    """The number of the object's spec, another one after each change.

    A ConfigMap has none; its resourceVersion serves, as nothing but a change moves that.
    """
    metadata = item.get("metadata") or {}
    value: Any = metadata.get("generation")
    if item.get("kind") == "ConfigMap" and str(metadata.get("resourceVersion")).isdigit():
        return int(metadata["resourceVersion"])
    return value if isinstance(value, int) else None


def written_part(action: RemediationAction, item: Object) -> Any:
    """The part of an object that the action changes: while it is the same, no one changed it."""
    if action.target_kind == "ConfigMap":
        return item.get("data")
    spec = item.get("spec") or {}
    return spec.get("replicas") if action.subresource == "scale" else spec.get("template")


def preconditions(action: RemediationAction, live: Object) -> Operations:
    """The `test` operations that make a write fail when it would meet another object or spec.

    On the uid, and on the generation rather than the resourceVersion: that one changes with every
    status update, and a crash-looping workload has one every few seconds, so that no write would
    ever fit; the generation changes when someone changes the spec, or an annotation of a
    Deployment, which costs one more look. The scale subresource has no generation, so there it is
    the number of replicas.
    """
    tests = [{"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]}]
    if action.subresource == "scale":
        replicas = live["spec"].get("replicas", 1)
        return [*tests, {"op": "test", "path": "/spec/replicas", "value": replicas}]
    if action.target_kind == "ConfigMap":
        version = live["metadata"]["resourceVersion"]
        return [*tests, {"op": "test", "path": "/metadata/resourceVersion", "value": version}]
    now = live["metadata"]["generation"]
    return [*tests, {"op": "test", "path": "/metadata/generation", "value": now}]


def _whole(reply: Object) -> bool:
    """Whether it is the object: a Scale is answered by a Scale, and some proxies cut answers."""
    return "template" in (reply.get("spec") or {}) or reply.get("kind") == "ConfigMap"


def _patch(
    cluster: Writer,
    action: RemediationAction,
    live: Object,
    operations: Operations,
    *,
    dry_run: bool,
) -> Object:
    return cluster.patch(
        resource(action),
        action.target.namespace,
        action.target.name,
        [*preconditions(action, live), *operations],
        dry_run=dry_run,
        subresource=action.subresource,
    )


def _look_what_became_of_it(
    cluster: Writer, action: RemediationAction, live: Object, operations: Operations
) -> Sent:
    """Read back after a write without an answer.

    A write that is not there may still be on its way, unless the object was changed since: then
    its preconditions can never hold again.
    """
    silent = "the API server did not answer, and"
    try:
        now = read(cluster, action)
    except NotFoundError:
        if action.target_kind == "Pod":
            return Sent(Outcome.APPLIED, None, f"{silent} the pod is gone")
        return Sent(Outcome.FAILED, None, f"{silent} {action.target} is gone")
    except ClusterError as error:
        return Sent(Outcome.UNKNOWN, None, f"{silent} it could not be read again: {error}")
    if action.target_kind == "Pod":
        metadata = now.get("metadata") or {}
        replaced = metadata.get("uid") != live["metadata"]["uid"]
        if replaced or metadata.get("deletionTimestamp"):
            return Sent(Outcome.APPLIED, None, f"{silent} the pod is going")
        return Sent(Outcome.UNKNOWN, None, f"{silent} the pod is still there")
    changed = (generation(now) or 0) != generation(live)
    if changed and in_place(now, operations):
        return Sent(Outcome.APPLIED, now, f"{silent} reading it again showed the change in place")
    if changed:
        return Sent(Outcome.FAILED, None, f"{silent} someone else changed {action.target}")
    return Sent(Outcome.UNKNOWN, None, f"{silent} the change is not there yet")


def resource(action: RemediationAction) -> Resource:
    """The API resource of the action's target."""
    return {"Pod": PODS, "ConfigMap": CONFIGMAPS}.get(action.target_kind, DEPLOYMENTS)
