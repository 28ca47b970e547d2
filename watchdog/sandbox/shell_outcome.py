"""What goes into playing a script and what comes out: its world, its run, and how it ends."""

from dataclasses import dataclass, field


class Ended(Exception):  # noqa: N818  not an error: how a script is left
    """The script ended with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class RunsForEver(Exception):  # noqa: N818  the same
    """The script has reached something that does not end."""


class LoopLeft(Exception):  # noqa: N818  the same
    """`break`."""


@dataclass
class World:
    """What a script finds around it: environment, mounted files, reachable host names."""

    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()
    hostname: str = "sandbox"


@dataclass
class Run:
    """What came of a script. Times are seconds after the start of the container."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    exit_code: int | None = None
    seconds: float = 0.0
    memory_bytes: int = 0
    files: list[tuple[float, str, bool]] = field(default_factory=list)
    ports: dict[int, tuple[float, str]] = field(default_factory=dict)
    waits_for_network: bool = False
    known: bool = True
