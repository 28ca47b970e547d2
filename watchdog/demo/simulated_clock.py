"""The sandbox's time: it runs by itself, or stands still and is moved by hand."""

import time
from datetime import UTC, datetime


class SimulatedClock:
    """Seconds since the epoch, as the embedded cluster sees them.

    `speed` shortens what the cluster waits for (back-off, probes, deadlines); time stamps stay
    those of the wall, so that a client on the same machine can compare them with its own clock.
    """

    def __init__(self, *, speed: float, running: bool, behind_seconds: float) -> None:
        self.speed = speed
        self._running = running
        self._started = time.time()
        self._offset = -behind_seconds

    def now(self) -> float:
        """Tell the time of the cluster."""
        return (time.time() if self._running else self._started) + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._offset += seconds

    def scaled(self, seconds: float) -> float:
        """Tell how long something that takes `seconds` in real life takes here."""
        return seconds / self.speed


def stamp(moment: float) -> str:
    """Write a moment as the API server does."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_stamp(text: str) -> float:
    """Read a moment; 0 for an empty text."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0


class Agenda:
    """When something will happen next; filled anew by each tick.

    `busy` is the next moment of work in progress, `any` also counts what merely waits (a back-off,
    a deadline), so that a test can let the cluster settle without sitting through those.
    """

    def __init__(self) -> None:
        self.busy = float("inf")
        self.any = float("inf")

    def clear(self) -> None:
        """Begin a tick."""
        self.busy = self.any = float("inf")

    def wake(self, moment: float, *, patient: bool = False) -> None:
        """Ask for a tick at that moment."""
        self.any = min(self.any, moment)
        if not patient:
            self.busy = min(self.busy, moment)


def go_duration(seconds: float) -> str:
    """Write a duration as Go does: `10s`, `2m40s`."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
