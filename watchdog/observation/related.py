"""What surrounds workloads, as summaries: claims, quotas, Services, autoscalers, budgets. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from watchdog.kube.ports import Json
from watchdog.kube.resources import DEPLOYMENTS, STATEFULSETS
from watchdog.observation.kubectl_columns import mapping, moment, number, objects
from watchdog.observation.template_summary import texts
from watchdog.observation.translate import conditions, controller, reference
from watchdog.snapshot.refs import KIND, NAME, ObjectRef
from watchdog.snapshot.snapshot import (
    AutoscalerSummary,
    ClaimSummary,
    DisruptionBudgetSummary,
    LimitRangeSummary,
    QuotaSummary,
    ServicePort,
    ServiceSummary,
)
from watchdog.text.redact import Redactor
from watchdog.text.sanitize import term

_SCALABLE = {item.kind: item.plural for item in (DEPLOYMENTS, STATEFULSETS)}
_SERVICE_NAME = "kubernetes.io/service-name"


def claim(raw: Json, redactor: Redactor) -> ClaimSummary:
    """A PersistentVolumeClaim."""
    spec, status = mapping(raw.get("spec")), mapping(raw.get("status"))
    storage = mapping(mapping(spec.get("resources")).get("requests")).get("storage")
    capacity = mapping(status.get("capacity")).get("storage")
    storage_class = spec.get("storageClassName")
    return ClaimSummary(
        ref=reference("PersistentVolumeClaim", raw),
        phase=str(status.get("phase") or ""),
        conditions=conditions(status.get("conditions"), redactor),
        storage_class=None if storage_class is None else str(storage_class),
        volume=str(spec["volumeName"]) if spec.get("volumeName") else None,
        requested=None if storage is None else str(storage),
        capacity=None if capacity is None else str(capacity),
        resize=str(mapping(status.get("allocatedResourceStatuses")).get("storage") or ""),
        created_at=moment(mapping(raw.get("metadata")).get("creationTimestamp")),
    )


def quota(raw: Json) -> QuotaSummary:
    """A ResourceQuota."""
    status = mapping(raw.get("status"))
    hard = texts(status.get("hard")) or texts(mapping(raw.get("spec")).get("hard"))
    return QuotaSummary(
        name=reference("ResourceQuota", raw).name, hard=hard, used=texts(status.get("used"))
    )


def limit_range(raw: Json) -> LimitRangeSummary:
    """The limits of a LimitRange that concern containers."""
    limits: Mapping[str, Any] = next(
        (
            item
            for item in objects(mapping(raw.get("spec")).get("limits"))
            if item.get("type") == "Container"
        ),
        {},
    )
    return LimitRangeSummary(
        name=reference("LimitRange", raw).name,
        default_request=texts(limits.get("defaultRequest")),
        default=texts(limits.get("default")),
        max=texts(limits.get("max")),
        ratio=texts(limits.get("maxLimitRequestRatio")),
        min=texts(limits.get("min")),
    )


def service(
    raw: Json, slices: Sequence[Json], matching: tuple[ObjectRef, ...] = ()
) -> ServiceSummary:
    """A Service with the endpoints of its slices. A name in a target port is kept as it is."""
    spec, ref = mapping(raw.get("spec")), reference("Service", raw)
    own = [
        item
        for item in slices
        if mapping(mapping(item.get("metadata")).get("labels")).get(_SERVICE_NAME) == ref.name
    ]
    ready: set[str] = set()
    unready: set[str] = set()
    for endpoint in (found for item in own for found in objects(item.get("endpoints"))):
        state = mapping(endpoint.get("conditions"))
        into = unready if state.get("ready") is False else ready
        into.update(str(address) for address in endpoint.get("addresses") or ())
    ports = {number(port.get("port")) for item in own for port in objects(item.get("ports"))}
    return ServiceSummary(
        ref=ref,
        selector=texts(spec.get("selector")),
        ports=tuple(
            ServicePort(
                number=number(item.get("port")),
                target=str(item.get("targetPort") or item.get("port") or ""),
                name=str(item["name"]) if item.get("name") else None,
                protocol=str(item.get("protocol") or "TCP"),
            )
            for item in objects(spec.get("ports"))
        ),
        headless=spec.get("clusterIP") == "None",
        addresses=_addresses(spec),
        ready_endpoints=len(ready),
        unready_endpoints=len(unready - ready),
        created_at=moment(mapping(raw.get("metadata")).get("creationTimestamp")),
        endpoint_ports=tuple(sorted(ports - {0})),
        matching=matching,
    )


def _addresses(spec: Json) -> tuple[str, ...]:
    """The cluster IPs of a Service, as IP addresses are written."""
    found = []
    for given in (spec.get("clusterIP"), *(spec.get("clusterIPs") or ())):
        with contextlib.suppress(ValueError):
            found.append(str(ip_address(str(given))))
    return tuple(dict.fromkeys(found))


def _scaled(raw: Json, namespace: str) -> ObjectRef:
    """What an autoscaler scales. The API server takes any words for its kind and name."""
    kind, name = str(raw.get("kind") or ""), str(raw.get("name") or "")
    return ObjectRef(
        kind=kind if KIND.fullmatch(kind) else term(kind),
        namespace=namespace,
        name=name if NAME.fullmatch(name) else term(name),
    )


def autoscaler(
    raw: Json, redactor: Redactor, scalable: Collection[tuple[str, str]] | None = None
) -> AutoscalerSummary:
    """A HorizontalPodAutoscaler; `scalable` are all Deployments and StatefulSets, if known."""
    spec, status = mapping(raw.get("spec")), mapping(raw.get("status"))
    ref, target = reference("HorizontalPodAutoscaler", raw), mapping(spec.get("scaleTargetRef"))
    owner = controller(raw)
    return AutoscalerSummary(
        ref=ref,
        target=_scaled(target, ref.namespace),
        min_replicas=number(spec.get("minReplicas"), 1),
        max_replicas=number(spec.get("maxReplicas"), 1),
        current=number(status.get("currentReplicas")),
        desired=number(status.get("desiredReplicas")),
        created_at=moment(mapping(raw.get("metadata")).get("creationTimestamp")),
        target_absent=scalable is not None
        and target.get("kind") in _SCALABLE
        and (_SCALABLE[str(target["kind"])], str(target.get("name"))) not in scalable,
        conditions=conditions(status.get("conditions"), redactor),
        made_by=f"{owner[0]}/{owner[1]}" if owner else "",
    )


def disruption_budget(raw: Json, redactor: Redactor) -> DisruptionBudgetSummary:
    """A PodDisruptionBudget."""
    status = mapping(raw.get("status"))
    selector = mapping(mapping(raw.get("spec")).get("selector"))
    return DisruptionBudgetSummary(
        ref=reference("PodDisruptionBudget", raw),
        selector=texts(selector.get("matchLabels")),
        allowed=number(status.get("disruptionsAllowed")),
        healthy=number(status.get("currentHealthy")),
        desired_healthy=number(status.get("desiredHealthy")),
        expected=number(status.get("expectedPods")),
        conditions=conditions(status.get("conditions"), redactor),
    )


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether a plain selector picks these labels; an empty one picks nothing."""
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())
