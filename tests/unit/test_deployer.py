"""What deploys a workload shows in what it does, and what it would put back is left to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import deployment
from tests.support.owner_marks import OWNERS, manager
from tests.support.policy_samples import (
    EVICT,
    UNDO,
    context,
    finding,
    live,
    planned,
    seen,
    snapshot,
)
from watchdog.actions import RolloutUndo
from watchdog.detection.kind import Advice
from watchdog.detection.rollback import permanent, run_again
from watchdog.diagnosis.owner_advice import for_the_owner, going_back
from watchdog.observation.deployer import deployer, kind_with_group
from watchdog.observation.translate import deployment as summary
from watchdog.policy.policy import judge
from watchdog.snapshot.deployer import TABLE, Tool, conduct, where
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.redact import Redactor

RELEASE = {"annotations": {"meta.helm.sh/release-name": "shop"}}
APPLIED = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
APPLIED_BY_HAND = {"annotations": APPLIED}
UNDONE = "kubectl -n shop rollout undo deployment/web --to-revision=6"
NO_SPEC: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:example.com/seen": {}}}}


@pytest.mark.parametrize("owner", OWNERS)
def test_an_owner_that_reconciles_is_left_alone_and_named(owner: str) -> None:
    metadata, named = OWNERS[owner]
    observed = summary(deployment(metadata=metadata), Redactor())

    planned_only = judge(UNDO, context(**seen(managed_by=observed.managed_by)))
    item = live()
    item["metadata"] |= metadata
    as_it_is_now = judge(UNDO, planned(UNDO, item))

    assert str(observed.managed_by) == named
    for verdict in (planned_only, as_it_is_now):
        assert verdict.decision == "refuse"
        assert verdict.rule.startswith("managed_by_")
        assert named in verdict.reason
        assert "change it" in verdict.reason
    assert named in where(observed.managed_by)


def test_a_pod_of_a_workload_that_a_tool_deploys_may_still_be_replaced() -> None:
    owner = deployer({"metadata": OWNERS["an operator"].metadata})

    assert judge(EVICT, context(**seen(managed_by=owner))).decision == "allow"


@pytest.mark.parametrize(
    ("metadata", "tool"),
    [
        ({**RELEASE, "managedFields": [manager("helm", "Update")]}, "helm"),
        ({**RELEASE, "managedFields": [manager("helm")]}, "helm_server_side"),
        ({**RELEASE, "managedFields": [manager("helm4")]}, "helm_server_side"),
        ({"annotations": APPLIED}, "kubectl"),
        ({"managedFields": [manager("kubectl-client-side-apply", "Update")]}, "kubectl"),
        ({"managedFields": [manager("kubectl")]}, "kubectl_server_side"),
        ({"managedFields": [manager("kubectl-create", "Update")]}, None),
        ({"managedFields": [manager("annotator", "Apply", NO_SPEC)]}, None),
        ({"managedFields": [{**manager("autoscaler"), "subresource": "scale"}]}, None),
        ({"managedFields": [manager("sre-watchdog", "Update")]}, None),
        ({"ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}]}, None),
        ({"labels": {"app.kubernetes.io/instance": "shop"}}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_what_a_person_or_a_pipeline_deploys_may_be_changed(
    metadata: dict[str, Any], tool: Tool | None
) -> None:
    found = deployer({"metadata": metadata})

    assert (found.tool if found else None) == tool
    assert not conduct(found).left_alone


def test_names_that_tenants_chose_cannot_break_a_line() -> None:
    owner = {"apiVersion": "x.io/v1", "kind": "A\n# B", "name": "c`d", "controller": True}

    found = deployer({"metadata": {"ownerReferences": [owner]}})

    assert str(found) == "A_B.x.io/c_d"


@pytest.mark.parametrize(
    ("api_version", "kind", "shown"),
    [
        ("batch/v1", "Job", "Job"),
        ("batch.volcano.sh/v1alpha1", "Job", "Job.batch.volcano.sh"),
        ("apps/v1", "StatefulSet", "StatefulSet"),
        ("apps.kruise.io/v1beta1", "StatefulSet", "StatefulSet.apps.kruise.io"),
        ("v1", "ReplicationController", "ReplicationController"),
        ("core.strimzi.io/v1beta2", "StrimziPodSet", "StrimziPodSet.core.strimzi.io"),
    ],
)
def test_kinds_are_told_apart_by_their_group(api_version: str, kind: str, shown: str) -> None:
    assert kind_with_group({"apiVersion": api_version, "kind": kind}) == shown


def test_the_table_says_for_every_tool_where_a_change_lasts() -> None:
    assert all(row.where for row in TABLE.values())
    assert {row.by_hand for row in TABLE.values() if row.left_alone} == {"put_back"}


@pytest.mark.parametrize(
    ("metadata", "command", "words"),
    [
        ({}, True, ""),
        ({**RELEASE, "managedFields": [manager("helm", "Update")]}, False, "the next upgrade may"),
        (
            {**RELEASE, "managedFields": [manager("helm")]},
            False,
            "the next deploy would be refused",
        ),
        ({"managedFields": [manager("kubectl")]}, False, "the next deploy would be refused"),
        (
            OWNERS["an operator"].metadata,
            False,
            "/front, which makes it, not with kubectl: that is",
        ),
    ],
)
def test_a_command_is_advised_only_where_its_change_stands(
    metadata: dict[str, Any], *, command: bool, words: str
) -> None:
    workload = summary(deployment("web", metadata=metadata), Redactor())
    asked = "kubectl -n shop set env deployment/web -c main 'REGION=<value>'"

    given = for_the_owner(Advice("Do it.", asked), workload)

    assert (given.command == asked) == command
    assert words in given.text


def test_for_a_helm_release_the_command_shows_its_values() -> None:
    workload = summary(deployment("web", metadata=RELEASE), Redactor())

    given = for_the_owner(Advice("Do it.", "kubectl -n shop edit deployment/web"), workload)

    assert given.command == "helm -n shop get values shop"
    assert "in the values of Helm release shop, not with kubectl" in given.text


@pytest.mark.parametrize(
    ("metadata", "words", "command"),
    [
        ({}, "Take Deployment/web back to revision 6, which was available.", UNDONE),
        (APPLIED_BY_HAND, "Take Deployment/web back to revision 6, which was available.", UNDONE),
        (
            {"managedFields": [manager("kubectl")]},
            "which was available: change it in the manifest it is applied from.",
            None,
        ),
        (RELEASE, "Roll Helm release shop back to the release", "helm -n shop history shop"),
        (OWNERS["an operator"].metadata, "available: change it in ", None),
    ],
)
def test_going_back_is_advised_as_the_tool_that_deploys_does_it(
    metadata: dict[str, Any], words: str, command: str | None
) -> None:
    workload = summary(deployment("web", metadata=metadata), Redactor())

    given = going_back(RolloutUndo(target=workload.ref, to_revision=6), workload)

    assert words in given.text
    assert given.command == command


@pytest.mark.parametrize(
    "command", ["kubectl -n shop logs web-1", "kubectl -n shop edit ingress web"]
)
def test_a_command_that_leaves_the_workload_as_it_is_stays(command: str) -> None:
    metadata = OWNERS["an operator"].metadata
    workload = summary(deployment("web", metadata=metadata), Redactor())

    assert for_the_owner(Advice("Look.", command), workload) == Advice("Look.", command)


def test_an_owner_that_is_not_read_is_named_and_nothing_is_to_be_created_again() -> None:
    broker = ObjectRef(kind="StrimziPodSet.core.strimzi.io", namespace="shop", name="broker")

    said = permanent(broker, snapshot(), "REGION")

    assert said == (
        "Put REGION into StrimziPodSet.core.strimzi.io/broker, which makes its pods, "
        "so that every deploy has it."
    )
    assert run_again(finding(target=broker), snapshot()) == ""
