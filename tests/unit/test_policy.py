"""What policy refuses, what it asks for, and what it lets through. One row, one rule."""

from __future__ import annotations

from typing import Any

import pytest

from tests import plans
from tests.plans import LEDGER, POD, context, deployment, finding, live, planned, pod, snapshot
from watchdog.actions import (
    DeletePod,
    PatchConfigMap,
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
from watchdog.observation.snapshot import (
    BlindSpot,
    Condition,
    ContainerSpec,
    ObjectRef,
    PodTemplate,
    RevisionSummary,
)
from watchdog.remediation.policy import judge, judge_undo
from watchdog.settings import Settings

UNDO = RolloutUndo(target=LEDGER)
RESTART = RolloutRestart(target=LEDGER)
EVICT = DeletePod(target=POD)
HERE = {"target": LEDGER, "container": "main"}


def env(name: str = "REGION", value: str | None = None) -> PatchDeploymentEnv:
    return PatchDeploymentEnv.model_validate({**HERE, "name": name, "value": value})


def resources(**wanted: str) -> PatchDeploymentResources:
    return PatchDeploymentResources.model_validate({**HERE, **wanted})


def scale(replicas: int) -> ScaleDeployment:
    return ScaleDeployment(target=LEDGER, replicas=replicas)


def settings(**changes: Any) -> Settings:
    return Settings.model_validate(changes)


def annotated(**annotations: str) -> dict[str, Any]:
    named = {f"sre-watchdog/{key}": value for key, value in annotations.items()}
    return {"snapshot": snapshot(deployments=(deployment(annotations=named),))}


def seen(**changes: Any) -> dict[str, Any]:
    return {"snapshot": snapshot(deployments=(deployment(**changes),))}


def blind(what: str) -> dict[str, Any]:
    return {"snapshot": snapshot(blind_spots=(BlindSpot(what=what, why="forbidden"),))}


ELSEWHERE = ObjectRef(kind="Deployment", namespace="other", name="ledger")
AVAILABLE = (
    RevisionSummary(revision=7, replica_set="ledger-b", current=True, available=True),
    RevisionSummary.model_validate(plans.OLD),
)
MIGRATES = PodTemplate(containers=(ContainerSpec(name="db-migrate", init=True),))
OTHER = {"findings": (finding(target=ELSEWHERE),)}
OWN = {"settings": settings(release_name="rel"), **seen(managed_by="Helm rel")}
ROLLING = {"updated": 1, "conditions": (Condition(type="Progressing", status="True"),)}
NO_POD_FAILED: dict[str, Any] = {
    "snapshot": snapshot(deployments=(deployment(**ROLLING),), pods=()),
    "findings": (finding(pods=()),),
}
APP = ObjectRef(kind="ConfigMap", namespace="shop", name="app-config")
REGION = PatchConfigMap(target=APP, key="region")
LACKS = {"object": "ConfigMap", "name": "app-config", "key": "region"}
WANTED: dict[str, Any] = {"findings": (finding(facts=LACKS),)}
NAMED: dict[str, Any] = {
    **WANTED,
    "settings": settings(policies={"shop": {"configmaps": {"app-config": {"region": "eu-1"}}}}),
}
SYSTEM = ObjectRef(kind="Deployment", namespace="kube-system", name="coredns")


@pytest.mark.parametrize(
    ("action", "given", "rule"),
    [
        (RolloutUndo(target=SYSTEM), {}, "protected_namespace"),
        (RolloutUndo(target=ELSEWHERE), OTHER, "other_namespace"),
        (UNDO, {"findings": ()}, "no_finding"),
        (UNDO, {"findings": (finding(kind="other"),)}, "illegal_for_finding"),
        (RolloutUndo(target=POD), {}, "wrong_target"),
        (DeletePod(target=LEDGER), {}, "wrong_target"),
        (PatchConfigMap(target=LEDGER, key="region"), {}, "wrong_target"),
        (REGION, WANTED, "shared_object"),
        (REGION, {**NAMED, "findings": (finding(),)}, "no_finding"),
        (PatchConfigMap(target=APP, key="other"), NAMED, "key_not_named"),
        (REGION, {**NAMED, "snapshot": snapshot(paused_until="18:00")}, "paused"),
        (REGION, {**NAMED, **annotated(ignore="true")}, "ignored"),
        (REGION, {**NAMED, **seen(managed_by="Argo CD")}, "managed_by_git"),
        (UNDO, {"snapshot": snapshot(deployments=())}, "not_seen"),
        (UNDO, blind("pods in namespace shop"), "blind_spot"),
        (UNDO, blind("replicasets.apps"), "blind_spot"),
        (UNDO, blind("Deployment/ledger"), "blind_spot"),
        (UNDO, {"settings": settings(actions={"rollout_undo": "never"})}, "mode_never"),
        (UNDO, {"snapshot": snapshot(paused_until="18:00")}, "paused"),
        (UNDO, annotated(ignore="true"), "ignored"),
        (UNDO, annotated(ignore=""), "ignored"),
        (EVICT, annotated(ignore="yes"), "ignored"),
        (UNDO, annotated(allow="delete_pod, scale_deployment"), "not_allowed_here"),
        (UNDO, annotated(allow=""), "not_allowed_here"),
        (UNDO, seen(managed_by="Argo CD"), "managed_by_git"),
        (UNDO, seen(managed_by="Flux"), "managed_by_git"),
        (UNDO, OWN, "own_release"),
        (scale(3), seen(autoscaled_by="ledger"), "autoscaled"),
        (scale(3), blind("horizontalpodautoscalers"), "blind_spot"),
        (scale(0), {}, "replicas_out_of_range"),
        (scale(99), {}, "replicas_out_of_range"),
        (UNDO, seen(paused=True), "deployment_paused"),
        (UNDO, seen(observed_generation=6), "rollout_in_progress"),
        (UNDO, NO_POD_FAILED, "rollout_in_progress"),
    ],
)  # fmt: skip
def test_a_plan_is_refused(action: RemediationAction, given: dict[str, Any], rule: str) -> None:
    verdict = judge(action, context(**given))

    assert (verdict.decision, verdict.rule) == ("refuse", rule)
    assert verdict.reason


@pytest.mark.parametrize(
    ("action", "given", "rule"),
    [
        (UNDO, {"settings": settings(actions={"rollout_undo": "approve"})}, "mode_approve"),
        (scale(3), {}, "mode_approve"),
        (REGION, NAMED, "mode_approve"),
        (RESTART, seen(ready=1, revisions=AVAILABLE), "blast_radius"),
        (RESTART, seen(ready=2, revisions=AVAILABLE), "blast_radius"),
        (UNDO, seen(ready=2, revisions=AVAILABLE), "blast_radius"),
        (RESTART, seen(desired=0, updated=0, revisions=AVAILABLE), "blast_radius"),
        (UNDO, seen(strategy="Recreate"), "recreate"),
        (UNDO, seen(template=MIGRATES), "migration"),
    ],
)
def test_a_plan_needs_an_approval(
    action: RemediationAction, given: dict[str, Any], rule: str
) -> None:
    verdict = judge(action, context(**given))

    assert (verdict.decision, verdict.rule) == ("ask", rule)


@pytest.mark.parametrize(
    ("action", "given"),
    [
        (UNDO, {}),
        (UNDO, seen(ready=2)),
        (UNDO, seen(managed_by="Helm ledger")),
        (UNDO, annotated(ignore="false")),
        (UNDO, annotated(allow="rollout_undo")),
        (UNDO, blind("logs of ledger-b-x/main")),
        (UNDO, blind("events in namespace shop")),
        (UNDO, blind("Deployment/ledger-api")),
        (UNDO, seen(**ROLLING)),
        (RESTART, seen(ready=0, revisions=AVAILABLE)),
        (EVICT, seen(managed_by="Argo CD")),
        (EVICT, seen(paused=True)),
        (EVICT, seen(ready=2, revisions=AVAILABLE)),
    ],
)
def test_a_plan_is_let_through(action: RemediationAction, given: dict[str, Any]) -> None:
    assert judge(action, context(**given)).decision == "allow"


def pod_object(owner: str | None, **annotations: str) -> dict[str, Any]:
    owners = [{"kind": owner, "controller": True}] if owner else []
    metadata = {"uid": "p1", "annotations": annotations, "ownerReferences": owners}
    return {"metadata": metadata, "spec": {}}


def marked(**metadata: Any) -> dict[str, Any]:
    item = live()
    for key, value in metadata.items():
        item["metadata"][key].update(value)
    return item


PROBE = PatchDeploymentProbe.model_validate({**HERE, "probe": "readiness", "path": "/healthz"})
IMAGE = {**HERE, "image": "ghcr.io/shop/ledger:3"}
EVIL_IMAGES = tuple(
    PatchDeploymentImage.model_validate({**HERE, "image": image})
    for image in (
        "evil.io/shop/ledger:3",
        "ghcr.io/shop/ledger-x:3",
        "ledger:3",
        "ghcr.io/shoq/ledger:3",
    )
)
OURS = {"app.kubernetes.io/name": "sre-watchdog"}
NARROW = {"sre-watchdog/allow": "delete_pod"}
LEVEL: dict[str, Any] = {"findings": (finding(facts={"env": "LEVEL"}),)}
COMMAND = PatchDeploymentCommand.model_validate({**HERE, "command": ["serve", "--port=80"]})
TYPO = PatchDeploymentImage.model_validate({**HERE, "image": "ghcr.io/shop/ledgers:3"})
ANOTHER = "ghcr.io/shop/ledgers is not ghcr.io/shop/ledger"
APPROVED = settings(
    actions={
        "patch_deployment_command": "auto",
        "patch_deployment_image": "auto",
        "patch_deployment_probe": "auto",
    }
)
AUTO: dict[str, Any] = {"settings": APPROVED}
NEVER_RAN: dict[str, Any] = {"snapshot": snapshot(pods=(pod(phase="Pending", containers=()),))}


@pytest.mark.parametrize(
    ("action", "item", "given", "rule"),
    [
        (env("REGION", "eu"), marked(labels=OURS), {}, "own_release"),
        (UNDO, marked(annotations={"argocd.argoproj.io/tracking-id": "x"}), {}, "managed_by_git"),
        (UNDO, marked(labels={"kustomize.toolkit.fluxcd.io/name": "x"}), {}, "managed_by_git"),
        (UNDO, marked(annotations={"sre-watchdog/ignore": "true"}), {}, "ignored"),
        (env("REGION", "eu"), marked(annotations=NARROW), {}, "not_allowed_here"),
        (env("LEVEL", "debug"), live(), LEVEL, "env_is_set"),
        (env("OTHER", "eu"), live(), {}, "env_not_named"),
        (env("REGION", "https://evil.example"), live(), {}, "env_odd_value"),
        (env("REGION", "$(curl evil)"), live(), {}, "env_odd_value"),
        (env("REGION", "x" * 65), live(), {}, "env_odd_value"),
        (env("REGION", ""), live(), {}, "env_odd_value"),
        *((image, live(), AUTO, "other_repository") for image in EVIL_IMAGES),
        (PatchDeploymentCommand(target=LEDGER, container="other"), live(), {}, "no_container"),
        (resources(memory_limit="64Mi"), live(), {}, "resources_lowered"),
        (resources(memory_request="32Mi"), live(), {}, "resources_lowered"),
        (resources(cpu_limit="1"), live(), {}, "resources_lowered"),
        (resources(memory_request="200Mi"), live(), {}, "request_over_limit"),
        (resources(memory_limit="32Mi"), live(), NEVER_RAN, "request_over_limit"),
        (EVICT, pod_object(None), {}, "no_controller"),
        (EVICT, pod_object("StatefulSet"), {}, "stateful_pod_runs"),
        (EVICT, pod_object("Job"), {}, "not_replaceable"),
        (EVICT, pod_object("Rollout"), {}, "not_replaceable"),
        (EVICT, pod_object("ReplicaSet", **{"kubernetes.io/config.mirror": "x"}), {}, "static_pod"),
    ],
)  # fmt: skip
def test_an_exact_write_is_refused(
    action: RemediationAction, item: dict[str, Any], given: dict[str, Any], rule: str
) -> None:
    verdict = judge(action, planned(action, item, **given))

    assert (verdict.decision, verdict.rule) == ("refuse", rule)


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD", "JAVA_TOOL_OPTIONS", "NODE_OPTIONS", "PYTHONPATH", "PATH", "HTTP_PROXY",
        "https_proxy", "DATABASE_URL", "API_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD",
        "REDIS_HOST", "S3_ENDPOINT", "GRADLE_HOME", "DATA_DIR", "SSL_CERT_FILE", "BASH_ENV",
        "KUBECONFIG", "ENV", "PERL5OPT", "JDK_JAVA_OPTIONS", "MY_COMMAND", "SENTRY_DSN",
    ],
)  # fmt: skip
def test_a_suggested_value_is_never_taken_for_a_risky_name(name: str) -> None:
    action = env(name, "x")

    verdict = judge(action, planned(action, findings=(finding(facts={"env": name}),)))

    assert (verdict.decision, verdict.rule) == ("refuse", "env_risky_name")


@pytest.mark.parametrize(
    "name", ["REGION", "REQUIRED_CONFIG", "LEDGER_REGION", "LOG_LEVEL", "STAGE"]
)
def test_a_plain_value_is_taken_for_a_plain_name(name: str) -> None:
    action = env(name, "eu-1")

    assert (
        judge(action, planned(action, findings=(finding(facts={"env": name}),))).decision == "allow"
    )


def test_a_risky_name_may_come_back_from_an_available_revision() -> None:
    entry = {"name": "DB_URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}
    action = env("DB_URL", "ignored")
    given = planned(
        action, template=plans.earlier(env=[entry]), findings=(finding(facts={"env": "DB_URL"}),)
    )

    assert judge(action, given).decision == "allow"
    assert given.write is not None
    assert given.write.material.value == entry


def test_a_value_that_no_rule_misses_needs_an_approval_even_from_a_revision() -> None:
    action = env("DB_URL")
    given = planned(action, template=plans.earlier(env=[{"name": "DB_URL", "value": "old"}]))

    verdict = judge(action, given)

    assert (verdict.decision, verdict.rule) == ("ask", "env_not_named")


def test_a_suggested_tag_of_the_same_repository_follows_the_mode() -> None:
    action = PatchDeploymentImage.model_validate(IMAGE)

    assert judge(action, planned(action)).rule == "mode_approve"
    assert judge(action, planned(action, **AUTO)).decision == "allow"


def test_a_suggested_probe_needs_an_approval_whatever_the_mode() -> None:
    assert judge(PROBE, planned(PROBE, **AUTO)).rule == "probe_suggested"
    assert judge(COMMAND, planned(COMMAND, **AUTO)).rule == "command_suggested"
    assert judge(TYPO, planned(TYPO, **AUTO)) == ("ask", "other_repository", ANOTHER)


def test_memory_may_be_raised_to_the_factor() -> None:
    action = resources(memory_limit="64Gi")
    given = planned(action)

    assert judge(action, given).decision == "allow"
    assert given.write is not None
    assert given.write.material.value == {("limits", "memory"): "512Mi"}


def test_requests_of_what_never_ran_may_be_lowered() -> None:
    action = resources(memory_request="32Mi")

    assert judge(action, planned(action, **NEVER_RAN)).decision == "allow"


def test_a_suggestion_over_pods_that_still_serve_needs_an_approval() -> None:
    action = env("REGION", "eu")

    verdict = judge(action, planned(action, **seen(ready=2)))

    assert (verdict.decision, verdict.rule) == ("ask", "blast_radius")


def test_a_proven_value_over_pods_that_still_serve_undoes_a_revision_that_never_worked() -> None:
    action = env("REGION", "eu")
    template = plans.earlier(env=[{"name": "REGION", "value": "eu"}])

    assert judge(action, planned(action, template=template, **seen(ready=2))).decision == "allow"


def test_replicas_are_not_lowered_unasked() -> None:
    action = ScaleDeployment(target=LEDGER, replicas=1)
    auto: dict[str, Any] = {"settings": settings(actions={"scale_deployment": "auto"})}

    assert judge(action, planned(action, **auto)).rule == "scale_down"


def test_the_live_object_counts_where_it_is_stricter_than_what_was_seen() -> None:
    ready = live()
    ready["status"]["readyReplicas"] = 2

    assert (
        judge(RESTART, planned(RESTART, ready, **seen(revisions=AVAILABLE))).rule == "blast_radius"
    )
    ready["spec"]["strategy"]["type"] = "Recreate"
    assert judge(RESTART, planned(RESTART, ready)).rule == "recreate"
    ready["spec"]["paused"] = True
    assert judge(RESTART, planned(RESTART, ready)).rule == "deployment_paused"


def test_a_pod_of_a_stateful_set_is_replaced_only_where_nothing_of_it_runs() -> None:
    waiting = pod_object("StatefulSet")
    waiting["status"] = {"phase": "Running", "containerStatuses": [{"state": {"waiting": {}}}]}
    running = pod_object("StatefulSet")
    running["status"] = {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}

    assert judge(EVICT, planned(EVICT, waiting)).decision == "allow"
    assert judge(EVICT, planned(EVICT, running)).rule == "stateful_pod_runs"


def test_a_variable_that_is_set_to_nothing_may_be_given_a_plain_value() -> None:
    action = env("REGION", "eu")

    assert judge(action, planned(action, live(env=[{"name": "REGION"}]))).decision == "allow"


def test_undo_is_refused_where_somebody_opted_out_meanwhile() -> None:
    item = marked(annotations={"sre-watchdog/ignore": "true"})

    assert judge_undo(UNDO, planned(UNDO, item)).rule == "ignored"
    assert judge_undo(UNDO, planned(UNDO, live(), **seen(ready=2))).decision == "allow"
