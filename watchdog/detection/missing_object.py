"""Which ConfigMap, Secret or key the kubelet says that a pod misses. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.detection.containers import has_sandbox
from watchdog.detection.message_names import KEY, OBJECT
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import PodSummary

MOUNTS = frozenset({"FailedMount"})
_KINDS = {"configmap": "ConfigMap", "secret": "Secret", "config": "ConfigMap"}
_KEY = regex(
    rf"couldn't find key (?P<key>{KEY}) in (?P<kind>ConfigMap|Secret) "
    rf"(?:[^/\s]+/)?(?P<name>{OBJECT})(?!\S)"
)
_OBJECT = regex(
    rf"\b(?P<kind>configmaps?|secrets?) \\?\"(?P<name>{OBJECT})\\?\" not found", re.IGNORECASE
)
_VOLUME_KEY = regex(
    rf"for volume \\?\"(?P<volume>{OBJECT})\\?\".*references non-existent "
    rf"(?P<kind>config|secret) key: (?P<key>{KEY})(?!\S)"
)


def missing(text: str) -> dict[str, str] | None:
    """What is missing: `object` (its kind), `name` or `volume`, and the `key` if only that is."""
    for pattern in (_KEY, _VOLUME_KEY, _OBJECT):
        found = pattern.search(text)
        if found:
            groups = found.groupdict()
            kind = _KINDS[groups.pop("kind").lower().rstrip("s")]
            return {**groups, "object": kind}
    return None


def missed_by(pod: PodSummary, snapshot: ClusterSnapshot) -> Iterator[tuple[str, str]]:
    """Kind and name of what the kubelet says that the pod misses, or misses a key of."""
    texts = [state.message for state in pod.containers if state.state == "waiting"]
    if not has_sandbox(pod):
        about = snapshot.events_about(pod.ref)
        texts += [event.message for event in about if event.reason in MOUNTS]
    for text in texts:
        if (found := missing(text)) and found.get("name"):
            yield found["object"], found["name"]
