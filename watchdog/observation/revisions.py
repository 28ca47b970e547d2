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

    One counts as available only if it is older than the current one, by its number and by when it
    was made: a ReplicaSet that someone makes later, and that the Deployment adopts, is no history.
    `pods` tell since when a ReplicaSet is in use that was taken up again.
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
    if current is not None:
        pods = list(pods)
        proof.current_since = _in_use_since(current, pods, proof)
        proof.current_pods = [pod for pod in pods if made_by(pod, current)]
    return tuple(
        RevisionSummary(
            revision=revision_of(item),
            replica_set=name_of(item),
            current=item is current,
            available=proof.was_available(item) and _is_history(item, current, proof),
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


def _is_history(item: Json, current: Json | None, proof: Proof) -> bool:
    """Whether it is the current revision, or one from before it."""
    if current is None or item is current:
        return True
    made, since = created_at(item), proof.current_since
    return revision_of(item) < revision_of(current) and not (made and since and made > since)


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
