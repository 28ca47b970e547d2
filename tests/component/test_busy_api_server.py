"""An API server that is too busy, or that says too much."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.wire import Wire
from tests.support.wire_faults import BOMB, FaultServer, cases
from watchdog.clock import Budget, SystemClock
from watchdog.demo import Request, Response
from watchdog.errors import ClusterError, UnansweredError
from watchdog.kube import rate_limit, transport
from watchdog.kube.client import ApiServer
from watchdog.kube.resources import CONFIGMAPS, JOBS, PODS
from watchdog.observation.collector import observe
from watchdog.settings.schema import Settings
from watchdog.snapshot.snapshot import ClusterSnapshot

LISTS = ("pods", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs")


@pytest.fixture
def wire() -> Iterator[Wire]:
    with Wire(ticking=False) as box:
        box.add_namespace("shop")
        yield box


class QuickClock(SystemClock):
    """The machine's clock, put on by what would be waited; `waited` adds that up."""

    waited = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


@pytest.fixture
def connect(wire: Wire, tmp_path: Path, clock: QuickClock) -> Callable[[float], ApiServer]:
    path = wire.kubeconfig(tmp_path / "kubeconfig")
    return lambda seconds: ApiServer.connect(path, None, Budget(seconds, clock))


def look(cluster: ApiServer) -> ClusterSnapshot:
    return observe(cluster, "shop", Settings(), SystemClock())


def busy(after: str = "1") -> Response:
    status = {"kind": "Status", "status": "Failure", "code": 429, "reason": "TooManyRequests"}
    return Response(429, status, headers={"Retry-After": after})


def test_a_busy_server_is_asked_again_as_late_as_it_says_until_all_is_seen(
    wire: Wire, clock: QuickClock, connect: Callable[[float], ApiServer]
) -> None:
    for resource in LISTS:
        wire.reply("list", resource, busy(), times=4)

    seen = look(connect(60))

    assert seen.blind_spots == ()
    assert clock.waited == 4 * len(LISTS)


def test_what_a_busy_server_never_answers_is_left_out_and_named(
    wire: Wire, clock: QuickClock, connect: Callable[[float], ApiServer]
) -> None:
    wire.reply("list", "jobs", busy())

    seen = look(connect(60))

    assert [spot.what for spot in seen.blind_spots] == ["jobs"]
    assert "too busy" in seen.blind_spots[0].why
    assert set(seen.objects) == {
        "pods", "deployments", "statefulsets", "daemonsets", "cronjobs", "persistentvolumeclaims",
    }  # fmt: skip
    assert clock.waited <= rate_limit.PATIENCE_SECONDS


def test_all_requests_of_a_pass_share_their_patience(
    wire: Wire, clock: QuickClock, connect: Callable[[float], ApiServer]
) -> None:
    for resource in LISTS:
        wire.reply("list", resource, busy())

    seen = look(connect(600))

    assert {spot.what for spot in seen.blind_spots} == set(LISTS)
    # Here one wait comes after another, also those that began at the same time.
    assert clock.waited <= rate_limit.PATIENCE_SECONDS * rate_limit.AT_ONCE


def test_a_server_that_is_busy_and_asks_for_no_wait_is_asked_ever_more_seldom(
    wire: Wire, clock: QuickClock, connect: Callable[[float], ApiServer]
) -> None:
    wire.reply("list", "jobs", busy("0"))

    with pytest.raises(UnansweredError, match="too busy"):
        connect(600).list(JOBS, "shop")

    assert clock.waited == rate_limit.PATIENCE_SECONDS
    assert wire.asked.count(("list", "jobs")) == 7  # 0.25, 0.75, 2.25, 6.75, 10 and 10 s apart


def test_waits_at_the_same_time_use_up_patience_once() -> None:
    manners = rate_limit.RateLimit()

    assert all(manners.wait(10, now=100) for _ in range(8))
    assert manners.wait(20, now=105)
    assert manners.wait(5, now=125)
    assert not manners.wait(1, now=130)
    assert not manners.wait(1, now=200)


def test_no_wait_is_longer_than_the_budget(
    wire: Wire, clock: QuickClock, connect: Callable[[float], ApiServer]
) -> None:
    wire.reply("list", "jobs", busy("9"))

    with pytest.raises(UnansweredError, match="too busy"):
        connect(5).list(JOBS, "shop")

    assert clock.waited == 0


def test_after_a_429_requests_go_one_at_a_time(
    wire: Wire, connect: Callable[[float], ApiServer]
) -> None:
    wire.reply("get", "namespaces", busy(), times=1)
    under_way, most = 0, 0

    def slow(request: Request) -> Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.05)
        under_way -= 1
        return wire.answer(request)

    for resource in LISTS:
        wire.on("list", resource, slow)

    assert look(connect(60)).blind_spots == ()
    assert most == 1


def test_a_write_that_is_too_much_is_not_sent_again(
    wire: Wire, clock: QuickClock, connect: Callable[[float], ApiServer]
) -> None:
    wire.reply("create", "configmaps", busy())
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}

    with pytest.raises(Exception, match="refused"):
        connect(60).create(CONFIGMAPS, "shop", body)

    assert wire.asked.count(("create", "configmaps")) == 1
    assert clock.waited == 0


def test_an_answer_of_any_size_takes_no_more_memory_than_the_bound(
    wire: Wire, connect: Callable[[float], ApiServer]
) -> None:
    wire.reply("get", "pods", Response(200, b" " * (transport.MOST_BYTES + 1)))

    with pytest.raises(UnansweredError, match="larger than 8 MiB"):
        connect(60).get(PODS, "shop", "web")

    assert wire.asked.count(("get", "pods")) == 1


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(
    wire: Wire, connect: Callable[[float], ApiServer]
) -> None:
    wire.reply("list", "jobs", Response(200, b" " * (transport.MOST_BYTES + 1)))

    with pytest.raises(UnansweredError, match="larger than 8 MiB"):
        connect(60).list(JOBS, "shop")

    sizes = [int(r.query["limit"]) for r in wire.requests if r.path.endswith("/jobs")]
    assert sizes == [500, 62, 7, 1]


def test_an_answer_that_is_compressed_unasked_is_none(
    wire: Wire, connect: Callable[[float], ApiServer]
) -> None:
    bomb = Response(200, BOMB, {"Content-Encoding": "gzip"})
    wire.reply("get", "pods", bomb)

    with pytest.raises(UnansweredError, match="compressed"):
        connect(60).get(PODS, "shop", "web")


@pytest.mark.parametrize("name", ["drips its headers", "drips its body", "pours headers"])
def test_a_server_that_takes_its_time_byte_by_byte_does_not_outlast_the_call(
    tmp_path: Path, name: str
) -> None:
    with FaultServer(dict(cases())[name]) as server:
        path = tmp_path / "kubeconfig"
        cluster = {"name": "c", "cluster": {"server": server.url()}}
        context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
        users = [{"name": "u", "user": {"token": "made-up"}}]
        config = {"clusters": [cluster], "contexts": [context], "users": users}
        path.write_text(json.dumps({**config, "current-context": "c", "kind": "Config"}))
        budget = Budget(0.5, SystemClock())
        started = time.monotonic()
        with pytest.raises(ClusterError):
            ApiServer.connect(path, None, budget).get(PODS, "shop", "web")

    assert time.monotonic() - started < 60  # the headers alone would take 160


def test_an_answer_that_is_too_large_is_a_blind_spot(
    wire: Wire, connect: Callable[[float], ApiServer]
) -> None:
    wire.reply("list", "jobs", Response(200, b" " * (transport.MOST_BYTES + 1)))

    assert [spot.what for spot in look(connect(60)).blind_spots] == ["jobs"]
