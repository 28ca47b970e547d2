"""`kill -9` at a request of a pass to the API server: the next passes settle what it left behind.

A proxy ends the process right before a request goes on, or once the API server has done it and
before the answer is passed on. SRE_WATCHDOG_KILL_EVERY=1 does that at every request, which takes
ten minutes; else on both sides of every write, and at one read between two of them.
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
from tests.support.wire import verb_and_resource

pytestmark = pytest.mark.cluster
WORKERS = 8
NEXT_PASSES = 3
SIDES: tuple[Side, ...] = ("before", "after")
Asked = tuple[str, str]


@dataclass(frozen=True)
class Death:
    """Where a pass is killed: at its request of that number, counted from 0.

    It is the one that makes the fix, or, where it is `late`, the one that finds it has lasted.
    """

    number: int
    side: Side
    late: bool = False


class Lives:
    """Namespaces that live one life after the other, as many at once as there are workers."""

    def __init__(self, lives: list[Life]) -> None:
        self._free: queue.Queue[Life] = queue.Queue()
        self._names = count()
        for each in lives:
            self._free.put(each)

    @contextlib.contextmanager
    def one(self) -> Iterator[tuple[Life, str]]:
        """An empty namespace and the name of a Deployment in it that got a wrong command."""
        free = self._free.get()
        try:
            name = f"app{next(self._names)}"
            empty(free)
            free.lose_command(name)
            yield free, name
        finally:
            self._free.put(free)


@pytest.fixture(scope="module")
def lives(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    folder = tmp_path_factory.mktemp("killed")
    with contextlib.ExitStack() as stack:

        def made(number: int) -> Life:
            return stack.enter_context(life(cluster, folder / str(number), "killed"))

        with ThreadPoolExecutor(WORKERS) as crew:
            free = list(crew.map(made, range(WORKERS)))
        yield Lives(free)


@pytest.fixture(scope="module")
def whole(lives: Lives) -> tuple[list[Asked], list[Asked]]:
    """What two passes that no one kills ask of the API server: to fix, and to see that it lasts."""
    with lives.one() as (ours, name):
        done = ours.quick()
        assert done.outcomes == [("rollout_undo", "verified")], done.said
        fixing = ours.proxy.asked
        ours.quick()
        assert is_over(ours, name)
        return fixing, ours.proxy.asked[len(fixing) :]


def test_a_pass_killed_at_any_request_is_settled_by_the_next_ones(
    lives: Lives, whole: tuple[list[Asked], list[Asked]]
) -> None:
    fixing, seeing = whole
    deaths = [*chosen(fixing, late=False), *chosen(seeing, late=True)]

    with ThreadPoolExecutor(WORKERS) as crew:
        told = crew.map(lambda death: died(lives, death), deaths)
        broken = {str(death): wrong for death, wrong in zip(deaths, told, strict=True) if wrong}

    assert {("create", "leases"), ("create", "configmaps"), ("patch", "deployments")} < set(fixing)
    assert ("update", "configmaps") in seeing
    assert broken == {}


def chosen(asked: list[Asked], *, late: bool) -> list[Death]:
    """The deaths to die in such a pass."""
    if os.environ.get("SRE_WATCHDOG_KILL_EVERY"):
        return [Death(n, side, late) for n in range(len(asked)) for side in SIDES]
    writes = [n for n, (verb, _) in enumerate(asked) if verb not in {"get", "list"}]
    if late:
        return [Death(n, "after", late) for n in writes]
    gaps = zip([-1, *writes], writes, strict=False)
    reads = [(last + n) // 2 for last, n in gaps if n - last > 1]
    at_writes = [Death(n, side) for n in writes for side in SIDES]
    return at_writes + [Death(max(n, 0), "before") for n in reads]


def died(lives: Lives, death: Death) -> str:
    """What was wrong after such a death; nothing is what it should be."""
    with lives.one() as (ours, name):
        generation = ours.generation(name)
        if death.late:
            ours.quick()
        numbers = count()
        at = ours.killed(lambda _: next(numbers) == death.number, death.side)
        where = verb_and_resource(at) if at else "lived on, and"
        held = ours.writes
        ours.proxy.ahead = LEASE_OVER
        passes: list[Done] = []
        while len(passes) < NEXT_PASSES and not (passes and is_over(ours, name)):
            passes.append(ours.quick())
        moved = ours.generation(name) - generation
        shown = [message.shown.splitlines()[0] for message in ours.slack.messages]
        wrong = [
            what
            for what, is_so in (
                ("not over", not is_over(ours, name)),
                (f"{moved} changes of the template", moved != 1),
                (f"{len(ours.slack.posts)} messages", len(ours.slack.posts) != 1),
                ("said twice", len(shown) != len(set(shown))),
            )
            if is_so
        ]
        story = [f"{done.outcomes} {done.said}" for done in passes]
        return f"{where} after {len(held)} writes: {wrong}; {story}; {shown}" if wrong else ""


def is_over(ours: Life, name: str) -> bool:
    """Whether it is well, known to be, and told."""
    posts = ours.slack.posts
    told = bool(posts) and posts[0].shown.startswith("*✅ Resolved")
    return told and ours.well(name) and settled(ours, "resolved")


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
