"""On a real API server without a node: what is many costs little, and who is throttled waits."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import select
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from pytest_httpserver import HTTPServer

from benchmarks.estate import PODS_EACH, Estate, log_of
from benchmarks.measure import CHARS_A_TOKEN
from benchmarks.node import node
from benchmarks.shards import check, findings, share
from tests.cluster.handle import poll, unique_name
from tests.cluster.plane import Object, Plane
from tests.e2e.servers import fetched, pushgateway
from tests.support.cluster_fixtures import PATIENT, run_watchdog
from tests.support.controller_objects import (
    NOT_READY,
    container,
    deployment,
    ended,
    pod,
    replica_set,
)
from tests.support.wire_model import ModelServer, completion
from watchdog.settings.schema import Settings
from watchdog.settings.services import LLMSettings
from watchdog.settings.shards import namespaces_of

pytestmark = pytest.mark.plane

FLOWS = "/apis/flowcontrol.apiserver.k8s.io/v1"


@pytest.fixture
def name() -> str:
    return unique_name("e2e-scale")


@pytest.fixture
def read_logs(plane: Plane, name: str) -> Iterator[list[str]]:
    """Broken pods have logs; the pods whose logs were read, one for each read."""
    with node(plane, name, log_of) as read:
        yield read


@contextlib.contextmanager
def standing(plane: Plane, estate: Estate, broken: int) -> Iterator[Estate]:
    estate.stand(plane)
    estate.breaking(plane, broken)
    try:
        yield estate
    finally:
        estate.remove(plane)


def crash_looping(owner: Object, node_name: str, count: int) -> Iterator[Object]:
    """That many pods of one ReplicaSet, all in the same state; their log names what is missing."""
    for number in range(count):
        ending = "".join("bcdfghjklm"[int(digit)] for digit in f"{number:05}")
        told = {"reason": "CrashLoopBackOff", "message": f"back-off restarting {ending}"}
        status = container({"waiting": told}, restartCount=7, lastState=ended(1, "Error"))
        yield pod(
            owner["metadata"]["namespace"],
            f"{owner['metadata']['name']}-{ending}",
            owner,
            spec={"nodeName": node_name},
            status={"containerStatuses": [status], "conditions": NOT_READY},
        )


def test_500_pods_of_one_broken_deployment_are_one_finding_three_logs_and_a_short_prompt(
    plane: Plane, name: str, read_logs: list[str], httpserver: HTTPServer
) -> None:
    model = ModelServer(httpserver).says(completion())
    with plane.namespace("e2e-many") as ns:
        (app,) = plane.create_many([deployment(ns, "missing-500", wanted=500, ready=0)])
        (owner,) = plane.create_many([replica_set(ns, app)])
        plane.create_many(crash_looping(owner, name, 500))
        done = run_watchdog(
            "run", "-n", ns, "--dry-run", "-o", "json", kubeconfig=plane.kubeconfig,
            env={**PATIENT, "SRE_AGENT_LLM__BASE_URL": model.url, "SRE_AGENT_LLM__MODEL": "m"},
        )  # fmt: skip
        logs_of_the_pass = list(read_logs)
        shown = run_watchdog("snapshot", "-n", ns, kubeconfig=plane.kubeconfig).stdout

    (part,) = json.loads(done.stdout)["namespaces"]
    assert [one["kind"] for one in part["findings"]] == ["missing_env"]
    assert part["objects"]["pods"] == 500
    assert 1 <= len(logs_of_the_pass) <= 3
    assert "MISSING_500_REGION" in shown
    assert len(shown) / CHARS_A_TOKEN < 1500
    assert "MISSING_500_REGION" in model.bodies[0]["messages"][-1]["content"]


def test_50_different_broken_deployments_fit_the_prompt_and_all_are_reported(
    plane: Plane, name: str, read_logs: list[str], httpserver: HTTPServer
) -> None:
    model = ModelServer(httpserver).says(completion())
    with standing(plane, Estate(50 * PODS_EACH, 1, name), broken=50) as estate:
        done = run_watchdog(
            "run", "-n", estate.names[0], "--dry-run", "-o", "json", kubeconfig=plane.kubeconfig,
            env={**PATIENT, "SRE_AGENT_LLM__BASE_URL": model.url, "SRE_AGENT_LLM__MODEL": "m"},
        )  # fmt: skip

    (part,) = json.loads(done.stdout)["namespaces"]
    assert len({one["target"]["name"] for one in part["findings"]}) == 50
    assert part["blind_spots"] == []
    sent = sum(len(message["content"]) for message in model.bodies[0]["messages"])
    assert sent <= LLMSettings().max_prompt_chars
    assert len(read_logs) <= 3 * 50


def test_shards_look_after_each_namespace_once_and_find_what_one_alone_finds(
    plane: Plane, name: str, read_logs: list[str]
) -> None:
    with standing(plane, Estate(60, 6, name), broken=4) as estate:
        alone, shared = share(plane, estate, 1).runs, share(plane, estate, 3).runs

    check(alone, estate)
    check(shared, estate)
    assert len(shared) == 3
    assert findings(shared) == findings(alone)
    assert findings(alone).total() == 4
    assert read_logs


def test_the_metrics_of_all_shards_stand_side_by_side(
    plane: Plane, name: str, tool: Callable[[str], Path]
) -> None:
    with (
        standing(plane, Estate(20, 4, name), broken=0) as estate,
        pushgateway(tool("pushgateway"), "127.0.0.1") as gateway,
    ):
        for _ in range(2):
            for number in range(2):
                run_watchdog(
                    "run", kubeconfig=plane.kubeconfig,
                    env={
                        **PATIENT,
                        "SRE_AGENT_PUSHGATEWAY__TIMEOUT_SECONDS": "60",
                        "SRE_AGENT_NAMESPACES": ",".join(estate.names),
                        "SRE_AGENT_SHARDS": "2",
                        "JOB_COMPLETION_INDEX": str(number),
                        "SRE_AGENT_PUSHGATEWAY__URL": gateway,
                    },
                )  # fmt: skip
        pushed = fetched(f"{gateway}/metrics")

    told = [line for line in pushed.splitlines() if line.startswith("sre_watchdog_incidents_open{")]
    watched = re.findall(r'[{,]namespace="([^"]+)"', "\n".join(told))
    assert sorted(watched) == sorted(estate.names)
    of_the_second = re.findall(r'[{,]namespace="([^"]+)".*shard="1"', "\n".join(told))
    assert sorted(of_the_second) == sorted(namespaces_of(Settings(shards=2), estate.names, 1))
    scanned = re.findall(r'sre_watchdog_objects_scanned{.*kind="pods".*} (\d+)', pushed)
    assert sum(map(int, scanned)) == 20
    assert re.findall(r"sre_watchdog_shards{.*} (\d+)", pushed) == ["2", "2"]


def test_a_throttled_pass_asks_one_thing_at_a_time_and_still_sees_everything(
    plane: Plane, tmp_path: Path
) -> None:
    with plane.namespace("e2e-busy") as ns, throttled(plane, ns, tmp_path) as kube:
        plane.create_many(pod(ns, f"web-{number}") for number in range(120))

        def one_pass(_: int) -> str:
            return run_watchdog("run", "-n", ns, "-o", "json", kubeconfig=kube, env=PATIENT).stdout

        with ThreadPoolExecutor(4) as pool:
            with contextlib.closing(Occupant(kube, ns)) as occupant:
                occupant.stays()
                before = rejections(plane, ns)
                passes = [pool.submit(one_pass, number) for number in range(4)]
                poll(
                    lambda: occupant.stays() and rejections(plane, ns) > before,
                    "a pass to be refused",
                )
            parts = [json.loads(each.result())["namespaces"][0] for each in passes]

    assert [part["objects"].get("pods") for part in parts] == [120] * 4
    assert [part["blind_spots"] for part in parts] == [[]] * 4


@contextlib.contextmanager
def throttled(plane: Plane, ns: str, folder: Path) -> Iterator[Path]:
    """A kubeconfig for an account that the API server serves one request at a time, no more."""
    plane.create(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "watchdog", "namespace": ns},
        }
    )
    subject = {"kind": "ServiceAccount", "name": "watchdog", "namespace": ns}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    plane.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "watchdog", "namespace": ns},
            "subjects": [subject],
            "roleRef": role,
        }
    )
    plane.create(priority_level(ns))
    schema = plane.create(flow_schema(ns, subject))["metadata"]["uid"]
    kubeconfig = kubeconfig_of(plane, ns, folder)
    try:
        poll(lambda: flow_of(kubeconfig) == schema, "the API server to throttle the account")
        yield kubeconfig
    finally:
        plane.api.request("DELETE", f"{FLOWS}/flowschemas/{ns}")
        plane.api.request("DELETE", f"{FLOWS}/prioritylevelconfigurations/{ns}")


def priority_level(name: str) -> Object:
    limited = {
        "nominalConcurrencyShares": 0,
        "borrowingLimitPercent": 0,
        "limitResponse": {"type": "Reject"},
    }
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "PriorityLevelConfiguration",
        "metadata": {"name": name},
        "spec": {"type": "Limited", "limited": limited},
    }


def flow_schema(name: str, subject: Object) -> Object:
    account = {key: subject[key] for key in ("name", "namespace")}
    everything = {
        "verbs": ["*"],
        "apiGroups": ["*"],
        "resources": ["*"],
        "namespaces": ["*"],
        "clusterScope": True,
    }
    rule = {
        "subjects": [{"kind": "ServiceAccount", "serviceAccount": account}],
        "resourceRules": [everything],
    }
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": name},
        "spec": {
            "priorityLevelConfiguration": {"name": name},
            "matchingPrecedence": 100,
            "rules": [rule],
        },
    }


def kubeconfig_of(plane: Plane, ns: str, folder: Path) -> Path:
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    path = f"/api/v1/namespaces/{ns}/serviceaccounts/watchdog/token"
    token = plane.api.request("POST", path, request)["status"]["token"]
    config = yaml.safe_load(plane.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    file = folder / "throttled.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


class Occupant:
    """Takes the account's one turn, by a request whose body does not come."""

    def __init__(self, kubeconfig: Path, ns: str) -> None:
        self._kubeconfig, self._ns = kubeconfig, ns
        self._connection: http.client.HTTPSConnection | None = None

    def stays(self) -> bool:
        """Take it anew where the API server has ended the request, as it does after a minute."""
        if self._connection is None or _answers(self._connection):
            self.close()
            self._connection = self._begun()
            poll(
                lambda: answered(self._kubeconfig).status == HTTPStatus.TOO_MANY_REQUESTS,
                "the account's one turn to be taken",
            )
        return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _begun(self) -> http.client.HTTPSConnection:
        connection, token = connected(self._kubeconfig)
        connection.putrequest("POST", f"/api/v1/namespaces/{self._ns}/configmaps")
        connection.putheader("Authorization", f"Bearer {token}")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "2")
        connection.endheaders()
        return connection


def _answers(connection: http.client.HTTPSConnection) -> bool:
    """Whether an answer, or the end of the connection, has come."""
    return bool(select.select([connection.sock], [], [], 0)[0])


def flow_of(kubeconfig: Path) -> str | None:
    """Which FlowSchema an account's requests fall under, as the API server says in its answers."""
    return answered(kubeconfig).getheader("X-Kubernetes-PF-FlowSchema-UID")


def answered(kubeconfig: Path) -> http.client.HTTPResponse:
    """What the API server answers to some request of the account."""
    connection, token = connected(kubeconfig)
    with contextlib.closing(connection):
        connection.request("GET", "/api/v1/nodes", headers={"Authorization": f"Bearer {token}"})
        return connection.getresponse()


def connected(kubeconfig: Path) -> tuple[http.client.HTTPSConnection, str]:
    """A connection to the API server, and the account's token."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
    tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
    host = urlsplit(cluster["server"])
    return http.client.HTTPSConnection(
        host.hostname or "", host.port, timeout=60, context=tls
    ), token


def rejections(plane: Plane, flow: str) -> int:
    """How many requests of that flow the API server has refused, by its own metrics."""
    text = plane.kubectl("get", "--raw", "/metrics")
    counts = re.findall(
        rf'^apiserver_flowcontrol_rejected_requests_total{{flow_schema="{flow}".*}} (\d+)$',
        text,
        re.MULTILINE,
    )
    return sum(int(count) for count in counts)
