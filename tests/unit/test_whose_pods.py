"""Pods that name a Deployment's ReplicaSet as what made them, and which of them are its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.health_cases import Object, ago, made
from tests.support.object_reader import Objects
from watchdog.observation.collector import observe
from watchdog.observation.label_selectors import label_selector
from watchdog.settings.schema import Settings
from watchdog.snapshot.snapshot import ClusterSnapshot

WEB, HASH = "web-7d9f8c6b5", {"pod-template-hash": "7d9f8c6b5"}


def owned(kind: str, name: str, uid: str) -> list[Object]:
    return [{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": True}]


def template(**labels: str) -> Object:
    one = {"name": "main", "image": "web:1"}
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"containers": [one]}}


def deployment() -> Object:
    selector = {"matchLabels": {"app": "web"}}
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return made(
        "Deployment",
        spec={"replicas": 2, "selector": selector, "template": template()},
        status={"observedGeneration": 2, **dict.fromkeys(counts, 2)},
    )


def replica_set(name: str, **labels: str) -> Object:
    owners = owned("Deployment", "web", "uid-Deployment-web")
    metadata: dict[str, Any] = {"labels": {"app": "web", **labels}, "ownerReferences": owners}
    return made("ReplicaSet", name, metadata=metadata, spec={"template": template(**labels)})


def crashing_pod(uid: str) -> Object:
    """A pod that names the Deployment's ReplicaSet as what made it, by that uid."""
    ended = {"exitCode": 137, "reason": "OOMKilled", "startedAt": ago(100), "finishedAt": ago(90)}
    looping = {
        "name": "main",
        "restartCount": 9,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
    }
    owners = owned("ReplicaSet", WEB, uid)
    return made(
        "Pod",
        f"{WEB}-22222",
        metadata={"labels": {"app": "web", **HASH}, "ownerReferences": owners},
        spec=template()["spec"],
        status={"phase": "Running", "containerStatuses": [looping]},
    )


def seen(*objects: Object) -> ClusterSnapshot:
    cluster = Objects(*objects)
    return observe(cluster, "shop", Settings(), cluster)


@pytest.mark.parametrize(
    ("sets", "uid", "owner"),
    [
        (1, "uid-of-no-one", "Pod/web-7d9f8c6b5-22222"),
        (0, "uid-of-no-one", "Pod/web-7d9f8c6b5-22222"),
        # As many as are its history, and more: anyone may make them.
        (50, "uid-of-no-one", "Pod/web-7d9f8c6b5-22222"),
        (60, "uid-of-no-one", "Pod/web-7d9f8c6b5-22222"),
        (1, f"uid-ReplicaSet-{WEB}", "Deployment/web"),
        (60, f"uid-ReplicaSet-{WEB}", "Deployment/web"),
    ],
)
def test_no_number_of_replica_sets_makes_a_pod_a_deployment_s(
    sets: int, uid: str, owner: str
) -> None:
    own = [replica_set(WEB, **HASH)] if sets else []
    others = [replica_set(f"web-{number}", number=str(number)) for number in range(1, sets)]

    found = seen(deployment(), *own, *others, crashing_pod(uid))

    assert [str(pod.owner) for pod in found.pods] == [owner]


@pytest.mark.parametrize(
    ("selector", "query"),
    [
        ({"matchLabels": {"app": "web"}}, "app=web"),
        ({"app": "web", "tier": "front"}, "app=web,tier=front"),
        # Labels of a ReplicationController, which may be called anything.
        ({"matchLabels": "web"}, "matchLabels=web"),
        ({"app": "web", "matchExpressions": "x"}, "app=web,matchExpressions=x"),
        ({}, ""),
    ],
)
def test_a_selector_is_asked_for_whatever_its_labels_are_called(
    selector: Object, query: str
) -> None:
    assert label_selector(selector) == query
