"""The history of a Deployment, from its ReplicaSets: which revisions worked, what changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import mapping, moment, number, objects
from watchdog.observation.replica_set_facts import (
    created_at,
    made_by,
    name_of,
    revision_of,
    template_of,
)
from watchdog.observation.rollout_proof import Proof
from watchdog.observation.template_changes import HASH, changes
from watchdog.observation.template_summary import template
from watchdog.snapshot.snapshot import EventSummary
from watchdog.snapshot.workloads import RevisionSummary
from watchdog.text.redact import Redactor
from watchdog.text.sanitize import whole_number

_EARLIER_NUMBERS = "deployment.kubernetes.io/revision-history"
_MARK = "sre-watchdog/attempts"
_LONGEST_MARK = 1000
_MOST_NUMBERS = 50
_MOST_CHANGES = 40


def revisions(
    deployment: Json,
    replica_sets: Iterable[Json],
    events: Sequence[EventSummary],
    redactor: Redactor,
    pods: Iterable[Json] = (),
) -> tuple[RevisionSummary, ...]:
    """The revisions, newest first, from the ReplicaSets that this Deployment controls, by uid.

    One counts as available only if its place in the history is its own, see `_is_history`. `pods`
    tell since when a ReplicaSet is in use that was taken up again.
    """
    uid = mapping(deployment.get("metadata")).get("uid")
    own = [
        item
        for item in replica_sets
        if any(
            owner.get("uid") == uid and owner.get("controller")
            for owner in objects(mapping(item.get("metadata")).get("ownerReferences"))
        )
    ]
    own.sort(key=revision_of, reverse=True)
    wanted = _plain(mapping(deployment.get("spec")).get("template"))
    # As the Deployment's controller chooses it: the oldest of those with the same template.
    same = [item for item in own if _plain(template_of(item)) == wanted]
    current = min(same, key=_oldest, default=None)
    proof = Proof(deployment, own, current, events)
    proof.pods = pods = list(pods)
    if current is not None:
        proof.current_since = _in_use_since(current, pods, proof)
    return tuple(
        RevisionSummary(
            revision=revision_of(item),
            replica_set=name_of(item),
            current=item is current,
            available=proof.was_available(item) and _is_history(item, own, current, proof),
            ready_replicas=number(mapping(item.get("status")).get("readyReplicas")),
            replicas=number(mapping(item.get("status")).get("replicas")),
            created_at=proof.current_since if item is current else created_at(item),
            completed_at=proof.completed_at(item) if item is current else None,
            template=template(template_of(item), redactor),
            changes=()
            if item is current
            else tuple(changes(template_of(item), wanted, redactor))[:_MOST_CHANGES],
            earlier=_earlier(item),
            mark=_note(item, _MARK)[:_LONGEST_MARK],
        )
        for item in own
    )


def _oldest(item: Json) -> tuple[bool, float, str]:
    made = created_at(item)
    return made is None, made.timestamp() if made else 0.0, name_of(item)


def _is_history(item: Json, own: Iterable[Json], current: Json | None, proof: Proof) -> bool:
    """Whether it is the current revision, or one from before it whose turn is known.

    A ReplicaSet that someone makes, and that the Deployment adopts, is no history, whatever number
    it is given. Only the Deployment's controller numbers them in the order in which it makes them,
    and gives an older one a higher number only as it takes that up again: then someone went back
    from what was in between, and how long that worked is not known.
    """
    if current is None or item is current:
        return True
    made, since = created_at(item), proof.current_since
    if revision_of(item) >= revision_of(current) or (made and since and made > since):
        return False
    return not any(_outranks(other, item, current) for other in own if other is not item)


def _outranks(other: Json, item: Json, current: Json) -> bool:
    """Whether a ReplicaSet that was there before this one has its number, or a higher one.

    The current one may have been taken up again, after this one: so its first number counts.
    """
    made, before = created_at(item), created_at(other)
    if made is None or before is None or before > made:
        return False
    number, earlier = revision_of(item), _earlier(other)
    if number in {revision_of(other), *earlier}:
        return True
    highest = min(earlier, default=revision_of(other)) if other is current else revision_of(other)
    return highest > number and before < made


def _in_use_since(current: Json, pods: Iterable[Json], proof: Proof) -> datetime | None:
    """When the current ReplicaSet was made or, if it had been in use before, taken up again.

    Kubernetes does not say when the latter was; but its rollout ended after it, and its pods are
    younger, as it had none left in between.
    """
    made, metadata = created_at(current), mapping(current.get("metadata"))
    if not mapping(metadata.get("annotations")).get(_EARLIER_NUMBERS):
        return made
    later = [moment((proof.completed(current) or {}).get("lastUpdateTime"))]
    later += [created_at(pod) for pod in pods if made_by(pod, current)]
    return min((time for time in later if time), default=None)


def _plain(holder: Any) -> Json:
    """A template without the label that its ReplicaSet added."""
    metadata = dict(mapping(mapping(holder).get("metadata")))
    metadata["labels"] = {k: v for k, v in mapping(metadata.get("labels")).items() if k != HASH}
    metadata.pop("creationTimestamp", None)
    return {"metadata": metadata, "spec": mapping(mapping(holder).get("spec"))}


def _earlier(replica_set: Json) -> tuple[int, ...]:
    """The numbers that the revision had before, the latest ones."""
    parts = _note(replica_set, _EARLIER_NUMBERS).split(",")[-_MOST_NUMBERS:]
    return tuple(number for part in parts if (number := whole_number(part)) is not None)


def _note(replica_set: Json, key: str) -> str:
    return str(mapping(mapping(replica_set.get("metadata")).get("annotations")).get(key) or "")
