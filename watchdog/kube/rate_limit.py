"""How to ask an API server: a few things at a time, and one, when it says, where it is busy.

Kubernetes shares its API server out by priority and fairness; a client that asks too much gets 429
and the time to wait.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager

AT_ONCE = 8
# Of a pass, for all its requests together, and counted once where several wait at the same time:
# then what is left is left out, and the report says so.
PATIENCE_SECONDS = 30.0


class RateLimit:
    """Those of one pass; shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._few_at_a_time = threading.BoundedSemaphore(AT_ONCE)
        self._crowded = False
        self._left = PATIENCE_SECONDS
        self._waits_until = 0.0

    def turn(self) -> AbstractContextManager[object]:
        """Hold this while a request is under way; requests queue here."""
        return self._one_at_a_time if self._crowded else self._few_at_a_time

    def crowded(self) -> None:
        """The server said that it has too much to do."""
        self._crowded = True

    def wait(self, seconds: float, now: float) -> bool:
        """Whether there is patience left to wait that long from now on (a monotonic time).

        If so, it is used up.
        """
        with self._lock:
            more = max(0.0, now + seconds - max(now, self._waits_until))
            if more > self._left:
                return False
            self._left -= more
            self._waits_until = max(self._waits_until, now + seconds)
            return True
