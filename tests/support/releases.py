"""Releases by sort: good ones of many sorts in turn, and bad ones, from a seed."""

from __future__ import annotations

import random

from tests.support.bad_releases import BAD
from tests.support.good_releases import GOOD
from tests.support.release import Release

ALONE = frozenset(sort for sort, make in GOOD.items() if make(random.Random(0), "x").alone)
TOGETHER = tuple(sort for sort in GOOD if sort not in ALONE)


def good(count: int, seed: int, *, real: bool = False) -> list[Release]:
    """So many good releases that can share a namespace, each sort in turn."""
    rng = random.Random(seed)
    made: list[Release] = []
    while len(made) < count:
        turn = [GOOD[sort](rng, f"good-{len(made) + i}") for i, sort in enumerate(TOGETHER)]
        made += [item for item in turn if item.real or not real]
    return made[:count]


def bad(count: int, seed: int = 11, *, real: bool = False) -> list[Release]:
    """So many bad ones, each sort in turn."""
    rng = random.Random(seed)
    made: list[Release] = []
    while len(made) < count:
        turn = [make(rng, f"bad-{len(made) + i}") for i, make in enumerate(BAD.values())]
        made += [item for item in turn if item.real or not real]
    return made[:count]
