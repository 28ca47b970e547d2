"""Reads that may fail, each failure a blind spot; and reads side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from watchdog.errors import ClusterError, ForbiddenError, NamespaceGoneError, NotFoundError
from watchdog.snapshot.snapshot import BlindSpot, Cut

T = TypeVar("T")
SIDE_BY_SIDE = 4  # for a namespace that is looked at alone, where something is sick
# Lists and what stands around are read at once, and a connection costs as much as two requests.
FIRST_LOOK = 2
_UNAUTHORIZED = 401


class Reads:
    """How one observation asks, what it could not see, and where it stopped looking."""

    def __init__(self, at_once: int = SIDE_BY_SIDE) -> None:
        self.at_once = at_once
        self.blind_spots: list[BlindSpot] = []
        self.cuts: list[Cut] = []

    def attempt(self, resource: str, read: Callable[[], T]) -> T | None:
        """What the read returns; None, and a blind spot for the resource, if it fails.

        An API server that cannot be reached, or that does not know us, ends the observation, and so
        does a namespace that is gone.
        """
        try:
            return read()
        except NamespaceGoneError:
            raise
        except ClusterError as error:
            if type(error) is ClusterError and error.status in {None, _UNAUTHORIZED}:
                raise
            self.blind(resource, str(error), forbidden=isinstance(error, ForbiddenError))
            return None

    def blind(self, resource: str, why: str, subject: str = "", *, forbidden: bool = False) -> None:
        """State that this could not be read; the same is stated once."""
        spot = BlindSpot(resource=resource, subject=subject, why=why, forbidden=forbidden)
        if spot not in self.blind_spots:
            self.blind_spots.append(spot)

    def find(self, resource: str, read: Callable[[], T]) -> T | None:
        """The same, for an object that may have gone since it was listed: that is no blind spot."""

        def or_none() -> T | None:
            try:
                return read()
            except NotFoundError:
                return None

        return self.attempt(resource, or_none)

    def cut(self, what: str, shown: int, total: int | None, resource: str = "") -> None:
        """State a bound, if it cut something off."""
        if total is None or total > shown:
            self.cuts.append(Cut(what=what, shown=shown, total=total, resource=resource))

    def side_by_side(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """The results in order; the API server is asked a few things at a time."""
        if self.at_once == 1 or len(calls) <= 1:
            return [call() for call in calls]
        with ThreadPoolExecutor(self.at_once) as pool:
            return list(pool.map(lambda call: call(), calls))
