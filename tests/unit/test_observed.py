"""Where the memories of namespaces lie that are only observed, and which pod of a run has which."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.support.memory_samples import NOW, asked, memory, ref, tried
from tests.support.stored_objects import StoredObjects
from watchdog.errors import ClusterError, ForbiddenError, NotFoundError
from watchdog.incidents.lease import HeldError
from watchdog.incidents.memory import Memory, encode
from watchdog.incidents.observed import ObservedMemories, place_of, with_facts_of
from watchdog.incidents.store import Kept, none_yet, unreadable, write
from watchdog.incidents.transitions import identity
from watchdog.kube.resources import Resource
from watchdog.settings.schema import MemorySettings, Settings

HOME, WATCHED = "watchdog", "shop"
PLACE = place_of(WATCHED, HOME)
SIGNING = Settings(memory=MemorySettings(key=SecretStr("a key of this test alone")))
FULL = memory(tried())


class Server(StoredObjects):
    """The release's ConfigMaps and Leases; every read of `failing` ends so."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.failing: ClusterError | None = None
        self.reads = 0
        for number in range(4):
            self.put(HOME, f"sre-watchdog-observed-{number}")

    def get(self, resource: Resource, namespace: str, name: str) -> dict[str, object]:
        """One object, or the fault."""
        self.reads += 1
        if self.failing:
            raise self.failing
        return super().get(resource, namespace, name)


@pytest.fixture
def server() -> Server:
    return Server()


def pod(server: Server, number: int = 0, pods: int = 1) -> ObservedMemories:
    return ObservedMemories(server, HOME, number, pods)


def seen(server: Server) -> Kept | None:
    return pod(server).seen(WATCHED, "test", NOW, SIGNING)


def remember(server: Server, watched: str = WATCHED, what: Memory = FULL) -> None:
    kept = pod(server).current(watched, "test", NOW, SIGNING)
    write(server, kept, what.model_copy(update={"namespace": watched}), SIGNING)


def test_what_is_remembered_of_a_namespace_is_seen_and_of_another_there_is_nothing(
    server: Server,
) -> None:
    remember(server)

    kept = seen(server)

    assert kept is not None
    assert (kept.memory, kept.usable) == (FULL, True)
    assert pod(server).seen("web", "test", NOW, SIGNING) is None
    assert pod(server).current("web", "test", NOW, SIGNING).memory.incidents == ()


@pytest.mark.parametrize("error", [NotFoundError, ForbiddenError])
def test_a_release_that_keeps_no_such_memory_has_seen_nothing(
    server: Server, error: type[ClusterError]
) -> None:
    server.failing = error("no")

    assert seen(server) is None


def test_what_could_not_be_read_or_is_no_configmap_is_not_usable(server: Server) -> None:
    server.failing = ClusterError("the API server is away")
    away = seen(server)
    server.failing = None
    server.objects[HOME, PLACE.name] = {"kind": "Status"}
    odd = seen(server)

    for kept, why in ((away, "the API server is away"), (odd, "is not a ConfigMap")):
        assert kept is not None
        assert not kept.usable
        assert why in kept.warning


def test_each_configmap_is_read_once_in_a_pass(server: Server) -> None:
    one = pod(server)

    for name in (WATCHED, "web", WATCHED):
        one.seen(name, "test", NOW, SIGNING)
    one.departed(())
    one.departed((WATCHED,))

    assert server.reads == 4


def test_each_pod_finds_the_departed_of_its_own_share(server: Server) -> None:
    names = {f"team-{number}" for number in range(8)}
    for name in names:
        remember(server, name, memory())
    still = {"team-3", "team-5"}

    found = [pod(server, number, 3).departed(still) for number in range(3)]

    assert sorted(name for each in found for name in each) == sorted(names - still)
    assert all(each == tuple(sorted(each)) for each in found)
    assert pod(server).departed(names) == ()


def test_a_pod_holds_one_lease_a_pass_and_lets_the_next_run_in(server: Server) -> None:
    first, second = pod(server, 2), pod(server, 2)
    held = first.take("one", 60)

    assert first.take("one", 60) is held
    assert server.found(HOME, "sre-watchdog-observed-2")["spec"]["holderIdentity"] == "one"
    with pytest.raises(HeldError):
        second.take("two", 60)
    first.release()
    first.release()
    assert second.take("two", 60).holder == "two"


def test_to_forget_one_leaves_those_of_others(server: Server) -> None:
    other = next(
        name
        for name in (f"team-{number}" for number in range(99))
        if place_of(name, HOME).name == PLACE.name
    )
    remember(server)
    remember(server, other)

    pod(server).forget(WATCHED)

    assert seen(server) is None
    assert pod(server).seen(other, "test", NOW, SIGNING) is not None


def test_a_namespace_keeps_its_configmap_whatever_others_come_and_go() -> None:
    names = [place_of(f"team-{number}", HOME).name for number in range(400)]

    assert {names.count(name) > 60 for name in names} == {True}
    assert len(set(names)) == 4
    assert place_of(WATCHED, HOME).name == place_of(WATCHED, "elsewhere").name


def of_bytes(size: int) -> Memory:
    """A memory whose text is that long: 92 incidents, the first ones with longer summaries."""
    items = [tried(number) for number in range(92)]
    room = size - len(encode(memory(*items)).encode())
    for number, item in enumerate(items):
        more = min(room, 400)
        items[number] = item.model_copy(update={"summary": item.summary + "x" * more})
        room -= more
    return memory(*items)


@pytest.mark.parametrize(("size", "whole"), [(256 * 1024, True), (256 * 1024 + 1, False)])
def test_one_namespace_takes_256_kib_and_no_byte_more(
    server: Server, size: int, *, whole: bool
) -> None:
    given = of_bytes(size)
    assert len(encode(given).encode()) == size

    remember(server, what=given)

    kept = seen(server)
    assert kept is not None
    assert (kept.memory == given) is whole


def known(number: int) -> tuple[str, Memory]:
    """The incident of one workload, as it was remembered elsewhere."""
    fingerprint = identity("test", ref(f"web-{number}"), "u-1", "missing_env", "main")
    item = tried(
        fingerprint=fingerprint, target=ref(f"web-{number}"), uid="u-1", request=asked(),
        first_seen=NOW - timedelta(days=number),
    )  # fmt: skip
    return fingerprint, memory(item)


def test_of_a_memory_elsewhere_facts_of_further_incidents_come_along() -> None:
    (mine, own), (theirs, other) = known(1), known(2)
    both = memory(
        own.incidents[0].model_copy(update={"first_seen": NOW - timedelta(days=9)}),
        *other.incidents,
    )

    taken = with_facts_of(own, Kept(both, "7"), Settings())

    assert [item.fingerprint for item in taken.incidents] == [mine, theirs]
    assert taken.incidents[0] == own.incidents[0]
    assert taken.incidents[1].first_seen == other.incidents[0].first_seen
    assert (taken.incidents[1].request, taken.incidents[1].tries) == (None, ())


def test_of_a_memory_that_is_not_usable_nothing_comes_along() -> None:
    _, own = known(1)
    _, other = known(2)
    unusable = unreadable(WATCHED, "test", ClusterError("away"))
    forged = Kept(other, "7", usable=False)

    for kept in (unusable, forged, none_yet(WATCHED, "test")):
        assert with_facts_of(own, kept, Settings()) == own
