"""One pass against several processes that share its namespaces, as an Indexed Job's pods do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.estate import Estate, log_of
from benchmarks.measure import COMMAND, BenchError, Timed, environment, timed
from benchmarks.node import node
from tests.cluster.plane import Plane


def by_shards(
    plane: Plane,
    estate: Estate,
    broken: int,
    shards: Sequence[int],
    say: Callable[[str], None],
) -> tuple[list[str], list[list[str]]]:
    """Time each number of shards; BenchError where one sees less, more or other than one alone."""
    say(f"{estate.pods} pods in {estate.namespaces} namespaces, {broken} broken: writing")
    estate.stand(plane)
    estate.breaking(plane, broken)
    lines, expected = [], None
    with node(plane, estate.prefix, log_of):
        for count in shards:
            say(f"{count} shards")
            began = time.perf_counter()
            runs = share(plane, estate, count)
            seconds = time.perf_counter() - began
            check(runs, estate)
            expected = expected or findings(runs)
            if findings(runs) != expected:
                raise BenchError(f"{count} shards find something else than {shards[0]}")
            cpu, rss = sum(run.cpu_seconds for run in runs), max(run.rss_mb for run in runs)
            found = expected.total()
            lines.append([str(count), f"{seconds:.1f}", f"{cpu:.1f}", f"{rss:.0f}", str(found)])
    return ["shards", "seconds", "CPU s, all", "peak MB, largest", "findings"], lines


def share(plane: Plane, estate: Estate, count: int) -> list[Timed]:
    """One process for each shard, at the same time."""
    env = environment(
        plane, estate, SRE_AGENT_SHARDS=str(count), SRE_AGENT_RUN_BUDGET_SECONDS="600"
    )

    def one(number: int) -> Timed:
        return timed(COMMAND, {**env, "JOB_COMPLETION_INDEX": str(number)})

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def check(runs: Sequence[Timed], estate: Estate) -> None:
    """Each namespace once, and every pod seen; BenchError otherwise."""
    parts = [part for run in runs for part in run.report["namespaces"]]
    if sorted(part["namespace"] for part in parts) != sorted(estate.names):
        raise BenchError("some namespace was looked after twice, or by nobody")
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
