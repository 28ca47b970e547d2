"""What containers do, as declared: the embedded cluster runs nothing.

A table gives the behaviour of each command: a shell script by its text, any other command by its
words. A real cluster runs the same manifest, so a declaration says what the command does there.
"""

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Self

_FOR_EVER_SECONDS = 600.0
"""A longer sleep is how manifests keep a container up."""
_SHELL = ("sh", "-c")


@dataclass(frozen=True)
class Behaviour:
    """What one command does. All times are seconds after the start of the container.

    `log` holds lines and when they are printed. `exits` is the exit code after `after` seconds, or
    None if it runs on. `memory` is the most that it takes, as a quantity. `ports` says since when
    each port is open, `paths` since when each path is answered with 200, on any open port.
    `answers_all`: every probe succeeds. Without the environment variable `needs_env`, or the
    Service `needs_service`, or in a pod whose name does not end with `needs_host`, it does what
    `without` says. Before it has found the Service `waits_for_service`, no probe succeeds.
    """

    log: tuple[tuple[float, str], ...] = ()
    exits: int | None = None
    after: float = 0.0
    memory: str = "0"
    ports: Mapping[int, float] = field(default_factory=dict)
    paths: Mapping[str, float] = field(default_factory=dict)
    answers_all: bool = False
    needs_env: str = ""
    needs_service: str = ""
    needs_host: str = ""
    waits_for_service: str = ""
    without: Self | None = None

    def found_in(self, environment: Mapping[str, str], services: Collection[str]) -> "Behaviour":
        """The behaviour with these variables, and with Services of these names."""
        lacks = (
            (self.needs_env and not environment.get(self.needs_env))
            or (self.needs_service and self.needs_service not in services)
            or not environment.get("HOSTNAME", "").endswith(self.needs_host)
        )
        if lacks and self.without is not None:
            return self.without.found_in(environment, services)
        return self

    @property
    def settled_after(self) -> float:
        """Seconds after which what probes find does not change any more."""
        return max([0.0, *self.ports.values(), *self.paths.values()])


Programs = Mapping[str, Behaviour]
"""Behaviours by command: the text of a `sh -c` script, or the words as a shell would quote them."""


class UndeclaredError(LookupError):
    """The table has no behaviour for a command."""


def declared(words: list[str], programs: Programs) -> Behaviour:
    """The behaviour of a command; raises UndeclaredError.

    `sleep N` and `exit N` need no declaration.
    """
    is_script = tuple(words[:2]) == _SHELL and len(words) > 2  # noqa: PLR2004  sh -c SCRIPT
    key = words[2] if is_script else shlex.join(words)
    if key in programs:
        return programs[key]
    if found := re.fullmatch(r"(?:exec )?sleep (\d+)", key):
        seconds = float(found[1])
        return Behaviour(exits=0 if seconds < _FOR_EVER_SECONDS else None, after=seconds)
    if found := re.fullmatch(r"exit (\d+)", key):
        return Behaviour(exits=int(found[1]))
    raise UndeclaredError(f"no behaviour is declared for this command: add it to programs: {key}")
