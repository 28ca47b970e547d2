"""A drill and examples of `volume_claim`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.pod_template import PodTemplate, Reference
from watchdog.snapshot.refs import Condition, ObjectRef
from watchdog.snapshot.snapshot import ClaimSummary

if TYPE_CHECKING:
    from watchdog.snapshot.workloads import PodSummary


def _pod(message: str, created: float = 300) -> PodSummary:
    placed = Condition(type="PodScheduled", status="False", reason="Unschedulable", message=message)
    mounts = Reference(kind="PersistentVolumeClaim", name="data", via="volume data")
    return ex.pod(
        phase="Pending",
        created_at=ex.ago(created),
        conditions=(placed,),
        template=PodTemplate(containers=(ex.spec(),), references=(mounts,)),
    )


def examples() -> tuple[Example, ...]:
    data = ObjectRef(kind="PersistentVolumeClaim", namespace=ex.NAMESPACE, name="data")
    claim = ClaimSummary(ref=data, phase="Pending", storage_class="fast", created_at=ex.ago(300))
    unbound = _pod("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")
    absent = _pod('0/1 nodes are available: persistentvolumeclaim "data" not found. not found')
    failed = ex.event(
        "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', about=data
    )
    first_use = ex.event(
        "WaitForFirstConsumer", "waiting for first consumer", about=data, type="Normal"
    )
    mounted = ex.earlier(ex.change("volumes", None, "data", container=None))
    return (
        Example(
            "no such storage class",
            ex.snapshot_of(ex.deployment(), unbound, claim, failed),
            "Deployment/web",
        ),
        Example("no pod waits", ex.snapshot_of(claim, failed), "PersistentVolumeClaim/data"),
        Example(
            "the revision mounts a claim that is not there",
            ex.snapshot_of(ex.deployment(last=mounted), absent),
            "Deployment/web",
            "rollout_undo",
        ),
        Example(
            "nothing is said of it for long",
            ex.snapshot_of(claim.model_copy(update={"created_at": ex.ago(1800)})),
            "PersistentVolumeClaim/data",
        ),
        Example("waits for its first consumer", ex.snapshot_of(claim, first_use), None),
        *_resizes(),
        Example("bound", ex.snapshot_of(claim.model_copy(update={"phase": "Bound"}), failed), None),
    )


def _resizes() -> tuple[Example, ...]:
    """Claims that are to grow."""
    data = ObjectRef(kind="PersistentVolumeClaim", namespace=ex.NAMESPACE, name="data")

    def claim(type_: str, since: float, said: str = "") -> ClaimSummary:
        condition = Condition(type=type_, status="True", message=said, since=ex.ago(since))
        sizes = {"requested": "20Gi", "capacity": "10Gi"}
        return ClaimSummary(ref=data, phase="Bound", conditions=(condition,), **sizes)

    mounts = Reference(kind="PersistentVolumeClaim", name="data", via="volume data")
    template = PodTemplate(containers=(ex.spec(),), references=(mounts,))
    user = ex.pod(containers=(ex.running(),), template=template)
    unmounted = "waiting for a pod to mount it"
    return (
        Example(
            "the driver cannot enlarge it",
            ex.snapshot_of(claim("ControllerResizeError", 60, "volume type cannot be resized")),
            "PersistentVolumeClaim/data",
        ),
        Example(
            "the file system waits for a new mount",
            ex.snapshot_of(claim("FileSystemResizePending", 1800, unmounted), user),
            "PersistentVolumeClaim/data",
        ),
        Example(
            "enlarged, mounted by no pod",
            ex.snapshot_of(claim("FileSystemResizePending", 1800, unmounted)),
            None,
        ),
        Example("grows since a moment", ex.snapshot_of(claim("Resizing", 60)), None),
    )


_DRILL = Drill(
    manifest="""
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: archive}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: cold-storage
  resources: {requests: {storage: 1Gi}}
---
"""
    + drill_manifest.deployment(
        ["sleep", "3600"],
        container="volumeMounts: [{name: data, mountPath: /data}]",
        pod="volumes: [{name: data, persistentVolumeClaim: {claimName: archive}}]",
    ),
    settle="pending",
)


DRILL = _DRILL
