"""A drill and examples of `read_only_filesystem`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    manifest=deployment(
        "touch /var/ledger.pid || exit 1; sleep 3600",
        container="securityContext: {readOnlyRootFilesystem: true}",
    )
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "touch: /var/ledger.pid: Read-only file system",
            "OSError: [Errno 30] Read-only file system: '/app/cache'",
            "Error: EROFS: read-only file system, open '/data/x'",
        ),
        well="ERROR reading file /etc/app.yaml",
    )
