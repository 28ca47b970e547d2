"""How a rollout that was watched goes on: still starting, or hopeless. Pure, over live objects.

How long a workload may take to become available is its own affair: slow programs, startup probes
and minReadySeconds all count within `progressDeadlineSeconds`, and the Deployment controller says
in the condition Progressing when that is over. So nothing here counts seconds.
"""

from __future__ import annotations

from watchdog.actions import Object

# From here on a new pod is not merely starting: waiting longer would only show the same.
_HOPELESS = frozenset(
    {
        "CreateContainerConfigError",
        "ErrImageNeverPull",
        "ImagePullBackOff",
        "InvalidImageName",
    }
)
_HOPELESS_RESTARTS = 2
_ENDED_RESTARTS = 3


def still_starting(live: Object, new_pods: list[Object]) -> bool:
    """Whether the rollout is within its progress deadline and nothing of its pods has failed."""
    conditions = (live.get("status") or {}).get("conditions") or []
    going = any(
        item.get("type") == "Progressing"
        and item.get("status") == "True"
        and item.get("reason") != "NewReplicaSetAvailable"
        for item in conditions
    )
    refused = any(
        item.get("type") == "ReplicaFailure" and item.get("status") == "True" for item in conditions
    )
    return going and not refused and bool(new_pods) and not any(map(_failed, new_pods))


def deadline_of(live: Object) -> int:
    """Seconds that the Deployment gives its rollouts."""
    return int(live["spec"].get("progressDeadlineSeconds") or 600)


def hopeless(pod: Object) -> str | None:
    """Why a new pod will not come up by waiting, in words; None where it still may."""
    for status in statuses(pod):
        state = status.get("state") or {}
        reason = str((state.get("waiting") or {}).get("reason", ""))
        if reason in _HOPELESS:
            return f"container {status.get('name')} is in {reason}"
        if int(status.get("restartCount") or 0) < _HOPELESS_RESTARTS:
            continue
        if reason == "CrashLoopBackOff":
            return f"container {status.get('name')} is in {reason}"
        # Since Kubernetes 1.35 the kubelet may take more than a minute to say CrashLoopBackOff.
        ended = state.get("terminated") or {}
        if ended and int(status["restartCount"]) >= _ENDED_RESTARTS:
            times = status["restartCount"]
            return f"container {status.get('name')} has ended again after {times} restarts"
    return None


def restarts(pod: Object) -> int:
    """How often containers of the pod were restarted."""
    return sum(int(status.get("restartCount") or 0) for status in statuses(pod))


def statuses(pod: Object) -> list[Object]:
    """What the kubelet says of its containers, init containers first."""
    status = pod.get("status") or {}
    return [
        *(status.get("initContainerStatuses") or []),
        *(status.get("containerStatuses") or []),
    ]


def _failed(pod: Object) -> bool:
    """Whether something of the pod has gone wrong already, be it once, or no node takes it."""
    status = pod.get("status") or {}
    ended = [(each.get("state") or {}).get("terminated") or {} for each in statuses(pod)]
    unplaced = any(
        item.get("type") == "PodScheduled" and item.get("status") == "False"
        for item in status.get("conditions") or []
    )
    return (
        unplaced
        or status.get("phase") == "Failed"
        or restarts(pod) > 0
        or hopeless(pod) is not None
        or any(each.get("exitCode") for each in ended)
    )
