"""Every failure kind, caused on a real cluster, is named and healed, or handed to a person."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.handle import Cluster, poll
from tests.cluster_fixtures import run_watchdog
from tests.e2e.settling import cause, let_go, touched
from watchdog.failures import KINDS
from watchdog.failures.kind import FailureKind

pytestmark = pytest.mark.cluster

SEEN_WITHIN = 260
"""Seconds: what may still become well gets minutes before it counts as broken; a CronJob most."""
AT_ONCE = 8
"""A node of two cores starts few containers in a second; all drills at once starve each other."""
SLOW = {"calmed", "deadline", "event", "job", "ready", "running"}
"""What needs minutes of waiting and next to no work."""
WRITTEN = {"applied", "verified", "undone", "unknown", "failed"}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@dataclass(frozen=True)
class Drilled:
    """The first pass that found anything in a namespace that a drill broke."""

    report: dict[str, Any]
    touched: list[str]

    @property
    def kinds(self) -> set[str]:
        """The kinds found, without what only suffers from another finding."""
        found = self.report["findings"]
        return {each["kind"] for each in found if not (each["cause"] and each["cause"]["of"])}


@pytest.fixture(scope="module")
def drilled(cluster: Cluster) -> Iterator[dict[str, Future[Drilled]]]:
    """Several drills at once, each in a namespace of its own: most of their time is waiting."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        slow_first = sorted(KINDS, key=lambda kind: kind.drill.settle not in SLOW)
        yield {kind.name: pool.submit(drill, cluster, kind) for kind in slow_first}


def drill(cluster: Cluster, kind: FailureKind) -> Drilled:
    with cluster.namespace("drills") as ns:
        try:
            cause(cluster, ns, kind.drill)
            report = poll(
                lambda: findings_of(cluster, ns, kind), SEEN_WITHIN, f"{kind.name} found", 5
            )
            return Drilled(report or {}, touched(cluster, ns))
        finally:
            let_go(cluster, ns)


def findings_of(cluster: Cluster, ns: str, kind: FailureKind) -> dict[str, Any] | None:
    """One pass: its report on the namespace, or None where it found nothing."""
    observe = {
        f"SRE_AGENT_OBSERVE__{name.upper()}": str(value)
        for name, value in kind.drill.observe.items()
    }
    kubeconfig = cluster.kubeconfig
    done = run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=kubeconfig, env=observe)
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)["namespaces"]
    return report if report["findings"] else None


@each_kind
def test_a_drill_is_found_as_its_kind_and_no_other(
    drilled: dict[str, Future[Drilled]], kind: FailureKind
) -> None:
    assert drilled[kind.name].result().kinds == {kind.name}


@each_kind
def test_a_drill_ends_as_its_kind_says(
    drilled: dict[str, Future[Drilled]], kind: FailureKind
) -> None:
    done = drilled[kind.name].result()
    diagnosis, actions = done.report["diagnosis"], done.report["actions"]

    assert diagnosis["root_cause"]
    if kind.drill.ends == "healed":
        assert "verified" in {action["outcome"] for action in actions}, actions
        assert done.report["verification"]["healthy"], done.report["verification"]
    else:
        assert not WRITTEN & {action["outcome"] for action in actions}, actions
        assert not done.touched
        assert all(said["to_do"] for said in diagnosis["explanations"])
