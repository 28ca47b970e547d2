"""A drill and examples of `dns_failure`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(manifest=deployment("nslookup ledger-db.invalid || exit 1; sleep 3600"))


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "dial tcp: lookup ledger-db on 10.96.0.10:53: no such host",
            "wget: bad address 'ledger-db.invalid'",
            "java.net.UnknownHostException: ledger-db",
            'could not translate host name "ledger-db" to address: Name or service not known',
            "Error: getaddrinfo ENOTFOUND ledger-db",
            "curl: (6) Could not resolve host: ledger-db",
        ),
        well="ERROR: address is not valid",
    )
