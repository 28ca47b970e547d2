"""How many pods a rolling update may do without. Pure."""

from __future__ import annotations

from typing import Any

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import mapping, number
from watchdog.text.sanitize import whole_number


def max_unavailable(spec: Json) -> int:
    """How many pods a rolling update may do without, rounded as the Deployment controller does.

    See ResolveFenceposts in k8s.io/kubernetes/pkg/controller/deployment/util.
    """
    rolling = mapping(mapping(spec.get("strategy")).get("rollingUpdate"))
    replicas = number(spec.get("replicas"), 1)
    surge = _share(rolling.get("maxSurge", "25%"), replicas, up=True)
    return _share(rolling.get("maxUnavailable", "25%"), replicas, up=False) or int(surge == 0)


def _share(value: Any, of: int, *, up: bool) -> int:
    """An int-or-percent value as a number of pods."""
    found = whole_number(str(value).removesuffix("%"))
    if found is None:
        return 0
    if not str(value).endswith("%"):
        return found
    whole = found * of
    return -(-whole // 100) if up else whole // 100
