"""Good releases of many sorts, and bad ones among them, with a pass every few simulated seconds."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.bad_releases import BAD
from tests.support.good_releases import GOOD
from tests.support.release import Release
from tests.support.releases import bad, good
from tests.support.simulated_cluster import NAMESPACE, Arena
from tests.support.slow_releases import SLOW
from tests.support.soaking import FREE, seen
from watchdog.demo import Request, Response
from watchdog.demo.api_resources import NODE_NAME
from watchdog.model.report import NamespaceReport

# `make soak-good` asks for more of them.
MANY, FEW = int(os.environ.get("SOAK_GOOD", "12")), int(os.environ.get("SOAK_BAD", "4"))
STEP = float(os.environ.get("SOAK_STEP", "20"))
AT_ONCE = 20
NODE = "{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{{labels}}}}}}}"


def happens(arena: Arena, what: str, argument: str) -> None:
    """Let one thing of Release.around happen."""
    wire = arena.wire
    kind, _, name = argument.partition("/")
    if what == "apply":
        wire.apply(argument, NAMESPACE)
    elif what == "delete":
        wire.delete(kind, NAMESPACE, name)
    elif what == "label":
        # An apply takes away what the one before it declared, so each declares all.
        held = wire.get("Node", "", NODE_NAME)["metadata"].get("labels") or {}
        labels = ", ".join(f"{key}: here" for key in (*held, argument) if key.startswith("pool-"))
        wire.apply(NODE.format(name=NODE_NAME, labels=labels))
    elif what == "scale":
        name, _, to = name.partition("=")
        wire.scale(kind, NAMESPACE, name, int(to))
    elif what == "registry":
        wire.registry_down = argument == "down"
    elif what == "rolled_out":
        status = wire.get(kind, NAMESPACE, name)["status"]
        assert status["updatedReplicas"] == status["availableReplicas"] == status["replicas"]
    else:
        pods = [
            pod["metadata"]["name"]
            for pod in wire.items("Pod", NAMESPACE)
            if pod["metadata"]["labels"].get("app") == argument
            and not pod["metadata"].get("deletionTimestamp")
        ]
        for pod in pods if what == "restart" else pods[:1]:
            wire.delete("Pod", NAMESPACE, pod)


def soak(arena: Arena, releases: list[Release]) -> list[NamespaceReport]:
    """Roll all of them out side by side, and what each pass says."""
    for release in releases:
        arena.wire.programs.update(release.programs)
        arena.wire.apply(release.before, NAMESPACE)
    arena.wire.advance(700)
    for release in releases:
        arena.wire.apply(release.after, NAMESPACE)
    due = sorted((at, what, arg) for r in releases for at, what, arg in r.around)
    begun, said = arena.wire.now(), []
    seconds = max(release.lasts for release in releases)
    while (now := arena.wire.now() - begun) < seconds:
        while due and due[0][0] <= now:
            _, what, argument = due.pop(0)
            happens(arena, what, argument)
        said.append(arena.look(**FREE))
        arena.wire.advance(STEP)
    return said


def wrongs(arena: Arena, releases: list[Release], said: list[NamespaceReport]) -> list[str]:
    """What a watchdog must not have done or said, or what it has missed."""
    found = []
    for release in releases:
        live = arena.wire.get(release.kind, NAMESPACE, release.name)
        found.append(seen(release, live, said).wrong(release))
    return [item for item in found if item]


def test_no_good_release_is_undone_and_each_bad_one_is_undone_or_told(arena: Arena) -> None:
    releases = [*good(MANY, seed=7), *bad(FEW)]
    for start in range(0, len(releases), AT_ONCE):
        batch = releases[start : start + AT_ONCE]

        assert wrongs(arena, batch, soak(arena, batch)) == []
        for release in batch:
            arena.wire.delete(release.kind, NAMESPACE, release.name)


@pytest.mark.parametrize("sort", [*SLOW, "waits_for_node"])
def test_good_release_is_left_alone_whatever_of_it_could_not_be_read(
    arena: Arena, sort: str
) -> None:
    release = GOOD[sort](random.Random(sort), "app")
    turns = [("get", "deployments"), ("list", "replicasets"), ("get", "pods"), None]
    read = arena.look

    def answer_less(**given: Any) -> NamespaceReport:
        """In each pass something else stays unanswered, however often it is asked."""
        turns.append(turns.pop(0))
        return read(**given)

    def fault(asked: tuple[str, str]) -> Callable[[Request], Response]:
        return lambda request: Response(504) if turns[0] == asked else arena.wire.answer(request)

    for each in filter(None, turns):
        arena.wire.on(*each, fault(each))
    arena.look = answer_less  # type: ignore[method-assign]

    assert wrongs(arena, [release], soak(arena, [release])) == []


@pytest.mark.parametrize("seed", range(2))
def test_service_that_a_release_took_away_is_reported_before_its_deadline_and_nothing_written(
    arena: Arena, seed: int
) -> None:
    release = BAD["never_ready"](random.Random(seed), "app")
    said = soak(arena, [release])
    became = seen(release, arena.wire.get("Deployment", NAMESPACE, "app"), said)
    first = next(number for number, part in enumerate(said) if part.findings)

    assert 400 <= first * STEP <= 400 + 2 * STEP
    assert [kind.split(":")[0] for kind in became.told] == ["readiness_failing"]
    assert (became.version, became.generation, became.written) == ("2", 2, ())


@pytest.mark.parametrize("sort", [*GOOD, *BAD])
def test_each_sort_of_release_is_left_alone_or_not_missed(arena: Arena, sort: str) -> None:
    make = GOOD.get(sort) or BAD[sort]
    release = make(random.Random(sort), "app")

    assert wrongs(arena, [release], soak(arena, [release])) == []
