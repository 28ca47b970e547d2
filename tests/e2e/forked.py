"""Passes as processes of their own that begin at once: forked from one that imported everything.

For tests that run hundreds of them; the installed command is what the others run. Imports nothing
heavy, as every such process imports this module.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "pytest",
        "tests.e2e.forked",
        "watchdog.agent.run",
        "watchdog.cli",
        "watchdog.agent.deliver",
        "watchdog.kube.client",
        "watchdog.slack.threads",
    ]
)


def begin(args: tuple[str, ...], env: Mapping[str, str], out: Path) -> BaseProcess:
    """Starts the command with this environment alone; its streams go to `out`.out and `out`.err."""
    process = _SERVER.Process(target=_command, args=(args, dict(env), str(out)), daemon=True)
    process.start()
    return process


def _command(args: tuple[str, ...], env: dict[str, str], out: str) -> None:
    os.environ.clear()
    os.environ.update(env)
    for number, name in ((1, "out"), (2, "err")):
        with Path(f"{out}.{name}").open("wb") as stream:
            os.dup2(stream.fileno(), number)
    sys.argv = ["sre-watchdog", *args]
    from watchdog.cli import main

    main()
