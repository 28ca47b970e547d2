"""A drill and examples of `heap_exhausted`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    manifest=deployment("sleep 1; echo 'java.lang.OutOfMemoryError: Java heap space'; exit 3")
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "java.lang.OutOfMemoryError: Java heap space",
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            "MemoryError: Unable to allocate 2.00 GiB for an array",
        ),
        well="ERROR: memory of the last order is missing",
    )
