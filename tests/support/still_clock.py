"""A Clock at which time stands still."""

from __future__ import annotations

from datetime import datetime


class StillClock:
    """Always the same moment; waiting is an error."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"looking does not wait, and not for {seconds} s")
