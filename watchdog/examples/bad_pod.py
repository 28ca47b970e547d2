"""A drill and examples of `bad_pod`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples import builders as ex


def examples() -> tuple[Example, ...]:
    message = "Pod was rejected: Node didn't have enough resource: cpu"
    refused = ex.bare_pod(phase="Failed", reason="OutOfcpu", message=message)
    left = ex.pod(phase="Failed", reason="UnexpectedAdmissionError", message="no device")
    return (
        Example("rejected by its node", ex.snapshot_of(refused), "Pod/task"),
        Example("lost with its node", ex.snapshot_of(ex.bare_pod(phase="Unknown")), "Pod/task"),
        Example("no replacement runs", ex.snapshot_of(ex.deployment(), left), "Deployment/web"),
        Example("was replaced", ex.snapshot_of(ex.deployment(ready=1), left), None),
        Example("completed", ex.snapshot_of(ex.bare_pod(ex.ended(0), phase="Succeeded")), None),
    )


DRILL = Drill(
    manifest="""\
apiVersion: v1
kind: Pod
metadata: {name: strict}
spec:
  securityContext: {sysctls: [{name: kernel.msgmax, value: "1"}]}
  containers:
  - {name: main, image: "busybox:1.36", command: [sleep, "3600"]}
""",
    settle="failed",
)
