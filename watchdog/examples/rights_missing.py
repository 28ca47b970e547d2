"""A drill and examples of `rights_missing`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

_SAID = (
    'pods is forbidden: User "system:serviceaccount:shop:ledger" cannot list resource "pods" in '
    'API group "" in the namespace "shop"'
)


DRILL = Drill(manifest=deployment(f"sleep 1; echo 'Error: {_SAID}'; exit 1"))


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            f"Error: {_SAID}",
            'Forbidden: it cannot get resource "secrets" in API group ""',
        ),
        well="ERROR: this word is forbidden",
    )
