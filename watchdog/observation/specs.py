"""What the pods of an owner were told to be, as lines of the snapshot's text."""

from __future__ import annotations

from collections.abc import Iterator

from watchdog.observation.pod_template import ContainerSpec, EnvVar
from watchdog.observation.sections import pairs
from watchdog.observation.words import clean, quoted
from watchdog.observation.workloads import PodSummary, WorkloadSummary

_ENVS = 40


def template(workload: WorkloadSummary | None, alike: list[list[PodSummary]]) -> Iterator[str]:
    """What the pods were told to be, by their workload or else by themselves."""
    told = workload.template if workload else None
    if (told is None or not told.containers) and alike:
        told = alike[0][0].template
    if told is None:
        return
    for spec in told.containers:
        yield f"  {_container(spec)}"
    for need in told.references:
        yield f"  needs {need.kind} {need.name} ({clean(need.via, 60)})"


def _container(spec: ContainerSpec) -> str:
    """What a container was told to be, in one line."""
    kind = "sidecar" if spec.sidecar else "init container" if spec.init else "container"
    parts = [f"image {clean(spec.image, 200)}"]
    parts += [f"command {quoted(' '.join(spec.command), 200)}"] if spec.command else []
    parts += [f"args {quoted(' '.join(spec.args), 200)}"] if spec.args else []
    parts += [f"env {', '.join(_envs(spec.env))}"] if spec.env else []
    parts += [f"requests {pairs(spec.requests)}"] if spec.requests else []
    parts += [f"limits {pairs(spec.limits)}"] if spec.limits else []
    parts += [f"ports {', '.join(str(port.number) for port in spec.ports)}"] if spec.ports else []
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
