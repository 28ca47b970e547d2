"""Whether a workload lacks pods by its status, and a pod is missed. Pure."""

from __future__ import annotations

from watchdog.kube.ports import Json
from watchdog.kube.resources import CRONJOBS, DAEMONSETS, JOBS
from watchdog.observation.kubectl_columns import mapping, moment, number, objects

# A pod that was not ready for so long when it was deleted was missed before.
_LONG_UNREADY_SECONDS = 60


def lacks_pods(kind: str, raw: Json) -> bool:
    """Whether the status of a workload that is to have pods running says that some are missing."""
    spec, status = mapping(raw.get("spec")), mapping(raw.get("status"))
    if kind == DAEMONSETS.kind:
        return number(status.get("numberReady")) < number(status.get("desiredNumberScheduled"))
    if kind in {JOBS.kind, CRONJOBS.kind}:
        return False
    return number(status.get("readyReplicas")) < number(spec.get("replicas"), 1)


def is_unready(pod: Json) -> bool:
    """Whether a pod that is to stay is not ready, or was not for long when it was deleted."""
    status = mapping(pod.get("status"))
    if status.get("phase") == "Succeeded" or mapping(_ready(pod)).get("status") == "True":
        return False
    return not mapping(pod.get("metadata")).get("deletionTimestamp") or was_missed(pod)


def was_missed(pod: Json) -> bool:
    """Whether a deleted pod had not been ready for long before: its node may be away.

    The pods of a node that is away are deleted after some minutes, and nothing ends them.
    """
    metadata, ready = mapping(pod.get("metadata")), mapping(_ready(pod))
    gone, since = moment(metadata.get("deletionTimestamp")), moment(ready.get("lastTransitionTime"))
    if gone is None or since is None or ready.get("status") == "True":
        return False
    asked = gone.timestamp() - number(metadata.get("deletionGracePeriodSeconds"))
    return asked - since.timestamp() >= _LONG_UNREADY_SECONDS


def _ready(pod: Json) -> Json | None:
    conditions = objects(mapping(pod.get("status")).get("conditions"))
    return next((item for item in conditions if item.get("type") == "Ready"), None)
