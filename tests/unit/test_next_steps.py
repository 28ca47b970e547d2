"""The next steps after a fix are what the next deploy makes necessary."""

from __future__ import annotations

import pytest

from tests.support.policy_samples import UNDO, env, resources
from watchdog.actions import RemediationAction
from watchdog.model.diagnosis import Explanation
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.report.next_steps import ToDo, to_do
from watchdog.snapshot.deployer import Deployer, NextDeploy, Tool, conduct, where
from watchdog.snapshot.refs import ObjectRef

LEDGER = ObjectRef(kind="Deployment", namespace="shop", name="ledger")
MEMORY = resources(memory_limit="1Gi")


def steps(
    action: RemediationAction,
    next_deploy: NextDeploy | None,
    place: str,
    outcome: Outcome = Outcome.VERIFIED,
) -> tuple[ToDo, ...]:
    result = ActionResult(action=action, outcome=outcome, next_deploy=next_deploy)
    explained = Explanation(kind="broken", target=LEDGER, why="x", place=place)
    return to_do(outcome is Outcome.VERIFIED, [result], explained)


@pytest.mark.parametrize(
    ("tool", "added", "changed"),
    [
        (
            "helm_server_side",
            "Put REGION into the values of Helm release shop, or the next deploy removes it again.",
            (
                "Put the memory limit 1Gi of container main into the values of Helm release shop, "
                "or the next deploy puts the old value back."
            ),
        ),
        (
            "helm",
            (
                "Put REGION into the values of Helm release shop, "
                "or it will be missing if the workload is created again."
            ),
            (
                "Put the memory limit 1Gi of container main into the values of Helm release shop, "
                "or the next deploy puts the old value back."
            ),
        ),
        (
            "kubectl_server_side",
            "Put REGION into the manifest it is applied from, or the next deploy removes it again.",
            (
                "Put the memory limit 1Gi of container main into the manifest it is applied from, "
                "or the next deploy puts the old value back."
            ),
        ),
    ],
)
def test_each_tool_has_its_own_words(tool: Tool, added: str, changed: str) -> None:
    owner = Deployer(tool=tool, name="Helm", unit="release shop")
    row, place = conduct(owner), where(owner)

    assert steps(env(), row.added, place)[0].text == added
    assert steps(MEMORY, row.changed, place)[0].text == changed


def test_a_value_that_no_deploy_removes_is_removed_first_if_it_is_to_come_from_an_object() -> None:
    _, first = steps(env(), "kept", "the values of Helm release shop")

    # By itself the command would look like a thing to do now, and bring the failure back.
    assert first.command is None
    told = "Right before that deploy, and not earlier, run `kubectl -n shop set env "
    assert f"{told}deployment/ledger -c main REGION-`: without REGION new pods fail." in first.text
    assert len(steps(env(), "removed", "the values of Helm release shop")) == 1


@pytest.mark.parametrize("outcome", [Outcome.VERIFIED, Outcome.UNDONE])
def test_a_deploy_that_will_be_refused_is_told(outcome: Outcome) -> None:
    found = steps(MEMORY, "refused", "the values of Helm release shop", outcome)

    assert "--force-conflicts" in found[-1].text


def test_after_a_rollback_the_change_is_corrected_at_its_source() -> None:
    (only,) = steps(UNDO, "put_back", "the values of Helm release shop")

    assert only.text == (
        "Correct the change that was rolled back, in the values of Helm release shop, "
        "before you deploy it again."
    )


def test_where_nothing_is_known_of_the_next_deploy_nothing_is_claimed() -> None:
    (only,) = steps(env(), None, "")

    assert only.text.endswith("that Deployment/ledger comes from, so that every deploy has it.")


@pytest.mark.parametrize(
    ("outcome", "asks"),
    [(Outcome.APPLIED, False), (Outcome.DRY_RUN, False), (Outcome.REFUSED, True)],
)
def test_what_is_being_checked_is_not_to_be_done_by_hand_meanwhile(
    outcome: Outcome, asks: bool
) -> None:
    explained = Explanation(
        kind="broken", target=LEDGER, why="x", to_do="Set REGION.", command="kubectl set env"
    )

    found = to_do(
        fixed=False, results=[ActionResult(action=env(), outcome=outcome)], explanation=explained
    )

    assert (ToDo("Set REGION.", "kubectl set env") in found) is asks
