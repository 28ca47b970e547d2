"""Which trouble of a container that is to start may be over at the next attempt. Pure.

A node that is busy, or a request that got lost, says nothing about the workload: the kubelet asks
again within seconds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.detection.owners import age
from watchdog.detection.starting import costs_nothing
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import ContainerState, PodSummary

NO_ANSWER = (
    r"no such host|dial tcp|i/o timeout|connection (refused|reset)|TLS handshake|x509"
    r"|no route to host|network is unreachable|deadline exceeded|server misbehaving"
    r"|server gave HTTP response|\b50[0234]\b|proxyconnect|unexpected EOF|: EOF|Client\.Timeout"
    r"|context canceled"
)
"""What a pull says if no registry has answered it."""
_LOST = regex(NO_ANSWER, re.IGNORECASE)
_PULLS, _FAILED = {"ErrImagePull", "ImagePullBackOff"}, "Failed to pull image"
# The kubelet's own limit (registryPullQPS): no registry was asked yet.
THROTTLED = r"pull QPS exceeded"
_THROTTLED = regex(THROTTLED)
_CREATES = {"CreateContainerError", "RunContainerError"}
SANDBOX_GONE = (
    r"sandbox container \S+ is not running|/proc/\d+/ns/\w+: no such file"
    r"|waiting for init preliminary setup|read init-p: "
)
"""What a runtime says if the pod's sandbox ended, or it was itself stopped in the middle."""
# What containerd and CRI-O answer while they are too busy, or restart.
_BUSY = regex(
    rf"{SANDBOX_GONE}|context deadline exceeded|DeadlineExceeded|name \S+ is reserved for"
    r"|reserve container name|transport is closing|code = Unavailable|\.sock: connect:",
    re.IGNORECASE,
)


def may_pass(snapshot: ClusterSnapshot, pod: PodSummary, state: ContainerState) -> bool:
    """Whether the container waits for what the next attempt may bring, and has the time for it.

    That is as long as a pod may be starting. A runtime has more time while nothing is lost.
    """
    if state.state != "waiting":
        return False
    young = age(snapshot, pod.created_at) < snapshot.thresholds.pending_seconds
    if state.reason in _CREATES:
        busy = _BUSY.search(f"{state.message}\n{state.last_message}") is not None
        return busy and (young or costs_nothing(snapshot, pod))
    if not (young and state.reason in _PULLS):
        return False
    return bool(_THROTTLED.search(state.message)) or _one_was_lost(snapshot, pod, state)


def _one_was_lost(snapshot: ClusterSnapshot, pod: PodSummary, state: ContainerState) -> bool:
    """Whether the image was asked for once, and no one answered."""
    failed = [e for e in snapshot.events_about(pod.ref) if e.message.startswith(_FAILED)]
    said = "\n".join((state.message, *(event.message for event in failed)))
    return sum(event.count for event in failed) == 1 and _LOST.search(said) is not None
