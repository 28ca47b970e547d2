"""A drill and examples of `port_conflict`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    manifest=deployment('httpd -p 8080 -h /tmp; echo "starting"; httpd -f -p 8080 -h /tmp')
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "Error: listen EADDRINUSE: address already in use :::8080",
            "httpd: bind: Address already in use",
            "panic: listen tcp :9090: bind: address already in use",
            "Web server failed to start. Port 8080 was already in use.",
        ),
        well="ERROR: port 8080 is closed",
    )
