"""What a ReplicaSet and its pods say of themselves, for the proof that a revision worked. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import mapping, moment, number, objects
from watchdog.text.sanitize import whole_number

REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
# Without a readiness probe a pod counts as available at once, even one that crashes or is evicted
# seconds later. So a rollout that ended proves its revision only if nothing failed for so long.
_PROVING = timedelta(seconds=30)
_FIRST_YEAR = 2000


def settling(replica_set: Json) -> timedelta:
    """How long a revision has to run without trouble; liveness probes take longer to speak."""
    probes = [
        mapping(item.get("livenessProbe"))
        for item in objects(mapping(template_of(replica_set).get("spec")).get("containers"))
    ]
    first = [
        number(p.get("initialDelaySeconds")) + number(p.get("periodSeconds"), 10)
        for p in probes
        if p
    ]
    return _PROVING + timedelta(seconds=max(first, default=0))


def _states(pod: Json) -> Iterator[Json]:
    yield from objects(mapping(pod.get("status")).get("containerStatuses"))


def restarts(pod: Json) -> int:
    """How often its containers were started again."""
    return sum(number(state.get("restartCount")) for state in _states(pod))


def ran_for(pod: Json) -> timedelta:
    """The longest that all containers of the pod ran, by their last run that ended.

    The kubelet writes 1970 as the start of one that the runtime could not start: it never ran.
    """
    runs = [
        finished - started if started.year >= _FIRST_YEAR else timedelta(0)
        for state in _states(pod)
        if (ended := mapping(mapping(state.get("lastState")).get("terminated")))
        and (started := moment(ended.get("startedAt")))
        and (finished := moment(ended.get("finishedAt")))
    ]
    return min(runs, default=timedelta(0))


def readiness_period(replica_set: Json) -> int | None:
    """Seconds between two looks of its most frequent readiness probe; None without any."""
    containers = objects(mapping(template_of(replica_set).get("spec")).get("containers"))
    probes = [mapping(item.get("readinessProbe")) for item in containers]
    return min((number(probe.get("periodSeconds"), 10) for probe in probes if probe), default=None)


def probed(replica_set: Json) -> bool:
    """Whether a container has a readiness probe, so that running alone is not available."""
    containers = objects(mapping(template_of(replica_set).get("spec")).get("containers"))
    return any(item.get("readinessProbe") for item in containers)


def wanted_none(replica_set: Json) -> bool:
    """Whether its Deployment wanted no pods at all when it last scaled this ReplicaSet."""
    return mapping(mapping(replica_set.get("metadata")).get("annotations")).get(_DESIRED) == "0"


def made_by(pod: Json, replica_set: Json) -> bool:
    """Whether that ReplicaSet made the pod."""
    uid = mapping(replica_set.get("metadata")).get("uid")
    owners = objects(mapping(pod.get("metadata")).get("ownerReferences"))
    return any(owner.get("uid") == uid for owner in owners)


def template_of(replica_set: Json) -> Json:
    """Its pod template."""
    return mapping(mapping(replica_set.get("spec")).get("template"))


def name_of(replica_set: Json) -> str:
    """Its name."""
    return str(mapping(replica_set.get("metadata")).get("name") or "")


def created_at(replica_set: Json) -> datetime | None:
    """When it was made."""
    return moment(mapping(replica_set.get("metadata")).get("creationTimestamp"))


def revision_of(replica_set: Json) -> int:
    """The revision that it is annotated with, 0 without one."""
    text = mapping(mapping(replica_set.get("metadata")).get("annotations")).get(REVISION)
    return whole_number(text) or 0
