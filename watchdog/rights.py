"""The rights in a watched namespace that a pass needs: the chart's Role and `doctor` follow this.

Nothing here is granted by this list; RBAC grants. A test holds the chart's Role equal to it.
"""

from __future__ import annotations

from watchdog.actions import ACTIONS, PatchConfigMap
from watchdog.actions.action import Grant
from watchdog.settings import Settings

READ = ("get", "list")
OWN_NAME = "sre-watchdog"
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
)
# The product's own ConfigMap and Lease. No create: RBAC cannot restrict it to one name, and the
# chart makes them.
OWN_READ: tuple[Grant, ...] = (
    Grant("", "configmaps", "get", OWN_NAME),
    Grant("coordination.k8s.io", "leases", "get", OWN_NAME),
)
OWN_WRITE: tuple[Grant, ...] = tuple(
    Grant(grant.group, grant.resource, verb, OWN_NAME)
    for grant in OWN_READ
    for verb in ("update", "patch")
)

# Each write leaves an Event on its object.
TRACE = Grant("events.k8s.io", "events", "create")


def needed(settings: Settings, namespace: str) -> tuple[Grant, ...]:
    """What a pass with these settings needs in that namespace, without repeats."""
    # The namespace itself, for its pause annotation.
    wanted = [*OBSERVATION, Grant("", "namespaces", "get", namespace), *OWN_READ]
    if not settings.dry_run:
        wanted += OWN_WRITE
        kinds = [(action, action.model_fields["kind"].default) for action in ACTIONS]
        named = PatchConfigMap.grants_on(tuple(settings.policy(namespace).configmaps))
        enabled = [
            named if action is PatchConfigMap else action.grants
            for action, kind in kinds
            if settings.mode(kind, namespace) != "never"
        ]
        wanted += [grant for grants in enabled for grant in grants]
        if any(enabled):
            wanted.append(TRACE)
    return tuple(dict.fromkeys(wanted))
