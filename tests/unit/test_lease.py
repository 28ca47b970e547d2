"""The Lease to the second: when it lets another pass in, and what it leaves for the next one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.memory_samples import NAMESPACE, NOW
from tests.support.stored_objects import StoredObjects
from watchdog.errors import ClusterError, UnansweredError
from watchdog.incidents.lease import HeldError, Lease, take

NAME = "sre-watchdog"


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def written(seconds: float) -> str:
    return f"{after(seconds):%Y-%m-%dT%H:%M:%S.%fZ}"


def server_with(**spec: Any) -> StoredObjects:
    server = StoredObjects(NOW)
    notes = {"labels": {"app": "x"}, "annotations": {"note": "ours"}}
    server.put(NAMESPACE, NAME, metadata=notes, spec=spec)
    return server


def spec_in(server: StoredObjects) -> dict[str, Any]:
    return dict(server.found(NAMESPACE, NAME)["spec"])


def get(server: StoredObjects, holder: str = "one", seconds: float = 60) -> Lease:
    return take(server, NAMESPACE, holder, seconds)


def free(server: StoredObjects) -> bool:
    try:
        get(server)
    except HeldError:
        return False
    return True


@pytest.mark.parametrize(
    ("seconds", "duration"), [(0.2, 1), (1, 1), (1.5, 2), (899, 899), (900, 900), (901, 900)]
)
def test_it_is_taken_for_whole_seconds_from_one_to_fifteen_minutes(
    seconds: float, duration: int
) -> None:
    server = server_with()

    lease = get(server, seconds=seconds)

    assert spec_in(server)["leaseDurationSeconds"] == duration
    assert lease.until == after(duration)


def test_at_its_end_it_counts_no_more_for_its_holder_and_is_free_for_others() -> None:
    server = server_with()
    lease = get(server)

    server.server_time = after(59)
    lease.check()
    with pytest.raises(HeldError):
        get(server, "two")

    server.server_time = after(60)
    with pytest.raises(ClusterError, match="expired"):
        lease.check()
    assert get(server, "two").before == NOW


@pytest.mark.parametrize(
    ("renewed", "duration", "is_free"),
    [
        (-1, 1, True),
        (0, 1, False),
        (-2, 1, True),
        (-899, 0, False),  # no one writes 0: it counts as fifteen minutes
        (-900, 0, True),
        (-898, 899, False),
        (-899, 899, True),
        (-899, 900, False),
        (-899, 901, False),
        (-900, 2**31 - 1, True),
        (900, 60, False),
        (901, 60, True),  # no clock is so far ahead
    ],
)
def test_an_other_ones_counts_from_its_renewal_for_as_long_as_one_can_have_taken_it(
    renewed: int, duration: int, *, is_free: bool
) -> None:
    server = server_with(
        holderIdentity="other", renewTime=written(renewed), leaseDurationSeconds=duration
    )

    assert free(server) is is_free


@pytest.mark.parametrize(
    ("holder", "count", "next_count"),
    [
        ("other", 7, 8),
        ("one", 7, 7),
        ("other", None, 0),
        ("other", "7", 0),
        ("other", -1, 0),
        ("other", 0, 1),
        ("other", 2**31 - 3, 2**31 - 2),
        ("other", 2**31 - 2, 2**31 - 1),
        ("other", 2**31 - 1, 0),
    ],
)
def test_changes_of_the_holder_are_counted_as_far_as_kubernetes_can(
    holder: str, count: object, next_count: int
) -> None:
    server = server_with(holderIdentity=holder, leaseTransitions=count)

    get(server)

    assert spec_in(server)["leaseTransitions"] == next_count


def test_the_seal_that_one_leaves_the_next_one_finds_beside_what_else_is_noted() -> None:
    server = server_with()
    get(server).release("a seal")
    second = get(server, "two")
    second.release()
    third = get(server, "three")

    assert (second.seal, third.seal) == ("a seal", "a seal")
    assert server.found(NAMESPACE, NAME)["metadata"]["annotations"] == {
        "note": "ours", "sre-watchdog/memory": "a seal",
    }  # fmt: skip
    assert server.found(NAMESPACE, NAME)["metadata"]["labels"] == {"app": "x"}


@pytest.mark.parametrize("notes", [None, {}, {"sre-watchdog/memory": None}, []])
def test_where_no_seal_was_left_there_is_none(notes: object) -> None:
    server = StoredObjects(NOW)
    server.put(NAMESPACE, NAME, metadata={"annotations": notes})

    assert get(server).seal == ""


def test_a_lease_without_any_annotation_takes_a_seal() -> None:
    server = StoredObjects(NOW)

    get(server).release("a seal")

    assert get(server).seal == "a seal"


def test_it_names_the_lease_that_is_held() -> None:
    server = server_with()
    get(server)

    with pytest.raises(HeldError) as held:
        get(server, "two")

    assert str(held.value) == (
        "Lease sre-watchdog in namespace shop is held by one until 2026-03-01 10:01:00 UTC"
    )
    assert (held.value.since, held.value.until) == (NOW, after(60))


def test_of_several_that_begin_together_one_gives_up_after_the_third_time() -> None:
    server = server_with()

    def quicker() -> None:
        server.put(NAMESPACE, NAME)

    server.meanwhile = quicker

    with pytest.raises(HeldError, match="is held by another pass until"):
        get(server)

    assert len(server.writes) == 3


def test_an_unanswered_write_is_ours_only_with_holder_and_time() -> None:
    server = server_with()
    get(server)
    server.server_time = after(5)
    server.lost = [False]
    with pytest.raises(UnansweredError):
        get(server)

    server.lost = [True]
    get(server).check()


def test_one_whose_holder_was_taken_out_is_held_by_no_one() -> None:
    server = server_with()
    lease = get(server)
    server.put(NAMESPACE, NAME, spec={})

    with pytest.raises(ClusterError, match="no longer ours: it is held by no one"):
        lease.check()
