"""Tables without a column that is asked for: the same is seen, in full objects, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.controller_objects import Object, deployment, endpoint_slice, pod, service
from tests.support.pod_states import STATES
from tests.support.wire import Fault, Wire
from tests.support.workload_states import workloads
from watchdog.clock import Budget, SystemClock
from watchdog.demo import Request, Response
from watchdog.diagnosis.rules import detect
from watchdog.failures import KINDS
from watchdog.kube.client import ApiServer
from watchdog.observation.collector import observe
from watchdog.observation.reads import Reads
from watchdog.observation.triage import TRIAGED, TriageResult, triage
from watchdog.settings.schema import Settings

TRIAGED_COLUMNS = {
    "pods": ("Name", "Ready", "Status", "Restarts", "Age", "Readiness Gates"),
    "deployments": ("Name", "Ready", "Up-to-date", "Available"),
    "statefulsets": ("Name", "Ready"),
    "daemonsets": ("Name", "Desired", "Current", "Ready", "Up-to-date", "Available"),
    "jobs": ("Name", "Completions"),
    "cronjobs": ("Name", "Schedule", "Suspend", "Active", "Last Schedule", "Age"),
    "persistentvolumeclaims": ("Name", "Status"),
    "replicasets": ("Name", "Desired", "Current", "Ready"),
}
SEEN_PODS = (
    "well-running", "well-completed", "well-restarted-long-ago", "well-busy-job-x2k4p",
    "restarted-lately", "running-not-ready", "crash-loop", "evicted", "init-crash-loop",
    "behind-a-gate",
)  # fmt: skip
SICK = {
    "pods": {name for name in SEEN_PODS if not name.startswith("well-")},
    "deployments": {"short-deployment", "short-of-updatedreplicas", "short-of-availablereplicas"},
    "statefulsets": {"short-stateful"},
    "daemonsets": {"short-daemon"},
    "jobs": {"failed-job", "about-to-fail", "running-without-pods"},
    # The hourly ones have run, and no Job that completed is left: their status has to tell.
    "cronjobs": {"overdue-hourly", "never-due", "busy", "well-hourly", "well-hourly-and-active"},
    "persistentvolumeclaims": {"unbound", "lost"},
    "replicasets": {"short-replicas"},
}
UNPRINTED = {"well-leaving-job", "well-about-to-complete"}
"""What this API server prints as running."""
PAGE = 2


def each(columns: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(plural, column) for plural, names in columns.items() for column in names]


@pytest.fixture
def cluster(wire: Wire, tmp_path: Path) -> ApiServer:
    config = wire.kubeconfig(tmp_path / "kubeconfig")
    return ApiServer.connect(config, None, Budget(30, SystemClock()))


def store(wire: Wire, objects: Iterable[Object]) -> None:
    for item in objects:
        wire.apply(yaml.safe_dump({**item, "status": {}}), "shop")
        if "status" in item:
            wire.set_status(item["kind"], "shop", item["metadata"]["name"], item["status"])


@pytest.fixture
def glimpse(wire: Wire, cluster: ApiServer) -> Callable[[], TriageResult]:
    """What triage sees of sick and healthy objects of every kind."""
    store(wire, [pod("shop", name, **STATES[name]) for name in SEEN_PODS])
    store(wire, (each for each in workloads("shop") if each["metadata"]["name"] not in UNPRINTED))
    settings = Settings.model_validate({"observe": {"page_size": PAGE}})

    def look() -> TriageResult:
        looking = Reads()
        seen = triage(cluster, "shop", settings, looking, datetime.fromtimestamp(wire.now(), UTC))
        assert looking.blind_spots == []
        return seen

    return look


def changed(wire: Wire, change: Callable[[Object, Request], None]) -> Fault:
    """The API server's own answer, where it is a Table, with a change to it."""

    def answer(request: Request) -> Response:
        given = wire.answer(request)
        if given.body.get("kind") == "Table":
            change(given.body, request)
        return given

    return answer


def without(column: str) -> Callable[[Object, Request], None]:
    def drop(table: Object, _: Request) -> None:
        names = [each["name"] for each in table["columnDefinitions"]]
        place = names.index(column)
        for cells in (table["columnDefinitions"], *(row["cells"] for row in table["rows"])):
            del cells[place]

    return drop


def later(change: Callable[[Object, Request], None]) -> Callable[[Object, Request], None]:
    """The change, to every page but the first."""

    def make(table: Object, request: Request) -> None:
        if "continue" in request.query:
            change(table, request)

    return make


def named(seen: TriageResult) -> dict[str, set[str]]:
    return {r.plural: {suspect.name for suspect in seen.of(r)} for r in TRIAGED}


def pages(wire: Wire, plural: str, accept: str) -> list[Request]:
    """The requests for pages of that list, by whether Tables were asked for."""
    asked = [r for r in wire.requests if r.method == "GET" and r.path.endswith(f"/{plural}")]
    return [r for r in asked if ("as=Table" in r.headers["accept"]) is (accept == "table")]


def test_with_all_columns_the_sick_are_seen_in_cells_alone(
    wire: Wire, glimpse: Callable[[], TriageResult]
) -> None:
    assert named(glimpse()) == SICK
    assert not [r for r in wire.requests if "as=Table" not in r.headers["accept"]]


@pytest.mark.parametrize(("plural", "column"), each(TRIAGED_COLUMNS))
def test_without_a_column_the_same_is_seen_in_pages_of_objects(
    wire: Wire, glimpse: Callable[[], TriageResult], plural: str, column: str
) -> None:
    complete = glimpse()
    wire.requests.clear()
    wire.on("list", plural, changed(wire, without(column)))

    assert glimpse() == complete

    objects = pages(wire, plural, "objects")
    assert len(pages(wire, plural, "table")) == 1
    # A report counts no ReplicaSets: what made them stands for them.
    listed = {"replicasets": 2, **complete.counts}
    assert len(objects) == -(-listed[plural] // PAGE)
    assert {request.query["limit"] for request in objects} == {str(PAGE)}


def test_a_renamed_column_is_a_missing_one(wire: Wire, glimpse: Callable[[], TriageResult]) -> None:
    def rename(table: Object, _: Request) -> None:
        table["columnDefinitions"][2]["name"] = "State"

    complete = glimpse()
    wire.on("list", "pods", changed(wire, rename))

    assert glimpse() == complete


def test_from_a_server_that_prints_no_tables_the_same_is_seen_in_pages_of_objects(
    wire: Wire, glimpse: Callable[[], TriageResult]
) -> None:
    complete = glimpse()
    wire.requests.clear()

    def objects_only(request: Request) -> Response:
        accepts = request.headers["accept"].split(",")
        if not {"application/json", "*/*"} & set(accepts):
            return Response(406, {"kind": "Status", "code": 406, "reason": "NotAcceptable"})
        return wire.answer(request)

    for resource in TRIAGED:
        wire.on("list", resource.plural, objects_only)

    assert glimpse() == complete
    for resource in TRIAGED:
        asked = [int(each.query["limit"]) for each in pages(wire, resource.plural, "objects")]
        assert set(asked) == {PAGE}
        assert len(pages(wire, resource.plural, "table")) == 1


def test_only_the_first_page_has_to_name_the_columns(
    wire: Wire, glimpse: Callable[[], TriageResult]
) -> None:
    def headless(table: Object, _: Request) -> None:
        del table["columnDefinitions"]

    complete = glimpse()
    wire.requests.clear()
    wire.on("list", "pods", changed(wire, later(headless)))

    assert glimpse() == complete
    assert len(pages(wire, "pods", "table")) > 1
    assert pages(wire, "pods", "objects") == []


def test_a_column_that_a_later_page_lacks_starts_the_list_again(
    wire: Wire, glimpse: Callable[[], TriageResult]
) -> None:
    complete = glimpse()
    wire.requests.clear()
    wire.on("list", "pods", changed(wire, later(without("Ready"))))

    assert glimpse() == complete
    assert [len(pages(wire, "pods", kind)) for kind in ("table", "objects")] == [2, 5]


SERVICE_COLUMNS = {
    "services": ("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"),
    "endpointslices": ("Name", "Ports", "Endpoints"),
    "deployments": ("Name", "Selector"),
}
CELLS: dict[str, Callable[[Object], dict[str, Any]]] = {
    "services": lambda item: {
        "Type": "ClusterIP",
        "Cluster-IP": item["spec"].get("clusterIP", "10.96.0.9"),
        "External-IP": "<none>",
        "Age": "9d",
        "Port(s)": ",".join(f"{port['port']}/TCP" for port in item["spec"]["ports"]),
        "Selector": ",".join(f"{k}={v}" for k, v in item["spec"]["selector"].items()),
    },
    "endpointslices": lambda item: {
        "Ports": ",".join(str(port["port"]) for port in item["ports"]) or "<unset>",
        "Endpoints": ",".join(each["addresses"][0] for each in item["endpoints"]) or "<unset>",
    },
    "deployments": lambda item: {
        "Ready": "2/2", "Up-to-date": 2, "Available": 2,
        "Selector": ",".join(f"{k}={v}" for k, v in item["spec"]["selector"]["matchLabels"].items())
    },
}  # fmt: skip


def printing(wire: Wire, plural: str, lacks: str = "") -> Fault:
    """A Table of what the API server lists, in all columns but one."""

    def answer(request: Request) -> Response:
        given = wire.answer(replace(request, headers={"accept": "application/json"}))
        if "as=Table" not in request.headers["accept"]:
            return given
        rows = [{"Name": i["metadata"]["name"], **CELLS[plural](i)} for i in given.body["items"]]
        names = [name for name in ("Name", *CELLS[plural](PROTOTYPES[plural])) if name != lacks]
        table = {
            "kind": "Table",
            "metadata": given.body["metadata"],
            "columnDefinitions": [{"name": name} for name in names],
            "rows": [{"cells": [row[name] for name in names]} for row in rows],
        }
        return Response(200, table)

    return answer


PROTOTYPES = {
    "services": service("shop", "any"),
    "endpointslices": endpoint_slice("shop", "any"),
    "deployments": deployment("shop", "any"),
}


class InAnHour(SystemClock):
    """What is new is given time to become well."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


FOUND = {
    "empty": ["service_no_endpoints Service/empty"],
    "astray": ["service_wrong_port Service/astray"],
}


@pytest.fixture(params=FOUND)
def sick(wire: Wire, request: pytest.FixtureRequest) -> str:
    """The one Service of some that selects no pods, or that sends to a wrong port."""
    sick = str(request.param)
    for app in ("api", "cart", "shop", "web", sick):
        made = deployment("shop", app, wanted=2, ready=2)
        made["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 8080}]
        selects, behind = service("shop", app), endpoint_slice("shop", app)
        selects["spec"]["ports"][0]["port"] = 8080
        if app == "empty":
            selects["spec"]["selector"] = {"app": "emty"}
            behind["endpoints"] = behind["ports"] = []
        if app == "astray":
            selects["spec"]["ports"][0]["targetPort"] = behind["ports"][0]["port"] = 9090
        store(wire, [made, selects, behind])
    return sick


def findings(cluster: ApiServer) -> list[str]:
    seen = observe(cluster, "shop", Settings(), InAnHour())
    assert seen.blind_spots == ()
    return [f"{finding.kind} {finding.target}" for finding in detect(seen, KINDS)]


def test_a_sick_service_is_read_by_name_where_all_columns_are_there(
    wire: Wire, cluster: ApiServer, sick: str
) -> None:
    for plural in SERVICE_COLUMNS:
        wire.on("list", plural, printing(wire, plural))

    assert findings(cluster) == FOUND[sick]
    assert wire.asked.count(("get", "services")) == 1
    objects = [pages(wire, plural, "objects") for plural in ("services", "deployments")]
    # What selects nothing may have meant any Deployment.
    assert [len(each) for each in objects] == ([1, 1] if sick == "empty" else [0, 0])


@pytest.mark.parametrize(("plural", "column"), each(SERVICE_COLUMNS))
def test_the_same_service_is_found_without_a_column(
    wire: Wire, cluster: ApiServer, sick: str, plural: str, column: str
) -> None:
    for name in SERVICE_COLUMNS:
        wire.on("list", name, printing(wire, name, lacks=column if name == plural else ""))

    assert findings(cluster) == FOUND[sick]
    assert pages(wire, plural, "objects")
