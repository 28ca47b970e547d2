"""Pods that share a run: each namespace has one, and together they do no more than one alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from watchdog.agent import wiring
from watchdog.agent.context import PassContext
from watchdog.errors import SettingsError
from watchdog.settings.schema import Settings
from watchdog.settings.shards import fixes_of, namespaces_of, this_shard

NAMESPACES = tuple(f"team-{n}" for n in range(200))


def parts(shards: int, whole: int, job: str = "watchdog-29000005") -> list[int]:
    settings = Settings(shards=shards, max_remediation_attempts=whole)
    return [fixes_of(settings, number, job) for number in range(shards)]


@pytest.mark.parametrize("shards", [1, 2, 4, 7])
def test_each_namespace_falls_to_exactly_one_shard(shards: int) -> None:
    shares = [namespaces_of(Settings(shards=shards), NAMESPACES, n) for n in range(shards)]

    assert sorted(name for part in shares for name in part) == sorted(NAMESPACES)
    assert all(len(part) > len(NAMESPACES) / shards / 2 for part in shares)


def test_a_namespace_stays_with_its_shard_whatever_others_there_are() -> None:
    settings = Settings(shards=4)
    whole = namespaces_of(settings, NAMESPACES, 1)

    assert namespaces_of(settings, NAMESPACES[:50], 1) == tuple(
        name for name in whole if name in NAMESPACES[:50]
    )


@pytest.mark.parametrize("job", ["watchdog-29000005", "by-hand", ""])
@pytest.mark.parametrize(("shards", "whole"), [(1, 2), (2, 2), (4, 2), (4, 0), (3, 8), (16, 5)])
def test_all_shards_together_may_fix_as_much_as_one_alone(
    shards: int, whole: int, job: str
) -> None:
    fixes = parts(shards, whole, job)

    assert sum(fixes) == 5 * whole
    assert max(fixes) - min(fixes) <= 1


@pytest.mark.parametrize("minutes", [1, 2, 3, 5, 8, 13, 15, 21, 60, 1440])
@pytest.mark.parametrize("shards", [4, 6, 7, 16])
def test_fixes_that_do_not_divide_fall_to_every_shard_whatever_the_schedule(
    shards: int, minutes: int
) -> None:
    count = 40 * shards
    starts = range(29_000_000, 29_000_000 + minutes * count, minutes)
    settings = Settings(shards=shards, max_remediation_attempts=2)
    runs = [
        [fixes_of(settings, number, f"watchdog-{start}") for number in range(shards)]
        for start in starts
    ]

    every, more = divmod(settings.most_fixes, shards)
    for turns in zip(*runs, strict=True):
        even = 40 * more  # what each would draw of the remainder
        assert 0.6 * even < sum(turns) - every * count < 1.4 * even
        drawn = [-1, *(run for run, fixes in enumerate(turns) if fixes > every), count]
        assert all(later - one <= 5 * shards for one, later in pairwise(drawn))


def test_a_dry_run_shows_what_one_pod_alone_would_do() -> None:
    settings = Settings(shards=4, max_remediation_attempts=2, dry_run=True)

    assert [fixes_of(settings, number, "w-29000005") for number in range(4)] == [10] * 4


@pytest.mark.parametrize("number", ["", "4", "-1", "two"])
def test_a_pod_that_cannot_know_its_share_says_what_is_missing(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", number)

    with pytest.raises(SettingsError, match=r"SRE_AGENT_SHARDS=4 needs JOB_COMPLETION_INDEX"):
        this_shard(Settings(shards=4))


def test_only_the_shards_beyond_the_first_have_metrics_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POD_NAMESPACE", "ops")

    assert wiring.origin(0) == {"release_namespace": "ops"}
    assert wiring.origin(2) == {"release_namespace": "ops", "shard": "2"}


def test_each_namespace_has_its_fixes_and_all_together_five_times_as_many() -> None:
    unused: Any = None
    work = PassContext(Settings(), unused, unused, unused)
    names = [f"team-{number}" for number in range(8)]

    given = []
    for name in names:
        given.append(work.attempts_left(name))
        work.attempts_used[name] += given[-1]

    assert given == [2] * 5 + [0] * 3
    assert Settings(max_remediation_attempts=0).most_fixes == 0
