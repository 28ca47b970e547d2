"""Requests and limits that a quota or a LimitRange would accept, where the numbers fit. Pure.

For a Deployment whose pods were never created: what ran with other numbers keeps them. The values
are those of the namespace's LimitRange, or of the settings, never invented to fill a quota.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from watchdog.actions import PatchDeploymentResources
from watchdog.kube.quantity import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from watchdog.snapshot.pod_template import ContainerSpec
    from watchdog.snapshot.refs import ObjectRef
    from watchdog.snapshot.snapshot import ClusterSnapshot, QuotaSummary
    from watchdog.snapshot.workloads import DeploymentSummary

RESOURCES = ("cpu", "memory")


class Part(NamedTuple):
    """One quantity of a container: `limits` or `requests`, of `cpu` or `memory`."""

    group: str
    resource: str

    @property
    def field(self) -> str:
        """The field of PatchDeploymentResources that sets it."""
        return f"{self.resource}_{self.group.removesuffix('s')}"


Values = dict[Part, str]


def demanded(snapshot: ClusterSnapshot, target: ObjectRef) -> PatchDeploymentResources | None:
    """What a quota demands that one container does not specify."""
    deployment = snapshot.deployment(target)
    if deployment is None:
        return None
    parts = {part for quota in snapshot.quotas for key in quota.hard if (part := _part(key))}
    lacking = {
        spec.name: [part for part in sorted(parts) if _amount(spec, part) is None]
        for spec in deployment.template.containers
        if not spec.init
    }
    lacking = {name: found for name, found in lacking.items() if found}
    if len(lacking) != 1:
        return None
    ((name, found),) = lacking.items()
    spec = deployment.template.container(name)
    assert spec is not None
    values: Values = {}
    for part in found:
        values[part] = _at_least(usual(snapshot, part.resource), _amount(spec, _other(part)), part)
    return _action(snapshot, deployment, spec, values)


def smaller(snapshot: ClusterSnapshot, target: ObjectRef) -> PatchDeploymentResources | None:
    """Less than what no quota could ever hold, for what has never run."""
    deployment = snapshot.deployment(target)
    if deployment is None or ran(deployment):
        return None
    over = {
        part
        for quota in snapshot.quotas
        for key, hard in quota.hard.items()
        if (part := _part(key)) and _of_pod(deployment, part, {}, None) > parse(hard)
    }
    if not over:
        return None
    containers = [item for item in deployment.template.containers if not item.init]
    spec = max(containers, key=lambda item: max(_number(item, part) for part in over))
    values: Values = {}
    for part in over:
        less = usual(snapshot, part.resource)
        if parse(less) < _number(spec, part):
            values[part] = less
            request = Part("requests", part.resource)
            if part.group == "limits" and _number(spec, request) > parse(less):
                values[request] = less
    return _action(snapshot, deployment, spec, values)


def within_range(snapshot: ClusterSnapshot, target: ObjectRef) -> PatchDeploymentResources | None:
    """What LimitRanges allow, for the one container that is outside of them."""
    deployment = snapshot.deployment(target)
    if deployment is None:
        return None
    wrong: list[tuple[ContainerSpec, Values]] = []
    for spec in deployment.template.containers:
        values: Values = {}
        for item in snapshot.limit_ranges:
            for resource in RESOURCES:
                values |= _moved(spec, resource, item.min.get(resource), item.max.get(resource))
        if values:
            wrong.append((spec, values))
    if len(wrong) != 1:
        return None
    spec, values = wrong[0]
    lowered = any(parse(text) < _number(spec, part) for part, text in values.items())
    return None if lowered and ran(deployment) else _action(snapshot, deployment, spec, values)


def usual(snapshot: ClusterSnapshot, resource: str) -> str:
    """The request of a container that names none: a LimitRange's default, or the settings'."""
    thresholds = snapshot.thresholds
    fallback = {"cpu": thresholds.fallback_cpu, "memory": thresholds.fallback_memory}[resource]
    ranges = (item.default_request.get(resource) for item in snapshot.limit_ranges)
    return next((amount for amount in ranges if amount), fallback)


def ran(deployment: DeploymentSummary) -> bool:
    """Whether pods of it run or once ran, as far as is known."""
    return bool(deployment.ready) or any(
        item.available or item.ready_replicas or item.replicas for item in deployment.revisions
    )


def _moved(spec: ContainerSpec, resource: str, least: str | None, most: str | None) -> Values:
    """What brings a container's quantities between these two; empty if they are there."""
    values: Values = {}
    for group in ("limits", "requests"):
        part = Part(group, resource)
        amount = _number(spec, part)
        if most and amount > parse(most):
            values[part] = most
        elif least and amount and amount < parse(least):
            values[part] = least
    request, limit = Part("requests", resource), Part("limits", resource)
    own_limit = spec.limits.get(resource)
    if request in values and own_limit and parse(values[request]) > parse(own_limit):
        values[limit] = values[request]
    return values


def _action(
    snapshot: ClusterSnapshot, deployment: DeploymentSummary, spec: ContainerSpec, values: Values
) -> PatchDeploymentResources | None:
    """The change, if there is one and all the pods that are missing then fit every quota."""
    if not values:
        return None
    current = deployment.current
    missing = max(1, deployment.desired - (current.replicas if current else 0))
    if _exceeded(snapshot, lambda part: _of_pod(deployment, part, values, spec.name) * missing):
        return None
    fields = {part.field: text for part, text in values.items()}
    return PatchDeploymentResources(target=deployment.ref, container=spec.name, **fields)


def no_room(
    snapshot: ClusterSnapshot, deployment: DeploymentSummary, container: str, values: Values
) -> QuotaSummary | None:
    """The quota that has no room for the next pod, if that container asks for these values.

    A rollout that may do without a pod takes an old one away first; else the new one comes on top.
    """
    freed = deployment.strategy == "Recreate" or deployment.max_unavailable > 0

    def added(part: Part) -> Decimal:
        less = _of_pod(deployment, part, {}, None) if freed else Decimal(0)
        return _of_pod(deployment, part, values, container) - less

    return _exceeded(snapshot, added)


def _exceeded(snapshot: ClusterSnapshot, added: Callable[[Part], Decimal]) -> QuotaSummary | None:
    """The first quota that has no room for what is added of each part."""
    for quota in snapshot.quotas:
        for key, hard in quota.hard.items():
            more = added(part) if (part := _part(key)) else Decimal(0)
            if more > 0 and parse(quota.used.get(key, "0")) + more > parse(hard):
                return quota
    return None


def _of_pod(
    deployment: DeploymentSummary, part: Part, values: Values, container: str | None
) -> Decimal:
    """What one pod has of it, with `values` in place of what that container has now."""
    return sum(
        (
            _number(item, part) if item.name != container else _changed(item, part, values)
            for item in deployment.template.containers
            if not item.init or item.sidecar
        ),
        Decimal(0),
    )


def _changed(spec: ContainerSpec, part: Part, values: Values) -> Decimal:
    """What the container would have of it; a limit alone is its request too."""
    limit = _other(part) if part.group == "requests" else part
    follows = limit in values and part.resource not in spec.requests
    text = values.get(part) or (values[limit] if follows else None)
    return parse(text) if text else _number(spec, part)


def _part(key: str) -> Part | None:
    """What a quota's key counts: `cpu` alone is `requests.cpu`."""
    group, _, resource = key.rpartition(".")
    if resource not in RESOURCES or group not in {"", "requests", "limits"}:
        return None
    return Part(group or "requests", resource)


def _other(part: Part) -> Part:
    return Part("requests" if part.group == "limits" else "limits", part.resource)


def _at_least(text: str, other: str | None, part: Part) -> str:
    """A limit is no less than the request, and a request no more than the limit."""
    if other is None:
        return text
    larger = parse(other) > parse(text)
    return other if larger == (part.group == "limits") else text


def _amount(spec: ContainerSpec, part: Part) -> str | None:
    """What the API server takes a container's quantity for: a limit alone is its request too."""
    held = spec.limits if part.group == "limits" else spec.requests
    return held.get(part.resource) or (
        spec.limits.get(part.resource) if part.group == "requests" else None
    )


def _number(spec: ContainerSpec, part: Part) -> Decimal:
    return parse(_amount(spec, part) or "0")
