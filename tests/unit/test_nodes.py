"""The pods of a node that fails are one problem, and nothing is changed because of it."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from tests.support.controller_objects import HASH, deployment, pod, replica_set
from tests.support.object_reader import NOW, Objects
from tests.support.report_samples import finding, ref, report
from watchdog.diagnosis.rules import detect, rules_diagnosis
from watchdog.errors import ForbiddenError
from watchdog.failures import KINDS
from watchdog.kube.ports import Listing
from watchdog.kube.resources import NODES, Resource
from watchdog.model.report import NamespaceReport
from watchdog.observation.collector import observe
from watchdog.report.html import render_html
from watchdog.report.markdown import render_markdown
from watchdog.report.text import plain_text
from watchdog.settings.schema import Settings

Object = dict[str, Any]
LONG = (NOW - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
STOPPED = "Kubelet stopped posting node status."


def shop(app: str, *, waiting: str = "", node: str = "worker-3") -> list[Object]:
    """A Deployment whose only pod is on that node and not ready."""
    made = deployment("shop", app, 1, 0)
    made["metadata"]["uid"] = f"uid-{app}"
    made["status"]["conditions"] = [
        {"type": "Available", "status": "False", "lastTransitionTime": LONG}
    ]
    owner = replica_set("shop", made)
    owner["metadata"]["uid"] = f"uid-{app}-rs"
    state: Object = (
        {"waiting": {"reason": waiting}} if waiting else {"running": {"startedAt": LONG}}
    )
    container = {"name": "main", "ready": not waiting, "restartCount": 9 if waiting else 0}
    status = {
        "phase": "Running",
        "startTime": LONG,
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": LONG}],
        "containerStatuses": [{**container, "state": state}],
    }
    one = pod("shop", f"{app}-{HASH}-x2k4p", owner, spec={"nodeName": node}, status=status)
    for each in (made, owner, one):
        each["metadata"]["creationTimestamp"] = LONG
    return [made, owner, one]


def worker(name: str = "worker-3", **conditions: str) -> Object:
    listed = [
        {"type": type_, "status": status, "lastTransitionTime": LONG, "message": STOPPED}
        for type_, status in conditions.items()
    ]
    return {"kind": "Node", "metadata": {"name": name}, "status": {"conditions": listed}}


def diagnosed(*objects: Object, cluster: Objects | None = None) -> Any:
    cluster = cluster or Objects(*objects)
    snapshot = observe(cluster, "shop", Settings(), cluster)
    findings = detect(snapshot, KINDS)
    return findings, rules_diagnosis(snapshot, findings, KINDS)


@pytest.mark.parametrize(
    ("node", "cause"),
    [
        ([worker(Ready="Unknown")], "node worker-3 is not ready"),
        ([worker(Ready="False")], "node worker-3 is not ready"),
        ([worker(Ready="True", MemoryPressure="True")], "node worker-3 has MemoryPressure"),
        ([worker("worker-4", Ready="True")], "node worker-3 is gone"),
    ],
)
def test_all_that_is_on_a_failing_node_is_one_problem_named_after_it(
    node: list[Object], cause: str
) -> None:
    findings, diagnosis = diagnosed(*shop("cart"), *shop("web"), *node)

    assert {finding.target.name for finding in findings} == {"cart", "web"}
    assert {finding.cause.what for finding in findings} == {cause}
    assert diagnosis.summary == f"1 problem: {cause} (2 workloads)"
    assert "worker-3" in diagnosis.root_cause
    assert {action.kind for action in diagnosis.remediation_actions} == {"custom_instruction"}
    assert all(finding.origin == "outside" for finding in findings)


def test_what_fails_by_itself_is_not_put_down_to_its_node() -> None:
    findings, _ = diagnosed(*shop("cart", waiting="CrashLoopBackOff"), worker(Ready="Unknown"))

    assert len(findings) == 1
    assert findings[0].cause is None
    assert findings[0].origin == "workload"


def test_a_node_that_is_well_explains_nothing() -> None:
    findings, _ = diagnosed(*shop("cart"), worker(Ready="True"))

    assert [finding.kind for finding in findings] == ["unhealthy_workload"]
    assert findings[0].cause is None


def test_pods_on_two_nodes_are_not_put_down_to_the_one_that_fails() -> None:
    here, there = shop("cart"), shop("cart", node="worker-4")
    there[2]["metadata"]["name"] = f"cart-{HASH}-zzzzz"

    findings, _ = diagnosed(
        *here, there[2], worker(Ready="False"), worker("worker-4", Ready="True")
    )

    assert findings
    assert all("node" not in str(finding.facts.get("cause")) for finding in findings)


def test_where_no_node_is_to_be_seen_none_is_called_gone() -> None:
    findings, _ = diagnosed(*shop("cart"))

    assert [finding.cause for finding in findings] == [None]


def test_without_the_right_to_read_nodes_all_is_as_it_was() -> None:
    class NoNodes(Objects):
        def list(self, resource: Resource, namespace: str, **more: Any) -> Listing:
            if resource == NODES:
                raise ForbiddenError("cannot list nodes", 403)
            return super().list(resource, namespace, **more)

    objects = (*shop("cart"), worker(Ready="False"))
    cluster = NoNodes(*objects)
    snapshot = observe(cluster, "shop", Settings(), cluster)

    assert snapshot.nodes == ()
    assert snapshot.blind_spots == ()
    assert [finding.kind for finding in detect(snapshot, KINDS)] == ["unhealthy_workload"]


def test_a_pod_that_no_node_takes_is_put_down_to_the_cordon() -> None:
    made = shop("cart")
    made[2]["spec"].pop("nodeName")
    said = "0/1 nodes are available: 1 node(s) were unschedulable."
    made[2]["status"] = {
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said}
        ],
    }
    cordoned = worker(Ready="True")
    cordoned["spec"] = {"unschedulable": True}

    findings, diagnosis = diagnosed(*made, cordoned)

    assert [finding.kind for finding in findings] == ["unschedulable"]
    assert diagnosis.root_cause.startswith("Node worker-3 is cordoned")
    assert diagnosis.remediation_actions[0].command == "kubectl uncordon worker-3"


def test_a_node_that_fails_in_several_namespaces_is_said_once_at_the_head_of_each_view() -> None:
    cause = "node worker-3 is not ready"
    names = [f"team-{number}" for number in range(7)]
    parts = [
        NamespaceReport(
            namespace=name,
            findings=(
                finding(
                    target=ref(namespace=name),
                    facts={"cause": cause, "node": "worker-3", "node_state": "not_ready"},
                ),
            ),
        )
        for name in names
    ]
    said = (
        "One cause in 7 namespaces: node worker-3 is not ready "
        "(team-0, team-1, team-2, team-3, team-4 and 2 more)."
    )

    many = report(*parts)
    assert plain_text(many, width=200).startswith(f"{said}\n")
    assert render_markdown(many).startswith("**One cause in 7 namespaces: node worker")
    assert said in render_html(many)
    assert "One cause" not in plain_text(report(parts[0]), width=200)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (worker(Ready="False"), "Node worker-3 has not been ready for 30 min"),
        (worker(Ready="True", MemoryPressure="True"), "Node worker-3 has had MemoryPressure for"),
    ],
)
def test_how_long_a_node_fails_is_said_of_the_time_until_now(node: Object, said: str) -> None:
    _, diagnosis = diagnosed(*shop("cart"), node)

    assert said in diagnosis.root_cause


def test_several_pods_on_a_node_that_fails_are_several() -> None:
    first = shop("cart")
    second = copy.deepcopy(first[2])
    second["metadata"] |= {"name": f"cart-{HASH}-zzzzz", "uid": "2"}

    _, diagnosis = diagnosed(*first, second, worker(Ready="False"))

    assert f"and pods cart-{HASH}-" in diagnosis.root_cause
    assert diagnosis.root_cause.endswith("are on it.")


def moment(**before: float) -> str:
    return (NOW - timedelta(**before)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(("unready", "found"), [(320, ["unhealthy_workload"]), (8, [])])
def test_pods_that_are_deleted_with_their_node_are_missed_until_they_are_replaced(
    unready: float, found: list[str]
) -> None:
    """After five minutes the pods of a dead node are deleted, which says nothing of an end."""
    labels = {"app": "ledger"}
    template: Object = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "ledger:1"}]},
    }
    changed = {
        "manager": "kube-controller-manager",
        "operation": "Update",
        "subresource": "status",
        "time": moment(seconds=8),
    }
    owner: Object = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": "ledger",
            "namespace": "shop",
            "uid": "uid-ledger",
            "generation": 1,
            "creationTimestamp": LONG,
            "managedFields": [changed],
        },
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
        "status": {"observedGeneration": 1, "replicas": 2, "readyReplicas": 1},
    }
    condition = {"type": "Ready", "status": "False", "lastTransitionTime": moment(seconds=unready)}
    running = {"name": "main", "ready": True, "restartCount": 0, "state": {"running": {}}}
    status = {"phase": "Running", "conditions": [condition], "containerStatuses": [running]}
    lost = pod("shop", "ledger-0", owner, spec={"nodeName": "worker-3"}, status=status)
    lost["metadata"] |= {"creationTimestamp": LONG, "deletionTimestamp": moment(seconds=7)}

    findings, diagnosis = diagnosed(owner, lost, worker(Ready="Unknown"))

    assert [finding.kind for finding in findings] == found
    assert ("Node worker-3" in (diagnosis.root_cause or "")) is bool(found)
