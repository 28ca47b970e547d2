"""A drill and examples of `stuck_terminating`."""

from __future__ import annotations

from watchdog.examples import Drill, Example, drill_manifest
from watchdog.examples import builders as ex
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import Deletion


def examples() -> tuple[Example, ...]:
    stays = ex.pod(ex.running(), deleted_at=ex.ago(400), finalizers=("example.com/hold",))
    lost = ex.pod(ex.running(), deleted_at=ex.ago(400), node="node-2")
    leaving = ex.pod(ex.running(), deleted_at=ex.ago(60))
    web = ex.deployment(ready=1)
    left = Condition(
        type="NamespaceFinalizersRemaining",
        status="True",
        message="Some content in the namespace has finalizers remaining: example.com/hold in 1",
    )
    stays_itself = ex.snapshot_of().model_copy(
        update={"deletion": Deletion(since=ex.ago(900), held=(left,))}
    )
    going = ex.snapshot_of().model_copy(update={"deletion": Deletion(since=ex.ago(20))})
    return (
        Example("held by a finalizer", ex.snapshot_of(web, stays), "Deployment/web"),
        Example("its node does not answer", ex.snapshot_of(web, lost), "Deployment/web"),
        Example("a namespace that stays", stays_itself, "Namespace/shop"),
        Example("a namespace on its way out", going, None),
        Example("on its way out", ex.snapshot_of(web, leaving), None),
    )


def _held(shell: str) -> str:
    made = drill_manifest.deployment(shell)
    label = "metadata: {labels: {app: drill}}"
    return made.replace(label, "metadata: {labels: {app: drill}, finalizers: [example.com/hold]}")


DRILL = Drill(
    before=_held("sleep 3600"),
    manifest=_held("sleep 7200"),
    settle="terminating",
)
