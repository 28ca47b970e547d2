"""What the commands in the tests' manifests do: the embedded cluster runs none of them.

The manifests run on a real cluster too. A test with a command of its own adds it to the cluster's
`programs`; a command that no one declared fails the test.
"""

from __future__ import annotations

from dataclasses import replace

from watchdog.demo import Behaviour

SLEEPS = Behaviour()
SERVE = "mkdir -p /w; echo ok > /w/index.html; "
HTTPD = "httpd -f -p 80 -h /w"


def demands(variable: str, rest: str = "sleep 86400") -> str:
    """The script that ends unless a variable is set, and then goes on."""
    return f': "${{{variable}:?must be set}}"; {rest}'


def needing(variable: str, does: Behaviour, says: str, exits: int) -> Behaviour:
    """That behaviour with the variable; without it, a line and an exit code."""
    return replace(does, needs_env=variable, without=ends(exits, says))


def ends(code: int, *lines: str, after: float = 0.0) -> Behaviour:
    """It prints these lines when it ends, so many seconds after its start."""
    return Behaviour(log=tuple((after, line) for line in lines), exits=code, after=after)


def serves(after: float = 0.0, port: int = 80, *paths: str) -> Behaviour:
    """It opens the port and answers these paths, by default `/`, from then on."""
    return Behaviour(ports={port: after}, paths=dict.fromkeys(paths or ("/",), after))


def demanding(variable: str, rest: str = "sleep 86400") -> dict[str, Behaviour]:
    """The script of `demands` and what it does."""
    says = f"sh: {variable}: must be set"
    return {demands(variable, rest): needing(variable, _RESTS[rest], says, 2)}


_RESTS = {
    "sleep 86400": SLEEPS,
    "exit 1": ends(1),
    "exit 3": ends(3),
    "sleep 1; echo fatal; exit 1": ends(1, "fatal", after=1),
    "sleep 90; exit 1": ends(1, after=90),
}
NEEDS_REGION = '[ -n "$REGION" ] || { echo "fatal: REGION not set"; exit 3; }; sleep 3600'
PROGRAMS: dict[str, Behaviour] = {
    NEEDS_REGION: needing("REGION", SLEEPS, "fatal: REGION not set", 3)
}
"""What each cluster of the tests knows from the start."""
for _rest in _RESTS:
    PROGRAMS |= demanding("REQUIRED_CONFIG", _rest)
