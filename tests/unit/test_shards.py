"""Pods that share a run: each namespace has one, and together they do no more than one alone."""

from __future__ import annotations

import pytest

from watchdog import wiring
from watchdog.errors import SettingsError
from watchdog.settings import Settings

NAMESPACES = tuple(f"team-{n}" for n in range(200))


def shares(shards: int, fixes: int, job: str = "watchdog-29000005") -> list[Settings]:
    settings = Settings(shards=shards, max_remediation_attempts=fixes)
    return [wiring.share(settings, NAMESPACES, n, job)[0] for n in range(shards)]


@pytest.mark.parametrize("shards", [1, 2, 4, 7])
def test_each_namespace_falls_to_exactly_one_shard(shards: int) -> None:
    parts = [wiring.share(Settings(shards=shards), NAMESPACES, n, "j")[1] for n in range(shards)]

    assert sorted(name for part in parts for name in part) == sorted(NAMESPACES)
    assert all(len(part) > len(NAMESPACES) / shards / 2 for part in parts)


@pytest.mark.parametrize("job", ["watchdog-29000005", "by-hand"])
def test_a_namespace_stays_with_its_shard_from_run_to_run(job: str) -> None:
    settings = Settings(shards=4)

    assert (
        wiring.share(settings, NAMESPACES, 1, job)[1]
        == (wiring.share(settings, NAMESPACES, 1, "watchdog-29000010")[1])
    )


@pytest.mark.parametrize(("shards", "fixes"), [(1, 2), (2, 2), (4, 2), (4, 0), (3, 8), (16, 5)])
def test_all_shards_together_may_fix_as_much_as_one_alone(shards: int, fixes: int) -> None:
    parts = [each.max_remediation_attempts for each in shares(shards, fixes)]

    assert sum(parts) == fixes
    assert max(parts) - min(parts) <= 1


def test_fixes_that_do_not_divide_come_round_to_every_shard() -> None:
    minutes = range(29_000_000, 29_000_000 + 5 * 40, 5)
    runs = [[each.max_remediation_attempts for each in shares(4, 2, f"w-{m}")] for m in minutes]

    turns = [sum(parts) for parts in zip(*runs, strict=True)]
    assert min(turns) >= 10


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
