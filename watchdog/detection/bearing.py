"""Which changes of a revision bear on what keeps its pods from being made, placed or mounted. Pure.

A node, a quota or a volume can refuse the pods of any revision. It is the revision's own doing only
if it asks for more of what is short, or brought the volume that fails: going back to one that asked
for as much, or for more, would be refused as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from watchdog.kube.quantity import parse
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Collection

    from watchdog.detection.scheduler_messages import Reason
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import Change, DeploymentSummary

Way = Literal["more", "less", "any"]
# A volume as a change of `volumes` tells it, and one that a container mounts.
_VOLUME = regex(r"([a-z0-9][\w.-]{0,252}) (from (?:configmap|secret|claim) \S{1,253}|\(\w{1,63}\))")
_MOUNT = regex(r"([a-z0-9][\w.-]{0,252}) at \S{1,4096}")
# What the scheduler says of nodes as they are, and of what a pod asks for besides other pods.
_OF_NODES = frozenset({"resource", "taint", "volume", "pods", "cordoned"})
_KEPT = ("from claim ", "(ephemeral)")
# Of the pod's own account: no template names it.
_ACCOUNT = "kube-api-access-"


def compared(snapshot: ClusterSnapshot, owner: ObjectRef) -> tuple[Change, ...] | None:
    """What the current revision changed since the last that worked; None where none is known."""
    deployment = snapshot.deployment(owner)
    last = deployment.last_available if deployment else None
    return last.changes if last else None


def asks(
    snapshot: ClusterSnapshot, owner: ObjectRef, wanted: Collection[str], way: Way = "more"
) -> bool:
    """Whether the current revision asks for more (less) of one of these than the last that worked.

    `wanted` are beginnings of Change.field: `requests.cpu`, `limits.memory`, or `limits.` for all.
    A container that was added asks for more of each, and so may what is not told part by part.
    """
    deployment = snapshot.deployment(owner)
    return any(
        _asks(change, snapshot, deployment, tuple(wanted), way)
        for change in compared(snapshot, owner) or ()
    )


def _asks(
    change: Change,
    snapshot: ClusterSnapshot,
    deployment: DeploymentSummary | None,
    wanted: tuple[str, ...],
    way: Way,
) -> bool:
    if change.field == "container":
        return (change.was is None) == (way == "more") or way == "any"
    if change.field in {"resources", "overhead"}:
        return True
    if not change.field.startswith(wanted) and not _is_request(change, deployment, wanted):
        return False
    if change.was is None or change.now is None:
        # Where none is named, a LimitRange names one.
        named = change.was is None
        return named == (way == "more") or way == "any" or bool(snapshot.limit_ranges)
    try:
        grows = parse(change.now) > parse(change.was)
    except ValueError:
        return True
    return way == "any" or grows == (way == "more")


def _is_request(
    change: Change, deployment: DeploymentSummary | None, wanted: tuple[str, ...]
) -> bool:
    """Whether the limit is the container's request too, as it names none."""
    group, _, resource = change.field.partition(".")
    request = f"requests.{resource}"
    if group != "limits" or not request.startswith(wanted):
        return False
    spec = deployment.template.container(change.container) if deployment else None
    return spec is None or resource not in spec.requests


def may_be_placed_worse(
    snapshot: ClusterSnapshot, owner: ObjectRef, reasons: Collection[Reason]
) -> bool:
    """Whether the current revision is harder to place than the last that worked, for one of these.

    True as well where none is known to have worked, and where the scheduler gives a reason of which
    changes do not tell it.
    """
    changes = compared(snapshot, owner)
    if changes is None or not {reason.what for reason in reasons} <= _OF_NODES:
        return True
    whats = {reason.what for reason in reasons}
    short = {f"requests.{reason.detail}" for reason in reasons if reason.what == "resource"}
    fewer_nodes = any(_narrows(change) for change in changes)
    volumes = "volume" in whats and _brings_claim(changes)
    return fewer_nodes or volumes or (bool(short) and asks(snapshot, owner, short))


def _narrows(change: Change) -> bool:
    """Whether fewer nodes may be left than before: by a rule, or by a toleration that is gone."""
    if change.field == "tolerations":
        was, now = (set(text.split(", ")) for text in (change.was or "", change.now or ""))
        return bool(was - now - {""})
    return change.field in {"nodeSelector", "affinity", "nodeName"}


def brings_volume(snapshot: ClusterSnapshot, owner: ObjectRef, names: Collection[str]) -> bool:
    """Whether the current revision brought one of these volumes, its content, or its first mount.

    The kubelet names a volume as the pod does, or as the PersistentVolume that a claim is bound to.
    Without names, any volume that was brought may be meant.
    """
    changes = compared(snapshot, owner) or ()
    if any(change.field == "container" and change.was is None for change in changes):
        return True
    volumes = [_listed(change, _VOLUME) for change in changes if change.field == "volumes"]
    mounts = [_listed(change, _MOUNT) for change in changes if change.field == "volumeMounts"]
    added = {entry for each in volumes if each for entry in each.added}
    mounted = {entry[0] for each in mounts if each for entry in each.added}
    if None in (*volumes, *mounts) or (not names and (added or mounted)):
        return True
    of_pod = {entry[0] for each in volumes if each for entry in each.now}
    return any(
        name in mounted or _is_brought(name, snapshot, added, of_pod)
        for name in names
        if not name.startswith(_ACCOUNT)
    )


def _brings_claim(changes: Collection[Change]) -> bool:
    """Whether a claim, or what a claim is made for, was added: no other volume is placed."""
    volumes = [_listed(change, _VOLUME) for change in changes if change.field == "volumes"]
    return any(
        each is None or any(entry[1].startswith(_KEPT) for entry in each.added) for each in volumes
    )


class _Listed(NamedTuple):
    """What a change lists now, and what of it was not there before."""

    now: frozenset[tuple[str, ...]]
    added: frozenset[tuple[str, ...]]


def _listed(change: Change, entry: re.Pattern[str]) -> _Listed | None:
    """The entries of such a change; None if it tells them in another way."""
    sides = []
    for text in (change.was, change.now):
        parts = [entry.fullmatch(part) for part in text.split(", ")] if text else []
        if None in parts:
            return None
        sides.append(frozenset(part.groups() for part in parts if part))
    was, now = sides
    return _Listed(now, now - was)


def _is_brought(
    name: str,
    snapshot: ClusterSnapshot,
    added: Collection[tuple[str, ...]],
    of_pod: Collection[str],
) -> bool:
    """Whether that volume, or the claim that is bound to it, is one of those that were added."""
    if name in of_pod:
        return any(entry[0] == name for entry in added)
    bound = {f"from claim {claim.ref.name}" for claim in snapshot.claims if claim.volume == name}
    kept = (entry[1] for entry in added if entry[1].startswith(_KEPT))
    return any(not bound or each in bound for each in kept)
