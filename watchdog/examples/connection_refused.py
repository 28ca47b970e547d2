"""A drill and examples of `connection_refused`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(manifest=deployment("nc -w 3 127.0.0.1 5432 </dev/null || exit 1; sleep 3600"))


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "Error: connect ECONNREFUSED 10.0.0.7:5432",
            "wget: can't connect to remote host (127.0.0.1): Connection refused",
            "dial tcp 10.96.4.2:6379: connect: connection refused",
            'connection to server at "db" (10.0.0.9), port 5432 failed: Connection refused',
        ),
        well="ERROR: password refused",
    )
