"""A container crashes because the program runs out of the memory that it allows itself."""

from __future__ import annotations

import re

from watchdog.failures.kind import Drill
from watchdog.failures.log_cause import LogCause
from watchdog.failures.manifest import deployment
from watchdog.regex import regex

HEAP_EXHAUSTED = LogCause(
    name="heap_exhausted",
    summary="out of heap memory",
    pattern=regex(
        r"heap out of memory|OutOfMemory(Error|Exception)|\bMemoryError\b|allocation failed - "
        r"JavaScript|cannot allocate memory|fatal error: runtime: out of memory",
        re.IGNORECASE,
    ),
    why=(
        "{who} crashes because the program runs out of the memory that it may use itself (its heap "
        "or a limit of its own); the kernel did not kill it."
    ),
    to_do=(
        "Raise the program's own bound (-Xmx, --max-old-space-size, GOMEMLIMIT, ulimit) together "
        "with the container's memory limit, or find out what it keeps in memory."
    ),
    hint=(
        "The program's own heap bound is reached, not the container's limit: a larger limit alone "
        "may change nothing. Going back helps where a new revision brought it."
    ),
    drill=Drill(
        manifest=deployment("sleep 1; echo 'java.lang.OutOfMemoryError: Java heap space'; exit 3")
    ),
    sick=(
        "java.lang.OutOfMemoryError: Java heap space",
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "MemoryError: Unable to allocate 2.00 GiB for an array",
    ),
    well="ERROR: memory of the last order is missing",
).kind()
