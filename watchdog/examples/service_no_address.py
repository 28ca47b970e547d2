"""A drill and examples of `service_no_address`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex
from watchdog.snapshot.snapshot import LoadBalancerSummary


def examples() -> tuple[Example, ...]:
    ref = ex.ref("Service", "front")
    waits = LoadBalancerSummary(ref=ref, created_at=ex.ago(900))
    refused = ex.event("SyncLoadBalancerFailed", "quota of addresses is used up", about=ref)
    young = waits.model_copy(update={"created_at": ex.ago(60)})
    return (
        Example("no address", ex.snapshot_of(waits), "Service/front"),
        Example("its controller says why", ex.snapshot_of(waits, refused), "Service/front"),
        Example("being made", ex.snapshot_of(young), None),
    )


DRILL = Drill(
    manifest="""\
apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  type: LoadBalancer
  selector: {app: front}
  ports: [{port: 80}]
""",
    settle="address",
)
