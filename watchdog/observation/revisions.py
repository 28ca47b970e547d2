"""The history of a Deployment, from its ReplicaSets: which revisions worked, what changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from watchdog.observation.printed import mapping, moment, number, objects
from watchdog.observation.reader import Json
from watchdog.observation.redact import Redactor
from watchdog.observation.snapshot import EventSummary
from watchdog.observation.template_changes import HASH, changes
from watchdog.observation.templates import template
from watchdog.observation.workloads import RevisionSummary

REVISION = "deployment.kubernetes.io/revision"
_EARLIER_NUMBERS = "deployment.kubernetes.io/revision-history"
_TROUBLE = frozenset({"BackOff", "Failed", "FailedCreate", "FailedScheduling", "FailedMount"})
_MOST_CHANGES = 40
_LATELY = timedelta(seconds=60)


def revisions(
    deployment: Json,
    replica_sets: Iterable[Json],
    events: Sequence[EventSummary],
    redactor: Redactor,
    pods: Iterable[Json] = (),
) -> tuple[RevisionSummary, ...]:
    """The revisions, newest first, from the ReplicaSets that this Deployment owns.

    `pods` tell since when a ReplicaSet is in use that was taken up again.
    """
    uid = mapping(deployment.get("metadata")).get("uid")
    own = [
        item
        for item in replica_sets
        if any(
            owner.get("uid") == uid
            for owner in objects(mapping(item.get("metadata")).get("ownerReferences"))
        )
    ]
    own.sort(key=_revision, reverse=True)
    wanted = _plain(mapping(deployment.get("spec")).get("template"))
    current = next((item for item in own if _plain(_template(item)) == wanted), None)
    proof = _Proof(deployment, own, current, events)
    if current is not None:
        proof.current_since = _in_use_since(current, pods, proof)
    return tuple(
        RevisionSummary(
            revision=_revision(item),
            replica_set=_name(item),
            current=item is current,
            available=proof.was_available(item),
            ready_replicas=number(mapping(item.get("status")).get("readyReplicas")),
            replicas=number(mapping(item.get("status")).get("replicas")),
            created_at=proof.current_since if item is current else _created(item),
            template=template(_template(item), redactor),
            changes=()
            if item is current
            else tuple(changes(_template(item), wanted, redactor))[:_MOST_CHANGES],
        )
        for item in own
    )


class _Proof:
    """Whether pods of a revision once were available.

    Kubernetes keeps no such record, so it is pieced together. A revision counts as proven by

    1. available pods now, none of them in trouble;
    2. a `Killing` event, where there is no readiness probe: the kubelet stopped a container that
       ran, in a pod without trouble. A crash-looping container is mostly not running when its pod
       is replaced;
    3. the Deployment's Available condition, where its time can only be this revision's: it turned
       true while the revision was the newest, or turned false after the current one was made;
    4. having been the newest for longer than the progress deadline without that deadline's failure.

    Without a readiness probe a crash-looping container is Available for a moment at every start, so
    the current revision may itself have moved the condition: then 3 proves nothing about an older
    one, unless no container of the current one can have counted as ready. Trouble seen in events
    about the revision's pods or ReplicaSet outweighs all proof but 1, where only crashes count.

    Limits: events are kept for an hour, so a crash loop that ended before that is not remembered,
    and 4 would take a revision for good that flickered for longer than the deadline.
    """

    def __init__(
        self,
        deployment: Json,
        newest_first: Sequence[Json],
        current: Json | None,
        events: Sequence[EventSummary],
    ) -> None:
        self._spec = mapping(deployment.get("spec"))
        conditions = objects(mapping(deployment.get("status")).get("conditions"))
        self._conditions = {str(item.get("type")): item for item in conditions}
        self._sets, self._current, self._events = newest_first, current, events
        self.current_since: datetime | None = None

    def completed(self, item: Json) -> Json | None:
        """The condition that says that the rollout of that ReplicaSet ended well, if it stands."""
        progressing = self._conditions.get("Progressing", {})
        ended = progressing.get("reason") == "NewReplicaSetAvailable" and _name(item) in str(
            progressing.get("message")
        )
        return progressing if ended else None

    def was_available(self, item: Json) -> bool:
        available = number(mapping(item.get("status")).get("availableReplicas"))
        trouble = self._reasons(item)
        if item is self._current:
            return self._current_was(item, available)
        if available:
            return not trouble & {"BackOff", "Failed"}
        if trouble & _TROUBLE:
            return False
        if self._stopped_running(item):
            return True
        return "Unhealthy" not in trouble and (self._by_condition(item) or self._by_deadline(item))

    def _current_was(self, item: Json, available: int) -> bool:
        """The current revision did work, if its rollout ended and trouble only came later."""
        made = self.current_since
        first = min(
            (
                event.first_seen
                for event in self._about(item)
                if event.reason in _TROUBLE and event.first_seen
            ),
            default=None,
        )
        if first is not None and made is not None and first - made < self._deadline():
            return False
        return bool(available) or self.completed(item) is not None

    def _about(self, item: Json) -> Iterator[EventSummary]:
        pods = re.compile(re.escape(_name(item)) + r"-[a-z0-9]{5}")
        for event in self._events:
            if (event.about.kind == "Pod" and pods.fullmatch(event.about.name)) or (
                event.about.kind == "ReplicaSet" and event.about.name == _name(item)
            ):
                yield event

    def _reasons(self, item: Json) -> set[str]:
        return {event.reason for event in self._about(item) if event.type == "Warning"}

    def _stopped_running(self, item: Json) -> bool:
        """Whether a pod was stopped while it ran; one that was unready to its end does not count.

        Probes fail while a pod shuts down, so what they say after the stop is no evidence.
        """
        if _probed(item):
            # It may have been stopped before its first probe: running is not yet ready.
            return False
        events = list(self._about(item))
        for stop in events:
            ended = stop.last_seen
            if stop.reason != "Killing" or not stop.message.startswith("Stopping container"):
                continue
            if ended is None or not any(
                event.reason == "Unhealthy"
                and event.about == stop.about
                and event.last_seen is not None
                and ended - _LATELY <= event.last_seen < ended
                for event in events
            ):
                return True
        return False

    def _by_condition(self, item: Json) -> bool:
        condition = self._conditions.get("Available", {})
        since, made = moment(condition.get("lastTransitionTime")), _created(item)
        following = self._following(item)
        if since is None or made is None or following is None:
            return False
        if condition.get("status") == "True":
            return made <= since <= following
        newest_before = next((one for one in self._sets if one is not self._current), None)
        return (
            item is newest_before
            and condition.get("status") == "False"
            and since > following
            and following - made >= timedelta(seconds=30)
            and self._current is not None
            and self._current_never_ready()
        )

    def _current_never_ready(self) -> bool:
        """Whether the current revision's pods cannot have counted as ready even for a moment."""
        assert self._current is not None
        reasons = self._reasons(self._current)
        return _probed(self._current) or (bool(reasons) and "BackOff" not in reasons)

    def _by_deadline(self, item: Json) -> bool:
        progressing = self._conditions.get("Progressing", {})
        since, made = moment(progressing.get("lastTransitionTime")), _created(item)
        following = self._following(item)
        if since is None or made is None or following is None:
            return False
        never_failed = progressing.get("status") == "True" and since <= made + timedelta(seconds=5)
        failed_later = progressing.get("status") == "False" and since > following
        return (never_failed or failed_later) and following - made > self._deadline()

    def _deadline(self) -> timedelta:
        return timedelta(seconds=number(self._spec.get("progressDeadlineSeconds"), 600))

    def _following(self, item: Json) -> datetime | None:
        """When the next revision was made; a ReplicaSet that was taken up again is no clock."""
        newer = [_created(one) for one in self._sets if _revision(one) > _revision(item)]
        made = _created(item)
        return min((time for time in newer if time and made and time >= made), default=None)


def _in_use_since(current: Json, pods: Iterable[Json], proof: _Proof) -> datetime | None:
    """When the current ReplicaSet was made or, if it had been in use before, taken up again.

    Kubernetes does not say when the latter was; but its rollout ended after it, and its pods are
    younger, as it had none left in between.
    """
    made, metadata = _created(current), mapping(current.get("metadata"))
    if not mapping(metadata.get("annotations")).get(_EARLIER_NUMBERS):
        return made
    uid = metadata.get("uid")
    later = [moment((proof.completed(current) or {}).get("lastUpdateTime"))]
    later += [
        _created(pod)
        for pod in pods
        if any(
            o.get("uid") == uid
            for o in objects(mapping(pod.get("metadata")).get("ownerReferences"))
        )
    ]
    return min((time for time in later if time), default=None)


def _probed(replica_set: Json) -> bool:
    """Whether a container has a readiness probe, so that running alone is not available."""
    containers = objects(mapping(_template(replica_set).get("spec")).get("containers"))
    return any(item.get("readinessProbe") for item in containers)


def _plain(holder: Any) -> Json:
    """A template without the label that its ReplicaSet added."""
    metadata = dict(mapping(mapping(holder).get("metadata")))
    metadata["labels"] = {k: v for k, v in mapping(metadata.get("labels")).items() if k != HASH}
    metadata.pop("creationTimestamp", None)
    return {"metadata": metadata, "spec": mapping(mapping(holder).get("spec"))}


def _template(replica_set: Json) -> Json:
    return mapping(mapping(replica_set.get("spec")).get("template"))


def _name(replica_set: Json) -> str:
    return str(mapping(replica_set.get("metadata")).get("name") or "")


def _created(replica_set: Json) -> datetime | None:
    return moment(mapping(replica_set.get("metadata")).get("creationTimestamp"))


def _revision(replica_set: Json) -> int:
    text = mapping(mapping(replica_set.get("metadata")).get("annotations")).get(REVISION)
    return int(text) if isinstance(text, str) and text.isdigit() else 0
