"""A drill and examples of `evicted`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex


def examples() -> tuple[Example, ...]:
    message = 'Usage of EmptyDir volume "cache" exceeds the limit "5Mi". '
    gone = ex.pod(
        ex.ended(137), phase="Failed", status="Error", reason="Evicted", message=message, alike=4
    )
    limit = 'Container main exceeded its local ephemeral storage limit "40Mi". '
    own = gone.model_copy(update={"message": limit})
    low = gone.model_copy(
        update={"alike": 1, "message": "The node was low on resource: memory.", "node": "node-1"}
    )
    old = low.model_copy(update={"conditions": (), "created_at": ex.ago(90000)})
    return (
        Example("again and again", ex.snapshot_of(ex.deployment(ready=1), gone), "Deployment/web"),
        Example("over its limit", ex.snapshot_of(ex.deployment(ready=0), own), "Deployment/web"),
        Example(
            "a bare pod",
            ex.snapshot_of(
                low.model_copy(update={"ref": ex.ref("Pod", "x"), "owner": ex.ref("Pod", "x")})
            ),
            "Pod/x",
        ),
        Example("was replaced", ex.snapshot_of(ex.deployment(ready=1), low), None),
        Example("long ago", ex.snapshot_of(ex.deployment(ready=0), old), None),
    )


DRILL = Drill(
    manifest=drill_manifest.deployment(
        "dd if=/dev/zero of=/cache/fill bs=1M count=30; sleep 3600",
        container="volumeMounts: [{name: cache, mountPath: /cache}]",
        pod="volumes: [{name: cache, emptyDir: {sizeLimit: 5Mi}}]",
    ),
    settle="evicted",
)
