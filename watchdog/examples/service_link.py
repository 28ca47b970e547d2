"""A drill and examples of `service_link`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    manifest=deployment(
        "sleep 1; echo \"Error: port: 'tcp://10.96.0.7:8000' is not a valid integer\"; exit 2"
    )
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "Error: Invalid value for '--port': 'tcp://10.96.0.7:8000' is not a valid integer.",
            'panic: strconv.Atoi: parsing "tcp://10.96.0.7:6379": invalid syntax',
            "ValueError: invalid literal for int() with base 10: 'tcp://10.96.4.12:5432'",
            'java.lang.NumberFormatException: For input string: "tcp://172.20.3.4:8080"',
            "fatal: LEDGER_PORT: expected a number, got udp://[fd00::7]:53",
        ),
        well="Error: dial tcp://10.96.0.7:8000: the ledger said no",
    )
