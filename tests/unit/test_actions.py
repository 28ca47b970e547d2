"""Each action kind: what it accepts, the patch it makes, and how that patch is turned round."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tests.support import policy_samples
from tests.support.policy_samples import LEDGER, live
from watchdog.actions import (
    ACTIONS,
    BY_NAME,
    NAMES,
    Grant,
    PatchDeploymentCommand,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    PatchDeploymentResources,
    RemediationAction,
    RolloutRestart,
    RolloutUndo,
    ScaleDeployment,
)
from watchdog.actions.patch_deployment_image import one_typo_apart, repository
from watchdog.kube import quantity
from watchdog.remediation.json_patch import applied, in_place, inverse

UNION: TypeAdapter[RemediationAction] = TypeAdapter(RemediationAction)
TARGET = LEDGER.model_dump()
HERE: dict[str, Any] = {"target": LEDGER, "container": "main"}


@pytest.mark.parametrize(
    "proposed",
    [
        {"kind": "delete_everything"},
        {"kind": "rollout_undo", "to_revision": 0},
        {"kind": "rollout_undo", "surprise": 1},
        {"kind": "scale_deployment", "replicas": -1},
        {"kind": "scale_deployment", "replicas": True},
        {"kind": "scale_deployment", "replicas": 2.5},
        {"kind": "scale_deployment", "replicas": 10**9},
        {"kind": "patch_deployment_env", "container": "main", "name": "A=B"},
        {"kind": "patch_deployment_env", "container": "main", "name": ""},
        {"kind": "patch_deployment_env", "container": "../main", "name": "A"},
        {"kind": "patch_deployment_resources", "container": "main", "memory_limit": "-1Gi"},
        {"kind": "patch_deployment_resources", "container": "main", "memory_limit": "0"},
        {"kind": "patch_deployment_resources", "container": "main", "cpu_limit": "lots"},
        {"kind": "patch_deployment_image", "container": "main", "image": "a b"},
        {"kind": "patch_deployment_command", "container": "main", "command": "sh"},
        {"kind": "patch_deployment_command", "container": "main", "command": ["sh", "a" * 400]},
        {"kind": "patch_deployment_command", "container": "main", "args": ["a"] * 21},
        {"kind": "patch_deployment_probe", "container": "main", "probe": "readiness", "port": 0},
        {"kind": "patch_deployment_probe", "container": "main", "probe": "readiness", "path": "x"},
        {"kind": "rollout_undo", "target": {**TARGET, "name": "a/../b"}},
        {"kind": "rollout_undo", "target": {**TARGET, "namespace": "Shop; rm"}},
    ],
)
def test_what_makes_no_sense_is_no_action(proposed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UNION.validate_python({"target": TARGET, **proposed})


def test_a_suggested_value_is_not_in_the_report() -> None:
    action = PatchDeploymentEnv.model_validate({**HERE, "name": "REGION", "value": "hush"})

    assert "hush" not in action.model_dump_json() + repr(action) + action.title + str(action.params)


def test_the_names_of_actions_are_known_without_their_classes() -> None:
    assert tuple(BY_NAME) == NAMES
    assert {f"watchdog.actions.{name}" for name in NAMES} == {a.__module__ for a in ACTIONS}


def test_no_action_needs_a_right_on_secrets_or_to_delete() -> None:
    grants = {grant for action in ACTIONS for grant in action.grants}

    assert not [g for g in grants if "secret" in g.resource or g.verb in {"delete", "*", "update"}]
    assert Grant("apps", "deployments", "patch") in grants


PROBE = {"httpGet": {"path": "/old", "port": 80}}
RESOURCES = {("limits", "memory"): "256Mi", ("requests", "cpu"): "1"}
WRITES: list[tuple[RemediationAction, Any]] = [
    (RolloutUndo(target=LEDGER), policy_samples.earlier(image="ghcr.io/shop/ledger:1")),
    (RolloutRestart(target=LEDGER), "2026-03-01T14:03:00+00:00"),
    (PatchDeploymentEnv(**HERE, name="REGION"), {"name": "REGION", "value": "eu"}),
    (PatchDeploymentEnv(**HERE, name="LEVEL"), {"name": "LEVEL", "value": "debug"}),
    (PatchDeploymentResources(**HERE), RESOURCES),
    (PatchDeploymentImage(**HERE, image="x"), "ghcr.io/shop/ledger:1"),
    (PatchDeploymentCommand(**HERE), {"command": None, "args": ["a"]}),
    (PatchDeploymentProbe(**HERE, probe="readiness"), {"readinessProbe": PROBE}),
    (PatchDeploymentProbe(**HERE, probe="all"), {"readinessProbe": {}, "livenessProbe": PROBE}),
    (ScaleDeployment(target=LEDGER, replicas=3), 3),
]


@pytest.mark.parametrize(("action", "value"), WRITES, ids=lambda item: getattr(item, "kind", None))
def test_a_patch_turned_round_restores_exactly_what_was_there(
    action: RemediationAction, value: Any
) -> None:
    before = live()
    operations = action.operations(before, value)
    after = applied(before, operations)

    assert after != before
    assert in_place(after, operations)
    assert not in_place(before, operations)
    assert applied(after, inverse(before, operations)) == before


@pytest.mark.parametrize(("action", "value"), WRITES, ids=lambda item: getattr(item, "kind", None))
def test_what_is_in_place_needs_no_patch(action: RemediationAction, value: Any) -> None:
    after = applied(live(), action.operations(live(), value))

    again = action.operations(after, value)

    assert again == [] or isinstance(action, RolloutRestart)


def test_env_is_added_where_there_was_none() -> None:
    before = live()
    del before["spec"]["template"]["spec"]["containers"][0]["env"]
    action = PatchDeploymentEnv(**HERE, name="REGION")
    entry = {"name": "REGION", "value": "eu"}

    operations = action.operations(before, entry)

    assert applied(before, operations)["spec"]["template"]["spec"]["containers"][0]["env"] == [
        entry
    ]
    assert applied(applied(before, operations), inverse(before, operations)) == before


def test_a_restart_keeps_other_annotations() -> None:
    before = live()
    before["spec"]["template"]["metadata"]["annotations"] = {"a": "b"}

    after = applied(before, RolloutRestart(target=LEDGER).operations(before, "now"))

    assert after["spec"]["template"]["metadata"]["annotations"] == {
        "a": "b",
        "kubectl.kubernetes.io/restartedAt": "now",
    }


def test_resources_keep_what_was_not_asked_for() -> None:
    action = PatchDeploymentResources(**HERE)

    after = applied(live(), action.operations(live(), {("limits", "memory"): "256Mi"}))

    resources = after["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"memory": "256Mi"}, "requests": {"memory": "64Mi"}}


def test_an_init_container_can_be_patched() -> None:
    before = live()
    init = {"name": "setup", "image": "busybox:1.36"}
    before["spec"]["template"]["spec"]["initContainers"] = [init]
    action = PatchDeploymentEnv(target=LEDGER, container="setup", name="A")

    (operation,) = action.operations(before, {"name": "A", "value": "b"})

    assert operation["path"] == "/spec/template/spec/initContainers/0/env"


def test_patches_leave_their_input_alone() -> None:
    before = live()
    kept = copy.deepcopy(before)

    for action, value in WRITES:
        inverse(before, action.operations(before, value))

    assert before == kept


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("nginx", "nginx"),
        ("nginx:1.27", "nginx"),
        ("localhost:5000/a/b:1@sha256:abc", "localhost:5000/a/b"),
        ("localhost:5000/a", "localhost:5000/a"),
    ],
)
def test_the_repository_of_an_image(image: str, name: str) -> None:
    assert repository(image) == name


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1", "1"), ("100m", "0.1"), ("1.5Gi", "1610612736"), ("2k", "2000"), ("1e3", "1000"),
     ("5E", "5E18"), (".5", "0.5"), ("+1Mi", "1048576"), ("3n", "3E-9")],
)  # fmt: skip
def test_quantities_are_read_as_kubernetes_reads_them(text: str, amount: str) -> None:
    assert quantity.parse(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text", ["", "-1", "1x", "1 Gi", "Gi", "1GiB", "0x10", "NaN", "1e", "1,5", "\u0661"]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity.parse(text)


@pytest.mark.parametrize(
    ("amount", "resource", "text"),
    [("268435456", "memory", "256Mi"), ("1000", "memory", "1000"), ("0.25", "cpu", "250m"),
     ("2", "cpu", "2"), ("1073741824", "memory", "1Gi")],
)  # fmt: skip
def test_amounts_are_written_shortly(amount: str, resource: str, text: str) -> None:
    assert quantity.write(Decimal(amount), resource) == text


@pytest.mark.parametrize(
    ("image", "typo", "one"),
    [
        ("busyboxx:1", "busybox:2", True),
        ("busybx", "busybox", True),
        ("busybox", "busyb0x", True),
        ("busyobx", "busybox", True),
        ("ghcr.io/shop/ledgr@sha256:0", "ghcr.io/shop/ledger:1", True),
        ("busybox:1", "busybox:2", False),
        ("busybox-x", "busybox", False),
        ("nginx", "busybox", False),
        ("docker.io/busyboxx", "evil.io/busybox", False),
        ("shop/ledger", "shopp/ledger", False),
    ],
)
def test_one_letter_of_the_last_part_of_a_name_is_a_typo(image: str, typo: str, one: bool) -> None:
    assert one_typo_apart(image, typo) is one
    assert one_typo_apart(typo, image) is one
