"""A drill and examples of `cert_expired`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    manifest=deployment(
        'echo "ERROR - SSL certificate expired on 2024-08-03 17:00:08"; sleep 1; exit 1'
    )
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "ERROR - SSL certificate expired",
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
            "Error: CERT_HAS_EXPIRED",
        ),
        well="ERROR - session token expired",
    )
