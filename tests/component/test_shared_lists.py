"""One list of each kind for all namespaces finds what a look at each of them finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo_shop import BoxClock
from tests.support.simulated_cluster import MANIFEST, SET
from tests.support.wire import Wire, verb_and_resource
from watchdog.agent.context import PassContext
from watchdog.agent.progress import QuietProgress
from watchdog.agent.run import run_pass
from watchdog.clock import Budget
from watchdog.demo import Request, Response
from watchdog.kube.client import ApiServer
from watchdog.model.report import NamespaceReport, Report
from watchdog.observation import shared_lists
from watchdog.observation.shared_lists import FEWEST, read
from watchdog.settings.schema import Settings

# In the order of the API server's keys `a-b` comes before `a`.
NAMES = ("a", "a-b", "a-b-c", "b", "c", "d", "e", "f", "g", "h")
BARE = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  containers: [{{name: main, image: busybox:1.36, command: [sh, -c, {script}]}}]
"""


@pytest.fixture
def wire() -> Iterator[Wire]:
    """In each namespace Deployments of the same names; one of them is broken in two namespaces."""
    with Wire(ticking=False, behind_seconds=660) as box:
        for name in NAMES:
            for app in ("ledger", "web"):
                deploy(box, name, app, SET)
        box.advance(600)
        deploy(box, "a-b", "ledger", "[]")
        deploy(box, "g", "web", "[]")
        box.advance(60)
        yield box


def deploy(wire: Wire, namespace: str, app: str, env: str) -> None:
    text = MANIFEST.format(name=app, env=env, image="busybox:1.36", script="sleep 86400")
    wire.apply(text, namespace)


def run(wire: Wire, folder: Path, names: tuple[str, ...] = NAMES, page_size: int = 5) -> Report:
    """A dry pass. With five objects on a page the list of all pods comes without namespaces."""
    budget = Budget(240, BoxClock(wire))
    cluster = ApiServer.connect(wire.kubeconfig(folder / "kubeconfig"), None, budget)
    settings = Settings.model_validate({"dry_run": True, "observe": {"page_size": page_size}})
    wire.requests.clear()
    return run_pass(names, PassContext(settings, cluster, budget, QuietProgress()))


def seen(part: NamespaceReport) -> tuple[object, ...]:
    return part.namespace, part.objects, part.findings, part.blind_spots, part.error


def in_each(wire: Wire, folder: Path, names: tuple[str, ...] = NAMES) -> list[tuple[object, ...]]:
    """The same seen namespace by namespace."""
    return [seen(part) for name in names for part in run(wire, folder, (name,)).namespaces]


def lists_all(request: Request) -> bool:
    return request.method == "GET" and "/namespaces/" not in request.path


def refuse_lists_of_all(wire: Wire, resource: str) -> None:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403}

    def answer(request: Request) -> Response | None:
        return Response(403, {**body, "reason": "Forbidden"}) if lists_all(request) else None

    wire.on("list", resource, answer)


@pytest.mark.parametrize("page_size", [2, 5, 500])
def test_the_same_is_found_as_in_each_namespace_by_itself(
    wire: Wire, tmp_path: Path, page_size: int
) -> None:
    report = run(wire, tmp_path, page_size=page_size)

    assert [seen(part) for part in report.namespaces] == in_each(wire, tmp_path)
    assert [part.namespace for part in report.namespaces if part.findings] == ["a-b", "g"]


def test_a_healthy_cluster_costs_as_many_requests_as_it_has_kinds(
    wire: Wire, tmp_path: Path
) -> None:
    deploy(wire, "a-b", "ledger", SET)
    deploy(wire, "g", "web", SET)
    wire.advance(1200)

    report = run(wire, tmp_path, page_size=500)

    assert not any(part.findings for part in report.namespaces)
    assert all(lists_all(request) for request in wire.requests)
    assert len(wire.requests) <= 17


def test_a_sick_pod_is_found_whatever_it_is_called_and_wherever_the_hint_points(
    wire: Wire, tmp_path: Path
) -> None:
    for name in ("a", "b", "c", "h"):
        script = "exit 3" if name == "c" else "sleep 86400"
        # No workload tells where it is, and the same name is found in other namespaces.
        wire.apply(BARE.format(name="zz-0", script=script), name)
    wire.advance(120)

    report = run(wire, tmp_path)

    found = {part.namespace for part in report.namespaces if part.findings}
    assert found == {"a-b", "c", "g"}
    assert [seen(part)[2:] for part in report.namespaces] == [
        one[2:] for one in in_each(wire, tmp_path)
    ]


def test_what_is_sick_in_a_namespace_that_is_not_watched_is_left_alone(
    wire: Wire, tmp_path: Path
) -> None:
    names = tuple(name for name in NAMES if name != "g")

    report = run(wire, tmp_path, names)

    assert [part.namespace for part in report.namespaces if part.findings] == ["a-b"]
    assert all("/namespaces/g/" not in request.path for request in wire.requests)


def test_without_rights_in_the_cluster_each_namespace_is_listed(wire: Wire, tmp_path: Path) -> None:
    refuse_lists_of_all(wire, "pods")

    report = run(wire, tmp_path)

    assert [seen(part) for part in report.namespaces] == in_each(wire, tmp_path)
    assert report.result == "ok"


def test_a_kind_that_may_not_be_listed_for_all_is_listed_in_each(
    wire: Wire, tmp_path: Path
) -> None:
    for resource in ("deployments", "ingresses", "services", "configmaps"):
        refuse_lists_of_all(wire, resource)

    report = run(wire, tmp_path)

    assert [seen(part) for part in report.namespaces] == in_each(wire, tmp_path)
    assert report.result == "ok"


def test_a_kind_that_cannot_be_listed_is_a_blind_spot_of_each_namespace(
    wire: Wire, tmp_path: Path
) -> None:
    wire.fail("list", "statefulsets", 500)

    report = run(wire, tmp_path)

    assert report.result == "degraded"
    assert all(
        [spot.what for spot in part.blind_spots] == ["statefulsets"] for part in report.namespaces
    )


def test_few_namespaces_are_listed_each_by_itself(wire: Wire, tmp_path: Path) -> None:
    run(wire, tmp_path, NAMES[: FEWEST - 1])

    assert not any(lists_all(request) for request in wire.requests)


def test_a_namespace_that_is_not_there_is_told_of_and_the_others_go_on(
    wire: Wire, tmp_path: Path
) -> None:
    report = run(wire, tmp_path, (*NAMES, "absent"))

    assert [part.namespace for part in report.namespaces if part.gone] == ["absent"]
    assert report.namespaces[-1].namespace == "absent"


@pytest.mark.parametrize(("each", "worth"), [(4, False), (5, True)])
def test_a_list_of_all_is_made_where_that_is_not_mostly_of_what_is_not_watched(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, each: int, worth: bool
) -> None:
    # Forty pods are five for each of eight namespaces.
    monkeypatch.setattr(shared_lists, "_MOST_PODS_EACH", each)
    run(wire, tmp_path, NAMES[:FEWEST])

    asked = [verb_and_resource(request) for request in wire.requests if lists_all(request)]
    assert (set(asked) > {("list", "pods"), ("list", "namespaces")}) is worth


def test_no_list_of_all_asks_for_a_secret(wire: Wire, tmp_path: Path) -> None:
    run(wire, tmp_path)

    assert not any("secrets" in request.path for request in wire.requests)


def test_memories_that_tenants_filled_are_not_all_held_at_once(wire: Wire, tmp_path: Path) -> None:
    for name in NAMES:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sre-watchdog"}}
        filled = {"other": "x" * (100 if name == "h" else 1_000_000)}
        wire.apply(json.dumps({**body, "data": filled}), name)
    clock = BoxClock(wire)
    cluster = ApiServer.connect(wire.kubeconfig(tmp_path / "kubeconfig"), None, Budget(240, clock))

    lists = read(cluster, NAMES, Settings(), clock.now, clock.monotonic)

    assert lists is not None
    held = [name for name, each in lists.of.items() if each.memory is not None]
    assert held == [name for name, each in lists.of.items() if each.memories_read]
    assert len(held) < len(NAMES)
    assert "h" in held
