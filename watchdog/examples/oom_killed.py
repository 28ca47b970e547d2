"""A drill and examples of `oom_killed`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    ago,
    broken,
    change,
    crashing,
    earlier,
    pod,
    running,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.examples.builders import deployment as web
from watchdog.examples.drill_manifest import deployment
from watchdog.snapshot.snapshot import LimitRangeSummary


def _at_most(amount: str) -> LimitRangeSummary:
    return LimitRangeSummary(name="lr", default={"memory": "128Mi"}, max={"memory": amount})


def examples() -> tuple[Example, ...]:
    small = spec(limits={"memory": "128Mi"})
    oom = crashing(137, last_reason="OOMKilled")
    start = waiting(
        "RunContainerError",
        "failed to create shim task: unable to start container process: container init was "
        "OOM-killed (memory limit too low?): unknown",
        last_reason="StartError",
        last_exit_code=128,
        restarts=2,
    )
    past = running(
        restarts=1, last_reason="OOMKilled", last_exit_code=137, last_finished_at=ago(600)
    )
    patch, claims = "patch_deployment_resources", "Deployment/web"
    lowered = earlier(change("limits.memory", "256Mi", "128Mi"))
    added = earlier(change("limits.memory", None, "128Mi"))
    ready = web(ready=1)
    old = running(
        restarts=1, last_reason="OOMKilled", last_exit_code=137, last_finished_at=ago(90000)
    )
    return (
        Example("killed at its limit", broken(oom, container=small), claims, patch),
        Example("limit lowered", broken(oom, container=small, last=lowered), claims, patch),
        Example("limit added", broken(oom, container=small, last=added), claims, "rollout_undo"),
        Example(
            "killed while starting",
            broken(start, container=spec(limits={"memory": "15Mi"})),
            claims,
            patch,
        ),
        Example("no limit", broken(oom), claims),
        Example(
            "runs again after a kill",
            snapshot_of(ready, pod(past, specs=(small,), sick=True)),
            claims,
            patch,
        ),
        Example(
            "the maximum of a LimitRange is reached",
            broken(oom, _at_most("128Mi"), container=small),
            claims,
        ),
        Example(
            "below the maximum of a LimitRange",
            broken(oom, _at_most("192Mi"), container=small),
            claims,
            patch,
        ),
        Example("killed yesterday", snapshot_of(ready, pod(old, specs=(small,), sick=True)), None),
        Example("killed by something else", broken(crashing(137), container=small), None),
    )


# It ends a moment after the kill, as the runtime may hear of that later than of the end.
_SHELL = (
    "dd if=/dev/zero of=/dev/shm/fill bs=1M count=40 || "
    "{ code=$?; : > /dev/shm/fill; sleep 2; exit $code; }; sleep 3600"
)


DRILL = Drill(
    manifest=deployment(_SHELL, container="resources: {limits: {memory: 32Mi}}"),
    ends="healed",
)
