"""Reads that may fail, each failure a blind spot; and reads side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from watchdog.errors import ClusterError, NotFoundError
from watchdog.observation.snapshot import BlindSpot, Cut

T = TypeVar("T")
SIDE_BY_SIDE = 4  # for a namespace that is looked at alone
_UNAUTHORIZED = 401


class Looking:
    """How one observation asks, what it could not see, and where it stopped looking."""

    def __init__(self, at_once: int = SIDE_BY_SIDE) -> None:
        self.at_once = at_once
        self.blind_spots: list[BlindSpot] = []
        self.cuts: list[Cut] = []

    def attempt(self, what: str, read: Callable[[], T]) -> T | None:
        """What the read returns; None, and a blind spot, where it fails.

        An API server that cannot be reached, or that does not know us, ends the observation.
        """
        try:
            return read()
        except ClusterError as error:
            if type(error) is ClusterError and error.status in {None, _UNAUTHORIZED}:
                raise
            spot = BlindSpot(what=what, why=str(error))
            if spot not in self.blind_spots:
                self.blind_spots.append(spot)
            return None

    def find(self, what: str, read: Callable[[], T]) -> T | None:
        """The same, for an object that may have gone since it was listed: that is no blind spot."""

        def or_none() -> T | None:
            try:
                return read()
            except NotFoundError:
                return None

        return self.attempt(what, or_none)

    def cut(self, what: str, shown: int, total: int | None) -> None:
        """State a bound, where it cut something off."""
        if total is None or total > shown:
            self.cuts.append(Cut(what=what, shown=shown, total=total))

    def side_by_side(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """The results in order; the API server is asked a few things at a time."""
        if self.at_once == 1 or len(calls) <= 1:
            return [call() for call in calls]
        with ThreadPoolExecutor(self.at_once) as pool:
            return list(pool.map(lambda call: call(), calls))
