"""A pod of a StatefulSet's earlier revision is deleted only if that revision is what holds it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import Json, meta, template
from watchdog.actions import DeletePod
from watchdog.diagnosis.rules import detect, rules_fix
from watchdog.examples.builders import ago, crashing, log, pod, ref, running, snapshot_of, spec
from watchdog.failures import KINDS
from watchdog.observation import translate
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.workloads import ContainerState, StatefulSetSummary
from watchdog.text.redact import Redactor

NEW = PodTemplate(containers=(spec(image="shop/db:2"),))


def proposed(
    state: ContainerState,
    text: str = "ValueError: page 7 is corrupt",
    *,
    ordinal: int = 0,
    unready: float = 600,
    **how: Any,
) -> tuple[set[str], bool]:
    """The kinds found of a pod of the earlier revision, and whether it would be deleted."""
    db = StatefulSetSummary(ref=ref("StatefulSet", "db"), desired=3, ready=2, template=NEW, **how)
    name = f"db-{ordinal}"
    condition = Condition(type="Ready", status="False", since=ago(unready))
    old = pod(
        state,
        ref=ref("Pod", name),
        owner=db.ref,
        replica_set=None,
        created_at=ago(605),
        conditions=(condition,),
    )
    seen = snapshot_of(db, old, log(text, name, previous=state.state != "running"))
    found = detect(seen, KINDS)
    fixes = [rules_fix(each, seen, KINDS) for each in found]
    return {each.kind for each in found}, any(isinstance(fix, DeletePod) for fix in fixes)


def test_broken_pod_of_the_earlier_revision_is_deleted() -> None:
    assert proposed(crashing()) == ({"statefulset_stuck"}, True)
    assert proposed(running(ready=False), "loading") == ({"statefulset_stuck"}, True)
    assert proposed(crashing(), ordinal=2, partition=2) == ({"statefulset_stuck"}, True)


@pytest.mark.parametrize(
    ("ordinal", "how"),
    [(0, {"on_delete": True}), (2, {"on_delete": True}), (0, {"partition": 1})],
)
def test_pod_that_its_owner_keeps_at_the_earlier_revision_is_told_and_left(
    ordinal: int, how: dict[str, Any]
) -> None:
    assert proposed(crashing(), ordinal=ordinal, **how) == ({"crash_app_error"}, False)


@pytest.mark.parametrize(
    "text",
    [
        "dial tcp 10.0.0.1:2379: connect: connection refused",
        "FATAL: the database system is shutting down",
        "redis is not available, exiting",
    ],
)
def test_pod_of_the_earlier_revision_is_left_during_an_outage(text: str) -> None:
    found, deleted = proposed(crashing(), text)

    assert found
    assert "statefulset_stuck" not in found
    assert not deleted


@pytest.mark.parametrize(("unready", "deleted"), [(600, True), (520, True), (300, False)])
def test_pod_that_was_ready_before_is_left(unready: float, *, deleted: bool) -> None:
    assert proposed(running(ready=False), "loading", unready=unready)[1] is deleted


@pytest.mark.parametrize(
    ("strategy", "on_delete", "partition"),
    [
        (None, False, 0),
        ({"type": "RollingUpdate"}, False, 0),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}, False, 2),
        ({"type": "OnDelete"}, True, 0),
    ],
)
def test_how_a_stateful_set_is_updated_is_read(
    strategy: Json | None, *, on_delete: bool, partition: int
) -> None:
    made: Json = {"metadata": meta("db"), "spec": {"replicas": 3, "template": template()}}
    if strategy is not None:
        made["spec"]["updateStrategy"] = strategy
    seen = translate.stateful_set(made, Redactor())

    assert (seen.on_delete, seen.partition) == (on_delete, partition)
