"""`python -m watchdog` and the installed `sre-watchdog` are the same command."""

import atexit
import gc
import os
import sys

# pydantic would search all that is installed for plugins; nothing but us may judge what we read.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
# A pass makes many objects that live to its end: at the usual thresholds, looking for cycles among
# them is a tenth of its processor time.
gc.set_threshold(100_000, 50, 50)

from watchdog import cli  # noqa: E402 - importing is most of what the line above is about


def main() -> None:
    """Run the command, and end the process at once.

    Taking a process with all its modules apart costs Python a third of what a healthy pass costs.
    Connections end with the process, what is buffered is written, and exit handlers run: the
    reader of kubeconfigs deletes the files in which it keeps keys for the time of the pass.
    """
    try:
        cli.main()
        code = 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    try:
        atexit._run_exitfuncs()  # noqa: SLF001 - as the interpreter does when it ends by itself
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 1
    os._exit(code)


if __name__ == "__main__":
    main()
