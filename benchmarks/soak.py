"""Many passes in one process, while the cluster keeps changing, to see what grows."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.estate import Estate, log_of
from benchmarks.measure import kept_bytes
from benchmarks.node import node
from tests.cluster.plane import Plane
from watchdog import wiring
from watchdog.agent import run_pass
from watchdog.settings import Settings

# How many are broken in one pass and the next: things break, spread and heal.
_BROKEN = (0, 1, 6, 3, 20, 12, 0, 2)


class Sample(NamedTuple):
    """What the process held after a pass."""

    number: int
    rss_mb: float
    descriptors: int
    connections: int
    threads: int
    objects: int
    kept_bytes: int
    findings: int


def soak(
    plane: Plane, estate: Estate, passes: int, say: Callable[[str], None]
) -> tuple[Sample, ...]:
    """Run the passes; a sample after each."""
    estate.stand(plane)
    samples = []
    with node(plane, estate.prefix, log_of):
        for number in range(1, passes + 1):
            estate.breaking(plane, _BROKEN[number % len(_BROKEN)])
            samples.append(_one(plane, estate, number))
            if number % 20 == 0:
                say(f"{number} passes: {samples[-1].rss_mb:.0f} MB")
    return tuple(samples)


def _one(plane: Plane, estate: Estate, number: int) -> Sample:
    settings = Settings(namespaces=estate.names, dry_run=True)
    cluster, budget = wiring.connect(settings, plane.kubeconfig, None)
    work = wiring.new_pass(settings, cluster, budget, "json", asks=False)
    report = run_pass(settings.namespaces, work)
    del cluster, budget, work
    gc.collect()
    # The bench's own connections to the API server are no part of the pass.
    plane.api.close()
    links = [_target(link) for link in Path("/proc/self/fd").iterdir()]
    return Sample(
        number,
        _resident_mb(),
        len(links),
        sum(link.startswith("socket:") for link in links),
        len(list(Path("/proc/self/task").iterdir())),
        len(gc.get_objects()),
        kept_bytes(plane, estate),
        sum(len(part.findings) for part in report.namespaces),
    )


def table(samples: Sequence[Sample]) -> tuple[list[str], list[list[str]]]:
    """A few of the samples, as heads and lines."""
    heads = [
        "after pass", "memory MB", "open files", "of them sockets", "threads", "Python objects",
        "kept in the cluster, B", "findings so far",
    ]  # fmt: skip
    wanted = {len(samples) * n // 10 for n in (2, 4, 6, 8, 10)} | {1, len(samples) // 20}
    chosen = [sample for sample in samples if sample.number in wanted]
    return heads, [
        [
            str(each.number), f"{each.rss_mb:.1f}", str(each.descriptors), str(each.connections),
            str(each.threads), f"{each.objects:,}", str(each.kept_bytes),
            str(sum(one.findings for one in samples[: each.number])),
        ]
        for each in chosen
    ]  # fmt: skip


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""
