"""A drill and examples of `module_missing`."""

from __future__ import annotations

from watchdog.examples import Drill, Example
from watchdog.examples.builders import log_examples
from watchdog.examples.drill_manifest import deployment

DRILL = Drill(
    before=deployment("sleep 3600"),
    manifest=deployment("sleep 1; echo \"ModuleNotFoundError: No module named 'ledger'\"; exit 1"),
    ends="healed",
)


def examples() -> tuple[Example, ...]:
    return log_examples(
        sick=(
            "ModuleNotFoundError: No module named 'psycopg2'",
            "Error: Cannot find module 'express'",
            "Gem::LoadError: cannot load such file -- bundler/setup",
            "java.lang.NoClassDefFoundError: org/shop/Ledger",
        ),
        well="ValueError: the module of this lathe is unknown",
    )
