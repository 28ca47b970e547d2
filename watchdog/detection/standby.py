"""Pods that are not ready by design: replicas that stand by while another one serves. Pure.

Leader election with a readiness probe keeps all pods but one unready for ever. The probe's answer
or the log says so, and at least one pod of the same workload is ready.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.text.regex import regex

if TYPE_CHECKING:
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import PodSummary

_STANDS_BY = regex(
    r"\bhot[- ]?stand-?by\b|\bstand(?:s|ing)?[- ]?by\b"
    r"|\b(?:not|isn't|never) (?:yet )?(?:the |a |an )?(?:current |elected |active )?"
    r"(?:leader|primary|master|active)\b"
    r"|\b(?:is|am|as|acting as|running as|i'm) (?:a |the )?(?:follower|replica|secondary|passive"
    r"|backup|slave)\b"
    r"|\b(?:role|state|mode|status)\W{1,4}(?:follower|replica|secondary|passive|backup|slave)\b"
    r"|\b(?:backup|replica|secondary|passive|follower|slave) (?:role|state|mode)\b"
    r"|\blease (?:is )?(?:already )?held by\b|\block (?:is )?(?:already )?held by\b"
    r"|\battempting to acquire (?:the )?(?:leader|lock|lease)"
    r"|\bwaiting (?:to become|to be elected|for (?:the )?(?:leadership|leader lease|leader lock))"
    r"|\bpassive (?:node|instance|replica|mode)\b|\bbackup (?:node|instance|broker|server)\b"
    r"|\b(?:another|other) (?:instance|replica|node|pod) (?:is|holds|has) (?:the )?"
    r"(?:leader|active|lease|lock|primary|master)",
    re.IGNORECASE,
)
_LAST_LINES = 5


def stands_by(snapshot: ClusterSnapshot, pod: PodSummary) -> bool:
    """Whether the pod runs, says that it stands by, and another of its workload serves."""
    workload = snapshot.workload(pod.owner)
    if workload is None or not workload.ready or pod.phase != "Running":
        return False
    unready = [item for item in pod.containers if not item.ready and not item.init]
    if not unready or any(item.state != "running" or item.restarts for item in unready):
        return False
    said = [e.message for e in snapshot.events_about(pod.ref) if e.reason == "Unhealthy"]
    for item in unready:
        tail = snapshot.log(pod.ref.name, item.name, previous=False)
        said += tail.lines[-_LAST_LINES:] if tail else []
    return any(_STANDS_BY.search(text) for text in said)
