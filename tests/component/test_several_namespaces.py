"""A pass over several namespaces: seen side by side, treated one after the other, told in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo_shop import BoxClock
from tests.support.simulated_cluster import MANIFEST, SET
from tests.support.wire import Wire
from watchdog.agent.context import PassContext
from watchdog.agent.progress import QuietProgress
from watchdog.agent.run import run_pass
from watchdog.clock import Budget
from watchdog.demo import Request, Response
from watchdog.kube.client import ApiServer
from watchdog.kube.rate_limit import AT_ONCE
from watchdog.model.report import NamespaceReport, Report
from watchdog.report.markdown import render_markdown
from watchdog.report.text import plain_text
from watchdog.settings.schema import Settings

NAMES = tuple(f"team-{number}" for number in range(9))
SICK = NAMES[1::3]


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Nine namespaces; in three of them a Deployment lost the variable that it needs."""
    with Wire(ticking=False, behind_seconds=660) as box:
        for name in NAMES:
            deploy(box, name, SET)
        box.advance(600)
        for name in SICK:
            deploy(box, name, "[]")
        box.advance(60)
        yield box


def deploy(wire: Wire, namespace: str, env: str) -> None:
    script = "sleep 86400"
    text = MANIFEST.format(name="ledger", env=env, image="busybox:1.36", script=script)
    wire.apply(text, namespace)


def run(
    wire: Wire, folder: Path, names: tuple[str, ...] = NAMES, stable_seconds: float = 10
) -> Report:
    clock = BoxClock(wire)
    budget = Budget(240, clock)
    cluster = ApiServer.connect(wire.kubeconfig(folder / "kubeconfig"), None, budget)
    settings = Settings.model_validate(
        {
            "max_remediation_attempts": len(SICK),
            "verify": {"stable_seconds": stable_seconds},
        }
    )
    wire.requests.clear()
    return run_pass(names, PassContext(settings, cluster, budget, QuietProgress()))


def test_each_namespace_is_told_of_once_in_the_order_given_and_the_sick_are_healed(
    wire: Wire, tmp_path: Path
) -> None:
    report = run(wire, tmp_path)

    assert tuple(part.namespace for part in report.namespaces) == NAMES
    assert tuple(part.namespace for part in report.namespaces if part.findings) == SICK
    assert all(part.verification and part.verification.healthy for part in healed(report))
    assert report.result == "ok"


def healed(report: Report) -> list[NamespaceReport]:
    return [part for part in report.namespaces if part.actions]


def test_writes_are_made_in_one_namespace_after_the_other(wire: Wire, tmp_path: Path) -> None:
    run(wire, tmp_path)

    order = [request.path.split("/")[5] for request in wire.requests if request.method == "PATCH"]
    assert list(dict.fromkeys(order)) == list(SICK)
    assert order == sorted(order)


def test_a_sick_namespace_is_looked_at_again_where_another_took_long(
    wire: Wire, tmp_path: Path
) -> None:
    run(wire, tmp_path, NAMES[1:5], stable_seconds=40)

    looks = [request.path.split("/")[4] for request in wire.requests if lists_pods(request)]
    assert looks.count(NAMES[2]) == 1, "it is well, and that is all"
    assert looks.count(NAMES[4]) > looks.count(NAMES[1]), "healing the first took its time"


def lists_pods(request: Request) -> bool:
    return request.path.endswith("/pods") and "labelSelector" not in request.query


def test_a_pass_without_namespaces_as_a_shard_may_have_none_is_no_failure(
    wire: Wire, tmp_path: Path
) -> None:
    report = run(wire, tmp_path, ())

    assert (report.result, report.namespaces) == ("ok", ())


def test_the_api_server_is_asked_only_a_few_things_at_once(wire: Wire, tmp_path: Path) -> None:
    counted = Counted()
    for resource in ("pods", "deployments", "statefulsets", "services", "endpointslices"):
        wire.on("list", resource, counted)

    # These three together would ask for more: pods and workloads, and what stands around them.
    run(wire, tmp_path, (NAMES[0], NAMES[2], NAMES[3]))

    assert 1 < counted.most <= AT_ONCE


class Counted:
    """Holds each request for a moment, and the first until another is there; the most at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._changed = threading.Condition()

    def __call__(self, _: Request) -> Response | None:
        with self._changed:
            self.now += 1
            self.most = max(self.most, self.now)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most > 1, timeout=30)
        time.sleep(0.1)
        with self._changed:
            self.now -= 1
        return None


@pytest.mark.parametrize("names", [NAMES, NAMES[:3]], ids=["one list for all", "each by itself"])
def test_a_namespace_that_was_deleted_is_gone_and_makes_no_noise(
    wire: Wire, tmp_path: Path, names: tuple[str, ...]
) -> None:
    report = run(wire, tmp_path, (*names, "deleted"))

    assert report.result == "ok"
    (gone,) = (part for part in report.namespaces if part.gone)
    assert (gone.namespace, gone.error, gone.blind_spots) == ("deleted", None, ())
    assert "deleted: the namespace does not exist" in plain_text(report)
    assert "could not be" not in plain_text(report)
    assert "does not exist" in render_markdown(report)


def test_if_not_one_of_the_namespaces_exists_the_pass_failed(wire: Wire, tmp_path: Path) -> None:
    report = run(wire, tmp_path, ("deleted", "mistyped"))

    assert report.result == "failed"
    assert [part.error for part in report.namespaces] == [
        "namespace deleted does not exist",
        "namespace mistyped does not exist",
    ]
