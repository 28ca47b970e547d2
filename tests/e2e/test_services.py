"""On a real API server without a node: which Services are read in full, and what is found then."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from tests.cluster.handle import PATIENCE
from tests.cluster.plane import Object, Plane
from tests.support.controller_objects import deployment, endpoint_slice, service
from watchdog.agent.fast_path import nothing_to_judge
from watchdog.clock import Budget, SystemClock
from watchdog.diagnosis.rules import detect
from watchdog.failures import KINDS
from watchdog.kube.client import ApiServer
from watchdog.observation import shared_lists
from watchdog.observation.collector import observe
from watchdog.observation.shared_lists import FEWEST
from watchdog.settings.schema import Settings
from watchdog.snapshot.snapshot import ClusterSnapshot

pytestmark = pytest.mark.plane
ORDINARY = 30
LISTS = 15
"""One for each kind of object, and the namespace itself."""


class Seen(NamedTuple):
    snapshot: ClusterSnapshot
    found: list[tuple[str, str]]
    requests: int


@pytest.fixture
def ns(plane: Plane) -> Iterator[str]:
    """A namespace with ordinary Services: 80, and 8080 of their pods."""
    with plane.namespace("e2e-services") as name:
        names = [f"web-{n}" for n in range(ORDINARY)]
        plane.create_many(listening(name, app, 8080) for app in names)
        plane.create_many(service(name, app) for app in names)
        plane.create_many(endpoint_slice(name, app) for app in names)
        yield name


def listening(ns: str, app: str, port: int, replicas: int = 1) -> Object:
    made = deployment(ns, app, replicas, replicas)
    main = {"name": "main", "image": "web:1", "ports": [{"containerPort": port, "name": "web"}]}
    made["spec"]["template"]["spec"]["containers"] = [main]
    return made


class Tomorrow(SystemClock):
    """A Service that was only just made is given time to find its pods."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=1)


def looked(plane: Plane, ns: str) -> Seen:
    cluster = ApiServer.connect(plane.kubeconfig, None, Budget(PATIENCE, SystemClock()))
    snapshot = observe(cluster, ns, Settings(), Tomorrow())
    found = [(one.kind, str(one.target)) for one in detect(snapshot, KINDS)]
    return Seen(snapshot, found, cluster.traffic[0])


def test_ordinary_services_are_not_read_in_full(plane: Plane, ns: str) -> None:
    seen = looked(plane, ns)

    assert seen.requests == LISTS
    assert nothing_to_judge(seen.snapshot)


@pytest.mark.parametrize(("target", "port"), [(9090, 9090), ("http", None)])
def test_a_port_that_leads_nowhere_is_found_among_ordinary_ones_by_few_reads(
    plane: Plane, ns: str, target: int | str, port: int | None
) -> None:
    plane.create_many([listening(ns, "shop", 8080), service(ns, "shop", target)])
    plane.create_many([endpoint_slice(ns, "shop", port)])

    seen = looked(plane, ns)

    assert seen.found == [("service_wrong_port", "Service/shop")]
    assert [str(one.ref) for one in seen.snapshot.services] == ["Service/shop"]
    assert seen.requests < LISTS + 5


def test_an_unusual_port_that_is_right_leaves_nothing_to_judge(plane: Plane, ns: str) -> None:
    plane.create_many([listening(ns, "shop", 9090), service(ns, "shop", 9090)])
    plane.create_many([endpoint_slice(ns, "shop", 9090)])

    assert nothing_to_judge(looked(plane, ns).snapshot)


def test_a_selector_that_matches_nothing_is_found_among_ordinary_services(
    plane: Plane, ns: str
) -> None:
    mistyped = service(ns, "shop")
    mistyped["spec"]["selector"] = {"app": "shpo"}
    plane.create_many([listening(ns, "shop", 8080), mistyped, endpoint_slice(ns, "shop", count=0)])

    assert looked(plane, ns).found == [("service_no_endpoints", "Service/shop")]


def test_a_service_of_what_is_scaled_to_zero_is_left_in_peace_by_few_reads(
    plane: Plane, ns: str
) -> None:
    asleep = listening(ns, "shop", 8080, replicas=0)
    plane.create_many([asleep, service(ns, "shop"), endpoint_slice(ns, "shop", count=0)])

    seen = looked(plane, ns)

    assert nothing_to_judge(seen.snapshot)
    assert seen.requests < LISTS + 5


def test_no_namespace_makes_the_wrong_port_of_another_usual(
    plane: Plane, ns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What many Services of all namespaces do is not compared with the pods."""
    # Other tests have thousands of pods on the same API server.
    monkeypatch.setattr(shared_lists, "_MOST_PODS_EACH", 100_000)
    plane.create_many([listening(ns, "shop", 8080), service(ns, "shop", 9090)])
    plane.create_many([endpoint_slice(ns, "shop", 9090)])
    with contextlib.ExitStack() as several:
        others = [several.enter_context(plane.namespace("e2e-others")) for _ in range(FEWEST)]
        for app in (f"app-{number}" for number in range(ORDINARY)):
            made = (service(others[0], app, 9090), endpoint_slice(others[0], app, 9090))
            plane.create_many([listening(others[0], app, 9090), *made])
        cluster = ApiServer.connect(plane.kubeconfig, None, Budget(PATIENCE, SystemClock()))
        clock = Tomorrow()
        names = (ns, *others)
        shared = shared_lists.read(cluster, names, Settings(), clock.now, clock.monotonic)
        assert shared is not None
        snapshot = observe(cluster, ns, Settings(), clock, shared=shared.of[ns])

    found = [(one.kind, str(one.target)) for one in detect(snapshot, KINDS)]
    assert found == [("service_wrong_port", "Service/shop")]
