"""The rights in a watched namespace that a pass needs: the chart's Role and `doctor` follow this.

Nothing here is granted by this list; RBAC grants. A test holds the chart's Role equal to it.
"""

from __future__ import annotations

from watchdog.actions import ACTIONS
from watchdog.actions.action import Grant
from watchdog.settings import Settings

READ = ("get", "list")
_READ_IN_FULL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("pods", "events", "persistentvolumeclaims", "resourcequotas", "limitranges", "services")),
    ("apps", ("deployments", "replicasets", "statefulsets", "daemonsets")),
    ("batch", ("jobs", "cronjobs")),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("policy", ("poddisruptionbudgets",)),
    ("discovery.k8s.io", ("endpointslices",)),
)
OBSERVATION: tuple[Grant, ...] = (
    *(
        Grant(group, resource, verb)
        for group, resources in _READ_IN_FULL
        for resource in resources
        for verb in READ
    ),
    Grant("", "pods/log", "get"),
    Grant("", "namespaces", "get"),  # the namespace itself, for its pause annotation
)


def needed(settings: Settings, namespace: str) -> tuple[Grant, ...]:
    """What a pass with these settings needs in that namespace, without repeats."""
    wanted = list(OBSERVATION)
    if not settings.dry_run:
        for action in ACTIONS:
            kind = action.model_fields["kind"].default
            if action.grants and settings.mode(kind, namespace) != "never":
                wanted += action.grants
    return tuple(dict.fromkeys(wanted))
