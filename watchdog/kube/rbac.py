"""The rights in a watched namespace that a pass needs: the chart's Role and `doctor` follow this.

Nothing here is granted by this list; RBAC grants. A test holds the chart's Role equal to it.
"""

from __future__ import annotations

from watchdog.actions import Grant
from watchdog.settings.custom_presets import resources
from watchdog.settings.schema import Settings

READ = ("get", "list")
OWN_NAME = "sre-watchdog"
_READ_IN_FULL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("pods", "events", "persistentvolumeclaims", "resourcequotas", "limitranges", "services")),
    ("", ("replicationcontrollers",)),
    ("apps", ("deployments", "replicasets", "statefulsets", "daemonsets")),
    ("batch", ("jobs", "cronjobs")),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("policy", ("poddisruptionbudgets",)),
    ("discovery.k8s.io", ("endpointslices",)),
    ("networking.k8s.io", ("ingresses",)),
    ("gateway.networking.k8s.io", ("httproutes",)),
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
# What `rbac.clusterRead` grants beyond OBSERVATION, in the whole cluster. Memories are listed by
# their one name, as RBAC allows a list that selects `metadata.name`.
CLUSTER_READ: tuple[Grant, ...] = (
    *(
        Grant(group, resource, verb)
        for group, resource in (
            ("", "namespaces"),
            ("", "nodes"),
            ("storage.k8s.io", "storageclasses"),
            ("networking.k8s.io", "ingressclasses"),
        )
        for verb in READ
    ),
    *(Grant("", "configmaps", verb, OWN_NAME) for verb in READ),
)
OWN_WRITE: tuple[Grant, ...] = tuple(
    Grant(grant.group, grant.resource, verb, OWN_NAME)
    for grant in OWN_READ
    for verb in ("update", "patch")
)

# Memories of namespaces that bind no rights lie in the release's own namespace, in so many
# ConfigMaps of this name and a number; so do the Leases, one for each pod of a run.
OBSERVED_NAME = "sre-watchdog-observed"
OBSERVED_CONFIGMAPS = 4

# Each write leaves an Event on its object.
TRACE = Grant("events.k8s.io", "events", "create")


def custom_read(settings: Settings) -> tuple[Grant, ...]:
    """The reads of the custom resources that the settings name."""
    return tuple(
        Grant(group, plural, verb)
        for group, plural in resources(settings.watch.custom_resources)
        for verb in READ
    )


def home(settings: Settings) -> tuple[Grant, ...]:
    """What a release that watches by a rule needs in its own namespace."""
    verbs = ("get",) if settings.dry_run else ("get", "update")
    names = [("", "configmaps", number) for number in range(OBSERVED_CONFIGMAPS)]
    names += [("coordination.k8s.io", "leases", number) for number in range(settings.shards)]
    return tuple(
        Grant(group, resource, verb, f"{OBSERVED_NAME}-{number}")
        for group, resource, number in names
        for verb in verbs
    )


def needed(settings: Settings, namespace: str) -> tuple[Grant, ...]:
    """What a pass with these settings needs in that namespace, without repeats."""
    # The namespace itself, for its pause annotation.
    wanted = [*OBSERVATION, Grant("", "namespaces", "get", namespace), *OWN_READ]
    wanted += custom_read(settings)
    if not settings.dry_run:
        from watchdog.actions import ACTIONS, PatchConfigMap

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
