"""On a real API server without a node: what a healthy pass costs, and Tables against full lists."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.cluster.handle import PATIENCE
from tests.cluster.plane import Object, Plane
from tests.support.cluster_fixtures import NEWEST, run_watchdog
from tests.support.controller_objects import (
    deployment,
    endpoint_slice,
    pod,
    replica_set,
    service,
    waiting,
)
from tests.support.pod_mixtures import mixtures
from tests.support.pod_states import STATES, pods
from tests.support.proxy import Proxy
from tests.support.wire import verb_and_resource
from tests.support.wire_model import ModelServer, completion
from tests.support.workload_states import leaving, workloads
from watchdog.clock import Budget, SystemClock
from watchdog.demo import Request
from watchdog.kube.client import ApiServer
from watchdog.kube.resources import PODS, REPLICASETS, Resource
from watchdog.observation.collector import observe
from watchdog.observation.kubectl_columns import cells, seconds
from watchdog.observation.reads import Reads
from watchdog.observation.triage import TRIAGED, TriageResult, triage
from watchdog.settings.schema import Settings

pytestmark = pytest.mark.plane

DEPLOYMENTS, PODS_EACH = 50, 10
Row = dict[str, Any]


@pytest.fixture
def proxy(plane: Plane, tmp_path: Path) -> Iterator[Proxy]:
    with Proxy(plane, tmp_path).serving() as proxy:
        yield proxy


def test_a_healthy_namespace_of_500_pods_costs_a_list_of_each_kind_and_four_requests_more(
    plane: Plane, proxy: Proxy, httpserver: HTTPServer
) -> None:
    model = ModelServer(httpserver).says(completion())
    with plane.namespace("e2e-healthy") as ns:
        populate(plane, ns)
        done = run_watchdog(
            "run", "-n", ns, "-o", "json", kubeconfig=proxy.kubeconfig,
            env={"SRE_AGENT_LLM__BASE_URL": model.url, "SRE_AGENT_LLM__MODEL": "m"},
        )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"pods": 500' in done.stdout
    assert '"findings": []' in done.stdout
    assert '"result": "ok"' in done.stdout
    assert model.bodies == []
    assert not [resource for _, resource in proxy.asked if resource == "pods/log"]
    lists = Counter(resource for verb, resource in proxy.asked if verb == "list")
    assert lists["pods"] == 1
    assert max(lists.values()) == 1
    assert len(proxy.asked) - len(lists) <= 4
    assert proxy.workload_writes == []


def test_a_smaller_page_reads_the_same_in_more_requests(plane: Plane, proxy: Proxy) -> None:
    with plane.namespace("e2e-pages") as ns:
        plane.create_many(pod(ns, f"web-{number}") for number in range(45))
        done = run_watchdog(
            "run", "-n", ns, "-o", "json", kubeconfig=proxy.kubeconfig,
            env={"SRE_AGENT_OBSERVE__PAGE_SIZE": "5"},
        )  # fmt: skip

    assert '"pods": 45' in done.stdout
    # Of cells four times as many: 20, 20, and the last 5.
    assert proxy.asked.count(("list", "pods")) == 3


NOT_PRINTED = {"Resizing"}
"""What triage takes from objects only: no column of kubectl's says it."""
READ_AGAIN = {"well-hourly", "well-hourly-and-active", "well-completed-with-its-sidecar"}
"""Well, but not by their cells alone: a CronJob that keeps no run that succeeded, and `Completed`,
which a program that ends again and again prints too. They are read in full and found well."""


@pytest.fixture(scope="module")
def states(plane: Plane) -> Iterator[str]:
    """A namespace with everything in every state."""
    with plane.namespace("e2e-tables") as ns, stored(plane, [*pods(ns), *workloads(ns)]):
        yield ns


def test_tables_and_full_lists_give_the_same_suspects(states: str, proxy: Proxy) -> None:
    by_table = look(proxy, states)
    tables = [request for request in proxy.requests if "as=Table" in request.headers["accept"]]
    proxy.before = without_tables
    by_list = look(proxy, states)

    assert len(tables) == len(TRIAGED)
    assert by_table == by_list
    stored = Counter(each["kind"] for each in (*pods(states), *workloads(states)))
    counted = [each for each in TRIAGED if each != REPLICASETS]
    assert by_list.counts == {each.plural: stored[each.kind] for each in counted}
    named = {suspect.name for suspect in by_table.suspects}
    everything = {each["metadata"]["name"] for each in (*pods(states), *workloads(states))}
    sick = {name for name in everything if not name.startswith("well-")}
    assert named == sick | READ_AGAIN
    assert set(by_table.well.values()) == {name for name in STATES if name not in named}


@pytest.mark.parametrize("resource", TRIAGED, ids=lambda resource: resource.plural)
def test_every_cell_is_computed_as_the_api_server_prints_it(
    states: str, proxy: Proxy, resource: Resource
) -> None:
    computed, printed = both(connect(proxy), states, resource)

    assert computed == printed


def reworded(found: TriageResult, names: Collection[str]) -> TriageResult:
    """The same, without what those pods' cells say."""
    suspects = [each._replace(status="") if each.name in names else each for each in found.suspects]
    return replace(found, suspects=suspects)


def test_any_mixture_of_pod_states_is_computed_as_the_api_server_prints_it(
    plane: Plane, proxy: Proxy
) -> None:
    with plane.namespace("e2e-mixtures") as ns, stored(plane, mixtures(ns, 600)):
        computed, printed = both(connect(proxy), ns, PODS)
        by_table = look(proxy, ns)
        proxy.before = without_tables
        by_list = look(proxy, ns)

    # Since 1.35 a container that failed is printed before one that completed. The cell is a hint:
    # what is printed as completed and is not ready is looked at in either case.
    differ = [(one, other) for one, other in zip(computed, printed, strict=True) if one != other]
    assert all(one["Status"] == "Completed" for one, _ in differ)
    assert NEWEST or not differ
    assert len({row["Status"] for row in printed}) > 20
    wording = {one["Name"] for one, _ in differ}
    assert reworded(by_table, wording) == reworded(by_list, wording)


def test_tables_that_lack_a_column_give_the_same_suspects(
    states: str, plane: Plane, tmp_path: Path
) -> None:
    with Cutting(plane, tmp_path).serving() as cutting:
        complete = look(cutting, states)
        for plural, column in MISSED.items():
            cutting.lacks[plural] = column
        cut = look(cutting, states)

    objects = [each for each in cutting.requests if "as=Table" not in each.headers["accept"]]
    assert {verb_and_resource(each)[1] for each in objects} == set(MISSED)
    assert cut == complete


def test_the_same_service_is_sick_whatever_column_a_table_lacks(
    plane: Plane, tmp_path: Path
) -> None:
    with plane.namespace("e2e-services") as ns, Cutting(plane, tmp_path).serving() as cutting:
        for app in ("api", "cart", "shop", "astray"):
            made = deployment(ns, app, wanted=2, ready=2)
            made["spec"]["template"]["spec"]["containers"][0]["ports"] = [{"containerPort": 8080}]
            target = 9090 if app == "astray" else 8080
            selects = service(ns, app, target)
            selects["spec"]["ports"][0]["port"] = 8080
            plane.create_many([made, selects, endpoint_slice(ns, app, target)])
        sick = {"": sick_services(cutting, ns)}
        in_cells = cutting.asked.count(("list", "services"))
        for column in SERVICE_COLUMNS:
            plural, _, lacking = column.partition(" ")
            cutting.lacks = {plural: lacking}
            sick[column] = sick_services(cutting, ns)

    assert all(found == {"astray"} for found in sick.values()), sick
    assert in_cells == 1


def test_a_pass_lists_each_triaged_kind_as_a_table_of_cells_only(
    plane: Plane, proxy: Proxy
) -> None:
    with plane.namespace("e2e-cells") as ns:
        run_watchdog("run", "-n", ns, kubeconfig=proxy.kubeconfig)

    tables = [r for r in proxy.requests if "as=Table" in r.headers.get("accept", "")]
    assert all(request.query["includeObject"] == "None" for request in tables)
    asked = {verb_and_resource(request)[1] for request in tables}
    assert {resource.plural for resource in TRIAGED} <= asked


def test_3000_events_of_a_tenant_hide_no_reason_why_an_image_is_not_pulled(
    plane: Plane, proxy: Proxy
) -> None:
    """Only an Event says why. Those of the tenant come before it in the list."""
    why = 'Failed to pull image "web:1": unexpected status: 401 Unauthorized'
    with plane.namespace("e2e-events") as ns:
        (app,) = plane.create_many([deployment(ns, "web", wanted=1, ready=0)])
        (owner,) = plane.create_many([replica_set(ns, app)])
        name = f"{owner['metadata']['name']}-x2k4p"
        plane.create_many([pod(ns, name, owner, **waiting("ImagePullBackOff"))])
        plane.create_many(event(ns, "other", f"0-{number}", "BackOff") for number in range(3000))
        plane.create_many([event(ns, name, "web", "Failed", why)])
        done = run_watchdog("run", "-n", ns, "--dry-run", "-o", "json", kubeconfig=proxy.kubeconfig)

    (part,) = json.loads(done.stdout)["namespaces"]
    (found,) = part["findings"]
    assert found["kind"] == "image_pull"
    assert "refuses access to web:1 (unauthorized)" in part["diagnosis"]["root_cause"]
    assert part["blind_spots"] == []
    # Four pages of warnings and one of others; then the pod, its owners, and claims.
    assert sum(asked == ("list", "events") for asked in proxy.asked) <= 5 + 4


def event(ns: str, pod_name: str, name: str, reason: str, message: str = "no") -> Object:
    """A warning about a pod."""
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": ns, "name": name},
        "involvedObject": {"kind": "Pod", "namespace": ns, "name": pod_name},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }


@contextlib.contextmanager
def stored(plane: Plane, objects: Iterable[Object]) -> Iterator[None]:
    """Has them stored, and those deleted that are leaving, which are let go at the end."""
    kept = [
        f"{plane.api.collection(each)}/{each['metadata']['name']}"
        for each in leaving(plane.create_many(objects))
    ]
    for path in kept:
        plane.api.request("DELETE", path)
    yield
    for path in kept:
        let_go(plane, path)


def let_go(plane: Plane, path: str) -> None:
    """Takes the finalizers away, or the namespace could never go."""
    held = plane.api.request("GET", path)
    plane.api.request("PUT", path, {**held, "metadata": {**held["metadata"], "finalizers": []}})


def connect(proxy: Proxy) -> ApiServer:
    return ApiServer.connect(proxy.kubeconfig, None, Budget(PATIENCE, SystemClock()))


def look(proxy: Proxy, ns: str) -> TriageResult:
    looking = Reads()
    seen = triage(connect(proxy), ns, Settings(), looking, datetime.now(UTC))
    assert looking.blind_spots == []
    return seen


def without_tables(request: Request) -> None:
    request.headers["accept"] = "application/json"


def both(cluster: ApiServer, ns: str, resource: Resource) -> tuple[list[Row], list[Row]]:
    """The cells that triage reads, as computed from the objects and as the API server has them."""
    listed = cluster.list(resource, ns).items
    now = datetime.now(UTC)
    ours = [without(NOT_PRINTED, cells(resource.plural, item, now)) for item in listed]
    theirs = [
        dict(zip(page.columns, row, strict=True))
        for page in cluster.table(resource, ns)
        for row in page.rows
    ]
    printed = [{name: row[name] for name in ours[0]} for row in theirs]
    return [roughly(row) for row in ours], [roughly(row) for row in printed]


def without(names: set[str], row: Row) -> Row:
    return {name: cell for name, cell in row.items() if name not in names}


def roughly(row: Row) -> Row:
    """The row, its times to the unit that is printed last, and to what passes between two looks."""
    found = dict(row)
    for name in ("Age", "Last Schedule"):
        if (since := seconds(found.get(name))) is not None:
            found[name] = about(since)
    count, _, past = str(found.get("Restarts", "")).partition(" (")
    if past:
        found["Restarts"] = (count, about(seconds(past.removesuffix(" ago)"))))
    elif count:
        found["Restarts"] = count
    return found


def about(since: float | None) -> object:
    """kubectl prints minutes up to eight hours, hours up to eight days, and days then."""
    if since is None:
        return None
    minute, hour, day = 60, 3600, 86_400
    last = minute if since < 8 * hour else hour if since < 8 * day else day
    return pytest.approx(since, abs=last + 10)


def sick_services(proxy: Proxy, ns: str) -> set[str]:
    """Those that send to another port than their pods declare, where their pods were read too."""
    seen = observe(connect(proxy), ns, Settings(), SystemClock())
    assert seen.blind_spots == ()
    read = {each.ref for each in seen.deployments}
    return {
        each.ref.name
        for each in seen.services
        if read.issuperset(each.matching) and {port.target for port in each.ports} != {"8080"}
    }


class Cutting(Proxy):
    """Takes a column out of every Table of a resource; `lacks` has it by the plural."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.lacks: dict[str, str] = {}

    def forward(
        self, request: Request, target: str, data: bytes | None
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        asked = {**request.headers, "accept-encoding": "identity"}
        status, headers, body = super().forward(replace(request, headers=asked), target, data)
        column = self.lacks.get(verb_and_resource(request)[1])
        table = json.loads(body) if column else {}
        if table.get("kind") == "Table":
            place = [each["name"] for each in table["columnDefinitions"]].index(column)
            for cut in (table["columnDefinitions"], *(row["cells"] for row in table["rows"] or ())):
                del cut[place]
            body = json.dumps(table).encode()
        return status, headers, body


MISSED = {
    "pods": "Readiness Gates",
    "deployments": "Up-to-date",
    "statefulsets": "Ready",
    "daemonsets": "Available",
    "jobs": "Completions",
    "cronjobs": "Active",
    "persistentvolumeclaims": "Status",
}
SERVICE_COLUMNS = [
    "services Selector", "services Port(s)", "endpointslices Ports", "endpointslices Endpoints",
    "deployments Selector",
]  # fmt: skip


def populate(plane: Plane, ns: str) -> None:
    """Deployments with their ReplicaSets and pods, all complete and ready for nine days."""
    apps = plane.create_many(deployment(ns, f"app-{number}") for number in range(DEPLOYMENTS))
    sets = plane.create_many(replica_set(ns, app) for app in apps)
    plane.create_many(
        pod(ns, f"{each['metadata']['name']}-{number:05}", owner=each)
        for each in sets
        for number in range(PODS_EACH)
    )
