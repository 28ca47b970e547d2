"""Time as a parameter, and the one budget that bounds a pass."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NoReturn, Protocol, TypeVar

_SLICE_SECONDS = 0.25

T = TypeVar("T")


class Clock(Protocol):
    """What the pass asks of time; tests bring their own."""

    def now(self) -> datetime:
        """The wall clock, with its zone (UTC)."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The wall clock in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The monotonic clock in seconds."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        time.sleep(seconds)


class ServerClock(SystemClock):
    """The API server's wall clock, by which the times in its objects go: the machine's may be off.

    `ahead` tells by how much it is ahead of the machine's, as far as is known by then.
    """

    def __init__(self, ahead: Callable[[], timedelta]) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        """The API server's clock in UTC; the machine's until the server's is known."""
        return super().now() + self._ahead()


class Budget:
    """How long the pass may still take; every outside call gets at most what is left of it."""

    def __init__(self, seconds: float, clock: Clock, whole: Budget | None = None) -> None:
        self.clock = clock
        self.stopped = False
        self._deadline = clock.monotonic() + seconds
        self._whole = whole

    def remaining(self) -> float:
        """Seconds left, never below zero; of a part also no more than the whole has."""
        left = max(0.0, self._deadline - self.clock.monotonic())
        return min(left, self._whole.remaining()) if self._whole else left

    def timeout(self, cap: float) -> float:
        """The timeout in seconds for one call that should take at most `cap`."""
        return max(0.1, min(cap, self.remaining()))

    def part(self, seconds: float) -> Budget:
        """A budget of so many seconds that ends with this one at the latest."""
        return Budget(seconds, self.clock, self)

    def stop(self, within_seconds: float) -> None:
        """End the pass early: no new write, and what is under way has so many seconds left."""
        self.stopped = True
        self._deadline = min(self._deadline, self.clock.monotonic() + within_seconds)


class _Caller:
    """A thread that makes calls for others, one after another."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        Thread(target=self._work, name="call", daemon=True).start()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()

    def make(self, call: Callable[[], None]) -> None:
        """Begin with that call, which raises nothing."""
        self._calls.put(call)

    def end(self) -> None:
        """End once what was begun has returned."""
        self._calls.put(None)


# A request takes a third less processor time if it need not start a thread.
_idle: list[_Caller] = []
os.register_at_fork(after_in_child=_idle.clear)  # a child has none of its parent's threads


def within(budget: Budget, call: Callable[[], T]) -> T:
    """What `call` returns or raises; TimeoutError once the budget is over, whatever it does.

    Timeouts of sockets are per read: they bound neither the lookup of a name nor a server that
    drips. The call's thread is abandoned then and ends with its connection, at the latest with the
    process, so `call` must change nothing that others read.
    """
    returned: SimpleQueue[Callable[[], T]] = SimpleQueue()

    def work() -> None:
        try:
            found = call()
        except BaseException as error:  # noqa: BLE001 - carried over: the caller's thread raises it
            returned.put(partial(_raise, error))
        else:
            returned.put(lambda: found)

    try:
        caller = _idle.pop()
    except IndexError:
        caller = _Caller()
    caller.make(work)
    while left := budget.remaining():
        # In slices: a stop signal shortens its budget while we wait.
        try:
            answer = returned.get(timeout=min(left, _SLICE_SECONDS))
        except Empty:
            continue
        _idle.append(caller)
        return answer()
    caller.end()
    raise TimeoutError


def _raise(error: BaseException) -> NoReturn:
    raise error
