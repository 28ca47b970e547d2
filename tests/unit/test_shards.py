"""Pods that share a run: each namespace has one, and together they do no more than one alone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from watchdog import wiring
from watchdog.errors import SettingsError
from watchdog.settings import Settings

NAMESPACES = tuple(f"team-{n}" for n in range(200))


def parts(shards: int, whole: int, job: str = "watchdog-29000005") -> list[int]:
    settings = Settings(shards=shards, max_remediation_attempts=whole)
    return [wiring.fixes(settings, number, job) for number in range(shards)]


@pytest.mark.parametrize("shards", [1, 2, 4, 7])
def test_each_namespace_falls_to_exactly_one_shard(shards: int) -> None:
    shares = [wiring.share(Settings(shards=shards), NAMESPACES, n) for n in range(shards)]

    assert sorted(name for share in shares for name in share) == sorted(NAMESPACES)
    assert all(len(share) > len(NAMESPACES) / shards / 2 for share in shares)


def test_a_namespace_stays_with_its_shard_whatever_others_there_are() -> None:
    settings = Settings(shards=4)
    whole = wiring.share(settings, NAMESPACES, 1)

    assert wiring.share(settings, NAMESPACES[:50], 1) == tuple(
        name for name in whole if name in NAMESPACES[:50]
    )


@pytest.mark.parametrize("job", ["watchdog-29000005", "by-hand", ""])
@pytest.mark.parametrize(("shards", "whole"), [(1, 2), (2, 2), (4, 2), (4, 0), (3, 8), (16, 5)])
def test_all_shards_together_may_fix_as_much_as_one_alone(
    shards: int, whole: int, job: str
) -> None:
    fixes = parts(shards, whole, job)

    assert sum(fixes) == whole
    assert max(fixes) - min(fixes) <= 1


@pytest.mark.parametrize("minutes", [1, 2, 3, 5, 8, 13, 15, 21, 60, 1440])
@pytest.mark.parametrize("shards", [3, 4, 5, 16])
def test_fixes_that_do_not_divide_fall_to_every_shard_whatever_the_schedule(
    shards: int, minutes: int
) -> None:
    count = 40 * shards
    starts = range(29_000_000, 29_000_000 + minutes * count, minutes)
    settings = Settings(shards=shards, max_remediation_attempts=2)
    runs = [
        [wiring.fixes(settings, number, f"watchdog-{start}") for number in range(shards)]
        for start in starts
    ]

    for turns in zip(*runs, strict=True):
        assert 50 < sum(turns) < 110  # 80, were they even
        drawn = [-1, *(run for run, fixes in enumerate(turns) if fixes), count]
        assert all(later - one <= 5 * shards for one, later in pairwise(drawn))


def test_a_dry_run_shows_what_one_pod_alone_would_do() -> None:
    settings = Settings(shards=4, max_remediation_attempts=2, dry_run=True)

    assert [wiring.fixes(settings, number, "w-29000005") for number in range(4)] == [2] * 4


@pytest.mark.parametrize("number", ["", "4", "-1", "two"])
def test_a_pod_that_cannot_know_its_share_says_what_is_missing(
    number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", number)

    with pytest.raises(SettingsError, match=r"SRE_AGENT_SHARDS=4 needs JOB_COMPLETION_INDEX"):
        wiring.shard(Settings(shards=4))


def test_only_the_shards_beyond_the_first_have_metrics_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POD_NAMESPACE", "ops")

    assert wiring.origin(0) == {"release_namespace": "ops"}
    assert wiring.origin(2) == {"release_namespace": "ops", "shard": "2"}
