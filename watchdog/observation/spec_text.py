"""The specs of an owner's pods, as lines of the snapshot's text."""

from __future__ import annotations

from collections.abc import Iterator

from watchdog.observation.section_text import pairs
from watchdog.snapshot.pod_template import ContainerSpec, EnvVar, PodTemplate
from watchdog.snapshot.workloads import PodSummary, WorkloadSummary
from watchdog.text.sanitize import clean, quoted

_ENVS, _MOUNTS = 40, 12


def template(workload: WorkloadSummary | None, alike: list[list[PodSummary]]) -> Iterator[str]:
    """The spec of the pods: their workload's, or else their own."""
    told = workload.template if workload else None
    if (told is None or not told.containers) and alike:
        told = alike[0][0].template
    if told is None:
        return
    for spec in told.containers:
        yield f"  {_container(spec)}"
    if where := "; ".join(_scheduling(told)):
        yield f"  scheduling: {where}"
    for need in told.references:
        yield f"  needs {need.kind} {need.name} ({clean(need.via, 60)})"


def _scheduling(told: PodTemplate) -> Iterator[str]:
    """What ties the pods to nodes, where anything does."""
    if told.node_selector:
        yield f"node selector {pairs(told.node_selector)}"
    if told.tolerations:
        yield f"tolerates {clean(', '.join(told.tolerations), 300)}"
    if told.affinity:
        yield f"affinity {clean(', '.join(told.affinity), 300)}"
    if told.priority_class:
        yield f"priority class {clean(told.priority_class, 80)}"
    if told.host_network:
        yield "host network"


def _container(spec: ContainerSpec) -> str:
    """A container's spec in one line."""
    kind = "sidecar" if spec.sidecar else "init container" if spec.init else "container"
    parts = [f"image {clean(spec.image, 200)}"]
    parts += [f"command {quoted(' '.join(spec.command), 200)}"] if spec.command else []
    parts += [f"args {quoted(' '.join(spec.args), 200)}"] if spec.args else []
    parts += [f"env {', '.join(_envs(spec.env))}"] if spec.env else []
    parts += [f"requests {pairs(spec.requests)}"] if spec.requests else []
    parts += [f"limits {pairs(spec.limits)}"] if spec.limits else []
    parts += [f"ports {', '.join(str(port.number) for port in spec.ports)}"] if spec.ports else []
    parts += [f"mounts {clean('; '.join(spec.mounts[:_MOUNTS]), 400)}"] if spec.mounts else []
    probes = {"startup": spec.startup, "liveness": spec.liveness, "readiness": spec.readiness}
    parts += [
        f"{name} probe {quoted(probe.asks, 120)} after {probe.initial_delay_seconds} s, "
        f"every {probe.period_seconds} s, {probe.failure_threshold} failures"
        for name, probe in probes.items()
        if probe
    ]
    return f"{kind} {spec.name}: {'; '.join(parts)}"


def _envs(envs: tuple[EnvVar, ...]) -> list[str]:
    more = [f"(+{len(envs) - _ENVS} more)"] if len(envs) > _ENVS else []
    return [*(_env(env) for env in envs[:_ENVS]), *more]


def _env(env: EnvVar) -> str:
    name = clean(env.name, 80)
    if env.object:
        return f"{name} (from {env.source} {env.object} key {env.key})"
    return f"{name} (empty)" if env.empty else name
