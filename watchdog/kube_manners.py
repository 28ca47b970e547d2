"""How to ask an API server: a few things at a time, and one, when it says, where it is busy.

Kubernetes shares its API server out by priority and fairness; whoever asks too much is told 429 and
when to come back.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager

AT_ONCE = 8
# Of a pass, for all its requests together: then what is left is left out, and the report says so.
PATIENCE_SECONDS = 30.0


class Manners:
    """Those of one pass; shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._few_at_a_time = threading.BoundedSemaphore(AT_ONCE)
        self._crowded = False
        self._left = PATIENCE_SECONDS

    def turn(self) -> AbstractContextManager[object]:
        """Hold this while a request is under way; requests queue here."""
        return self._one_at_a_time if self._crowded else self._few_at_a_time

    def crowded(self) -> None:
        """The server said that it has too much to do."""
        self._crowded = True

    def wait(self, seconds: float) -> bool:
        """Whether there is patience left to wait that long; if so, it is used up."""
        with self._lock:
            if seconds > self._left:
                return False
            self._left -= seconds
            return True
