"""One pass against several processes that share its namespaces, as an Indexed Job's pods do."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from benchmarks.api_server import core_seconds
from benchmarks.estate import Estate, log_of
from benchmarks.measure import COMMAND, BenchError, Timed, environment, timed
from benchmarks.node import node
from tests.cluster.plane import Plane

_RUNS = 3
_HEADS = ["shards", "seconds", "of all cores", "CPU s, all shards", "peak MB, largest", "findings"]


class Shared(NamedTuple):
    """One pass of all shards; `busy` is the share of all cores that everything here used."""

    seconds: float
    busy: float
    runs: list[Timed]

    @property
    def cpu_seconds(self) -> float:
        """Of all shards together."""
        return sum(run.cpu_seconds for run in self.runs)

    @property
    def rss_mb(self) -> float:
        """Of the largest."""
        return max(run.rss_mb for run in self.runs)


def by_shards(
    plane: Plane,
    estate: Estate,
    broken: int,
    shards: Sequence[int],
    say: Callable[[str], None],
) -> tuple[list[str], list[list[str]]]:
    """Time each number of shards, the median of a few passes after a first.

    Raises BenchError where one sees less, more or other than one shard alone.
    """
    say(f"{estate.pods} pods in {estate.namespaces} namespaces, {broken} broken: writing")
    estate.stand(plane)
    estate.breaking(plane, broken)
    lines, expected = [], None
    with node(plane, estate.prefix, log_of):
        share(plane, estate, shards[0])  # it finds cold caches at the API server
        for count in shards:
            say(f"{count} shards")
            passes = [share(plane, estate, count) for _ in range(_RUNS)]
            for done in passes:
                check(done.runs, estate)
                expected = expected or findings(done.runs)
                if findings(done.runs) != expected:
                    raise BenchError(f"{count} shards find something else than {shards[0]}")
            lines.append([str(count), *_figures(passes), str(expected.total() if expected else 0)])
    return _HEADS, lines


def _figures(passes: Sequence[Shared]) -> list[str]:
    seconds, busy, cpu, rss = (
        statistics.median(column)
        for column in zip(
            *((p.seconds, 100 * p.busy, p.cpu_seconds, p.rss_mb) for p in passes), strict=True
        )
    )
    return [f"{seconds:.1f}", f"{busy:.0f}%", f"{cpu:.1f}", f"{rss:.0f}"]


def share(plane: Plane, estate: Estate, count: int) -> Shared:
    """One process for each shard, at the same time."""
    env = environment(
        plane, estate, SRE_AGENT_SHARDS=str(count), SRE_AGENT_RUN_BUDGET_SECONDS="600"
    )

    def one(number: int) -> Timed:
        return timed(COMMAND, {**env, "JOB_COMPLETION_INDEX": str(number)})

    worked, could = core_seconds()
    began = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        runs = list(pool.map(one, range(count)))
    seconds = time.perf_counter() - began
    worked, could = core_seconds()[0] - worked, core_seconds()[1] - could
    return Shared(seconds, worked / could, runs)


def check(runs: Sequence[Timed], estate: Estate) -> None:
    """Each namespace once, and every pod seen; BenchError otherwise."""
    parts = [part for run in runs for part in run.report["namespaces"]]
    if sorted(part["namespace"] for part in parts) != sorted(estate.names):
        raise BenchError("some namespace was looked after twice, or by no one")
    pods = sum(part["objects"].get("pods", 0) for part in parts)
    if pods != estate.pods:
        raise BenchError(f"{pods} of {estate.pods} pods were seen")


def findings(runs: Sequence[Timed]) -> Counter[tuple[str, str, str]]:
    """What was found: kind, namespace and name."""
    return Counter(
        (one["kind"], one["target"]["namespace"], one["target"]["name"])
        for run in runs
        for one in run.findings
    )
