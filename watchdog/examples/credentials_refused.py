"""A drill and examples of `credentials_refused`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    manifest=deployment(
        "sleep 1; echo 'FATAL: password authentication failed for user \"ledger\"'; exit 1"
    )
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            'psycopg2.OperationalError: FATAL: password authentication failed for user "ledger"',
            "ERROR 1045 (28000): Access denied for user 'ledger'@'10.0.0.7' (using password: YES)",
            "WRONGPASS invalid username-password pair or user is disabled",
            "MongoServerError: Authentication failed.",
            "pymongo.errors.OperationFailure: not authorized on ledger to execute command",
        ),
        well="ERROR: password must not be empty",
    )
