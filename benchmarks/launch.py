"""Runs a command and prints its seconds, CPU seconds, peak memory in KiB, and exit code.

A program of its own, and a small one: the peak memory of a child counts what its parent had when it
was started, so a large parent would be measured instead.
"""

import os
import sys
import time


def main() -> None:
    """Run `launch.py OUTPUT COMMAND...`, with the command's standard output in that file."""
    output, command = sys.argv[1], sys.argv[2:]
    to_file = (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[to_file])
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    cpu, code = used.ru_utime + used.ru_stime, os.waitstatus_to_exitcode(status)
    sys.stdout.write(f"{seconds} {cpu} {used.ru_maxrss} {code}\n")


if __name__ == "__main__":
    main()
