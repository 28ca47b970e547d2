"""On a real API server without a node: what a healthy pass costs, and Tables against full lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.cluster.plane import Object, Plane
from tests.cluster_fixtures import run_watchdog
from tests.proxy import Proxy
from tests.wire import verb_and_resource
from tests.wire_model import ModelServer, completion
from tests.written import (
    LONG_AGO,
    NOT_READY,
    TRUE,
    ago,
    container,
    deployment,
    ended,
    pod,
    replica_set,
    restarted,
    template,
    waiting,
)
from watchdog.clock import Budget, SystemClock
from watchdog.kube import Cluster
from watchdog.observation.looking import Looking
from watchdog.observation.triage import TRIAGED, Suspect, glance
from watchdog.sandbox import Request
from watchdog.settings import Settings

pytestmark = pytest.mark.plane

DEPLOYMENTS, PODS_EACH = 50, 10


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
            env={"SRE_AGENT_OBSERVE__PAGE_SIZE": "8"},
        )  # fmt: skip

    assert '"pods": 45' in done.stdout
    # 8, and once they came as cells four times as many: 32, and the last 5.
    assert proxy.asked.count(("list", "pods")) == 3


def test_tables_and_full_lists_give_the_same_suspects(plane: Plane, proxy: Proxy) -> None:
    def without_tables(request: Request) -> None:
        request.headers["accept"] = "application/json"

    with plane.namespace("e2e-tables") as ns:
        plane.create_many(pod(ns, name, **parts) for name, parts in STATES.items())
        plane.create_many(workloads(ns))
        leaving = f"/api/v1/namespaces/{ns}/pods/{LEAVING}"
        plane.api.request("DELETE", leaving)
        by_table = suspects(proxy, ns)
        assert any("as=Table" in request.headers["accept"] for request in proxy.requests)
        proxy.before = without_tables
        by_list = suspects(proxy, ns)
        let_go(plane, leaving)

    assert by_table == by_list
    named = {suspect.name for suspect in by_table.values()}
    assert {name for name in STATES if not name.startswith("well-")} <= named
    sick = {"short-deployment", "short-stateful", "short-daemon", "failed-job", "overdue-hourly"}
    assert sick | {"never-due", "unbound"} <= named
    assert not {name for name in named if name.startswith("well-")}


def test_a_pass_lists_each_triaged_kind_as_a_table_of_cells_only(
    plane: Plane, proxy: Proxy
) -> None:
    with plane.namespace("e2e-cells") as ns:
        run_watchdog("run", "-n", ns, kubeconfig=proxy.kubeconfig)

    tables = [r for r in proxy.requests if "as=Table" in r.headers.get("accept", "")]
    assert all(request.query["includeObject"] == "None" for request in tables)
    asked = {verb_and_resource(request)[1] for request in tables}
    assert {resource.plural for resource in TRIAGED} <= asked


def let_go(plane: Plane, path: str) -> None:
    """Takes the finalizers away, or the namespace could never go."""
    held = plane.api.request("GET", path)
    plane.api.request("PUT", path, {**held, "metadata": {**held["metadata"], "finalizers": []}})


def suspects(proxy: Proxy, ns: str) -> dict[str, Suspect]:
    cluster = Cluster.connect(proxy.kubeconfig, None, Budget(60, SystemClock()))
    looking = Looking()
    seen = glance(cluster, ns, Settings(), looking, datetime.now(UTC))
    assert looking.blind_spots == []
    return {f"{each.resource.kind}/{each.name}": each for each in seen.suspects}


def populate(plane: Plane, ns: str) -> None:
    """Deployments with their ReplicaSets and pods, all complete and ready for nine days."""
    apps = plane.create_many(deployment(ns, f"app-{number}") for number in range(DEPLOYMENTS))
    sets = plane.create_many(replica_set(ns, app) for app in apps)
    plane.create_many(
        pod(ns, f"{each['metadata']['name']}-{number:05}", owner=each)
        for each in sets
        for number in range(PODS_EACH)
    )


WITH_INIT = {"initContainers": [{"name": "first", "image": "web:1"}]}
WITH_SIDECAR = {"initContainers": [{"name": "proxy", "image": "web:1", "restartPolicy": "Always"}]}
LEAVING = "leaving"
STATES: dict[str, dict[str, Any]] = {
    "well-running": {},
    "well-completed": {
        "status": {
            "phase": "Succeeded",
            "containerStatuses": [container(ended(0, "Completed"))],
            "conditions": NOT_READY,
        }
    },
    "well-restarted-long-ago": restarted(ago(days=2)),
    "well-with-sidecar": {
        "spec": WITH_SIDECAR,
        "status": {
            "initContainerStatuses": [container({"running": {"startedAt": LONG_AGO}}, "proxy")]
        },
    },
    "restarted-lately": restarted(ago(minutes=5)),
    "running-not-ready": {
        "status": {
            "containerStatuses": [container({"running": {"startedAt": LONG_AGO}}, ready=False)],
            "conditions": NOT_READY,
        }
    },
    "crash-loop": waiting("CrashLoopBackOff", restartCount=7, lastState=ended(1, "Error")),
    "image-pull": waiting("ImagePullBackOff"),
    "config-missing": waiting("CreateContainerConfigError"),
    "creating": waiting("ContainerCreating"),
    "unknown-reason": waiting("SomethingOfTheFuture"),
    "pending": {"status": {"phase": "Pending", "containerStatuses": [], "conditions": NOT_READY}},
    "failed": {
        "status": {
            "phase": "Failed",
            "containerStatuses": [container(ended(3, "Error"))],
            "conditions": NOT_READY,
        }
    },
    "killed": {
        "status": {
            "phase": "Failed",
            "containerStatuses": [container(ended(137, "OOMKilled"))],
            "conditions": NOT_READY,
        }
    },
    "evicted": {
        "status": {
            "phase": "Failed",
            "reason": "Evicted",
            "message": "The node was low on resource: memory.",
            "containerStatuses": [],
            "conditions": NOT_READY,
        }
    },
    "init-crash-loop": {
        "spec": WITH_INIT,
        **waiting("PodInitializing"),
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [
                container({"waiting": {"reason": "CrashLoopBackOff"}}, "first", restartCount=4)
            ],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    },
    "init-failed": {
        "spec": WITH_INIT,
        "status": {
            "phase": "Failed",
            "initContainerStatuses": [container(ended(2, "Error"), "first")],
            "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            "conditions": NOT_READY,
        },
    },
    "sidecar-down": {
        "spec": WITH_SIDECAR,
        "status": {
            "initContainerStatuses": [
                container({"waiting": {"reason": "CrashLoopBackOff"}}, "proxy", restartCount=4)
            ],
            "conditions": NOT_READY,
        },
    },
    "behind-a-gate": {
        "spec": {"readinessGates": [{"conditionType": "shop.example/ready"}]},
        "status": {"conditions": NOT_READY},
    },
    "signalled": {
        "status": {
            "phase": "Failed",
            "containerStatuses": [
                container({"terminated": {"exitCode": 139, "signal": 11, "finishedAt": LONG_AGO}})
            ],
            "conditions": NOT_READY,
        }
    },
    "ended-without-a-reason": {
        "status": {
            "phase": "Running",
            "containerStatuses": [
                container({"terminated": {"exitCode": 2, "finishedAt": LONG_AGO}})
            ],
            "conditions": NOT_READY,
        }
    },
    "half-completed": {
        "spec": {"containers": [{"name": name, "image": "web:1"} for name in ("main", "side")]},
        "status": {
            "containerStatuses": [
                container(ended(0, "Completed")),
                container({"running": {"startedAt": LONG_AGO}}, "side"),
            ],
            "conditions": NOT_READY,
        },
    },
    "node-lost": {"status": {"phase": "Unknown", "reason": "NodeLost", "conditions": NOT_READY}},
    "waiting-for-its-gate": {
        "spec": {"schedulingGates": [{"name": "shop.example/gate"}]},
        "status": {
            "phase": "Pending",
            "containerStatuses": [],
            "conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
            ],
        },
    },
    LEAVING: {"metadata": {"finalizers": ["shop.example/kept"]}},
}


def workloads(ns: str) -> Iterator[Object]:
    yield deployment(ns, "well-deployment", wanted=2, ready=2)
    yield deployment(ns, "short-deployment", wanted=2, ready=1)
    yield deployment(ns, "well-at-zero", wanted=0, ready=0)
    yield stateful_set(ns, "well-stateful", ready=2)
    yield stateful_set(ns, "short-stateful", ready=1)
    yield daemon_set(ns, "well-daemon", ready=3)
    yield daemon_set(ns, "short-daemon", ready=2)
    for name, condition in JOB_CONDITIONS.items():
        yield job(ns, name, condition)
    yield cron_job(ns, "well-hourly", "0 * * * *", ran=ago(minutes=30))
    yield cron_job(ns, "well-suspended", "0 * * * *", ran=ago(days=3), suspend=True)
    yield cron_job(ns, "overdue-hourly", "0 * * * *", ran=ago(days=3))
    yield cron_job(ns, "never-due", "0 0 30 2 *")
    yield {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "unbound", "namespace": ns},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


JOB_CONDITIONS = {
    "well-complete": ("SuccessCriteriaMet", "Complete"),
    "failed-job": ("FailureTarget", "Failed"),
    "well-suspended-job": ("Suspended",),
    "running-without-pods": (),
}


def stateful_set(ns: str, name: str, ready: int) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": ns},
        "spec": {
            "replicas": 2,
            "serviceName": name,
            "selector": {"matchLabels": {"app": name}},
            "template": template(name),
        },
        "status": {"observedGeneration": 1, "replicas": 2, "readyReplicas": ready},
    }


def daemon_set(ns: str, name: str, ready: int) -> Object:
    wanted = dict.fromkeys(
        ("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled"), 3
    )
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": ns},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(name)},
        "status": {**wanted, "numberMisscheduled": 0, "numberReady": ready, "numberAvailable": 3},
    }


def job(ns: str, name: str, conditions: tuple[str, ...]) -> Object:
    status: Object = {"startTime": LONG_AGO}
    status["conditions"] = [{"type": kind, **TRUE, "reason": "Test"} for kind in conditions]
    if "Complete" in conditions:
        status |= {"completionTime": LONG_AGO, "succeeded": 1}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": ns},
        "spec": {"suspend": "Suspended" in conditions, "template": once(name)},
        "status": status,
    }


def cron_job(ns: str, name: str, schedule: str, ran: str = "", *, suspend: bool = False) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": ns},
        "spec": {
            "schedule": schedule,
            "suspend": suspend,
            "jobTemplate": {"spec": {"template": once(name)}},
        },
        "status": {"lastScheduleTime": ran} if ran else {},
    }


def once(name: str) -> Object:
    made = template(name)
    made["spec"]["restartPolicy"] = "Never"
    return {"spec": made["spec"]}
