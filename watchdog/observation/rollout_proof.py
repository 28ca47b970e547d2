"""Which revisions of a Deployment worked, pieced together from what Kubernetes keeps. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import mapping, moment, number, objects
from watchdog.observation.replica_set_facts import (
    created_at,
    made_by,
    name_of,
    probed,
    ran_for,
    readiness_period,
    restarts,
    revision_of,
    settling,
    wanted_none,
)
from watchdog.observation.unready import is_unready
from watchdog.snapshot.snapshot import EventSummary

_TROUBLE = frozenset({"BackOff", "Failed", "FailedCreate", "FailedScheduling", "FailedMount"})
_PULLING = "Back-off pulling image"
_LATELY = timedelta(seconds=60)
# The kubelet hears of a pod that is to be stopped, and says so, within moments.
_STOPPING = timedelta(seconds=60)
# A container that ran for so long worked, whatever happened before: three failed liveness probes
# and the usual grace period after them take about a minute.
_RAN_WELL = timedelta(seconds=120)


def _overcome(event: EventSummary, ended: datetime | None) -> bool:
    """Whether it kept a pod from starting, and was over when the rollout ended well.

    A node that puts off pulls, or a volume that comes late, is no trouble of the revision.
    """
    before = event.reason in _TROUBLE - {"BackOff"} or event.message.startswith(_PULLING)
    over = ended is not None and event.last_seen is not None and event.last_seen <= ended
    return before and over


def _struggles(pod: Json) -> bool:
    """Whether a pod that is to stay restarted, or is not ready; anyone may make one that failed."""
    stays = mapping(pod.get("status")).get("phase") in {"Running", "Pending"}
    return stays and bool(restarts(pod) or is_unready(pod))


class Proof:
    """Whether pods of a revision once were available.

    Kubernetes keeps no such record, so it is pieced together. A revision counts as proven by

    1. available pods now, none of them in trouble, as their statuses confirm: an event about one
       that runs well denies nothing. For the current revision: the Deployment's
       condition Progressing says NewReplicaSetAvailable for it, which Kubernetes keeps until the
       template changes, and nothing failed within half a minute of that;
    2. what statuses leave open where there is no readiness probe (see below), if a `Killing` event
       confirms it: the kubelet stopped a container that ran, in a pod without trouble. A
       crash-looping container is mostly not running when its pod is replaced. Anyone may write an
       event, so it counts only if the API server took it before the rollout of the next revision
       was over, and if the progress deadline was kept;
    3. the Deployment's Available condition, where its time can only be this revision's: it turned
       true while the revision was the newest, or turned false after the current one was made;
    4. having been the newest for longer than the progress deadline without that deadline's failure.

    Without a readiness probe a crash-looping container is Available for a moment at every start, so
    the current revision may itself have moved the condition: then 3 proves nothing about an older
    one, unless no container of the current one can have counted as ready. Trouble seen in events
    about the revision's pods or ReplicaSet outweighs all proof but 1, where only crashes count.

    If a Deployment is scaled to zero, each revision counts as complete and available at once. So 3
    and 4 prove nothing about one that was last wanted without pods.

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
        self.pods: list[Json] = []

    def completed(self, item: Json) -> Json | None:
        """The condition that says that the rollout of that ReplicaSet ended well, if it stands."""
        progressing = self._conditions.get("Progressing", {})
        ended = progressing.get("reason") == "NewReplicaSetAvailable" and name_of(item) in str(
            progressing.get("message")
        )
        return progressing if ended else None

    def was_available(self, item: Json) -> bool:
        """Whether pods of that revision are known to have worked."""
        available = number(mapping(item.get("status")).get("availableReplicas"))
        trouble = self._reasons(item)
        if item is self._current:
            return self._current_was(item, available)
        if available:
            return not (trouble & {"BackOff", "Failed"} and any(map(_struggles, self._own(item))))
        if trouble & _TROUBLE:
            return False
        if self._deadline_kept(item) and self._stopped_running(item):
            return True
        if wanted_none(item):
            return False
        return not self._unready_mostly(item) and (
            self._by_condition(item) or self._by_deadline(item)
        )

    def _unready_mostly(self, item: Json) -> bool:
        """Whether probes of its pods failed for half of its time or more.

        They fail in a good revision too: before a program listens, and while its pod shuts down.
        Without a readiness probe each of them counts.
        """
        failed = [event for event in self._about(item) if event.reason == "Unhealthy"]
        made, following = created_at(item), self._following(item)
        period = readiness_period(item)
        if not failed or period is None or made is None or following is None:
            return bool(failed)
        counts: Counter[str] = Counter()
        for event in failed:
            counts[event.about.name] += event.count
        return max(counts.values()) * period * 2 >= (following - made).total_seconds()

    def completed_at(self, item: Json) -> datetime | None:
        """When the rollout of that ReplicaSet ended well; None while it has not."""
        # Its lastTransitionTime is older: the status was True all through the rollout.
        return moment((self.completed(item) or {}).get("lastUpdateTime"))

    def _current_was(self, item: Json, available: int) -> bool:
        """The current revision did work, if its rollout ended and trouble only came later."""
        first, ended = self._first_trouble(item), self.completed_at(item)
        if self.completed(item) is None:
            return bool(available) and first is None
        if first is None or (ended is not None and first - ended >= settling(item)):
            return True
        return any(ran_for(pod) >= _RAN_WELL for pod in self._own(item))

    def _own(self, item: Json) -> list[Json]:
        return [pod for pod in self.pods if made_by(pod, item)]

    def _first_trouble(self, item: Json) -> datetime | None:
        """When a pod of that ReplicaSet first failed, as far as events still tell.

        A container without a memory of a crash is no trouble: probes also fail before a program
        listens.
        """
        restarted = any(restarts(pod) for pod in self._own(item))
        ended = self.completed_at(item)
        found = [
            event.first_seen
            for event in self._about(item)
            if event.first_seen
            and not _overcome(event, ended)
            and (
                event.reason in _TROUBLE | {"Evicted"}
                or (restarted and event.reason == "Unhealthy" and "Liveness" in event.message)
            )
        ]
        return min(found, default=None)

    def _about(self, item: Json) -> Iterator[EventSummary]:
        pods = re.compile(re.escape(name_of(item)) + r"-[a-z0-9]{5}")
        for event in self._events:
            if (event.about.kind == "Pod" and pods.fullmatch(event.about.name)) or (
                event.about.kind == "ReplicaSet" and event.about.name == name_of(item)
            ):
                yield event

    def _reasons(self, item: Json) -> set[str]:
        return {event.reason for event in self._about(item) if event.type == "Warning"}

    def _stopped_running(self, item: Json) -> bool:
        """Whether a pod was stopped while it ran; one that was unready to its end does not count.

        Probes fail while a pod shuts down, so what they say after the stop is no evidence.
        """
        if probed(item):
            # It may have been stopped before its first probe: running is not yet ready.
            return False
        events = list(self._about(item))
        made, over = created_at(item), self._replaced_by(item)
        for stop in events:
            ended, told = stop.last_seen, stop.created_at
            if stop.reason != "Killing" or not stop.message.startswith("Stopping container"):
                continue
            if not (made and told and over) or not made <= told <= over:
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

    def _replaced_by(self, item: Json) -> datetime | None:
        """When the pods of a revision were stopped at the latest, as the next one replaced them.

        A rollout that ended has stopped all others before; one that did not has its deadline. A
        ReplicaSet that was taken up again, as a rollback does, replaced it since it is in use.
        """
        following = self._following(item)
        current = self._current
        if following is None and current and revision_of(current) > revision_of(item):
            following = self.current_since
        if following is None:
            return None
        last = following + self._deadline()
        ended = self.completed_at(self._current) if self._current is not None else None
        if ended is not None and following <= ended:
            last = min(last, ended)
        return last + _STOPPING

    def _deadline_kept(self, item: Json) -> bool:
        """Whether no rollout is known to have failed while that revision was the newest."""
        progressing = self._conditions.get("Progressing", {})
        since, following = moment(progressing.get("lastTransitionTime")), self._following(item)
        return progressing.get("status") != "False" or bool(
            since and following and since > following
        )

    def _by_condition(self, item: Json) -> bool:
        condition = self._conditions.get("Available", {})
        since, made = moment(condition.get("lastTransitionTime")), created_at(item)
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
        return probed(self._current) or (bool(reasons) and "BackOff" not in reasons)

    def _by_deadline(self, item: Json) -> bool:
        progressing = self._conditions.get("Progressing", {})
        since, made = moment(progressing.get("lastTransitionTime")), created_at(item)
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
        newer = [created_at(one) for one in self._sets if revision_of(one) > revision_of(item)]
        made = created_at(item)
        return min((time for time in newer if time and made and time >= made), default=None)
