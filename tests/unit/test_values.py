"""Where a value comes from: an available revision before an approval before a suggestion."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support import policy_samples
from tests.support.policy_samples import (
    AVAILABLE,
    EVICT,
    LEDGER,
    deployment,
    live,
    resources,
    scale,
)
from watchdog.actions import (
    PatchConfigMap,
    PatchDeploymentCommand,
    PatchDeploymentEnv,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    PatchDeploymentResources,
    ProposedValue,
    RemediationAction,
    RolloutRestart,
    RolloutUndo,
)
from watchdog.policy.values import (
    NOTHING_NEEDED,
    PreviousRevision,
    Sources,
    as_written,
    ceiling,
    earlier_revision,
    resolve,
)
from watchdog.settings.schema import LimitSettings, Settings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.workloads import RevisionSummary

HERE: dict[str, Any] = {"target": LEDGER, "container": "main"}
ENTRY = {"name": "REGION", "value": "eu-1"}
SUGGESTED = PatchDeploymentEnv.model_validate({**HERE, "name": "REGION", "value": "guess"})
APPROVED = Settings.model_validate({"approved_env": {"REGION": "eu-9"}})


def found(
    action: RemediationAction,
    item: dict[str, Any] | None = None,
    template: dict[str, Any] | None = None,
    settings: Settings | None = None,
) -> ProposedValue | None:
    has = PreviousRevision(6, template) if template else None
    by = "suggested by the model"
    return resolve(action, item or live(), Sources(has, settings or Settings(), by, "now"))


def annotated() -> dict[str, Any]:
    item = live()
    item["metadata"]["annotations"]["sre-watchdog/approved-env.REGION"] = "eu-5"
    return item


def test_the_available_revision_comes_first() -> None:
    material = found(SUGGESTED, annotated(), policy_samples.earlier(env=[ENTRY]), APPROVED)

    assert material == ProposedValue(ENTRY, "revision", "revision 6", 6)


def test_an_approval_on_the_object_comes_before_one_in_the_settings() -> None:
    material = found(SUGGESTED, annotated(), policy_samples.earlier(), APPROVED)

    assert material == ProposedValue(
        {"name": "REGION", "value": "eu-5"}, "approved", "approved by annotation"
    )


def test_an_approval_comes_before_a_suggestion() -> None:
    material = found(SUGGESTED, settings=APPROVED)

    assert material == ProposedValue(
        {"name": "REGION", "value": "eu-9"}, "approved", "approved in settings"
    )


def test_a_suggestion_is_the_last_resort_and_says_whose_it_is() -> None:
    material = found(SUGGESTED)

    assert material == ProposedValue(
        {"name": "REGION", "value": "guess"}, "suggested", "suggested by the model"
    )


def test_without_any_source_there_is_no_value() -> None:
    assert found(PatchDeploymentEnv(**HERE, name="REGION")) is None
    assert found(PatchDeploymentCommand(**HERE)) is None
    assert found(RolloutUndo(target=LEDGER)) is None
    assert found(PatchDeploymentResources(**HERE)) is None


def test_a_reference_is_copied_whole() -> None:
    entry = {"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}

    material = found(SUGGESTED, template=policy_samples.earlier(env=[entry]))

    assert material is not None
    assert material.value == entry


def test_memory_of_an_available_revision_counts_where_it_was_more() -> None:
    action = PatchDeploymentResources(**HERE, memory_limit="160Mi")
    more = policy_samples.earlier(resources={"limits": {"memory": "1Gi"}})
    less = policy_samples.earlier(resources={"limits": {"memory": "64Mi"}})

    taken, asked = found(action, template=more), found(action, template=less)

    assert taken is not None
    assert taken.source == "revision 6"
    assert taken.value == {("limits", "memory"): "1Gi"}
    assert asked is not None
    assert asked.origin == "suggested"
    assert asked.value == {("limits", "memory"): "160Mi"}


def test_amounts_of_which_the_revision_had_only_some_count_as_suggested() -> None:
    action = PatchDeploymentResources(**HERE, memory_limit="160Mi", cpu_limit="1")

    material = found(
        action, template=policy_samples.earlier(resources={"limits": {"memory": "1Gi"}})
    )

    assert material == ProposedValue(
        {("limits", "memory"): "1Gi", ("limits", "cpu"): "1"}, "suggested", "suggested by the model"
    )


def test_a_suggested_amount_is_cut_to_the_factor_and_the_cap() -> None:
    action = PatchDeploymentResources(**HERE, memory_limit="64Gi", cpu_limit="64")
    roomy = live(resources={"limits": {"memory": "6Gi"}})

    small, large = found(action), found(action, roomy)

    assert small is not None
    assert small.value == {("limits", "memory"): "512Mi", ("limits", "cpu"): "4"}
    assert large is not None
    assert large.value[("limits", "memory")] == "8Gi"


def test_an_image_that_did_not_change_is_no_help() -> None:
    action = PatchDeploymentImage(**HERE, image="ghcr.io/shop/ledger:3")

    same = found(action, template=policy_samples.earlier())
    other = found(action, template=policy_samples.earlier(image="ghcr.io/shop/ledger:1"))

    assert same is not None
    assert (same.value, same.origin) == ("ghcr.io/shop/ledger:3", "suggested")
    assert other is not None
    assert (other.value, other.origin) == ("ghcr.io/shop/ledger:1", "revision")


def test_command_and_args_come_back_together() -> None:
    material = found(
        PatchDeploymentCommand(**HERE),
        template=policy_samples.earlier(command=["run"], args=["-v"]),
    )

    assert material is not None
    assert material.value == {"command": ["run"], "args": ["-v"]}


def test_a_probe_is_taken_whole_from_the_revision_or_changed_as_suggested() -> None:
    probe = {"tcpSocket": {"port": 81}}
    action = PatchDeploymentProbe(**HERE, probe="readiness", path="/healthz", failure_threshold=5)

    restored, suggested = (
        found(action, template=policy_samples.earlier(readinessProbe=probe)),
        found(action),
    )

    assert restored is not None
    assert restored.value == {"readinessProbe": probe}
    assert suggested is not None
    assert suggested.value == {
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 80}, "failureThreshold": 5}
    }


def test_all_probes_of_a_container_are_corrected_at_once_and_none_is_added() -> None:
    held = {"httpGet": {"path": "/live", "port": 80}}
    material = found(PatchDeploymentProbe(**HERE, probe="all", path="/"), live(livenessProbe=held))

    assert material is not None
    asked = {"httpGet": {"path": "/", "port": 80}}
    assert material.value == {"livenessProbe": asked, "readinessProbe": asked}


def test_a_rollback_takes_the_template_without_the_controllers_label() -> None:
    material = found(RolloutUndo(target=LEDGER), template=policy_samples.earlier(image="x:1"))

    assert material is not None
    assert material.value["metadata"]["labels"] == {"app": "ledger"}
    assert material.value["spec"]["containers"][0]["image"] == "x:1"


def test_a_restart_needs_only_the_time() -> None:
    assert found(RolloutRestart(target=LEDGER)) == ProposedValue("now", "none", "")


def test_only_a_revision_that_was_available_is_gone_back_to() -> None:
    seen = deployment()

    assert earlier_revision(RolloutUndo(target=LEDGER), seen) == seen.revisions[1]
    assert earlier_revision(RolloutUndo(target=LEDGER, to_revision=6), seen) == seen.revisions[1]
    assert earlier_revision(RolloutUndo(target=LEDGER, to_revision=7), seen) is None
    assert earlier_revision(RolloutUndo(target=LEDGER, to_revision=3), seen) is None
    never = deployment(revisions=(seen.revisions[0],))
    assert earlier_revision(RolloutUndo(target=LEDGER), never) is None
    worked = deployment(revisions=(*AVAILABLE, RevisionSummary(revision=5, replica_set="ledger-0")))
    assert earlier_revision(RolloutUndo(target=LEDGER, to_revision=7), worked) is None
    assert earlier_revision(RolloutUndo(target=LEDGER, to_revision=5), worked) is None


def test_to_delete_a_pod_needs_no_value_and_to_scale_takes_the_number_that_was_proposed() -> None:
    assert found(EVICT) == NOTHING_NEEDED
    assert found(scale(3)) == ProposedValue(3, "suggested", "suggested by the model")


def test_the_value_of_a_key_is_approved_on_the_object_or_in_the_settings_and_never_suggested() -> (
    None
):
    target = ObjectRef(kind="ConfigMap", namespace="shop", name="app-config")
    action = PatchConfigMap(target=target, key="region")
    approved = Settings.model_validate(
        {"policies": {"shop": {"configmaps": {"app-config": {"region": "eu-1"}}}}}
    )
    plain: dict[str, Any] = {"metadata": {}}
    marked = {"metadata": {"annotations": {"sre-watchdog/approved-key.region": "eu-2"}}}

    assert found(action, marked, settings=approved) == ProposedValue(
        "eu-2", "approved", "approved by annotation"
    )
    assert found(action, plain, settings=approved) == ProposedValue(
        "eu-1", "approved", "approved in settings"
    )
    assert found(action, plain) is None


def test_an_object_without_annotations_approves_nothing() -> None:
    item = live()
    del item["metadata"]["annotations"]

    assert found(PatchDeploymentEnv(**HERE, name="REGION"), item) is None


@pytest.mark.parametrize(
    ("where", "now", "most"),
    [
        (("limits", "memory"), {("limits", "memory"): "1Gi"}, 4 * 1024**3),
        (("limits", "memory"), {("limits", "memory"): "3Gi"}, 8 * 1024**3),
        (("limits", "cpu"), {("limits", "cpu"): "500m"}, 2),
        (("limits", "cpu"), {("limits", "cpu"): "2"}, 4),
        (("limits", "cpu"), {}, 4),
        (
            ("requests", "memory"),
            {("requests", "memory"): "1Gi", ("limits", "memory"): "2Gi"},
            4 * 1024**3,
        ),
        (("requests", "memory"), {("limits", "memory"): "1Gi"}, 4 * 1024**3),
    ],
)
def test_an_amount_is_raised_to_the_factor_at_most_and_never_over_the_cap(
    where: tuple[str, str], now: dict[tuple[str, str], str], most: int
) -> None:
    assert ceiling(where, now, LimitSettings()) == Decimal(most)


def test_each_resource_has_a_factor_of_its_own() -> None:
    limits = LimitSettings(memory_factor=2, cpu_factor=3)
    now = {("limits", "memory"): "1Gi", ("limits", "cpu"): "1"}

    assert ceiling(("limits", "memory"), now, limits) == Decimal(2 * 1024**3)
    assert ceiling(("limits", "cpu"), now, limits) == Decimal(3)


def test_an_amount_at_its_ceiling_is_written_as_it_was_asked_for() -> None:
    at = found(resources(memory_limit="524288Ki"))

    assert at is not None
    assert at.value == {("limits", "memory"): "524288Ki"}


def test_who_reads_of_an_action_reads_of_what_is_really_written() -> None:
    image = PatchDeploymentImage(**HERE, image="evil.io/x:1")
    asked = resources(memory_limit="64Gi", cpu_request="100m")
    taken = {("limits", "memory"): "512Mi", ("requests", "cpu"): "100m"}

    def written(action: RemediationAction, value: Any, revision: int | None = None) -> Any:
        return as_written(action, ProposedValue(value, "revision", "", revision))

    assert written(RolloutUndo(target=LEDGER), {}, 6) == RolloutUndo(target=LEDGER, to_revision=6)
    named = RolloutUndo(target=LEDGER, to_revision=5)
    assert written(named, {}) == named
    assert written(image, "ghcr.io/shop/ledger:1").image == "ghcr.io/shop/ledger:1"
    assert written(asked, taken) == resources(memory_limit="512Mi", cpu_request="100m")
    assert written(SUGGESTED, ENTRY) == SUGGESTED
