"""`sre-watchdog watch`: passes in a loop at a terminal."""

from __future__ import annotations

import re
import signal
import subprocess

from tests.support.cluster_fixtures import COMMAND
from tests.support.simulated_cluster import NAMESPACE, Arena

PASSES = 2


def test_each_pass_says_when_it_began_and_ctrl_c_ends_them(arena: Arena) -> None:
    arena.deploy()
    arena.wire.advance(600)
    options = ("-n", NAMESPACE, "--dry-run", "--every", "1", "--kubeconfig", str(arena.kubeconfig))

    with subprocess.Popen(
        [str(COMMAND), "watch", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        lines: list[str] = []
        while sum("nothing broken" in line for line in lines) < PASSES:
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr and process.stderr.read()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    begun = [line for line in lines if re.fullmatch(r"\d\d:\d\d:\d\d UTC\n", line)]
    assert len(begun) == PASSES
    assert process.returncode == 0
