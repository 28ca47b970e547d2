"""Reads of one observation: as many at a time as it may make, and their results in order."""

from __future__ import annotations

import threading
from functools import partial

from watchdog.observation.reads import Reads


def test_side_by_side_reads_are_under_way_at_the_same_time_and_told_in_order() -> None:
    # Each waits for the other: one after the other would never end.
    both = threading.Barrier(2, timeout=60)

    def read(name: str) -> str:
        both.wait()
        return name

    assert Reads(at_once=2).side_by_side([partial(read, n) for n in "ab"]) == ["a", "b"]


def test_one_at_a_time_needs_no_thread() -> None:
    threads = Reads(at_once=1).side_by_side([threading.get_ident] * 3)

    assert threads == [threading.get_ident()] * 3
