"""Stages as they happen: lines and a spinner at a terminal, log lines elsewhere.

Both go to standard error, so that the report on standard output stays clean.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status
    from rich.text import Text

_log = logging.getLogger(__name__)


class Progress(Protocol):
    """What a pass tells about itself while it runs."""

    def stage(self, name: str, detail: str = "") -> None:
        """A step of the pass begins or has news: `observe`, `14 pods in shop`."""
        ...

    def pause(self) -> None:
        """Make room for a question or other output."""
        ...

    def close(self) -> None:
        """End the display."""
        ...


class QuietProgress:
    """Writes each stage to the log, at debug level."""

    def stage(self, name: str, detail: str = "") -> None:
        """Log it."""
        _log.debug("stage %s: %s", name, detail)

    def pause(self) -> None:
        """Nothing is shown, so nothing has to stop."""

    def close(self) -> None:
        """Nothing is shown, so nothing has to end."""


class TerminalProgress:
    """Prints each stage once and spins on the latest; use it as a context manager.

    The same stage again with another detail changes the spinner's line only, so that waiting for a
    rollout does not scroll.
    """

    def __init__(self, console: Console | None = None) -> None:
        # Imported here because no one watches most passes.
        from rich.console import Console

        self._console = console or Console(stderr=True)
        self._status: Status | None = None
        self._name = ""
        self._detail = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _value: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def stage(self, name: str, detail: str = "") -> None:
        """Show it; a new name leaves the former stage behind as a line."""
        from rich.status import Status

        from watchdog.text.format import one_line

        if name != self._name:
            self._leave()
        self._name, self._detail = name, one_line(detail, 300)
        if self._status is None:
            self._status = Status(self._line(), console=self._console)
            self._status.start()
        else:
            self._status.update(self._line())

    def pause(self) -> None:
        """Stop spinning, to ask something or to print elsewhere; the next stage goes on."""
        self._leave()
        self._name = self._detail = ""

    def close(self) -> None:
        """End the display."""
        self.pause()

    def _leave(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._name:
            self._console.print(self._line(), soft_wrap=True, highlight=False)

    def _line(self) -> Text:
        from rich.text import Text

        return Text.assemble((f"{self._name:<10}", "bold"), " ", self._detail)
