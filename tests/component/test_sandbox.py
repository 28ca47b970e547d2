import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import SLEEPS, needing, serves
from watchdog.demo import Behaviour, Request, Response, Sandbox
from watchdog.demo.api_resources import Object
from watchdog.demo.behaviour import UndeclaredError

JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
PODS = "/api/v1/namespaces/shop/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
NEEDS_CONFIG = 'if [ -z "$REQUIRED_CONFIG" ]; then echo "fatal: no config"; exit 3; fi; sleep 3600'
FILLS = "dd if=/dev/zero of=/dev/shm/fill bs=1M count=200 && sleep 3600"
HTTPD = "mkdir -p /www; echo ok > /www/index.html; exec httpd -f -p 8080 -h /www"


PROGRAMS = {
    NEEDS_CONFIG: needing("REQUIRED_CONFIG", SLEEPS, "fatal: no config", 3),
    HTTPD: serves(0, 8080),
    FILLS: Behaviour(memory="200Mi"),
    "echo up; sleep 3600": Behaviour(log=((0.0, "up"),)),
}


def deployment(script: str = "sleep 3600", *, replicas: int = 2, **container: Any) -> Object:
    labels = {"app": "web"}
    main = {
        "name": "main",
        "image": "busybox:1.36",
        "command": ["sh", "-c", script],
        **container,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [main]}},
        },
    }


def env(**values: str) -> list[Object]:
    return [{"name": name, "value": value} for name, value in values.items()]


class Client:
    """Speaks to the sandbox as a client on the wire does."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.box.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, _read(reply), dict(reply.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _read(error), dict(error.headers)

    def get(self, path: str, **headers: str) -> Any:
        status, body, _ = self.ask("GET", path, **headers)
        assert status == 200, body
        return body


def _read(reply: Any) -> Any:
    data = reply.read().decode()
    return json.loads(data) if "json" in reply.headers["Content-Type"] else data


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(ticking=False, programs=PROGRAMS) as sandbox:
        yield sandbox


@pytest.fixture
def client(box: Sandbox) -> Client:
    return Client(box)


Applies = Callable[..., Object]


@pytest.fixture
def applied(box: Sandbox) -> Applies:
    def apply(item: Object, *, seconds: float = 0) -> Object:
        box.apply(json.dumps(item), "shop")
        box.settle()
        box.advance(seconds)
        return box.get("deployment", "shop", "web")

    return apply


def conditions(item: Object) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["status"], c["reason"]) for c in item["status"]["conditions"]}


def revision(item: Object) -> str:
    return str(item["metadata"]["annotations"]["deployment.kubernetes.io/revision"])


def only_container(box: Sandbox) -> Object:
    pods = box.items("pod", "shop")
    assert len(pods) == 1
    status: Object = pods[0]["status"]["containerStatuses"][0]
    return status


def ready(pod: Object) -> bool:
    return bool(pod["status"]["containerStatuses"][0]["ready"])


def said(box: Sandbox, reason: str) -> list[str]:
    return [e["message"] for e in box.items("event", "shop") if e["reason"] == reason]


def test_healthy_deployment_becomes_available(applied: Applies) -> None:
    web = applied(deployment())

    assert web["status"]["availableReplicas"] == 2
    assert web["status"]["observedGeneration"] == web["metadata"]["generation"] == 1
    assert conditions(web) == {
        "Available": ("True", "MinimumReplicasAvailable"),
        "Progressing": ("True", "NewReplicaSetAvailable"),
    }


def test_revision_without_its_config_crash_loops_and_a_json_patch_heals_it(
    box: Sandbox, client: Client, applied: Applies
) -> None:
    applied(deployment(NEEDS_CONFIG, env=env(REQUIRED_CONFIG="eu")))
    web = applied(deployment(NEEDS_CONFIG), seconds=60)
    broken = next(p for p in box.items("pod", "shop") if not ready(p))
    status = broken["status"]["containerStatuses"][0]

    assert revision(web) == "2"
    assert web["status"]["readyReplicas"] == 2
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert status["restartCount"] == 3
    assert status["lastState"]["terminated"]["exitCode"] == 3
    log = f"{PODS}/{broken['metadata']['name']}/log?container=main"
    assert client.get(log + "&previous=true&tailLines=5") == "fatal: no config\n"
    assert any("Back-off restarting failed container main" in m for m in said(box, "BackOff"))

    path = "/spec/template/spec/containers/0/env"
    patch = [
        {"op": "test", "path": "/metadata/uid", "value": web["metadata"]["uid"]},
        {"op": "add", "path": path, "value": env(REQUIRED_CONFIG="eu")},
    ]
    code, _, _ = client.ask("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=JSON_PATCH)
    box.settle()

    healed = box.get("deploy", "shop", "web")
    assert code == 200
    assert conditions(healed)["Progressing"] == ("True", "NewReplicaSetAvailable")
    assert healed["status"]["updatedReplicas"] == healed["status"]["availableReplicas"] == 2
    assert len(box.items("pod", "shop")) == 2


def test_rollback_reuses_the_old_replica_set_and_gives_it_the_next_revision(
    box: Sandbox, applied: Applies
) -> None:
    applied(deployment("sleep 3600"))
    applied(deployment("exit 1"))
    web = applied(deployment("sleep 3600"))

    assert revision(web) == "3"
    assert sorted(map(revision, box.items("rs", "shop"))) == ["2", "3"]
    assert web["status"]["updatedReplicas"] == web["status"]["readyReplicas"] == 2


def test_rollout_that_makes_no_progress_misses_its_deadline(applied: Applies) -> None:
    web = deployment("exit 1", replicas=1)
    web["spec"]["progressDeadlineSeconds"] = 60

    broken = applied(web, seconds=90)

    assert conditions(broken)["Progressing"] == ("False", "ProgressDeadlineExceeded")
    assert conditions(broken)["Available"] == ("False", "MinimumReplicasUnavailable")


def test_recreate_never_runs_two_revisions_at_once(box: Sandbox, applied: Applies) -> None:
    first, second = deployment("sleep 3600"), deployment("exit 1")
    for web in (first, second):
        web["spec"]["strategy"] = {"type": "Recreate"}
    applied(first)

    broken = applied(second)

    assert broken["status"].get("readyReplicas", 0) == 0
    assert {p["metadata"]["labels"]["pod-template-hash"] for p in box.items("pod", "shop")} == {
        next(r for r in box.items("rs", "shop") if revision(r) == "2")["metadata"]["labels"][
            "pod-template-hash"
        ]
    }


def test_missing_image_cannot_be_pulled(box: Sandbox, applied: Applies) -> None:
    applied(deployment(image="busybox:1.36-does-not-exist", replicas=1))

    waiting = only_container(box)["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"].startswith(
        'Back-off pulling image "busybox:1.36-does-not-exist": ErrImagePull: rpc error: code = '
        "NotFound desc = failed to pull and unpack image"
    )
    assert "Error: ErrImagePull" in said(box, "Failed")


def test_container_that_takes_more_than_its_limit_is_killed_until_the_limit_is_higher(
    box: Sandbox, applied: Applies
) -> None:
    web = deployment(FILLS, replicas=1, resources={"limits": {"memory": "64Mi"}})
    applied(web)

    ended = only_container(box)["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)

    main = web["spec"]["template"]["spec"]["containers"][0]
    main["resources"] = {"limits": {"memory": "256Mi"}}

    assert applied(web)["status"]["readyReplicas"] == 1


def test_failing_readiness_probe_keeps_the_pod_unready(box: Sandbox, applied: Applies) -> None:
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5}
    web = applied(deployment(HTTPD, replicas=1, readinessProbe=probe), seconds=30)

    assert web["status"].get("readyReplicas", 0) == 0
    words = "Readiness probe failed: HTTP probe failed with statuscode: 404"
    assert said(box, "Unhealthy") == [words]
    assert only_container(box)["restartCount"] == 0


def test_failing_liveness_probe_restarts_the_container(box: Sandbox, applied: Applies) -> None:
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1}
    applied(deployment(HTTPD, replicas=1, livenessProbe=probe), seconds=10)

    assert only_container(box)["restartCount"] >= 1
    assert only_container(box)["lastState"]["terminated"]["exitCode"] == 137
    assert "Container main failed liveness probe, will be restarted" in said(box, "Killing")


def test_probe_of_a_path_that_is_served_makes_the_pod_ready(applied: Applies) -> None:
    probe = {"httpGet": {"path": "/", "port": 8080}}

    assert applied(deployment(HTTPD, readinessProbe=probe))["status"]["readyReplicas"] == 2


def test_missing_config_map_stops_the_container_until_it_is_there(
    box: Sandbox, applied: Applies
) -> None:
    source = {"configMapKeyRef": {"name": "settings", "key": "region"}}
    web = deployment(replicas=1, env=[{"name": "REGION", "valueFrom": source}])
    applied(web)
    waiting = only_container(box)["state"]["waiting"]
    assert (waiting["reason"], waiting["message"]) == (
        "CreateContainerConfigError",
        'configmap "settings" not found',
    )

    settings: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings"},
        "data": {},
    }
    box.apply(json.dumps(settings), "shop")
    box.advance(15)
    words = "couldn't find key region in ConfigMap shop/settings"
    assert only_container(box)["state"]["waiting"]["message"] == words

    settings["data"] = {"region": "eu"}
    box.apply(json.dumps(settings), "shop")
    box.advance(15)
    assert only_container(box)["ready"] is True


def test_unknown_program_is_a_start_error(box: Sandbox, applied: Applies) -> None:
    applied(deployment(command=["start-server"], replicas=1))

    ended = only_container(box)["lastState"]["terminated"]
    assert ended["reason"] == "StartError"
    assert 'exec: "start-server": executable file not found in $PATH' in ended["message"]


def test_command_without_a_declared_behaviour_is_an_error(applied: Applies) -> None:
    with pytest.raises(UndeclaredError, match="rm -rf /"):
        applied(deployment("rm -rf /"))


def test_pod_larger_than_the_node_stays_pending(box: Sandbox, applied: Applies) -> None:
    applied(deployment(replicas=1, resources={"requests": {"cpu": "8"}}))

    pod = box.items("pod", "shop")[0]
    assert pod["status"]["phase"] == "Pending"
    assert said(box, "FailedScheduling")[0].startswith(
        "0/1 nodes are available: 1 Insufficient cpu."
    )


def test_missing_service_account_fails_the_replica_set(box: Sandbox, applied: Applies) -> None:
    web = deployment()
    web["spec"]["template"]["spec"]["serviceAccountName"] = "robot"

    broken = applied(web)

    assert conditions(broken)["ReplicaFailure"] == ("True", "FailedCreate")
    assert 'serviceaccount "robot" not found' in said(box, "FailedCreate")[0]
    assert box.items("pod", "shop") == []


def test_used_up_quota_fails_the_replica_set(box: Sandbox, applied: Applies) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"pods": "1"}},
    }
    box.apply(json.dumps(quota), "shop")

    broken = applied(deployment())

    assert broken["status"]["readyReplicas"] == 1
    words = "exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1"
    assert words in said(box, "FailedCreate")[0]


def test_job_that_keeps_failing_reaches_its_backoff_limit(box: Sandbox) -> None:
    container = {"name": "main", "image": "busybox", "command": ["sh", "-c", "exit 7"]}
    spec = {"restartPolicy": "Never", "containers": [container]}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "load"},
        "spec": {"backoffLimit": 1, "template": {"spec": spec}},
    }
    box.apply(json.dumps(job), "shop")
    box.advance(60)

    status = box.get("job", "shop", "load")["status"]
    assert status["failed"] == 2
    assert status["conditions"][-1]["reason"] == "BackoffLimitExceeded"


def test_stale_put_is_a_conflict_and_a_failed_test_is_unprocessable(
    box: Sandbox, client: Client, applied: Applies
) -> None:
    web = applied(deployment())
    stale = {**web, "metadata": {**web["metadata"], "resourceVersion": "1"}}
    test = [{"op": "test", "path": "/metadata/resourceVersion", "value": "1"}]

    conflict, why, _ = client.ask("PUT", f"{DEPLOYMENTS}/web", stale)
    refused, status, _ = client.ask("PATCH", f"{DEPLOYMENTS}/web", test, Content_Type=JSON_PATCH)

    assert (conflict, why["reason"]) == (409, "Conflict")
    assert "the object has been modified; please apply your changes" in why["message"]
    assert (refused, status["reason"]) == (422, "Invalid")
    assert status["message"] == "the server rejected our request due to an error in our request"
    assert box.get("deploy", "shop", "web") == web


def test_invalid_object_is_refused_by_field(client: Client, applied: Applies) -> None:
    applied(deployment())
    patch = {"spec": {"replicas": -1}}

    code, status, _ = client.ask("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=STRATEGIC)

    assert code == 422
    assert status["details"]["causes"][0]["field"] == "spec.replicas"


def test_strategic_merge_changes_one_variable_of_one_container(
    client: Client, applied: Applies
) -> None:
    applied(deployment(env=env(A="1", B="2", C="3")))
    changes: list[Object] = [{"name": "B", "value": "9"}, {"name": "C", "$patch": "delete"}]
    container = {"name": "main", "env": changes}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}

    _, web, _ = client.ask("PATCH", f"{DEPLOYMENTS}/web", patch, Content_Type=STRATEGIC)

    main = web["spec"]["template"]["spec"]["containers"][0]
    assert main["env"] == env(A="1", B="9")
    assert main["image"] == "busybox:1.36"
    assert web["metadata"]["generation"] == 2


def test_expired_continue_token_is_gone(box: Sandbox, client: Client, applied: Applies) -> None:
    applied(deployment(replicas=3))
    first = client.get(f"{PODS}?limit=2")
    token = first["metadata"]["continue"]

    rest = client.get(f"{PODS}?limit=2&continue={token}")
    box.expire_continue_tokens()
    code, status, _ = client.ask("GET", f"{PODS}?limit=2&continue={token}")

    names = [p["metadata"]["name"] for p in first["items"] + rest["items"]]
    assert len(set(names)) == 3
    assert (code, status["reason"]) == (410, "Expired")


def test_dry_run_answers_as_if_and_stores_nothing(
    box: Sandbox, client: Client, applied: Applies
) -> None:
    web = applied(deployment())
    patch = [{"op": "replace", "path": "/spec/replicas", "value": 5}]
    path = f"{DEPLOYMENTS}/web?dryRun=All&fieldManager=tester"

    code, shown, _ = client.ask("PATCH", path, patch, Content_Type=JSON_PATCH)
    box.settle()

    assert (code, shown["spec"]["replicas"]) == (200, 5)
    assert shown["metadata"]["managedFields"][-1]["manager"] == "tester"
    assert box.get("deploy", "shop", "web") == web


def test_eviction_checks_its_precondition_and_replaces_the_pod(
    box: Sandbox, client: Client, applied: Applies
) -> None:
    applied(deployment(replicas=1))
    pod = box.items("pod", "shop")[0]["metadata"]
    path = f"{PODS}/{pod['name']}/eviction"
    wrong = {"deleteOptions": {"preconditions": {"uid": "another"}}}
    right = {"deleteOptions": {"preconditions": {"uid": pod["uid"]}}}

    conflict, _, _ = client.ask("POST", path, wrong)
    code, _, _ = client.ask("POST", path, right)
    box.settle()

    assert (conflict, code) == (409, 201)
    assert [p["metadata"]["uid"] for p in box.items("pod", "shop")] != [pod["uid"]]
    assert box.get("deploy", "shop", "web")["status"]["readyReplicas"] == 1


def test_eviction_against_a_disruption_budget_has_to_wait(
    box: Sandbox, client: Client, applied: Applies
) -> None:
    applied(deployment(replicas=1))
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    }
    box.apply(json.dumps(budget), "shop")
    name = box.items("pod", "shop")[0]["metadata"]["name"]

    code, status, headers = client.ask("POST", f"{PODS}/{name}/eviction", {})

    assert (code, status["reason"]) == (429, "TooManyRequests")
    assert "Retry-After" in headers


def test_tables_hold_the_cells_of_kubectl(client: Client, applied: Applies) -> None:
    applied(deployment("exit 1", replicas=1), seconds=5)

    shown = client.get(f"{PODS}?includeObject=None", Accept=TABLE)

    columns = [column["name"] for column in shown["columnDefinitions"]]
    cells = dict(zip(columns, shown["rows"][0]["cells"], strict=True))
    assert shown["kind"] == "Table"
    assert "object" not in shown["rows"][0]
    assert (cells["Ready"], cells["Status"]) == ("0/1", "CrashLoopBackOff")
    assert cells["Restarts"].startswith("1 (")


def test_server_may_ignore_the_wish_for_a_table() -> None:
    with Sandbox(tables=False, ticking=False) as box:
        assert Client(box).get("/api/v1/pods", Accept=TABLE)["kind"] == "PodList"


def test_selectors_choose_what_is_listed(client: Client, applied: Applies) -> None:
    applied(deployment())

    def count(query: str, path: str = PODS) -> int:
        return len(client.get(f"{path}?{query}")["items"])

    assert count("labelSelector=app%20in%20(web,api),!old") == 2
    assert count("labelSelector=app!%3Dweb") == 0
    assert count("fieldSelector=status.phase%3DRunning") == 2
    events = "/api/v1/namespaces/shop/events"
    assert count("fieldSelector=involvedObject.kind%3DDeployment", events) >= 1
    assert client.ask("GET", f"{PODS}?fieldSelector=spec.made%3Dup")[0] == 400


def test_missing_previous_log_is_a_bad_request(
    box: Sandbox, client: Client, applied: Applies
) -> None:
    applied(deployment("echo up; sleep 3600", replicas=1))
    name = box.items("pod", "shop")[0]["metadata"]["name"]

    code, status, _ = client.ask("GET", f"{PODS}/{name}/log?previous=true")

    assert client.get(f"{PODS}/{name}/log") == "up\n"
    assert code == 400
    assert "previous terminated container" in status["message"]


def test_requests_are_recorded_and_access_reviews_are_no_writes(
    box: Sandbox, client: Client
) -> None:
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    _, answer, headers = client.ask("POST", path, review)

    assert answer["status"]["allowed"] is True
    assert [request.path for request in box.requests] == [path]
    assert box.writes == []
    assert headers["Date"].endswith("GMT")


def test_subclass_intercepts_requests() -> None:
    class Forbidding(Sandbox):
        def intercept(self, request: Request) -> Response | None:
            return Response(403, {"kind": "Status"}) if "pods" in request.path else None

    with Forbidding(ticking=False) as box:
        assert Client(box).ask("GET", "/api/v1/pods")[0] == 403
        assert Client(box).ask("GET", "/readyz")[0] == 200


def test_it_heals_by_itself_in_real_time(tmp_path: Path) -> None:
    with Sandbox(speed=20) as box:
        box.apply(json.dumps(deployment()), "shop")
        config = json.loads(box.kubeconfig(tmp_path / "config").read_text())

        box.wait(lambda: box.get("deploy", "shop", "web")["status"].get("readyReplicas") == 2, 60)

        assert config["clusters"][0]["cluster"]["server"] == box.url


def test_history_can_be_told_before_the_present() -> None:
    with Sandbox(ticking=False, behind_seconds=9 * 86400) as box:
        box.apply(json.dumps(deployment()), "shop")
        box.advance(9 * 86400)

        shown = Client(box).get(PODS, Accept=TABLE)

    assert [row["cells"][4] for row in shown["rows"]] == ["9d", "9d"]
