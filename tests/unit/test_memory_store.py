"""What lies in a memory's ConfigMap: what of it is believed, and what a write leaves there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.memory_samples import NAMESPACE, NOW, memory, tried
from tests.support.stored_objects import StoredObjects
from watchdog.errors import ClusterError, ConflictError, UnansweredError
from watchdog.incidents.authenticity import keys_of
from watchdog.incidents.memory import Memory, encode
from watchdog.incidents.observed import place_of
from watchdog.incidents.place import Place, own_place
from watchdog.incidents.shared_space import MOST_BYTES
from watchdog.incidents.store import Kept, believed, none_yet, read, seal, write
from watchdog.settings.schema import MemorySettings, Settings

NAME, KEY = "sre-watchdog", "memory.json"
SIGNING = Settings(memory=MemorySettings(key=SecretStr("a key of this test alone")))
FULL = memory(tried())
OWN = own_place(NAMESPACE)
SHARED = place_of(NAMESPACE, "home")


def stored(**parts: Any) -> StoredObjects:
    """An API server with the ConfigMap of the namespace, and the one that it shares."""
    server = StoredObjects(NOW)
    server.put(NAMESPACE, NAME, **parts)
    server.put("home", SHARED.name)
    return server


def kept_in(server: StoredObjects, place: Place = OWN, settings: Settings = SIGNING) -> Kept:
    return read(server, NAMESPACE, "test", NOW, settings, place=place)


@pytest.mark.parametrize("place", [OWN, SHARED], ids=["own", "shared"])
def test_what_was_written_is_read_again_and_knows_where_it_lies(place: Place) -> None:
    server = stored()

    write(server, kept_in(server, place), FULL, SIGNING)
    kept = kept_in(server, place)

    assert (kept.memory, kept.place, kept.doubt, kept.usable) == (FULL, place, "", True)
    assert kept.version == server.found(place.namespace, place.name)["metadata"]["resourceVersion"]


def test_who_only_looks_sees_an_unchecked_memory_whole_and_is_told_that_it_is_not_checked() -> None:
    server = stored(data={KEY: encode(FULL)})

    shown = read(server, NAMESPACE, "test", NOW, Settings(), to_show=True)
    taken = read(server, NAMESPACE, "test", NOW, Settings())
    checked = read(server, NAMESPACE, "test", NOW, SIGNING, to_show=True)

    assert shown.memory == FULL
    assert "Who wrote ConfigMap sre-watchdog in namespace shop is not checked" in shown.warning
    for kept in (taken, checked, believed(server.found(NAMESPACE, NAME), NAMESPACE, "test", NOW,
                                          Settings())):  # fmt: skip
        assert kept.memory.incidents == ()
    assert {kept.doubt for kept in (shown, taken, checked)} == {"facts"}


def test_a_signed_memory_of_a_newer_version_is_left_where_it_is() -> None:
    text = json.dumps({"version": 2, "namespace": NAMESPACE})
    signature = keys_of(SIGNING).sign(NAMESPACE, "u-1", text)
    server = stored(data={KEY: text, "signature": signature})

    kept = kept_in(server)

    assert "newer version" in kept.warning
    with pytest.raises(ClusterError, match="newer version"):
        write(server, kept, FULL, SIGNING)


def test_what_else_the_configmap_holds_is_not_printed_with_its_memory() -> None:
    server = stored(data={KEY: "someone's words", "token": "someone's secret"})

    assert "someone's" not in repr(kept_in(server))
    assert kept_in(server).aside == "someone's words"


def test_only_a_whole_memory_of_a_namespace_of_its_own_is_sealed() -> None:
    server = stored()
    own, shared = (write(server, kept_in(server, at), FULL, SIGNING) for at in (OWN, SHARED))

    assert seal(own, SIGNING)
    assert seal(shared, SIGNING) == ""
    assert seal(none_yet(NAMESPACE, "test"), SIGNING) == ""


def test_what_is_too_large_says_how_large_it_may_be() -> None:
    server = stored()
    many = memory(*(tried(number, tries=tried().tries * 6) for number in range(45)))

    with pytest.raises(ClusterError, match=r"delete its key memory\.shop \(at most 256 KiB\)"):
        write(server, kept_in(server, SHARED), many, SIGNING)

    assert server.writes == []


@pytest.mark.parametrize(
    "there",
    [{KEY: encode(FULL), "signature": "of someone"}, {KEY: encode(memory())}],
    ids=["the same text, and another signature", "another text"],
)
def test_a_write_without_an_answer_counts_only_with_both_text_and_signature(
    there: dict[str, str],
) -> None:
    server = stored()
    kept = kept_in(server)
    signature = keys_of(SIGNING).sign(*OWN.signed(kept.found, encode(FULL)))
    server.lost = [False]
    server.meanwhile = lambda: server.objects[NAMESPACE, NAME].update(
        data={"signature": signature, **there}
    )

    with pytest.raises(UnansweredError):
        write(server, kept, FULL, SIGNING)


@pytest.mark.parametrize("arrives", [True, False])
def test_a_write_without_an_answer_is_looked_for(*, arrives: bool) -> None:
    server = stored()
    kept = kept_in(server)
    server.lost = [arrives]

    if arrives:
        assert write(server, kept, FULL, SIGNING) == kept_in(server)
    else:
        with pytest.raises(UnansweredError):
            write(server, kept, FULL, SIGNING)
    assert len(server.writes) == 1


@pytest.mark.parametrize("theirs", [{}, {KEY: "someone's"}], ids=["empty", "filled"])
def test_a_configmap_that_someone_else_made_meanwhile_is_taken_only_if_it_is_empty(
    theirs: dict[str, str],
) -> None:
    server = StoredObjects(NOW)
    kept = kept_in(server)
    server.lost = [False]
    server.meanwhile = lambda: _once(server, theirs)

    if theirs:
        with pytest.raises(UnansweredError):
            write(server, kept, FULL, SIGNING)
    else:
        assert write(server, kept, FULL, SIGNING) == kept_in(server)


def _once(server: StoredObjects, data: dict[str, str]) -> None:
    server.put(NAMESPACE, NAME, data=data)
    server.meanwhile = lambda: None


def test_others_who_write_their_own_memories_in_a_shared_configmap_lose_nothing() -> None:
    server = stored()
    kept = kept_in(server, SHARED)
    others = iter(range(4))

    def meanwhile() -> None:
        for number in others:
            found = server.found("home", SHARED.name).get("data") or {}
            server.put("home", SHARED.name, data={**found, f"memory.team-{number}": "theirs"})
            return

    server.meanwhile = meanwhile

    write(server, kept, FULL, SIGNING)

    data = server.found("home", SHARED.name)["data"]
    assert {f"memory.team-{number}" for number in range(4)} < data.keys()
    assert kept_in(server, SHARED).memory == FULL
    assert len(server.writes) == 5


def test_where_others_are_quicker_each_time_it_is_given_up_after_the_fifth() -> None:
    server = stored()
    kept = kept_in(server, SHARED)

    def meanwhile() -> None:
        server.put("home", SHARED.name)

    server.meanwhile = meanwhile

    with pytest.raises(ConflictError, match="by others each time"):
        write(server, kept, FULL, SIGNING)

    assert len(server.writes) == 5


@pytest.mark.parametrize(
    ("place", "theirs"),
    [(OWN, {"note": "someone's"}), (SHARED, {"memory.shop": "someone's"})],
    ids=["own", "shared"],
)
def test_who_changed_the_same_memory_or_a_configmap_of_our_own_is_not_overwritten(
    place: Place, theirs: dict[str, str]
) -> None:
    server = stored()
    kept = kept_in(server, place)
    server.put(place.namespace, place.name, data=theirs)

    with pytest.raises(ConflictError, match="another version"):
        write(server, kept, FULL, SIGNING)

    assert server.found(place.namespace, place.name)["data"] == theirs


def test_a_write_to_a_full_shared_configmap_makes_room_in_it() -> None:
    server = stored()
    ended = json.dumps({"incidents": [], "namespace": "x" * MOST_BYTES})
    server.put("home", SHARED.name, data={"memory.over": ended})
    server.put(NAMESPACE, NAME, data={"memory.over": ended})

    for place in (OWN, SHARED):
        write(server, kept_in(server, place), FULL, SIGNING)

    assert "memory.over" not in server.found("home", SHARED.name)["data"]
    assert "memory.over" in server.found(NAMESPACE, NAME)["data"]


@pytest.mark.parametrize("size", [102_399, 102_400, 102_401])
def test_of_a_text_that_is_set_aside_the_first_100_kib_are_kept(size: int) -> None:
    body = OWN.body({}, "new", "", "x" * size)

    assert len(body["data"]["set-aside.txt"]) == min(size, 102_400)


def test_no_key_is_both_text_and_bytes() -> None:
    found = {"binaryData": {KEY: "AA==", "signature": "AA==", "other": "AA=="}}

    body = OWN.body(found, "new", "signed")
    emptied = OWN.body(found, "", "")

    assert (body["data"], body["binaryData"]) == (
        {KEY: "new", "signature": "signed"}, {"other": "AA=="}
    )  # fmt: skip
    assert emptied["data"] == {}
    assert KEY not in emptied["binaryData"]


def test_an_empty_memory_is_of_the_namespace_and_the_cluster_that_were_asked_for() -> None:
    assert kept_in(stored()).memory == Memory(cluster="test", namespace=NAMESPACE)
    assert read(StoredObjects(NOW), NAMESPACE, "test", NOW, SIGNING).version is None
