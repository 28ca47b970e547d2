"""What a pass costs as clusters grow: pods, broken Deployments, namespaces, one at a time."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.estate import Estate, log_of
from benchmarks.measure import (
    COMMAND,
    BenchError,
    Counted,
    Timed,
    counted,
    environment,
    full_list_bytes,
    kept_bytes,
    middle,
    timed,
)
from benchmarks.node import node
from tests.cluster.plane import Plane

Say = Callable[[str], None]


@dataclass(frozen=True)
class Case:
    """An estate with so many broken Deployments."""

    pods: int
    broken: int
    namespaces: int

    @property
    def estate(self) -> Estate:
        """Where it is measured."""
        return Estate(self.pods, self.namespaces)


@dataclass(frozen=True)
class Row:
    """The figures of one case; `peer` only where a peer was given, and then of the same minutes."""

    case: Case
    timed: Timed
    counted: Counted
    full_list_bytes: int
    kept_bytes: int
    peer: Timed | None = None


def cases(
    pods: Sequence[int],
    broken: Sequence[int],
    namespaces: Sequence[int],
    more: Sequence[str] = (),
) -> tuple[Case, ...]:
    """Each number varied while the others stay in the middle (namespaces: at the first).

    Every size is measured healthy too. `more` are further ones as `PODS/BROKEN/NAMESPACES`; raises
    BenchError for what is none.
    """
    usual, sick, spread = pods[len(pods) // 2], broken[len(broken) // 2], namespaces[0]
    found = [Case(size, count, spread) for size in pods for count in sorted({0, sick})]
    found += [Case(usual, count, spread) for count in broken]
    found += [Case(usual, sick, count) for count in namespaces]
    found += [_case(each) for each in more]
    # The largest last: what an API server holds makes it slower for all.
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.pods, one.namespaces)))


def _case(text: str) -> Case:
    numbers = [int(part) for part in text.split("/") if part.isdigit()]
    if len(numbers) != 3 or text.count("/") != 2:  # noqa: PLR2004 - pods, broken, namespaces
        raise BenchError(f"--case {text}: write PODS/BROKEN/NAMESPACES, as in 20000/40/500")
    return Case(*numbers)


def measure(
    plane: Plane, wanted: Sequence[Case], runs: int, peer: str | None, say: Say
) -> Iterator[Row]:
    """Measure each case; what is written to the API server stays there for the next time."""
    for case in wanted:
        say(f"{case.pods} pods in {case.namespaces} namespaces, {case.broken} broken: writing")
        case.estate.stand(plane)
        case.estate.breaking(plane, case.broken)
        say(f"{case.pods} pods in {case.namespaces} namespaces, {case.broken} broken: measuring")
        with node(plane, case.estate.prefix, log_of):
            yield _row(plane, case, runs, peer)


def _row(plane: Plane, case: Case, runs: int, peer: str | None) -> Row:
    env = environment(plane, case.estate)
    other = shlex.split(peer.replace("{namespace}", case.estate.names[0])) if peer else []
    ours, theirs = [], []
    for number in range(runs + 1):
        run = timed(COMMAND, env)
        # What a peer's exit code says is its own affair: some end with 1 where they find anything.
        rival = timed(other, env, range(256)) if other else None
        # The first run of each finds cold caches, here and at the API server.
        if number:
            ours.append(run)
            theirs += [rival] if rival else []
    _check(case, ours[-1])
    return Row(
        case,
        middle(ours),
        counted(plane, COMMAND, env),
        full_list_bytes(plane, case.estate),
        kept_bytes(plane, case.estate),
        middle(theirs) if theirs else None,
    )


def _check(case: Case, run: Timed) -> None:
    """A pass that saw something else than what is there has not earned its figures."""
    pods = sum(part["objects"]["pods"] for part in run.report["namespaces"])
    found = sum(finding["target"]["kind"] == "Deployment" for finding in run.findings)
    if pods != case.pods or (found != case.broken and not _bounded(run)):
        raise BenchError(f"{case}: the pass saw {pods} pods and {found} findings")


def _bounded(run: Timed) -> bool:
    return any(part.get("cuts") for part in run.report["namespaces"])
