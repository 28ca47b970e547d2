"""A drill and examples of `permission_denied`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    manifest=deployment(
        "echo ready > /var/ledger.pid || exit 1; sleep 3600",
        container="securityContext: {runAsUser: 10001}",
    )
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "sh: can't create /var/ledger.pid: Permission denied",
            "PermissionError: [Errno 13] Permission denied: '/data/db'",
            "Error: EACCES: permission denied, mkdir '/app/logs'",
            "listen tcp :80: bind: permission denied",
        ),
        well="ERROR: access to the moon refused",
    )
