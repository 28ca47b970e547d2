"""Hands our fields of an object back to who deploys it, once a change is verified or undone.

The API server records which manager wrote a field, and refuses a server-side apply that gives it
another value. While a field is ours, the next `helm upgrade` (Helm 4) or `kubectl apply
--server-side` fails, even if it is about something else. One patch of `metadata.managedFields`
moves our fields into the entry of the manager that applies the object, or drops them if no one
does. It changes no spec: no generation, no rollout. The annotation that marks our change stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from watchdog.actions import (
    Object,
    Operations,
    PatchConfigMap,
    PatchDeploymentEnv,
    RemediationAction,
)
from watchdog.actions.rollout_restart import ANNOTATION as RESTARTED_AT
from watchdog.errors import ClusterError, ConflictError, NotFoundError
from watchdog.kube.ports import Writer
from watchdog.kube.resources import FIELD_MANAGER
from watchdog.logs import log
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.observation.deployer import deployer
from watchdog.remediation.permission import Applied, Permission, Tried
from watchdog.remediation.write import read, resource, written_part
from watchdog.snapshot.deployer import NextDeploy, conduct

_LOOKS = 3
_OVER = frozenset({Outcome.VERIFIED, Outcome.UNDONE, Outcome.FAILED})
# Without these an owner's next apply would do something that its manifest does not ask for: start
# a rollout, or set the replicas to the default of one.
_NEVER_MOVED = (
    ("f:metadata",),
    ("f:spec", "f:replicas"),
    ("f:spec", "f:template", "f:metadata", "f:annotations", f"f:{RESTARTED_AT}"),
)


def concluded(
    attempt: Tried, result: ActionResult, cluster: Writer, permission: Permission
) -> ActionResult:
    """Hand back what a change that is over left in our name, and say what the next deploy does.

    While it is not known yet whether the change helps, nothing is moved.
    """
    if attempt.applied is None or result.outcome not in _OVER or result.action.target_kind == "Pod":
        return result
    live = hand_back(cluster, result.action, permission.may_write)
    if live is None:
        return result
    row = conduct(deployer(live))
    comes: NextDeploy | None = None
    if row.by_hand == "refused" and handed_back(live):
        comes = "refused"
    elif result.outcome is Outcome.VERIFIED:
        comes = row.added if _only_added(attempt.applied, result.action) else row.changed
    return result.model_copy(update={"next_deploy": comes})


def hand_back(
    cluster: Writer, action: RemediationAction, may_write: Callable[[], None]
) -> Object | None:
    """The action's target, with no field left in our name if that could be done.

    None if it is gone or cannot be read. Raises nothing of the cluster's.
    """
    live, target = None, action.target
    for _ in range(_LOOKS):
        try:
            live = read(cluster, action)
            operations = handed_back(live)
            if not operations:
                return live
            may_write()
            where = resource(action), target.namespace, target.name
            return cluster.patch(*where, operations, dry_run=False)
        except NotFoundError:
            return None
        except ConflictError:
            continue
        except (ClusterError, LookupError, TypeError) as error:
            log.warning("the fields of %s could not be handed back: %s", target, error)
            return live
    log.warning("the fields of %s could not be handed back: it keeps changing", target)
    return live


def handed_back(live: Object) -> Operations:
    """The JSON patch that hands our fields back; empty if none is ours. Pure.

    It tests the entries that it changes, so that it fails if another writer came in between.
    """
    entries = live["metadata"].get("managedFields") or []
    ours = [index for index, entry in enumerate(entries) if entry.get("manager") == FIELD_MANAGER]
    if not ours:
        return []
    operations = [{"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]}]
    operations += [_test(entries, index) for index in ours]
    owner = _owner(entries, entries[ours[0]])
    if owner is not None:
        held = entries[owner].get("fieldsV1") or {}
        moved = held
        for index in ours:
            moved = _union(moved, _movable(entries[index].get("fieldsV1") or {}))
        if moved != held:
            path = f"/metadata/managedFields/{owner}/fieldsV1"
            change = {"op": "replace", "path": path, "value": moved}
            operations += [_test(entries, owner), change]
    gone = (f"/metadata/managedFields/{index}" for index in reversed(ours))
    return [*operations, *({"op": "remove", "path": path} for path in gone)]


def _only_added(done: Applied, action: RemediationAction) -> bool:
    """Whether the write added something and changed nothing that was there before."""
    if "spec" not in done.before and "data" not in done.before:
        # An earlier pass wrote it: what there was before is not known.
        return isinstance(action, PatchDeploymentEnv | PatchConfigMap)
    return _grew(written_part(action, done.before), done.left)


def _grew(before: Any, after: Any) -> bool:
    if isinstance(before, dict) and isinstance(after, dict):
        return all(key in after and _grew(value, after[key]) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) <= len(after) and all(map(_grew, before, after))
    return before is None or bool(before == after)


def _test(entries: list[Object], index: int) -> Object:
    path = f"/metadata/managedFields/{index}"
    return {"op": "test", "path": path, "value": entries[index]}


def _owner(entries: list[Object], ours: Object) -> int | None:
    """The entry that applies most of the object; None if nothing applies its spec or data."""
    appliers = (
        (_size(entry.get("fieldsV1")), -index)
        for index, entry in enumerate(entries)
        if entry.get("operation") == "Apply"
        and not entry.get("subresource")
        and entry.get("apiVersion") == ours.get("apiVersion")
        and entry.get("manager") != FIELD_MANAGER
        and {"f:spec", "f:data"} & (entry.get("fieldsV1") or {}).keys()
    )
    size, position = max(appliers, default=(0, 0))
    return -position if size else None


def _size(fields: Any) -> int:
    return sum(1 + _size(each) for each in fields.values()) if isinstance(fields, dict) else 0


def _union(one: Object, other: Object) -> Object:
    both = {key: _union(one[key], other[key]) for key in one.keys() & other.keys()}
    return {**one, **other, **both}


def _movable(fields: Object) -> Object:
    for path in _NEVER_MOVED:
        fields = _without(fields, path)
    return fields


def _without(fields: Object, path: Iterable[str]) -> Object:
    """The tree without what is at that path, and without the branches that this leaves empty."""
    first, *rest = path
    if first not in fields:
        return fields
    others = {key: value for key, value in fields.items() if key != first}
    left = _without(fields[first], rest) if rest else {}
    return {**others, first: left} if left.keys() - {"."} else others
