"""A drill and examples of `volume_mount`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex


def examples() -> tuple[Example, ...]:
    message = 'MountVolume.SetUp failed for volume "data" : mount failed: exit status 32'
    starting = ex.pod(ex.waiting("ContainerCreating"), phase="Pending", node="node-1")
    failing = ex.event("FailedMount", message, count=6)
    added = ex.earlier(ex.change("volumes", None, "data", container=None))
    config = 'MountVolume.SetUp failed for volume "data" : configmap "web" not found'
    return (
        Example(
            "mount fails", ex.snapshot_of(ex.deployment(), starting, failing), "Deployment/web"
        ),
        Example(
            "the revision added the volume",
            ex.snapshot_of(ex.deployment(last=added), starting, failing),
            "Deployment/web",
            "rollout_undo",
        ),
        Example(
            "failed once and is tried again",
            ex.snapshot_of(ex.deployment(), starting, ex.event("FailedMount", message, count=1)),
            None,
        ),
        Example(
            "a ConfigMap is missing",
            ex.snapshot_of(ex.deployment(), starting, ex.event("FailedMount", config, count=6)),
            None,
        ),
    )


_VOLUMES = "volumes: [{name: pictures, csi: {driver: pictures.csi.example.com}}]"


_MOUNTS = "volumeMounts: [{name: pictures, mountPath: /pictures}]"


DRILL = Drill(
    before=drill_manifest.deployment(["sleep", "3600"]),
    manifest=drill_manifest.deployment(["sleep", "3600"], pod=_VOLUMES, container=_MOUNTS),
    ends="healed",
    settle="pending",
)
