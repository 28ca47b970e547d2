"""The memory's ConfigMap at the wire: what is there, who else wrote, which answers got lost."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.memory_samples import NAMESPACE, NOW, diagnosed, incident, memory, ref, tried
from tests.support.wire import Wire, verb_and_resource
from watchdog.clock import Budget, SystemClock
from watchdog.demo import Response
from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    RejectedError,
    UnansweredError,
)
from watchdog.incidents import store
from watchdog.incidents.memory import MAX_BYTES, Memory, encode
from watchdog.incidents.place import ASIDE_BYTES, ASIDE_KEY, KEY, SIGNATURE_KEY
from watchdog.incidents.transitions import identity
from watchdog.kube.client import ApiServer
from watchdog.kube.rbac import OWN_NAME
from watchdog.model.incident import Incident
from watchdog.settings.schema import MemorySettings, Settings

NEWER = json.dumps({"version": 2, "what": "we do not know"})
EMPTY = Memory(cluster="test", namespace=NAMESPACE)
FULL = memory(tried())
SIGNING = Settings(memory=MemorySettings(key=SecretStr("a key of this test alone")))
read = functools.partial(store.read, settings=SIGNING)
write = functools.partial(store.write, settings=SIGNING)


class Place:
    """A namespace with, or without, its ConfigMap."""

    def __init__(self, wire: Wire, cluster: ApiServer) -> None:
        self.wire = wire
        self.cluster = cluster

    def put(self, data: dict[str, str] | None = None, **more: Any) -> None:
        metadata = {"name": OWN_NAME, "labels": {"helm.sh/chart": "x"}, "annotations": {"a": "b"}}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **more}
        self.wire.apply(json.dumps({**body, "data": data} if data else body), NAMESPACE)

    @property
    def found(self) -> Any:
        return self.wire.get("ConfigMap", NAMESPACE, OWN_NAME)

    @property
    def data(self) -> Any:
        """What it holds besides the signature."""
        return {key: text for key, text in self.found["data"].items() if key != SIGNATURE_KEY}

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [verb_and_resource(request) for request in self.wire.writes if not request.dry_run]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Wire(ticking=False) as wire:
        wire.add_namespace(NAMESPACE)
        config = wire.kubeconfig(tmp_path / "config")
        yield Place(wire, ApiServer.connect(config, None, Budget(60, SystemClock())))


def test_the_charts_empty_configmap_is_an_empty_memory_and_keeps_what_else_it_has(
    place: Place,
) -> None:
    place.put({"note": "ours"}, binaryData={"seal": "AAEC"})

    kept = read(place.cluster, NAMESPACE, "test", NOW)
    written = write(place.cluster, kept, FULL)

    assert (kept.memory, kept.usable, kept.warning) == (EMPTY, True, "")
    assert place.data == {"note": "ours", KEY: encode(FULL)}
    assert place.found["binaryData"] == {"seal": "AAEC"}
    assert place.found["metadata"]["labels"] == {"helm.sh/chart": "x"}
    assert place.found["metadata"]["annotations"]["a"] == "b"
    assert written.version == place.found["metadata"]["resourceVersion"]
    assert read(place.cluster, NAMESPACE, "test", NOW).memory == FULL


def test_a_missing_configmap_is_created_and_written_again(place: Place) -> None:
    kept = read(place.cluster, NAMESPACE, "test", NOW)
    first = write(place.cluster, kept, EMPTY)
    second = write(place.cluster, first, FULL)

    assert (kept.version, kept.usable) == (None, True)
    assert read(place.cluster, NAMESPACE, "test", NOW) == second
    assert [verb for verb, _ in place.writes] == ["create", "update", "update"]


def test_where_it_may_not_be_created_the_error_says_how_to_get_it(place: Place) -> None:
    place.wire.forbid("create", "configmaps")

    with pytest.raises(
        ForbiddenError, match=r"chart.*kubectl create configmap sre-watchdog -n shop"
    ):
        write(place.cluster, read(place.cluster, NAMESPACE, "test", NOW), FULL)


def test_who_wrote_meanwhile_is_not_overwritten(place: Place) -> None:
    place.put()
    kept = read(place.cluster, NAMESPACE, "test", NOW)
    other = write(place.cluster, kept, FULL)

    with pytest.raises(ConflictError):
        write(place.cluster, kept, EMPTY)

    assert read(place.cluster, NAMESPACE, "test", NOW) == other


def test_two_that_create_it_at_once_do_not_overwrite_each_other(place: Place) -> None:
    kept = read(place.cluster, NAMESPACE, "test", NOW)
    write(place.cluster, kept, FULL)

    with pytest.raises(ConflictError):
        write(place.cluster, kept, EMPTY)


@pytest.mark.parametrize("there", [True, False])
def test_a_lost_answer_is_read_back_and_found_to_have_arrived(place: Place, there: bool) -> None:
    if there:
        place.put()
    kept = read(place.cluster, NAMESPACE, "test", NOW)
    place.wire.lose("update" if there else "create", "configmaps")

    written = write(place.cluster, kept, FULL)

    assert written == read(place.cluster, NAMESPACE, "test", NOW)
    assert len(place.writes) == (1 if there else 2)


def test_a_write_that_did_not_arrive_is_an_error_and_not_sent_again(place: Place) -> None:
    place.put()
    kept = read(place.cluster, NAMESPACE, "test", NOW)
    place.wire.on("update", "configmaps", lambda _: Response(dropped=True))

    with pytest.raises(UnansweredError):
        write(place.cluster, kept, FULL)

    assert len(place.writes) == 1


@pytest.mark.parametrize(
    "text",
    [
        "garbage", encode(FULL)[:300], "x" * (MAX_BYTES + 1), "é" * ASIDE_BYTES,
        encode(FULL).replace('"shop"', '"other"'), encode(memory(incident(1), incident(1))),
        encode(FULL).replace("2026-03-01T11", "2099-03-01T11"),
        json.dumps({"version": 1, "namespace": NAMESPACE, "incidents": [{}] * 5000}),
    ],
    ids=["garbage", "cut", "large", "wide", "elsewhere", "twice", "future", "thousands"],
)  # fmt: skip
def test_what_is_no_memory_is_reported_and_set_aside_by_the_next_write(
    place: Place, text: str
) -> None:
    place.put({KEY: text, "note": "ours"})

    kept = read(place.cluster, NAMESPACE, "test", NOW)
    assert (kept.memory, kept.usable) == (EMPTY, False)
    assert "ConfigMap sre-watchdog in namespace shop" in kept.warning
    assert kept.warning.endswith(".")
    assert len(kept.warning) < 400
    assert place.writes == []

    written = write(place.cluster, kept, EMPTY)
    data = place.data
    assert set(data) == {KEY, ASIDE_KEY, "note"}
    assert text.startswith(data[ASIDE_KEY])
    assert len(data[ASIDE_KEY].encode()) in {len(text.encode()), ASIDE_BYTES}
    assert written.usable

    write(place.cluster, read(place.cluster, NAMESPACE, "test", NOW), FULL)
    assert place.data[ASIDE_KEY] == data[ASIDE_KEY]


def test_bytes_under_our_key_are_set_aside_too(place: Place) -> None:
    place.put(binaryData={KEY: "/////w=="})
    kept = read(place.cluster, NAMESPACE, "test", NOW)

    write(place.cluster, kept, EMPTY)

    assert not kept.usable
    assert place.data == {KEY: encode(EMPTY), ASIDE_KEY: "/////w=="}
    assert "binaryData" not in place.found


def test_a_newer_memory_is_left_as_it_is(place: Place) -> None:
    place.put({KEY: NEWER})

    kept = store.read(place.cluster, NAMESPACE, "test", NOW, Settings())
    with pytest.raises(ClusterError, match="newer version"):
        store.write(place.cluster, kept, FULL, Settings())

    assert (kept.memory, kept.usable) == (EMPTY, False)
    assert "upgrade" in kept.warning
    assert place.found["data"] == {KEY: NEWER}
    assert place.writes == []


def test_who_only_says_to_be_newer_silences_no_watchdog_that_has_a_key(place: Place) -> None:
    place.put({KEY: NEWER})

    kept = read(place.cluster, NAMESPACE, "test", NOW)
    write(place.cluster, kept, FULL)

    assert not kept.usable
    assert place.data == {KEY: encode(FULL), ASIDE_KEY: NEWER}


@pytest.mark.parametrize(
    "fault",
    [
        lambda wire: wire.forbid("get", "configmaps"),
        lambda wire: wire.fail("get", "configmaps", 500),
        lambda wire: wire.reply("get", "configmaps", Response(200, {})),
        lambda wire: wire.reply("get", "configmaps", Response(200, {"metadata": []})),
        lambda wire: wire.reply(
            "get", "configmaps", Response(200, {"metadata": {"resourceVersion": "1"}, "data": [1]})
        ),
    ],
    ids=["forbidden", "failing", "empty", "no metadata", "no data"],
)
def test_a_memory_that_cannot_be_read_is_a_warning_and_is_never_written(
    place: Place, fault: Callable[[Wire], None]
) -> None:
    place.put()
    fault(place.wire)

    kept = read(place.cluster, NAMESPACE, "test", NOW)
    with pytest.raises(ClusterError):
        write(place.cluster, kept, FULL)

    assert (kept.memory, kept.usable, kept.version) == (EMPTY, False, None)
    assert kept.warning
    assert place.writes == []


def test_a_memory_that_may_only_be_read_is_read_and_the_write_raises(place: Place) -> None:
    place.put()
    write(place.cluster, read(place.cluster, NAMESPACE, "test", NOW), FULL)
    place.wire.forbid("update", "configmaps")

    kept = read(place.cluster, NAMESPACE, "test", NOW)
    with pytest.raises(ForbiddenError):
        write(place.cluster, kept, EMPTY)

    assert (kept.memory, kept.usable) == (FULL, True)


def test_a_refused_configmap_raises_with_the_servers_words(place: Place) -> None:
    place.put()
    body = {"kind": "Status", "message": "data: Forbidden: field is immutable"}
    place.wire.reply("update", "configmaps", Response(422, body))

    with pytest.raises(RejectedError, match="field is immutable"):
        write(place.cluster, read(place.cluster, NAMESPACE, "test", NOW), FULL)


def test_a_memory_that_does_not_fit_is_not_sent(place: Place) -> None:
    place.put()
    kept = read(place.cluster, NAMESPACE, "test", NOW)
    wide = {"reason": "x" * 500}
    huge = [
        each.model_copy(update={"tries": tuple(t.model_copy(update=wide) for t in each.tries * 6)})
        for each in (tried(number) for number in range(100))
    ]

    with pytest.raises(ClusterError, match="ConfigMap sre-watchdog"):
        write(place.cluster, kept, memory(*huge))

    assert place.writes == []


def test_the_write_carries_the_version_that_was_read(place: Place) -> None:
    place.put()
    kept = read(place.cluster, NAMESPACE, "test", NOW)

    write(place.cluster, kept, FULL)

    (sent,) = (request for request in place.wire.writes if request.method == "PUT")
    assert sent.body["metadata"]["resourceVersion"] == kept.version


OLDER, NEWEST = SecretStr("a key of last year to be gone"), SecretStr("a key of this year for all")


def signing(*keys: SecretStr) -> Settings:
    text = ",".join(key.get_secret_value() for key in keys)
    return Settings(memory=MemorySettings(key=SecretStr(text)))


def test_a_key_is_changed_without_a_pass_that_forgets(place: Place) -> None:
    place.put()
    for keys in ((OLDER,), (OLDER, NEWEST), (NEWEST,)):
        kept = store.read(place.cluster, NAMESPACE, "test", NOW, signing(*keys))
        assert (kept.usable, kept.doubt) == (True, "")
        store.write(place.cluster, kept, FULL, signing(*keys))

    assert store.read(place.cluster, NAMESPACE, "test", NOW, signing(NEWEST)).memory == FULL


def test_a_memory_of_another_configmap_does_not_count(place: Place) -> None:
    place.put()
    write(place.cluster, read(place.cluster, NAMESPACE, "test", NOW), FULL)
    copied = place.found["data"]
    place.wire.delete("ConfigMap", NAMESPACE, OWN_NAME)
    place.put(copied)

    kept = read(place.cluster, NAMESPACE, "test", NOW)

    assert (kept.memory, kept.usable, kept.doubt) == (EMPTY, False, "not_authentic")
    assert "signature" in kept.warning


def test_without_a_key_nothing_is_written_over_a_memory_that_is_signed(place: Place) -> None:
    place.put()
    write(place.cluster, read(place.cluster, NAMESPACE, "test", NOW), FULL)
    before = place.found

    kept = store.read(place.cluster, NAMESPACE, "test", NOW, Settings())
    with pytest.raises(ClusterError, match="key that this pass does not have"):
        store.write(place.cluster, kept, EMPTY, Settings())

    assert (kept.usable, kept.doubt) == (True, "facts")
    assert place.found == before


def test_of_an_unsigned_memory_only_facts_are_taken_and_the_next_write_signs_it(
    place: Place,
) -> None:
    mine = identity("test", ref(), "u-1", "missing_env", "main")
    item = tried(
        fingerprint=mine, target=ref(), uid="u-1", summary="words of someone", escalated=True
    )
    place.put({KEY: encode(memory(item, tried(7), diagnosed=diagnosed()))})

    kept = read(place.cluster, NAMESPACE, "test", NOW)
    write(place.cluster, kept, kept.memory)

    (fact,) = kept.memory.incidents
    assert fact == Incident(
        fingerprint=mine, kind="missing_env", target=ref(), container="main", uid="u-1",
        first_seen=item.first_seen, last_seen=item.last_seen,
    )  # fmt: skip
    assert kept.memory.diagnosed is None
    assert "only facts" in kept.warning
    assert read(place.cluster, NAMESPACE, "test", NOW).doubt == ""
