"""What admission changed of a pod, told apart from what its workload's own template says. Pure.

A VerticalPodAutoscaler, a LimitRange or a webhook gives pods other resources than their template
asks for, and injectors add containers. A change of the template does not reach either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from watchdog.kube.quantity import parse, write

if TYPE_CHECKING:
    from watchdog.detection.container_view import ContainerView
    from watchdog.snapshot.snapshot import ClusterSnapshot
    from watchdog.snapshot.workloads import WorkloadSummary


def injected(workload: WorkloadSummary | None, container: str | None) -> bool:
    """Whether that container is in the workload's pods but not in its template."""
    if workload is None or container is None or not workload.template.containers:
        return False
    return workload.template.container(container) is None


def asked_limit(item: ContainerView, snapshot: ClusterSnapshot, resource: str) -> str | None:
    """The limit that the workload's template asks for, if its pod was given another one."""
    workload = snapshot.workload(item.pod.owner)
    spec = workload.template.container(item.state.name) if workload else None
    asked = spec.limits.get(resource) if spec else None
    given = item.spec.limits.get(resource)
    if asked is None or given is None or parse(asked) == parse(given):
        return None
    return asked


class Allowed(NamedTuple):
    """The most that a LimitRange allows of a resource, and the LimitRange's name."""

    name: str
    amount: str


def most_allowed(snapshot: ClusterSnapshot, resource: str, request: str | None) -> Allowed | None:
    """The tightest maximum in the namespace for the limit of a container with that request."""
    found = [
        Allowed(item.name, item.max[resource])
        for item in snapshot.limit_ranges
        if resource in item.max
    ]
    found += [
        Allowed(item.name, write(parse(request) * parse(item.ratio[resource]), resource))
        for item in snapshot.limit_ranges
        if request and resource in item.ratio
    ]
    return min(found, key=lambda each: parse(each.amount), default=None)
