"""The parts of the snapshot's text that belong to no owner: claims, Services, quotas and bounds."""

from __future__ import annotations

from collections.abc import Mapping

from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.text.sanitize import clean, quoted

Names = Mapping[ObjectRef, str]


def claims(snapshot: ClusterSnapshot, names: Names) -> list[str]:
    """PersistentVolumeClaims, one line each."""
    lines = [
        f"  {names[claim.ref]}: {claim.phase}, storage class {claim.storage_class or 'none'}, "
        f"asks for {claim.requested or '?'}"
        for claim in snapshot.claims
    ]
    return ["VOLUME CLAIMS", *lines] if lines else []


def nodes(snapshot: ClusterSnapshot, _names: Names) -> list[str]:
    """Nodes that fail under pods of the namespace, one line each."""
    lines = [
        f"  node {node.name}: {node.state} {node.condition} {quoted(node.message, 200)}"
        for node in snapshot.nodes
    ]
    return ["NODES THAT FAIL", *lines] if lines else []


def services(snapshot: ClusterSnapshot, names: Names) -> list[str]:
    """Services with their endpoints, selectors and ports, one line each."""
    lines = []
    for service in snapshot.services:
        ports = [f"{port.number} to {clean(port.target, 40)}" for port in service.ports]
        lines.append(
            f"  {names[service.ref]}: {service.ready_endpoints} endpoints ready, "
            f"{service.unready_endpoints} not; selects {pairs(service.selector)}; "
            f"ports {', '.join(ports) or 'none'}"
        )
    return ["SERVICES", *lines] if lines else []


def custom_resources(snapshot: ClusterSnapshot, names: Names) -> list[str]:
    """Custom resources that are not well, each with the condition that says so."""
    lines = [
        f"  {names[item.ref]}: {item.state}; {clean(item.condition.type, 80)}="
        f"{clean(item.condition.status, 40)} {clean(item.condition.reason, 80)} "
        f"{quoted(item.condition.message, 240)}"
        for item in snapshot.custom_resources
    ]
    return ["CUSTOM RESOURCES", *lines] if lines else []


def configmaps(snapshot: ClusterSnapshot, _names: Names) -> list[str]:
    """Names of ConfigMaps, on one line."""
    there = ", ".join(clean(name, 80) for name in snapshot.configmaps)
    return [f"CONFIGMAPS that are there: {there}"] if there else []


def bounds(snapshot: ClusterSnapshot, names: Names) -> list[str]:
    """Quotas, LimitRanges, autoscalers and disruption budgets."""
    lines = [
        f"  ResourceQuota {quota.name}: used {pairs(quota.used)} of {pairs(quota.hard)}"
        for quota in snapshot.quotas
    ]
    lines += [
        f"  LimitRange {limits.name}: default {pairs(limits.default)}, max {pairs(limits.max)}"
        for limits in snapshot.limit_ranges
    ]
    for scaler in snapshot.autoscalers:
        lines.append(
            f"  {names[scaler.ref]} of {scaler.target}: {scaler.current} replicas, wants "
            f"{scaler.desired}, from {scaler.min_replicas} to {scaler.max_replicas}"
        )
        lines += [
            f"    condition {item.type}=False {item.reason} {quoted(item.message, 240)}"
            for item in scaler.conditions
            if item.status == "False" and item.message
        ]
    lines += [
        f"  {names[budget.ref]}: {budget.allowed} evictions allowed, {budget.healthy} healthy, "
        f"{budget.desired_healthy} needed"
        for budget in snapshot.disruption_budgets
    ]
    return ["QUOTAS AND BOUNDS", *lines] if lines else []


def pairs(values: Mapping[str, str]) -> str:
    """`cpu=1 memory=64Mi`."""
    return " ".join(f"{clean(n, 80)}={clean(v, 80)}" for n, v in sorted(values.items())) or "none"
