"""Every failure kind, caused on a real cluster, is named and healed, or handed to a person."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cluster.handle import Cluster
from tests.e2e.settling import cause, let_go, touched
from tests.support.cluster_fixtures import PATIENT, run_watchdog
from watchdog.detection.kind import FailureKind
from watchdog.examples import drill_of
from watchdog.failures import KINDS

pytestmark = pytest.mark.cluster

SEEN_WITHIN = 1200
"""Seconds: what may still become well gets minutes before it counts as broken; a CronJob most, six
on an idle machine."""
AT_ONCE = 8
"""A node of two cores starts few containers in a second; all drills at once starve each other."""
SLOW = {"calmed", "deadline", "event", "job", "ready", "running"}
"""What needs minutes of waiting and next to no work."""
WRITTEN = {"applied", "verified", "undone", "unknown", "failed"}
Report = dict[str, Any]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@dataclass
class Drilled:
    """A namespace that a drill broke: what its passes reported, and what they wrote to.

    A pass at an arbitrary moment may meet a failure on its way to its final form, or a cluster
    that is still catching up: what it finds then may be another kind, or nothing.
    """

    kind: FailureKind
    passes: list[Report] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)

    @property
    def named(self) -> Report | None:
        """The last pass that found the drill's own kind, and no other."""
        return next((each for each in reversed(self.passes) if kinds(each) == {self.own}), None)

    @property
    def healed(self) -> Report | None:
        """The pass that found the drill's own kind and whose fix was verified."""
        named = (each for each in self.passes if kinds(each) == {self.own})
        return next((each for each in named if "verified" in outcomes(each)), None)

    @property
    def own(self) -> str:
        return self.kind.name

    @property
    def well(self) -> bool:
        """Whether the namespace was healthy after the fix, at once or by the last pass."""
        if not self.healed:
            return False
        return self.healed["verification"]["healthy"] or not self.passes[-1]["findings"]

    @property
    def over(self) -> bool:
        """Whether the passes have seen what the drill says that they will see."""
        return self.well if drill_of(self.own).ends == "healed" else self.named is not None

    @property
    def told(self) -> str:
        """All that the passes found, in one line: it is all that a run far away leaves."""
        found = [report for report in self.passes if report["findings"]]
        return f"{self.own}: {len(self.passes)} passes; those that found: {json.dumps(found)}"


def kinds(report: Report) -> set[str]:
    """The kinds found, without what only suffers from another finding."""
    found = report["findings"]
    return {each["kind"] for each in found if not (each["cause"] and each["cause"]["of"])}


def outcomes(report: Report) -> set[str]:
    return {action["outcome"] for action in report["actions"]}


@pytest.fixture(scope="module")
def drilled(
    request: pytest.FixtureRequest, cluster: Cluster
) -> Iterator[dict[str, Future[Drilled]]]:
    """Several drills at once, each in a namespace of its own: most of their time is waiting.

    Only those of the kinds whose tests were chosen (`-k NAME`).
    """
    chosen = [
        item.callspec.params["kind"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == request.path
    ]
    kinds = [kind for kind in KINDS if kind in chosen]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        slow_first = sorted(kinds, key=lambda kind: drill_of(kind.name).settle not in SLOW)
        yield {kind.name: pool.submit(drill, cluster, kind) for kind in slow_first}


def drill(cluster: Cluster, kind: FailureKind) -> Drilled:
    """Break a namespace, and run passes until they have seen how the drill ends."""
    done = Drilled(kind)
    with cluster.namespace("drills") as ns:
        try:
            cause(cluster, ns, drill_of(kind.name))
            until = time.monotonic() + SEEN_WITHIN
            while not done.over and time.monotonic() < until:
                if done.passes:
                    time.sleep(5)
                done.passes.append(one_pass(cluster, ns, kind))
            done.touched = touched(cluster, ns)
            return done
        finally:
            let_go(cluster, ns)


def one_pass(cluster: Cluster, ns: str, kind: FailureKind) -> Report:
    """The report of one pass on the namespace."""
    needed = {**PATIENT, **drill_of(kind.name).environment}
    kubeconfig = cluster.kubeconfig
    done = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=kubeconfig, env=needed)
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)["namespaces"]
    return dict(report)


@each_kind
def test_a_drill_is_found_as_its_kind_and_no_other(
    drilled: dict[str, Future[Drilled]], kind: FailureKind
) -> None:
    done = drilled[kind.name].result()

    assert done.named, done.told


@each_kind
def test_a_drill_ends_as_its_kind_says(
    drilled: dict[str, Future[Drilled]], kind: FailureKind
) -> None:
    done = drilled[kind.name].result()

    if drill_of(kind.name).ends == "healed":
        assert done.healed, done.told
        assert done.healed["diagnosis"]["root_cause"], done.told
        assert done.well, done.told
    else:
        assert done.named, done.told
        assert done.named["diagnosis"]["root_cause"], done.told
        assert all(said["to_do"] for said in done.named["diagnosis"]["explanations"]), done.told


@each_kind
def test_nothing_is_written_for_a_drill_but_the_fix_of_its_own_kind(
    drilled: dict[str, Future[Drilled]], kind: FailureKind
) -> None:
    done = drilled[kind.name].result()

    for report in done.passes:
        changed = [each["target"] for each in report["actions"] if each["outcome"] in WRITTEN]
        its_own = [each["target"] for each in report["findings"] if each["kind"] == kind.name]
        assert all(target in its_own for target in changed), done.told
        assert not changed or drill_of(kind.name).ends == "healed", done.told
    assert not done.touched or drill_of(kind.name).ends == "healed", f"{done.touched}: {done.told}"
