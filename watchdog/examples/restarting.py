"""A drill and examples of `restarting`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.examples import Drill, Example
from watchdog.examples.builders import (
    ago,
    healthy,
    log,
    pod,
    running,
    snapshot_of,
)
from watchdog.examples.builders import (
    deployment as web,
)
from watchdog.examples.drill_manifest import deployment

if TYPE_CHECKING:
    from watchdog.snapshot.snapshot import ClusterSnapshot


def examples() -> tuple[Example, ...]:
    def runs(since: float, before: float, restarts: int = 4) -> ClusterSnapshot:
        state = running(
            restarts=restarts,
            for_seconds=since,
            last_reason="Error",
            last_exit_code=1,
            last_started_at=ago(since + before),
            last_finished_at=ago(since),
        )
        return snapshot_of(web(ready=1), pod(state, sick=True), log("worker lost"))

    return (
        Example("ready for a while", runs(120, 3), "Deployment/web"),
        Example("one restart", runs(120, 400, restarts=1), None),
        Example("recovered", runs(900, 3), None),
        Example("long ago", runs(90000, 400), None),
        Example("healthy", healthy(), None),
    )


DRILL = Drill(
    manifest=deployment(
        "echo x >> /runs/log; [ $(wc -l < /runs/log) -gt 2 ] && sleep 3600; "
        "echo worker lost; exit 1",
        container="volumeMounts: [{name: runs, mountPath: /runs}]",
        pod="volumes: [{name: runs, emptyDir: {}}]",
    ),
    settle="calmed",
)
