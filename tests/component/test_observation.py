from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import NEEDS_REGION
from tests.support.wire import Wire
from watchdog.clock import Budget, SystemClock
from watchdog.demo import Request, Response
from watchdog.demo.event_recorder import Said, record
from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    SettingsError,
    UnansweredError,
)
from watchdog.kube.client import ApiServer
from watchdog.kube.resources import DEPLOYMENTS, EVENTS, PODS
from watchdog.observation.collector import observe
from watchdog.observation.snapshot_text import to_text
from watchdog.settings.schema import Settings
from watchdog.snapshot.snapshot import ClusterSnapshot

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, '{script}']
        env: [{env}]
"""


def manifest(
    name: str = "web", script: str = "sleep 3600", replicas: int = 2, env: str = ""
) -> str:
    return DEPLOYMENT.format(name=name, script=script, replicas=replicas, env=env)


@pytest.fixture
def connect(wire: Wire, tmp_path: Path) -> Callable[..., ApiServer]:
    def make(seconds: float = 30.0) -> ApiServer:
        path = wire.kubeconfig(tmp_path / "kubeconfig")
        return ApiServer.connect(path, None, Budget(seconds, SystemClock()))

    return make


@pytest.fixture
def look(connect: Callable[..., ApiServer]) -> Callable[..., ClusterSnapshot]:
    def see(namespace: str = "shop", **settings: Any) -> ClusterSnapshot:
        return observe(connect(), namespace, Settings(**settings), SystemClock())

    return see


def broken(wire: Wire, **options: Any) -> None:
    wire.apply(manifest(script=NEEDS_REGION, **options), "shop")
    wire.settle(60)


def test_healthy_namespace_costs_one_list_for_each_resource_and_no_log(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    wire.apply(manifest(replicas=40), "shop")
    wire.settle(60)
    wire.requests.clear()

    seen = look()

    lists = [resource for verb, resource in wire.asked if verb == "list"]
    assert seen.healthy
    assert (seen.objects["pods"], seen.objects["deployments"]) == (40, 1)
    assert (seen.pods, seen.deployments, seen.events, seen.logs) == ((), (), (), ())
    assert len(lists) == len(set(lists))
    assert len(wire.requests) - len(lists) <= 4
    assert not seen.blind_spots


@pytest.mark.parametrize(
    "uses",
    [
        "env: [{name: A, valueFrom: {configMapKeyRef: {name: app-confg, key: a}}}]",
        "envFrom: [{configMapRef: {name: app-confg}}]",
        """volumeMounts: [{name: v, mountPath: /v}]
      volumes: [{name: v, configMap: {name: app-confg}}]""",
    ],
    ids=["key", "all keys", "volume"],
)
def test_names_of_configmaps_are_asked_for_once_and_without_content_if_a_pod_misses_one(
    wire: Wire, look: Callable[..., ClusterSnapshot], uses: str
) -> None:
    for name in ("app-config", "kube-root-ca.crt", "other"):
        made = f"metadata: {{name: {name}}}, data: {{a: canary-7d1}}"
        wire.apply(f"{{apiVersion: v1, kind: ConfigMap, {made}}}", "shop")
    wire.apply(manifest().replace("env: []", uses), "shop")
    wire.advance(60)
    wire.requests.clear()

    seen = look()

    lists = [request for request in wire.requests if request.path.endswith("/configmaps")]
    assert seen.configmaps == ("app-config", "other")
    assert "CONFIGMAPS that are there: app-config, other" in to_text(seen, max_chars=9000).text
    assert [request.query["includeObject"] for request in lists] == ["None"]
    assert "canary-7d1" not in seen.model_dump_json()


def test_namespace_in_which_no_configmap_is_missing_has_none_listed(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    broken(wire)
    wire.requests.clear()

    assert look().configmaps == ()
    assert ("list", "configmaps") not in wire.asked


def test_right_to_list_configmaps_is_not_missed(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    wire.forbid("list", "configmaps")
    wire.apply(manifest(env="{name: A, valueFrom: {configMapKeyRef: {name: b, key: a}}}"), "shop")
    wire.advance(60)

    seen = look()

    assert seen.pods
    assert (seen.configmaps, seen.blind_spots) == ((), ())


def test_logs_of_healthy_pods_are_read_only_where_asked_for_and_no_more_than_that(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    wire.apply(manifest(name="api"), "shop")
    wire.apply(manifest(name="web", replicas=3), "shop")
    wire.settle(60)
    wire.requests.clear()

    seen = look(observe={"healthy_logs": 1})

    logs = [request for request in wire.requests if request.path.endswith("/log")]
    assert [request.query["sinceSeconds"] for request in logs] == ["600"]
    assert seen.healthy
    assert [cut.shown for cut in seen.cuts] == [1]
    assert wire.asked.count(("get", "pods")) == 1


def test_crash_loop_is_seen_with_owner_log_events_and_what_changed(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    env = "{name: REGION, value: europe-west4}"
    wire.apply(manifest(script=NEEDS_REGION, env=env), "shop")
    wire.settle(60)
    wire.advance(3600)
    wire.apply(manifest(script=NEEDS_REGION), "shop")
    wire.settle(120)

    seen = look()

    web = seen.deployments[0]
    assert not seen.healthy
    assert {str(pod.owner) for pod in seen.pods} == {"Deployment/web"}
    assert any("fatal: REGION not set" in log.text for log in seen.logs)
    assert any(event.reason == "BackOff" for event in seen.events)
    assert web.last_available is not None
    assert [str(change) for change in web.last_available.changes] == [
        "removed env REGION of container main"
    ]
    assert "europe-west4" not in seen.model_dump_json()


def test_snapshot_survives_being_saved(wire: Wire, look: Callable[..., ClusterSnapshot]) -> None:
    broken(wire)

    seen = look()

    saved = ClusterSnapshot.model_validate_json(seen.model_dump_json())

    # A hash of a whole spec is for this pass alone: it would tell what the redaction hides.
    alone = tuple(each.model_copy(update={"counts": ""}) for each in seen.deployments)
    assert saved == seen.model_copy(update={"deployments": alone})
    assert all(each.counts for each in seen.deployments)


def test_requests_grow_with_owners_and_not_with_pods(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    broken(wire, replicas=60)
    wire.requests.clear()

    seen = look()

    assert len(wire.requests) < 40
    assert wire.asked.count(("get", "pods/log")) <= 3
    assert max(pod.alike for pod in seen.pods) >= 20
    assert any("pods" in cut.what and cut.total == 60 for cut in seen.cuts)


@pytest.mark.parametrize("tables", [True, False])
def test_lists_say_the_same_as_tables(tmp_path: Path, tables: bool) -> None:
    with Wire(ticking=False, tables=tables) as box:
        box.add_namespace("shop")
        broken(box)
        cluster = ApiServer.connect(
            box.kubeconfig(tmp_path / "kubeconfig"), None, Budget(30, SystemClock())
        )
        seen = observe(cluster, "shop", Settings(), SystemClock())

    assert not seen.healthy
    assert seen.objects["pods"] == 2
    assert [str(item.ref) for item in seen.deployments] == ["Deployment/web"]


@pytest.mark.parametrize(
    ("verb", "resource"),
    [("list", "pods"), ("list", "events"), ("list", "replicasets"), ("get", "pods/log")],
)
def test_forbidden_read_is_a_blind_spot_that_names_the_grant(
    wire: Wire, look: Callable[..., ClusterSnapshot], verb: str, resource: str
) -> None:
    broken(wire)
    wire.forbid(verb, resource)

    seen = look()

    assert any(f'"{verb}"' in spot.why and resource in spot.why for spot in seen.blind_spots)
    assert not seen.healthy


def test_nothing_seen_is_not_everything_well(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    wire.forbid("list", "pods")

    seen = look()

    assert seen.blind_spots
    assert "pods" not in seen.objects


@pytest.mark.parametrize(
    "reply",
    [
        Response(200, None, content_type="text/html"),
        Response(200, '{"kind": "Table", "rows": [', content_type="application/json"),
        Response(200, ["not", "an", "object"]),
    ],
)
def test_unreadable_answer_is_a_blind_spot(
    wire: Wire, look: Callable[..., ClusterSnapshot], reply: Response
) -> None:
    wire.reply("list", "jobs", reply)

    assert [spot.what for spot in look().blind_spots] == ["jobs"]


def test_null_items_are_an_empty_list(wire: Wire, connect: Callable[..., ApiServer]) -> None:
    wire.reply("list", "events", Response(200, {"kind": "EventList", "items": None}))

    assert connect().list(EVENTS, "shop").items == []


def test_server_error_is_tried_again_and_then_a_blind_spot(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    wire.fail("list", "jobs", 503, times=2)
    wire.fail("list", "cronjobs", 500)

    seen = look()

    assert [spot.what for spot in seen.blind_spots] == ["cronjobs"]
    assert wire.asked.count(("list", "jobs")) == 3
    assert wire.asked.count(("list", "cronjobs")) == 3


def test_expired_continue_token_starts_the_list_again_once(
    wire: Wire, connect: Callable[..., ApiServer]
) -> None:
    wire.apply(manifest(replicas=7), "shop")
    wire.settle(60)
    names: list[str] = []

    for number, page in enumerate(connect().table(PODS, "shop", page_size=3)):
        names = [] if page.first else names
        names += [row[0] for row in page.rows]
        if number == 0:
            wire.expire_continue_tokens()

    assert len(names) == len(set(names)) == 7


# Eight rows fit where two objects do; a server that sends objects all the same does so once.
@pytest.mark.parametrize(("tables", "requests"), [(True, 3), (False, 6)])
def test_a_page_of_cells_holds_more_than_one_of_objects(
    tmp_path: Path, tables: bool, requests: int
) -> None:
    with Wire(ticking=False, tables=tables) as box:
        box.add_namespace("shop")
        box.apply(manifest(replicas=17), "shop")
        box.settle(60)
        config = box.kubeconfig(tmp_path / "kubeconfig")
        cluster = ApiServer.connect(config, None, Budget(30, SystemClock()))
        pages = list(cluster.table(PODS, "shop", page_size=2))

    assert sum(len(page.rows) + len(page.items or ()) for page in pages) == 17
    assert len(pages) == box.asked.count(("list", "pods")) == requests


def test_what_cannot_be_listed_is_told_in_the_same_order_whatever_answers_first(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    broken(wire)
    for resource in ("pods", "services", "poddisruptionbudgets"):
        wire.forbid("list", resource)

    orders = {tuple(spot.what for spot in look().blind_spots) for _ in range(3)}

    (order,) = orders
    assert order[0] == "pods"


def test_missing_namespace_is_said_in_one_sentence(look: Callable[..., ClusterSnapshot]) -> None:
    with pytest.raises(ClusterError, match=r"^namespace nowhere does not exist$"):
        look("nowhere")


def test_unreachable_server_fails_soon_and_says_where(tmp_path: Path) -> None:
    with Wire(ticking=False) as box:
        path = box.kubeconfig(tmp_path / "kubeconfig")
    cluster = ApiServer.connect(path, None, Budget(30, SystemClock()))
    started = SystemClock().monotonic()

    with pytest.raises(ClusterError, match=r"cannot reach the API server http://127\.0\.0\.1"):
        observe(cluster, "shop", Settings(), SystemClock())

    assert SystemClock().monotonic() - started < 25


def test_silent_server_ends_the_observation_within_the_budget(
    wire: Wire, connect: Callable[..., ApiServer]
) -> None:
    wire.hang("get", "namespaces")

    with pytest.raises(ClusterError, match="no answer"):
        observe(connect(1.0), "shop", Settings(), SystemClock())


def test_kubeconfig_that_is_not_there_or_lacks_the_context_is_a_settings_error(
    wire: Wire, tmp_path: Path
) -> None:
    budget = Budget(5, SystemClock())
    path = wire.kubeconfig(tmp_path / "kubeconfig")

    with pytest.raises(SettingsError, match="does not exist"):
        ApiServer.connect(tmp_path / "nothing", None, budget)
    with pytest.raises(SettingsError, match="context nope"):
        ApiServer.connect(path, "nope", budget)


def test_writes_are_sent_once_whatever_becomes_of_them(
    wire: Wire, connect: Callable[..., ApiServer]
) -> None:
    wire.apply(manifest(), "shop")
    wire.lose("patch", "deployments")
    operations = [{"op": "replace", "path": "/spec/replicas", "value": 3}]

    with pytest.raises(UnansweredError):
        connect().patch(DEPLOYMENTS, "shop", "web", operations, dry_run=False)

    assert wire.asked.count(("patch", "deployments")) == 1
    assert wire.get("Deployment", "shop", "web")["spec"]["replicas"] == 3


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ({"op": "test", "path": "/metadata/uid", "value": "another"}, ConflictError),
        ({"op": "replace", "path": "/spec/replicas", "value": -1}, RejectedError),
    ],
)
def test_refused_patch_says_whether_to_look_again(
    wire: Wire, connect: Callable[..., ApiServer], operation: dict[str, Any], error: type[Exception]
) -> None:
    wire.apply(manifest(), "shop")

    with pytest.raises(error):
        connect().patch(DEPLOYMENTS, "shop", "web", [operation], dry_run=True)


def test_forbidden_and_missing_are_told_apart(
    wire: Wire, connect: Callable[..., ApiServer]
) -> None:
    wire.forbid("get", "pods")

    with pytest.raises(ForbiddenError, match='grant verb "get" on "pods" in namespace shop'):
        connect().get(PODS, "shop", "web")
    with pytest.raises(NotFoundError):
        connect().get(DEPLOYMENTS, "shop", "web")


def test_end_of_a_log_with_long_lines_is_kept(
    wire: Wire, connect: Callable[..., ApiServer]
) -> None:
    wire.reply("get", "pods/log", Response(200, "x" * 4000, content_type="text/plain"), times=1)
    wire.reply("get", "pods/log", Response(200, "the end \xff\n", content_type="text/plain"))

    text = connect().logs("shop", "web", "main", previous=False, lines=60, bytes_=1000)

    assert text.startswith("the end")
    assert [r.query["tailLines"] for r in wire.requests] == ["60", "6"]


def crashing(wire: Wire) -> None:
    wire.apply(manifest(script=NEEDS_REGION), "shop")
    wire.settle(120)
    wire.requests.clear()


def answered(wire: Wire, *texts: str) -> None:
    for text in texts[:-1]:
        wire.reply("get", "pods/log", Response(200, text, content_type="text/plain"), times=1)
    wire.reply("get", "pods/log", Response(200, texts[-1], content_type="text/plain"))


def test_more_of_a_log_is_read_if_its_end_names_no_error_and_its_start_at_last(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    crashing(wire)
    work = "".join(f"14:15:{n % 60:02} INFO worker {n} stopped\n" for n in range(700))
    start = f"FATAL: no ledger in /etc/ledger.yml\n{work}"
    answered(wire, work[:3000], work, start[:2000])

    seen = look(observe={"logs_per_owner": 1})

    asked = [r.query.get("tailLines") for r in wire.requests if r.path.endswith("/log")]
    assert asked == ["60", "600", None]
    assert "FATAL: no ledger in /etc/ledger.yml" in seen.logs[0].lines
    assert any(line.endswith("lines left out") for line in seen.logs[0].lines)
    assert seen.logs[0].cut


def test_a_log_whose_end_names_the_error_is_read_once(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    crashing(wire)
    work = "".join(f"14:15:{n % 60:02} INFO worker {n} stopped\n" for n in range(70))
    answered(wire, f"{work}14:16:02 FATAL no ledger\n")

    look(observe={"logs_per_owner": 1})

    assert sum(1 for r in wire.requests if r.path.endswith("/log")) == 1


def test_a_log_that_the_node_has_dropped_is_a_blind_spot(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    crashing(wire)
    answered(wire, "unable to retrieve container logs for containerd://03fe9fac68f9")

    seen = look(observe={"logs_per_owner": 1})

    assert [spot.what.split("-")[0] for spot in seen.blind_spots] == ["log of web"]
    assert "has none" in seen.blind_spots[0].why


def test_a_log_that_its_node_does_not_give_is_a_blind_spot_of_that_log(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    for name in ("shop", "web"):
        wire.apply(manifest(name, NEEDS_REGION), "shop")
    wire.settle(120)
    away = 'Get "https://10.0.0.9:10250/containerLogs/shop/web/main": dial tcp 10.0.0.9:10250'

    def answer(request: Request) -> Response:
        if "/pods/web-" in request.path:
            return Response(500, {"message": f"{away}: connect: connection refused"})
        return Response(503, {"message": "the server is currently unable to handle the request"})

    wire.on("get", "pods/log", answer)

    seen = look(observe={"logs_per_owner": 1})

    spots = {spot.what.rpartition("-")[0].rpartition("-")[0]: spot.why for spot in seen.blind_spots}
    assert set(spots) == {"log of shop", "log of web"}
    assert "connection refused" in spots["log of web"]
    assert "(503)" in spots["log of shop"]


def test_the_log_of_an_evicted_pod_is_not_asked_for(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    crashing(wire)
    for pod in wire.items("Pod", "shop"):
        ended = {"exitCode": 137, "reason": "ContainerStatusUnknown"}
        status = {
            **pod["status"],
            "phase": "Failed",
            "reason": "Evicted",
            "message": "Pod ephemeral local storage usage exceeds the total limit of containers.",
            "containerStatuses": [
                {**pod["status"]["containerStatuses"][0], "state": {"terminated": ended}}
            ],
        }
        wire.set_status("Pod", "shop", pod["metadata"]["name"], status)

    seen = look()

    assert {pod.reason for pod in seen.pods} == {"Evicted"}
    assert not [request for request in wire.requests if request.path.endswith("/log")]
    assert not seen.blind_spots


def test_a_refusal_of_what_is_not_installed_is_no_blind_spot(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    """The API server asks for the right before it knows whether there is such a resource."""
    crashing(wire)
    wire.forbid("list", "httproutes")

    assert look().blind_spots == ()


def test_a_refusal_of_what_is_installed_is_a_blind_spot(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    crashing(wire)
    wire.forbid("list", "httproutes")
    name = "gateway.networking.k8s.io"
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    group = {"name": name, "versions": [version], "preferredVersion": version}
    routes = {"name": "httproutes", "kind": "HTTPRoute", "namespaced": True}
    wire.on("get", f"/apis/{name}", lambda _: Response(200, group))
    wire.on("get", f"/apis/{name}/v1", lambda _: Response(200, {"resources": [routes]}))

    assert [spot.what for spot in look().blind_spots] == ["httproutes"]


LOOKS_LIKE = """
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-6f7d9, labels: {LABELS}}
spec:
  replicas: 2
  selector: {matchLabels: {LABELS}}
  template:
    metadata: {labels: {LABELS}}
    spec:
      containers:
      - {name: main, image: "busybox:1.36", command: [sh, -c, "exit 1"]}
"""


@pytest.mark.parametrize(
    "labels", ["pod-template-hash: 6f7d9", "pod-template-hash: 6f7d9, app: web, by: someone"]
)
def test_a_pod_that_only_looks_like_one_of_a_workload_is_nobody_s(
    wire: Wire, look: Callable[..., ClusterSnapshot], labels: str
) -> None:
    wire.apply(manifest("web", NEEDS_REGION), "shop")
    wire.apply(LOOKS_LIKE.replace("LABELS", labels), "shop")
    wire.advance(120)

    seen = look(observe={"pods_per_owner": 9})

    (web,) = (item.ref for item in seen.deployments)
    fakes = [pod for pod in seen.pods if pod.ref.name.startswith("web-6f7d9-")]
    assert len(fakes) == 2
    assert all(pod.owner == pod.ref for pod in fakes)
    assert len(seen.pods_of(web)) == 2


LIKE_ONE_OF_WEB = """
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: web}}}}
spec: {{containers: [{{name: main, image: "busybox:1.36", command: [sh, -c, {script}]}}]}}
"""


def test_a_pod_that_runs_and_is_no_one_s_is_compared_with_no_workload(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    wire.apply(manifest("web", NEEDS_REGION), "shop")
    wire.advance(120)
    (replica_set,) = (item["metadata"]["name"] for item in wire.items("ReplicaSet", "shop"))
    name = f"{replica_set}-22222"
    wire.apply(LIKE_ONE_OF_WEB.format(name=name, script="sleep 86400"), "shop")
    wire.advance(120)

    seen = look()

    (fake,) = (pod for pod in seen.pods if pod.ref.name == name)
    assert fake.owner == fake.ref


BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
"""


def _refuse_eviction(wire: Wire, allowed: int) -> None:
    wire.apply(manifest(replicas=1), "shop")
    wire.apply(BUDGET, "shop")
    wire.settle(60)
    status = {
        "disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1,
    }  # fmt: skip
    wire.set_status("PodDisruptionBudget", "shop", "web", status)
    said = Said("FailedEviction", "it would violate a disruption budget", "drainer", warning=True)
    record(wire.store, wire.items("Pod", "shop")[0], said)


def test_refused_eviction_is_seen_where_every_pod_is_well(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    _refuse_eviction(wire, allowed=0)

    seen = look()

    assert seen.healthy
    assert [event.reason for event in seen.events] == ["FailedEviction"]
    assert [pod.sick for pod in seen.pods] == [False]


def test_events_of_a_healthy_namespace_are_not_read_while_its_budgets_spare_a_pod(
    wire: Wire, look: Callable[..., ClusterSnapshot]
) -> None:
    _refuse_eviction(wire, allowed=1)
    wire.requests.clear()

    seen = look()

    assert not seen.events
    assert ("list", "events") not in wire.asked
