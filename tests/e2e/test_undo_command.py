"""The printed Undo, run by a shell with the real kubectl against a real API server."""

from __future__ import annotations

import copy
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.handle import PATIENCE
from tests.cluster.plane import Object, Plane
from watchdog.actions import (
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentResources,
    RemediationAction,
    RolloutUndo,
)
from watchdog.clock import Budget, SystemClock
from watchdog.kube.client import ApiServer
from watchdog.remediation.undo_command import undo_command
from watchdog.remediation.write import read, send
from watchdog.snapshot.refs import ObjectRef

pytestmark = pytest.mark.plane

LABELS = {"app": "ledger"}
HASH = {**LABELS, "pod-template-hash": "6c5d"}
NOTES = {"sre-watchdog/ignore": "true", "example.com/team": "ledger"}
TOKEN = {"name": "TOKEN", "value": 'a "quoted" $(id) `id` $HOME \\ value'}
MAIN = {"name": "main", "image": "busybox:2", "env": [TOKEN]}


def template(labels: dict[str, str], **container: object) -> Object:
    return {"metadata": {"labels": labels}, "spec": {"containers": [{**MAIN, **container}]}}


def made(plane: Plane, namespace: str) -> None:
    """A Deployment and the ReplicaSet of its revision, as its controller would make it."""
    named = {"namespace": namespace, "name": "ledger", "labels": LABELS, "annotations": NOTES}
    spec = {"selector": {"matchLabels": LABELS}, "template": template(LABELS)}
    made = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": named, "spec": spec}
    plane.create(made)
    named = {**named, "name": "ledger-6c5d", "labels": HASH}
    spec = {"selector": {"matchLabels": HASH}, "template": template(HASH)}
    plane.create({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": named, "spec": spec})


def env(target: ObjectRef) -> tuple[RemediationAction, object]:
    action = PatchDeploymentEnv(target=target, container="main", name="REGION")
    return action, {"name": "REGION", "value": "eu-1"}


def image(target: ObjectRef) -> tuple[RemediationAction, object]:
    return PatchDeploymentImage(target=target, container="main", image="busybox:1"), "busybox:1"


def memory(target: ObjectRef) -> tuple[RemediationAction, object]:
    more = PatchDeploymentResources(target=target, container="main", memory_limit="1Gi")
    return more, more.wanted


def rollback(target: ObjectRef) -> tuple[RemediationAction, object]:
    return RolloutUndo(target=target), template(LABELS, image="busybox:1", env=[])


@pytest.mark.parametrize("change", [env, image, memory, rollback])
def test_it_brings_the_template_back_and_keeps_the_annotations(
    change: Callable[[ObjectRef], tuple[RemediationAction, object]], plane: Plane, tmp_path: Path
) -> None:
    (tmp_path / "kubectl").symlink_to(plane.kubectl_command)
    cluster = ApiServer.connect(plane.kubeconfig, None, Budget(PATIENCE, SystemClock()))
    with plane.namespace("e2e-undo") as namespace:
        made(plane, namespace)
        target = ObjectRef(kind="Deployment", namespace=namespace, name="ledger")
        action, value = change(target)
        before = read(cluster, action)
        operations = action.operations(before, value)
        printed = undo_command(action, before, operations, "ab12", "ledger-6c5d")
        sent = send(cluster, action, copy.deepcopy(before), operations)
        assert sent.item is not None
        assert sent.item["spec"] != before["spec"]

        shell = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "KUBECONFIG": str(plane.kubeconfig)}
        done = subprocess.run(
            ["sh", "-c", printed or ""], capture_output=True, text=True, check=False, env=shell
        )

        assert done.returncode == 0, done.stderr
        after = read(cluster, action)
        assert after["spec"] == before["spec"]
        assert after["metadata"]["annotations"] == {**NOTES, "sre-watchdog/taken-back": "ab12"}
        assert TOKEN["value"] not in (printed or "")
