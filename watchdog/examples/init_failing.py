"""A drill and examples of `init_failing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    ago,
    broken,
    change,
    crashing,
    earlier,
    ended,
    log,
    pod,
    running,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.examples.builders import deployment as web
from watchdog.examples.drill_manifest import IMAGE, deployment

if TYPE_CHECKING:
    from watchdog.snapshot.snapshot import ClusterSnapshot


def examples() -> tuple[Example, ...]:
    main, claims = waiting("PodInitializing"), "Deployment/web"
    wait = spec("wait", init=True, args=("until nslookup database-service.shop; do sleep 2; done",))
    text = "\n".join(["** server can't find database-service.shop: NXDOMAIN", "Waiting..."] * 4)

    def hangs(seconds: float, said: str = text) -> ClusterSnapshot:
        state = running(name="wait", init=True, ready=False, for_seconds=seconds)
        specs = (wait, spec())
        waits = pod(state, main, specs=specs, phase="Pending", created_at=ago(seconds + 2))
        return snapshot_of(web(), waits, log(said, container="wait", previous=False))

    loop = pod(crashing(1, name="wait", init=True), main, specs=(wait, spec()), phase="Pending")
    once = pod(ended(1, name="wait", init=True), main, specs=(wait, spec()), phase="Pending")
    new = earlier(change("args", "true", "false", "wait"))
    sidecar = spec("proxy", init=True, sidecar=True)
    beside = pod(running(name="proxy", init=True), running(), specs=(sidecar, spec()), sick=True)
    return (
        Example("waits for a name that does not exist", hangs(40), claims),
        Example("waits for long", hangs(90, "still starting"), claims),
        Example("fails in a loop", snapshot_of(web(), loop), claims),
        Example("new in this revision", snapshot_of(web(last=new), loop), claims, "rollout_undo"),
        Example("has just begun", hangs(10), None),
        Example("waits for what is starting", hangs(40, "connection refused"), None),
        Example("first failure", snapshot_of(web(), once), None),
        Example("a sidecar runs on", snapshot_of(web(ready=1), beside), None),
        Example("the main container crashes", broken(crashing(1)), None),
    )


DRILL = Drill(
    manifest=deployment(
        "sleep 3600",
        pod=f"""
initContainers:
- name: wait-for-ledger-db
  image: {IMAGE}
  command: [sh, -c, "until nslookup ledger-db; do echo waiting for ledger-db; sleep 1; done"]
""",
    ),
    settle="init",
)
