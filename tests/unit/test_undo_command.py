"""The printed Undo: one patch that keeps annotations and shows no value that may be secret."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from typing import Any

import pytest

from tests.support.policy_samples import HERE, NOW, UNDO, env, live, resources, scale, seen
from watchdog.actions import PatchDeploymentImage, RemediationAction
from watchdog.incidents.attempt_history import Mark
from watchdog.policy.retries import taken_back
from watchdog.remediation.json_patch import applied
from watchdog.remediation.undo_command import undo_command
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import DeploymentSummary, RevisionSummary

IMAGE = PatchDeploymentImage.model_validate({**HERE, "image": "ghcr.io/shop/ledger:1"})
REGION = {"name": "REGION", "value": "s3cret"}
NO_ENV: dict[str, Any] = {"env": []}
MEMORY = resources(memory_limit="1Gi")
MARK = Mark("ab12", NOW, 1, revision=6)


def command(action: RemediationAction, item: dict[str, Any], value: Any) -> str:
    printed = undo_command(action, item, action.operations(item, value), "ab12", "ledger-b")
    assert printed is not None
    return printed


@pytest.mark.parametrize(
    ("action", "item", "value"),
    [
        (env(), live(), REGION),
        (env(), live(**NO_ENV), REGION),
        (IMAGE, live(), "ghcr.io/shop/ledger:1"),
        (MEMORY, live(), MEMORY.wanted),
        (MEMORY, live(resources={}), MEMORY.wanted),
    ],
)
def test_the_patch_brings_the_template_back_and_leaves_its_id(
    action: RemediationAction, item: dict[str, Any], value: Any
) -> None:
    item["metadata"]["annotations"]["sre-watchdog/ignore"] = "true"
    changed = applied(item, action.operations(item, value))

    words = shlex.split(command(action, item, value))
    back = applied(changed, json.loads(words[-1]))

    assert words[:6] == ["kubectl", "-n", "shop", "patch", "deployment", "ledger"]
    assert back["spec"] == item["spec"]
    assert back["metadata"]["annotations"] == {
        **item["metadata"]["annotations"],
        "sre-watchdog/taken-back": "ab12",
    }
    assert "s3cret" not in words[-1]


@pytest.mark.parametrize("action", [UNDO, env("LEVEL")])
def test_a_template_that_may_hold_secrets_is_read_while_the_command_runs(
    action: RemediationAction,
) -> None:
    value: dict[str, Any] = {"name": "LEVEL", "value": "x"}
    if action == UNDO:
        value = {"metadata": {}, "spec": {}}

    printed = command(action, live(), value)

    assert "$(kubectl -n shop get replicaset ledger-b -o 'jsonpath={.spec.template}')" in printed
    assert "info" not in printed


def test_without_a_history_there_is_no_command_for_a_whole_template() -> None:
    item = live()
    item["spec"]["revisionHistoryLimit"] = 0

    assert undo_command(UNDO, item, UNDO.operations(item, {}), "ab12", "ledger-b") is None
    assert undo_command(UNDO, live(), UNDO.operations(live(), {}), "ab12", "$(evil)") is None


def test_a_number_of_replicas_has_a_command_of_its_own() -> None:
    printed = command(scale(3), live(), None)

    assert printed == "kubectl -n shop scale deployment/ledger --replicas=2"


def one(**changes: Any) -> DeploymentSummary:
    snapshot = seen(**changes)["snapshot"]
    assert isinstance(snapshot, ClusterSnapshot)
    found: DeploymentSummary = snapshot.deployments[0]
    return found


def history(current: int, *earlier: int, mark: str = "") -> tuple[RevisionSummary, ...]:
    return (
        RevisionSummary(revision=current, replica_set="ledger-b", current=True, earlier=earlier),
        RevisionSummary(revision=7, replica_set="ledger-c", mark=mark),
    )


ONLY_MARKED = {"sre-watchdog/attempts": MARK.text()}
OLDER = {"sre-watchdog/attempts": Mark("0001", NOW - timedelta(days=9), 1, revision=2).text()}
OF_ANOTHER = {**ONLY_MARKED, "sre-watchdog/taken-back": "cd34"}
LEFT = {"sre-watchdog/attempts": MARK.text(), "sre-watchdog/taken-back": "ab12"}


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"annotations": LEFT, "revisions": history(8, 6)}, True),
        ({"annotations": LEFT, "revisions": history(9)}, False),
        ({"annotations": LEFT, "revisions": history(7)}, False),
        (
            {
                "annotations": {**LEFT, "sre-watchdog/taken-back": "cd34"},
                "revisions": history(8, 6),
            },
            False,
        ),
        (
            {"annotations": {"sre-watchdog/attempts": MARK.text()}, "revisions": history(8, 6)},
            False,
        ),
        ({"revisions": history(8, 6, mark=MARK.text())}, True),
        ({"revisions": history(8, mark=MARK.text())}, False),
        ({"annotations": OLDER, "revisions": history(8, 6, mark=MARK.text())}, True),
        ({"annotations": ONLY_MARKED, "revisions": history(8, 6, mark=MARK.text())}, False),
        ({"annotations": {"sre-watchdog/attempts": "{"}, "revisions": history(8, 6)}, False),
    ],
)
def test_a_change_counts_as_taken_back_by_its_id_or_by_a_rollout_undo(
    given: dict[str, Any], *, taken: bool
) -> None:
    assert (taken_back(one(**given)) is not None) == taken
