"""Memory and Lease on a real API server: who wins, who may go on, and how much fits."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.cluster.handle import PATIENCE, poll
from tests.cluster.plane import Plane
from tests.support.memory_samples import diagnosed, memory, tried
from watchdog.clock import Budget, SystemClock
from watchdog.errors import ClusterError, ConflictError
from watchdog.incidents.lease import HeldError, Lease, take
from watchdog.incidents.memory import Memory
from watchdog.incidents.place import KEY
from watchdog.incidents.store import read, write
from watchdog.kube.client import ApiServer
from watchdog.kube.rbac import OWN_NAME
from watchdog.kube.resources import LEASES
from watchdog.model.incident import Incident
from watchdog.settings.schema import MemorySettings, Settings
from watchdog.snapshot.refs import ObjectRef

pytestmark = pytest.mark.plane
SIGNING = Settings(memory=MemorySettings(key=SecretStr("a key of this test alone")))

# Seconds: a busy machine has to look once before.
DIES_AFTER = 15
# Seconds that no test outlasts.
LASTS = 600

TAKER = """
import sys
from pathlib import Path
from watchdog.clock import Budget, SystemClock
from watchdog.incidents.lease import HeldError, take
from watchdog.kube.client import ApiServer
cluster = ApiServer.connect(Path(sys.argv[1]), None, Budget(300, SystemClock()))
try:
    print("taken", take(cluster, sys.argv[2], sys.argv[3], 600).holder)
except HeldError as held:
    print("held", held.holder)
"""


def connect(plane: Plane) -> ApiServer:
    return ApiServer.connect(plane.kubeconfig, None, Budget(PATIENCE, SystemClock()))


def charted(plane: Plane, ns: str) -> None:
    """The Lease as the chart makes it."""
    metadata = {"name": OWN_NAME, "namespace": ns}
    plane.create({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata})


@pytest.mark.parametrize("there", [True, False])
def test_of_ten_that_take_at_once_exactly_one_gets_it(plane: Plane, there: bool) -> None:
    with plane.namespace("lease-ten") as ns:
        if there:
            charted(plane, ns)
        clusters = [connect(plane) for _ in range(10)]

        def attempt(number: int) -> str:
            try:
                return take(clusters[number], ns, f"pass-{number}", LASTS).holder
            except HeldError:
                return ""

        with ThreadPoolExecutor(10) as pool:
            takers = [holder for holder in pool.map(attempt, range(10)) if holder]
        spec = clusters[0].get(LEASES, ns, OWN_NAME)["spec"]

    assert takers == [spec["holderIdentity"]]


def test_of_four_processes_exactly_one_gets_it_and_the_others_name_it(plane: Plane) -> None:
    with plane.namespace("lease-processes") as ns:
        charted(plane, ns)
        running = [
            subprocess.Popen(
                [sys.executable, "-c", TAKER, str(plane.kubeconfig), ns, f"process-{number}"],
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            for number in range(4)
        ]
        said = sorted(each.communicate(timeout=PATIENCE)[0].split() for each in running)

    assert [words[0] for words in said] == ["held", "held", "held", "taken"]
    assert len({holder for _, holder in said}) == 1


def test_a_dead_holder_is_replaced_after_expiry_and_can_then_do_nothing(plane: Plane) -> None:
    with plane.namespace("lease-dead") as ns:
        charted(plane, ns)
        first, other = connect(plane), connect(plane)
        for each in (first, other):
            each.get(LEASES, ns, OWN_NAME)  # so that the next answer comes at once
        dead = take(first, ns, "dead", DIES_AFTER)
        with pytest.raises(HeldError):
            take(other, ns, "next", LASTS)

        second = taken(other, ns)

        with pytest.raises(ClusterError, match="no longer ours"):
            dead.check()
        dead.release()
        second.check()
        second.release()
        third = take(connect(plane), ns, "third", LASTS)
    assert second.before == dead.until - timedelta(seconds=DIES_AFTER)
    assert third.before
    assert third.before >= second.before


def test_two_hundred_incidents_fit_and_are_read_back_as_they_were(plane: Plane) -> None:
    with plane.namespace("lease-memory") as ns:
        whole = of(ns, *(tried(number) for number in range(200)))
        cluster = connect(plane)
        kept = read(cluster, ns, "test", datetime.now(UTC), SIGNING)
        written = write(cluster, kept, whole, SIGNING)
        again = read(connect(plane), ns, "test", datetime.now(UTC), SIGNING)
        with pytest.raises(ConflictError):
            write(cluster, kept, of(ns), SIGNING)
        shown = plane.json("configmap", ns, OWN_NAME)["data"][KEY]

    assert written.memory == again.memory == whole
    assert (again.usable, again.warning) == (True, "")
    assert shown.startswith('{\n "version": 1,')


def of(ns: str, *incidents: Incident) -> Memory:
    """The same incidents, in another namespace."""
    there = tuple(moved(each, ns) for each in incidents)
    stored = diagnosed(words="x" * 2000)
    diagnosis = stored.diagnosis.model_copy(update={"remediation_actions": ()})
    stored = stored.model_copy(update={"diagnosis": diagnosis})
    return memory(*there, diagnosed=stored).model_copy(update={"namespace": ns})


def moved(each: Incident, ns: str) -> Incident:
    target = ObjectRef(kind=each.target.kind, namespace=ns, name=each.target.name)
    tries = tuple(
        one.model_copy(update={"action": one.action.model_copy(update={"target": target})})
        for one in each.tries
    )
    return each.model_copy(update={"target": target, "tries": tries})


def taken(cluster: ApiServer, ns: str) -> Lease:
    def free() -> Lease | None:
        with contextlib.suppress(HeldError):
            return take(cluster, ns, "next", LASTS)
        return None

    found = poll(free, "the dead holder's Lease to expire")
    assert found
    return found
