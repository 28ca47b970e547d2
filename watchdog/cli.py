"""The command line: the commands of commands/, and how each of them ends.

The adapters are made in agent/wiring.py.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

import click

from watchdog import __version__
from watchdog.commands import grant, inspect, metrics, passes
from watchdog.commands.exits import NOT_OBSERVED, fail
from watchdog.errors import SettingsError, WatchdogError
from watchdog.logs import log

ENDED = 128 + signal.SIGTERM  # as a shell tells it
INTERRUPTED = 128 + signal.SIGINT


class Commands(click.Group):
    """The commands in the order in which a newcomer meets them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.commands)


@click.group(
    name="sre-watchdog",
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, message="sre-watchdog %(version)s", help="Print the version.")
def app() -> None:
    """Find what is broken in Kubernetes namespaces, say why, fix what is safe, and prove it."""


_OTHERS = (grant.grant, metrics.delete_metrics)
for command in (passes.run, passes.watch, passes.demo, *inspect.COMMANDS, *_OTHERS):
    app.add_command(command)


_NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE}


def main() -> None:
    """Run the command line; everything that went wrong on purpose is one line on standard error."""
    # A container's first process ignores what it has no handler for; a pass sets its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ENDED))
    try:
        try:
            app.main(standalone_mode=False)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(INTERRUPTED)
        finally:
            # What is still buffered may find the disk full, or no one who reads on.
            sys.stdout.flush()
    except SettingsError as error:
        fail(str(error))
    except WatchdogError as error:
        fail(str(error), NOT_OBSERVED)
    except Exception as error:  # noqa: BLE001 - the one place, so that no one sees a trace
        if isinstance(error, OSError) and error.errno in _NOT_WRITTEN:
            # Nothing that is buffered can be written any more, and Python would try at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            fail(f"the report could not be written: {error.strerror}", NOT_OBSERVED)
        # What went wrong without our meaning it is still one line; the trace is for the log.
        from watchdog.text.redact import redact

        log.debug("trace", exc_info=True)
        fail(
            f"a defect of the watchdog: {type(error).__name__}: {redact(str(error))}. With "
            "SRE_AGENT_LOG_LEVEL=debug the log has the trace; please report it",
            NOT_OBSERVED,
        )
