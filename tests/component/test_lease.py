"""The Lease at the wire: one holder, by the server's clock, whatever stands in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.wire import Wire
from watchdog.clock import Budget, SystemClock
from watchdog.demo import Request, Response
from watchdog.errors import ClusterError, ForbiddenError, NotFoundError, UnansweredError
from watchdog.incidents.lease import HeldError, Lease, take
from watchdog.kube.client import ApiServer
from watchdog.kube.rbac import OWN_NAME

NAMESPACE = "shop"
FAR = "2999-01-01T00:00:00.000000Z"


class Still(SystemClock):
    """Stands as still as the wire's, so that a time of the one is exactly that of the other."""

    def monotonic(self) -> float:
        return 0.0


class Place:
    """A namespace, and as many clients of it as are wanted."""

    def __init__(self, wire: Wire, config: Path) -> None:
        self.wire = wire
        self._config = config

    def cluster(self) -> ApiServer:
        return ApiServer.connect(self._config, None, Budget(60, Still()))

    def take(self, holder: str, seconds: float = 60) -> Lease:
        return take(self.cluster(), NAMESPACE, holder, seconds)

    def put(self, **spec: Any) -> None:
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": OWN_NAME, "labels": {"app": "x"}},
            "spec": spec,
        }
        self.wire.apply(json.dumps(body), NAMESPACE)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(int(self.wire.now()), UTC)

    def at(self, seconds: float) -> str:
        return f"{self.now + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S.%fZ}"

    @property
    def found(self) -> Any:
        return self.wire.get("Lease", NAMESPACE, OWN_NAME)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    # Far from this machine's clock, so that a look at that one would be noticed.
    with Wire(ticking=False, behind_seconds=7200) as wire:
        wire.add_namespace(NAMESPACE)
        yield Place(wire, wire.kubeconfig(tmp_path / "config"))


def test_the_charts_empty_lease_is_taken_by_the_servers_clock(place: Place) -> None:
    place.put()

    lease = place.take("one", 89.5)

    spec = place.found["spec"]
    assert (lease.holder, lease.before) == ("one", None)
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"]) == ("one", 90)
    assert spec["acquireTime"] == spec["renewTime"] == place.at(0)
    assert place.found["metadata"]["labels"] == {"app": "x"}
    lease.check()


def test_a_missing_lease_is_created_on_a_laptop(place: Place) -> None:
    place.take("one").check()

    assert place.found["spec"]["holderIdentity"] == "one"


def test_where_it_may_not_be_created_the_error_says_what_makes_it(place: Place) -> None:
    place.wire.forbid("create", "leases")

    with pytest.raises(ForbiddenError, match="install the chart"):
        place.take("one")


def test_while_it_is_held_nobody_else_gets_it_and_is_told_by_whom(place: Place) -> None:
    place.take("one")

    with pytest.raises(HeldError, match="held by one until") as held:
        place.take("two")

    assert held.value.holder == "one"
    assert held.value.until == place.now + timedelta(seconds=60)


def test_a_released_lease_is_free_and_says_when_somebody_last_worked(place: Place) -> None:
    first = place.take("one")
    place.wire.advance(30)
    first.release()
    released = place.now

    second = place.take("two")

    assert second.before == released
    assert place.found["spec"]["leaseTransitions"] == 1


def test_a_dead_holder_is_replaced_once_it_has_expired_and_can_do_no_more(place: Place) -> None:
    first = place.take("one")
    began = place.now
    place.wire.advance(59)
    with pytest.raises(HeldError):
        place.take("two")
    place.wire.advance(2)

    with pytest.raises(ClusterError, match="expired"):
        first.check()
    second = place.take("two")
    with pytest.raises(ClusterError, match="no longer ours: it is held by two"):
        first.check()
    first.release()

    assert second.before == began
    second.check()


def test_a_lease_that_was_deleted_is_no_longer_ours(place: Place) -> None:
    lease = place.take("one")
    place.wire.delete("Lease", NAMESPACE, OWN_NAME)

    with pytest.raises(NotFoundError):
        lease.check()
    lease.release()


def test_a_longer_end_written_by_somebody_else_does_not_keep_it_ours(place: Place) -> None:
    lease = place.take("one")
    place.put(**{**place.found["spec"], "leaseDurationSeconds": 3600})
    place.wire.advance(61)

    with pytest.raises(ClusterError, match="expired"):
        lease.check()


def test_ten_at_once_and_exactly_one_gets_it(place: Place) -> None:
    place.put()

    def attempt(number: int) -> str:
        try:
            return place.take(f"pass-{number}").holder
        except HeldError:
            return ""

    with ThreadPoolExecutor(10) as pool:
        takers = [holder for holder in pool.map(attempt, range(10)) if holder]

    assert takers == [place.found["spec"]["holderIdentity"]]


def test_who_was_quicker_between_our_read_and_write_is_named(place: Place) -> None:
    place.put()

    def other_first(request: Request) -> Response:
        place.put(
            holderIdentity="quick", leaseDurationSeconds=60, renewTime=place.at(0),
            acquireTime=place.at(0),
        )  # fmt: skip
        return place.wire.answer(request)

    place.wire.on("update", "leases", other_first, times=1)

    with pytest.raises(HeldError, match="held by quick"):
        place.take("slow")


@pytest.mark.parametrize("there", [True, False])
def test_a_lost_answer_is_read_back_and_the_lease_is_ours(place: Place, there: bool) -> None:
    if there:
        place.put()
    place.wire.lose("update" if there else "create", "leases")

    place.take("one").check()

    assert len(place.wire.writes) == 1


def test_a_write_that_did_not_arrive_takes_nothing(place: Place) -> None:
    place.put()
    place.wire.on("update", "leases", lambda _: Response(dropped=True))

    with pytest.raises(UnansweredError):
        place.take("one")

    assert not place.found["spec"].get("holderIdentity")


@pytest.mark.parametrize("fault", ["forbid", "fail", "lose"])
def test_releasing_never_raises(place: Place, fault: str) -> None:
    lease = place.take("one")
    given = (500,) if fault == "fail" else ()
    getattr(place.wire, fault)("update", "leases", *given)

    lease.release()


def test_a_check_without_an_answer_is_no_permission(place: Place) -> None:
    lease = place.take("one")
    place.wire.fail("get", "leases", 500)

    with pytest.raises(ClusterError):
        lease.check()


def test_a_server_without_a_clock_gives_no_lease(place: Place) -> None:
    place.put()
    body = place.found
    place.wire.reply("get", "leases", Response(200, body, {"Date": "yesterday"}))

    with pytest.raises(ClusterError, match="Date"):
        place.take("one")


@pytest.mark.parametrize(
    "spec",
    [
        {"holderIdentity": "odd"},
        {"holderIdentity": "odd", "leaseDurationSeconds": 60},
        {"holderIdentity": "odd", "leaseDurationSeconds": 60, "renewTime": FAR},
        {"holderIdentity": "odd", "leaseDurationSeconds": 2**31 - 1, "renewTime": FAR},
        {"holderIdentity": "odd", "leaseDurationSeconds": 60, "renewTime": "0001-01-01T00:00:00Z"},
        {"holderIdentity": "", "leaseDurationSeconds": 60, "renewTime": FAR},
        {"leaseTransitions": 2**31 - 1},
    ],
)
def test_a_lease_with_impossible_times_locks_nobody_out(place: Place, spec: dict[str, Any]) -> None:
    place.put(**spec)

    lease = place.take("one")

    assert lease.before is None or lease.before <= place.now
    assert 0 <= place.found["spec"]["leaseTransitions"] < 2**31


@pytest.mark.parametrize("duration", [2**31 - 1, 3600, 900, None])
def test_a_lease_counts_for_fifteen_minutes_at_most(place: Place, duration: int | None) -> None:
    given = {} if duration is None else {"leaseDurationSeconds": duration}
    place.put(holderIdentity="odd", renewTime=place.at(0), **given)
    place.wire.advance(898)
    with pytest.raises(HeldError):
        place.take("one")
    place.wire.advance(4)

    place.take("one")


def test_servers_whose_clocks_differ_a_little_do_not_break_a_lease(place: Place) -> None:
    place.put(holderIdentity="other", leaseDurationSeconds=60, renewTime=place.at(120))

    with pytest.raises(HeldError) as held:
        place.take("one")

    assert held.value.until == place.now + timedelta(seconds=60)


@pytest.mark.parametrize("answer", [{}, {"spec": []}, {"metadata": [], "spec": 1}])
def test_an_answer_that_is_no_lease_gives_none(place: Place, answer: dict[str, Any]) -> None:
    place.put()
    place.wire.reply("get", "leases", Response(200, answer))

    with pytest.raises(ClusterError, match="not a Lease"):
        place.take("one")


def test_a_holder_with_strange_characters_is_told_in_one_line(place: Place) -> None:
    place.put(
        holderIdentity="x\n" * 500, leaseDurationSeconds=60, renewTime=place.at(0)
    )  # fmt: skip

    with pytest.raises(HeldError) as held:
        place.take("one")

    assert "\n" not in str(held.value)
    assert len(str(held.value)) < 320
