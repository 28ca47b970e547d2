"""A drill and examples of `sandbox_failed`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex


def examples() -> tuple[Example, ...]:
    starting = ex.pod(ex.waiting("ContainerCreating"), phase="Pending", node="node-1")
    network = ex.event(
        "FailedCreatePodSandBox",
        'Failed to create pod sandbox: plugin type="bridge" failed (add): no IP addresses left',
    )
    setting = ex.event(
        "FailedCreatePodSandBox",
        "Failed to create pod sandbox: write /proc/sys/net/ipv4/ping_group_range: invalid argument",
    )
    rolled = ex.deployment(last=ex.earlier(ex.change("securityContext", None, "…", container=None)))
    web = ex.deployment()
    return (
        Example("no address left", ex.snapshot_of(web, starting, network), "Deployment/web"),
        Example(
            "the revision set a sysctl",
            ex.snapshot_of(rolled, starting, setting),
            "Deployment/web",
            "rollout_undo",
        ),
        Example(
            "failed once, then started",
            ex.snapshot_of(ex.deployment(ready=1), ex.pod(ex.running()), network),
            None,
        ),
    )


_SYSCTL = 'securityContext: {sysctls: [{name: net.ipv4.ping_group_range, value: "nonsense"}]}'


DRILL = Drill(manifest=drill_manifest.deployment(["sleep", "3600"], pod=_SYSCTL), settle="pending")
