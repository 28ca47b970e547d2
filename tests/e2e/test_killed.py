"""`kill -9` at a request of a pass to the API server: the next passes settle what it left behind.

A proxy ends the process right before a request goes on, or once the API server has done it and
before the answer is passed on. SRE_WATCHDOG_KILL_EVERY=1 does that at every request, which takes
some minutes; else at each from the Lease on that is not a repetition, and at one read before it.
"""

from __future__ import annotations

import contextlib
import os
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

from tests.cluster.handle import Cluster
from tests.e2e.lives import LEASE, LEASE_OVER, MEMORY, Done, Life, Side, life
from tests.wire import verb_and_resource

pytestmark = pytest.mark.cluster
WORKERS = 6
NEXT_PASSES = 3


@dataclass(frozen=True)
class Death:
    """Where a pass is killed: at its request of that number, counted from 0."""

    number: int
    side: Side


class Lives:
    """Namespaces that live one life after the other, as many at once as there are workers."""

    def __init__(self, lives: list[Life]) -> None:
        self._free: queue.Queue[Life] = queue.Queue()
        self._names = count()
        for each in lives:
            self._free.put(each)

    @contextlib.contextmanager
    def one(self) -> Iterator[tuple[Life, str]]:
        """An empty namespace and the name of a Deployment in it that lost a variable."""
        free = self._free.get()
        try:
            name = f"app{next(self._names)}"
            empty(free)
            free.lose_env(name)
            yield free, name
        finally:
            self._free.put(free)


@pytest.fixture(scope="module")
def lives(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    folder = tmp_path_factory.mktemp("killed")
    with contextlib.ExitStack() as stack:
        made = [
            stack.enter_context(life(cluster, folder / str(n), "killed")) for n in range(WORKERS)
        ]
        yield Lives(made)


@pytest.fixture(scope="module")
def whole(lives: Lives) -> list[tuple[str, str]]:
    """What a pass that nobody kills asks of the API server, in order."""
    with lives.one() as (ours, name):
        done = ours.quick()
        assert done.outcomes == [("patch_deployment_env", "verified")], done.said
        assert ours.well(name)
        return ours.proxy.asked


def test_a_pass_killed_at_any_request_is_settled_by_the_next_ones(
    lives: Lives, whole: list[tuple[str, str]]
) -> None:
    deaths = [Death(n, side) for n in chosen(whole) for side in ("before", "after")]

    with ThreadPoolExecutor(WORKERS) as crew:
        told = crew.map(lambda death: died(lives, death), deaths)
        broken = {str(death): wrong for death, wrong in zip(deaths, told, strict=True) if wrong}

    assert ("update", "leases") in whole or ("create", "leases") in whole
    assert broken == {}


def chosen(whole: list[tuple[str, str]]) -> list[int]:
    """The numbers of the requests to be killed at."""
    if os.environ.get("SRE_WATCHDOG_KILL_EVERY"):
        return list(range(len(whole)))
    begins = next(n for n, (_, what) in enumerate(whole) if what == "leases")
    seen: set[tuple[tuple[str, str], ...]] = set()
    numbers = [begins - 1]
    for number in range(begins, len(whole)):
        around = tuple(whole[number - 3 : number + 2])
        if around not in seen:
            numbers.append(number)
        seen.add(around)
    return numbers


def died(lives: Lives, death: Death) -> str:
    """What was wrong after such a death; nothing is what it should be."""
    with lives.one() as (ours, name):
        generation = ours.generation(name)
        numbers = count()
        at = ours.killed(lambda _: next(numbers) == death.number, death.side)
        where = verb_and_resource(at) if at else "lived on, and"
        held = ours.writes
        ours.proxy.ahead = LEASE_OVER
        passes: list[Done] = []
        for _ in range(NEXT_PASSES):
            passes.append(ours.quick())
            if ours.well(name) and settled(ours, "resolved"):
                break
        moved = ours.generation(name) - generation
        wrong = [
            what
            for what, is_so in (
                ("not healthy", not ours.well(name)),
                (f"{moved} changes of the template", moved != 1),
                (f"{len(ours.slack.posts)} messages", len(ours.slack.posts) != 1),
                ("not settled", not settled(ours, "fixed", "resolved")),
                ("the Lease is held", bool(ours.holder)),
            )
            if is_so
        ]
        story = [f"{done.outcomes} {done.said}" for done in passes]
        shown = [message.shown.splitlines()[0] for message in ours.slack.messages]
        return f"{where} after {len(held)} writes: {wrong}; {story}; {shown}" if wrong else ""


def settled(ours: Life, *states: str) -> bool:
    """Whether the only incident is in such a state, and it is known how each try ended."""
    found = ours.memory["incidents"] if ours.has(MEMORY) else []
    tries = [attempt for item in found for attempt in item["tries"]]
    known = all(attempt["outcome"] for attempt in tries)
    return len(found) == 1 and found[0]["state"] in states and known


def empty(ours: Life) -> None:
    """Nothing is left of the life before."""
    for item in ours.get("deployments")["items"]:
        ours.drop(f"deployments/{item['metadata']['name']}")
    for what in (MEMORY, LEASE):
        ours.drop(what)
    ours.wait(lambda: not ours.get("pods")["items"], "the pods to go")
    ours.proxy.ahead = timedelta()
    ours.proxy.requests.clear()
    ours.slack.messages.clear()
