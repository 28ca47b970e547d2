"""What policy refuses, what it asks for, and what it lets through. One row, one rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support import policy_samples
from tests.support.policy_samples import (
    ARGO,
    AVAILABLE,
    EVICT,
    FLUX,
    HERE,
    LEDGER,
    NOW,
    POD,
    RESTART,
    UNDO,
    annotated,
    blind,
    context,
    deployment,
    env,
    finding,
    helm,
    live,
    marked,
    planned,
    pod_object,
    resources,
    scale,
    seen,
    settings,
    snapshot,
)
from watchdog.actions import (
    DeletePod,
    PatchConfigMap,
    PatchDeploymentCommand,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    RemediationAction,
    RolloutUndo,
)
from watchdog.incidents.attempt_history import Mark
from watchdog.policy.policy import advisable, judge, judge_undo
from watchdog.settings.schema import Settings
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate
from watchdog.snapshot.refs import Condition, ObjectRef
from watchdog.snapshot.workloads import RevisionSummary

ELSEWHERE = ObjectRef(kind="Deployment", namespace="other", name="ledger")
MIGRATES = PodTemplate(containers=(ContainerSpec(name="db-migrate", init=True),))
UNDO_TO_5 = RolloutUndo(target=LEDGER, to_revision=5)
ONLY_5_WORKED = seen(
    revisions=(
        RevisionSummary(revision=7, replica_set="ledger-c", current=True),
        RevisionSummary(revision=6, replica_set="ledger-b", template=MIGRATES),
        RevisionSummary.model_validate({**policy_samples.OLD, "revision": 5}),
    )
)
MIGRATED_AT_6 = seen(
    revisions=(
        RevisionSummary(revision=7, replica_set="ledger-c", current=True),
        RevisionSummary.model_validate({**policy_samples.OLD, "template": MIGRATES}),
        RevisionSummary.model_validate({**policy_samples.OLD, "revision": 5}),
    )
)


def made(seconds_ago: float, **current: Any) -> tuple[RevisionSummary, ...]:
    """A current revision of that age, and an earlier one that worked."""
    at = NOW - timedelta(seconds=seconds_ago)
    new = RevisionSummary(
        revision=7, replica_set="ledger-b", current=True, created_at=at, **current
    )
    return (new, RevisionSummary.model_validate(policy_samples.OLD))


def rests(seconds: float) -> Settings:
    return settings(grace={"rollout_seconds": seconds})


HELM_4 = helm("ledger").model_copy(update={"tool": "helm_server_side"})
LONG_REST: dict[str, Any] = {"settings": rests(600)}
OVERDUE: dict[str, Any] = {
    "conditions": (
        Condition(type="Progressing", status="False", reason="ProgressDeadlineExceeded"),
    )
}
OUR_WRITE: dict[str, Any] = {
    "annotations": {
        "sre-watchdog/attempts": Mark("abc", NOW - timedelta(seconds=12), 1).text(),
    }
}
NOTHING_WORKED = seen(
    revisions=(
        RevisionSummary(revision=2, replica_set="ledger-b", current=True),
        RevisionSummary(revision=1, replica_set="ledger-a", template=MIGRATES),
    )
)
OTHER = {"findings": (finding(target=ELSEWHERE),)}
OURS = {"app.kubernetes.io/name": "sre-watchdog"}
HELM_RELEASE = {"meta.helm.sh/release-name": "rel"}
OF_RELEASE = {"app.kubernetes.io/instance": "rel"}
RELEASE = settings(release_name="rel")
OWN = {"settings": RELEASE, **seen(managed_by=helm("rel"))}
SCALES: dict[str, Any] = {"settings": settings(actions={"scale_deployment": "auto"})}
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
NARROW = {"sre-watchdog/allow": "delete_pod"}
REFERENCE = {"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}
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
LISTED: dict[str, Any] = {
    "settings": settings(policies={"shop": {"suggested_env": {"ledger": {"REGION": ["eu"]}}}})
}
AUTO: dict[str, Any] = {"settings": APPROVED}


@pytest.mark.parametrize(
    ("action", "given", "rule"),
    [
        (RolloutUndo(target=SYSTEM), {}, "protected_namespace"),
        (RolloutUndo(target=ELSEWHERE), OTHER, "other_namespace"),
        (UNDO, {"findings": ()}, "no_finding"),
        (UNDO, {"findings": (finding(kind="other"),)}, "illegal_for_finding"),
        (EVICT, {"findings": (finding(pods=()),)}, "no_finding"),
        (EVICT, {"findings": (finding(target=ELSEWHERE),)}, "no_finding"),
        (RolloutUndo(target=POD), {}, "wrong_target"),
        (DeletePod(target=LEDGER), {}, "wrong_target"),
        (PatchConfigMap(target=LEDGER, key="region"), {}, "wrong_target"),
        (REGION, WANTED, "shared_object"),
        (REGION, {**NAMED, "findings": (finding(),)}, "no_finding"),
        (PatchConfigMap(target=APP, key="other"), NAMED, "key_not_named"),
        (REGION, {**NAMED, "snapshot": snapshot(paused_until="18:00")}, "paused"),
        (REGION, {**NAMED, **annotated(ignore="true")}, "ignored"),
        (REGION, {**NAMED, **seen(managed_by=ARGO)}, "managed_by_git"),
        (UNDO, {"snapshot": snapshot(deployments=())}, "not_seen"),
        (UNDO, blind("pods"), "blind_spot"),
        (UNDO, seen(uid=""), "not_seen"),
        (UNDO, blind("namespaces"), "blind_spot"),
        (UNDO, blind("replicasets"), "blind_spot"),
        (UNDO, blind("deployments"), "blind_spot"),
        (UNDO, blind("parts of", "Deployment/ledger"), "blind_spot"),
        (UNDO, {"settings": settings(actions={"rollout_undo": "never"})}, "mode_never"),
        (UNDO, {"snapshot": snapshot(paused_until="18:00")}, "paused"),
        (UNDO, annotated(ignore="true"), "ignored"),
        (UNDO, annotated(ignore=""), "ignored"),
        (EVICT, annotated(ignore="yes"), "ignored"),
        (UNDO, annotated(allow="delete_pod, scale_deployment"), "not_allowed_here"),
        (UNDO, annotated(allow=""), "not_allowed_here"),
        (UNDO, seen(managed_by=ARGO), "managed_by_git"),
        (UNDO, seen(managed_by=FLUX), "managed_by_git"),
        (UNDO, OWN, "own_release"),
        (UNDO, seen(template=PodTemplate(labels=OURS)), "own_release"),
        (UNDO, {**OWN, **seen(template=PodTemplate(labels=OF_RELEASE))}, "own_release"),
        (UNDO, NOTHING_WORKED, "none_worked"),
        (UNDO_TO_5, MIGRATED_AT_6, "not_the_last"),
        (UNDO, seen(revisions=AVAILABLE), "proven"),
        (UNDO, {"findings": (finding(origin="outside"),)}, "from_outside"),
        (UNDO, seen(revisions=made(10), managed_by=helm("ledger")), "young_rollout"),
        (RESTART, seen(revisions=made(329), managed_by=helm("ledger")), "young_rollout"),
        (UNDO, seen(revisions=made(60), managed_by=helm("ledger"), **OVERDUE), "young_rollout"),
        (UNDO, {**seen(revisions=made(10)), "settings": rests(11)}, "young_rollout"),
        (EVICT, {**seen(revisions=made(10)), "settings": rests(11)}, "young_rollout"),
        (UNDO, {**LONG_REST, **seen(revisions=made(599))}, "young_rollout"),
        (scale(3), seen(autoscaled_by="ledger"), "autoscaled"),
        (scale(3), blind("horizontalpodautoscalers"), "blind_spot"),
        (scale(0), {}, "replicas_out_of_range"),
        (scale(11), {}, "replicas_out_of_range"),
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
        (scale(10), {}, "mode_approve"),
        (scale(1), SCALES, "scale_down"),
        (REGION, NAMED, "mode_approve"),
        (RESTART, seen(ready=1, revisions=AVAILABLE), "blast_radius"),
        (RESTART, seen(ready=2, revisions=AVAILABLE), "blast_radius"),
        (RESTART, seen(desired=0, updated=0, revisions=AVAILABLE), "blast_radius"),
        (UNDO, seen(strategy="Recreate"), "recreate"),
        (UNDO, seen(template=MIGRATES), "migration"),
        (UNDO_TO_5, ONLY_5_WORKED, "migration"),
        (UNDO, ONLY_5_WORKED, "migration"),
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
        (UNDO, blind("pods/log")),
        (UNDO, blind("pods/log", "ledger-b-x/main")),
        (UNDO, seen(revisions=made(10))),
        (UNDO, seen(revisions=made(330), managed_by=helm("ledger"))),
        (UNDO, seen(revisions=made(60), managed_by=HELM_4, **OVERDUE)),
        (UNDO, {**seen(revisions=made(11)), "settings": rests(11)}),
        (UNDO, {**LONG_REST, **seen(revisions=made(60), **OVERDUE)}),
        (UNDO, {**seen(revisions=made(10), **OUR_WRITE), "settings": rests(600)}),
        (RESTART, {**seen(revisions=made(10, completed_at=NOW)), "settings": rests(600)}),
        (UNDO, MIGRATED_AT_6),
        (UNDO, seen(managed_by=helm("ledger"))),
        (UNDO, {**seen(managed_by=helm("other")), "settings": RELEASE}),
        (UNDO, {"settings": settings(limits={"actions_per_hour": 1})}),
        (UNDO, annotated(ignore="false")),
        (UNDO, annotated(allow="rollout_undo")),
        (UNDO, blind("events")),
        (UNDO, blind("jobs")),
        (UNDO, blind("parts of", "Deployment/ledger-api")),
        (UNDO, seen(**ROLLING)),
        (RESTART, seen(ready=0, revisions=AVAILABLE)),
        (RESTART, seen(ready=1, desired=3, updated=3, revisions=AVAILABLE)),
        (scale(2), SCALES),
        (env(), {}),
        (resources(memory_limit="1Gi"), {}),
        (TYPO, AUTO),
        (COMMAND, AUTO),
        (PROBE, AUTO),
        (EVICT, seen(managed_by=ARGO)),
        (EVICT, seen(paused=True)),
        (EVICT, seen(ready=2, revisions=AVAILABLE)),
    ],
)
def test_a_plan_is_let_through(action: RemediationAction, given: dict[str, Any]) -> None:
    assert judge(action, context(**given)).decision == "allow"


@pytest.mark.parametrize(
    ("action", "item", "given", "rule"),
    [
        (env("REGION", "eu"), marked(labels=OURS), {}, "own_release"),
        (UNDO, marked(annotations={"argocd.argoproj.io/tracking-id": "x"}), {}, "managed_by_git"),
        (UNDO, live(), seen(managed_by=ARGO), "managed_by_git"),
        (UNDO, marked(annotations=HELM_RELEASE), {"settings": RELEASE}, "own_release"),
        (UNDO, marked(labels={"kustomize.toolkit.fluxcd.io/name": "x"}), {}, "managed_by_git"),
        (UNDO, marked(annotations={"sre-watchdog/ignore": "true"}), {}, "ignored"),
        (env("REGION", "eu"), marked(annotations=NARROW), {}, "not_allowed_here"),
        (env("LEVEL", "debug"), live(), LEVEL, "env_is_set"),
        (env("REGION", "eu"), live(env=[REFERENCE]), {}, "env_is_set"),
        (env("OTHER", "eu"), live(), {}, "env_not_named"),
        (env("REGION", "evil.example"), live(), {}, "env_odd_value"),
        (env("REGION", "evil.example."), live(), {}, "env_odd_value"),
        (env("REGION", "a_b.evil.example"), live(), {}, "env_odd_value"),
        (env("REGION", "evil.xn--p1ai"), live(), {}, "env_odd_value"),
        (env("REGION", "10.0.0.7"), live(), {}, "env_odd_value"),
        (env("REGION", "10.0.0.7."), live(), {}, "env_odd_value"),
        (env("REGION", "https://evil.example"), live(), {}, "env_odd_value"),
        (env("REGION", "$(curl evil)"), live(), {}, "env_odd_value"),
        (env("REGION", "x" * 65), live(), {}, "env_odd_value"),
        (env("REGION", ""), live(), {}, "env_odd_value"),
        *((image, live(), AUTO, "other_repository") for image in EVIL_IMAGES),
        (PatchDeploymentCommand(target=LEDGER, container="other"), live(), {}, "no_container"),
        (EVICT, pod_object(None), {}, "no_controller"),
        (EVICT, pod_object("StatefulSet"), {}, "stateful_pod_runs"),
        (EVICT, pod_object("Job"), {}, "not_replaceable"),
        (EVICT, pod_object("ReplicaSet", controller=False), {}, "no_controller"),
        (EVICT, pod_object("Rollout", group="argoproj.io"), {}, "not_replaceable"),
        (EVICT, pod_object("StatefulSet", group="apps.kruise.io"), {}, "not_replaceable"),
        (EVICT, pod_object("ReplicaSet", mirror=True), {}, "static_pod"),
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
def test_a_suggested_value_is_asked_about_however_plain_it_is(name: str) -> None:
    action = env(name, "eu-1")

    verdict = judge(action, planned(action, findings=(finding(facts={"env": name}),)))

    assert (verdict.decision, verdict.rule) == ("ask", "env_suggested")
    assert verdict.reason.startswith(f"the value of {name} is suggested by the model")


@pytest.mark.parametrize(
    ("workload", "name", "value", "decision"),
    [
        ("ledger", "REGION", "eu-1", "allow"),
        ("ledger", "DATABASE_URL", "db.eu-1", "allow"),
        ("ledger", "REGION", "eu-2", "ask"),
        ("ledger", "STAGE", "eu-1", "ask"),
        ("other", "REGION", "eu-1", "ask"),
    ],
)
def test_a_suggested_value_is_taken_where_the_operator_listed_it_for_that_workload(
    workload: str, name: str, value: str, decision: str
) -> None:
    listed = {workload: {"REGION": ["eu-1"], "DATABASE_URL": ["db.eu-1"]}}
    given: dict[str, Any] = {"settings": settings(policies={"shop": {"suggested_env": listed}})}
    action = env(name, value)

    verdict = judge(action, planned(action, findings=(finding(facts={"env": name}),), **given))

    assert verdict.decision == decision


def _suggested(name: str, value: str) -> str:
    action = env(name, value)
    verdict = judge(action, planned(action, findings=(finding(facts={"env": name}),)))
    return verdict.rule if verdict.decision == "refuse" else verdict.decision


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REGION", "127.1"),
        ("REGION", "10.0.1"),
        ("REGION", "10.0.1."),
        ("REGION", "0177.1"),
        ("REGION", "0177.0.0.1"),
        ("REGION", "0x7f.1"),
        ("REGION", "0X7F.0.0.1"),
        ("REGION", "0x7f000001"),
        ("REGION", "017700000001"),
        ("APP_VERSION", "0x7f.1"),
        ("APP_VERSION", "0177.0.0.1"),
        ("APP_VERSION", "10.0.0.7"),
        ("LEDGER_BACKEND", "2130706433"),
        ("UPSTREAM", "127.1"),
        ("UPSTREAM", "16777216"),
        ("LEDGER_IP", "2130706433"),
    ],
)
def test_an_address_in_an_unusual_form_is_no_plain_value(name: str, value: str) -> None:
    assert _suggested(name, value) == "env_odd_value"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_VERSION", "1.2"),
        ("APP_VERSION", "10.5.1"),
        ("VERSION", "10"),
        ("SAMPLE_RATE", "10.5"),
        ("THRESHOLDS", "1.5"),
        ("SHARE", "0.25"),
        ("WORKERS", "16"),
        ("MAX_BYTES", "2147483648"),
        ("MAX_ROWS", "2130706433"),
        ("UPSTREAM", "16777215"),
        ("UPSTREAM_PORT", "8080"),
        ("BACKENDS", "3"),
        ("UPSTREAM_TIMEOUT", "1.5"),
        ("FEATURE_MASK", "0x7f000001"),
        ("FEATURES", "0x10"),
        ("REGION", "eu.1"),
        ("REGION", "1.256.3.4.5"),
        ("BUILD", "0189999999"),
    ],
)
def test_a_number_or_version_is_a_plain_value(name: str, value: str) -> None:
    assert _suggested(name, value) == "ask"


@pytest.mark.parametrize(
    ("about", "wanted", "rule"),
    [
        ({"container": "sidecar"}, {"memory_limit": "256Mi"}, "other_container"),
        ({"facts": {"resource": "memory"}}, {"cpu_limit": "2"}, "other_resource"),
        (
            {"facts": {"resource": "memory"}},
            {"memory_limit": "256Mi", "cpu_request": "1"},
            "other_resource",
        ),
        ({"facts": {"resource": "cpu"}}, {"memory_request": "96Mi"}, "other_resource"),
        ({"facts": {}}, {"memory_limit": "256Mi"}, "other_resource"),
    ],
)
def test_resources_are_changed_only_of_what_a_finding_names(
    about: dict[str, Any], wanted: dict[str, str], rule: str
) -> None:
    action = resources(**wanted)

    verdict = judge(action, planned(action, findings=(finding(**about),)))

    assert (verdict.decision, verdict.rule) == ("refuse", rule)


def test_resources_of_what_a_finding_names_may_be_changed() -> None:
    action = resources(memory_limit="256Mi")
    about = finding(container="main", facts={"resource": "memory"})

    assert judge(action, planned(action, findings=(about,))).decision == "allow"


def test_a_risky_name_may_come_back_from_an_available_revision() -> None:
    entry = {"name": "DB_URL", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}
    action = env("DB_URL", "ignored")
    given = planned(
        action,
        template=policy_samples.earlier(env=[entry]),
        findings=(finding(facts={"env": "DB_URL"}),),
    )

    assert judge(action, given).decision == "allow"
    assert given.write is not None
    assert given.write.material.value == entry


def test_a_value_that_no_rule_misses_needs_an_approval_even_from_a_revision() -> None:
    action = env("DB_URL")
    given = planned(
        action, template=policy_samples.earlier(env=[{"name": "DB_URL", "value": "old"}])
    )

    verdict = judge(action, given)

    assert (verdict.decision, verdict.rule) == ("ask", "env_not_named")


def test_a_suggested_tag_of_the_same_repository_follows_the_mode() -> None:
    action = PatchDeploymentImage.model_validate(IMAGE)

    assert judge(action, planned(action)).rule == "mode_approve"
    assert judge(action, planned(action, **AUTO)).decision == "allow"


def test_a_suggested_probe_needs_an_approval_whatever_the_mode() -> None:
    probe, command = judge(PROBE, planned(PROBE, **AUTO)), judge(COMMAND, planned(COMMAND, **AUTO))

    assert (probe.rule, command.rule) == ("probe_suggested", "command_suggested")
    assert probe.reason == "the probe is suggested by the model, and no earlier revision had it"
    assert command.reason == "the command is suggested by the model, and no earlier revision had it"
    assert judge(TYPO, planned(TYPO, **AUTO)) == ("ask", "other_repository", ANOTHER)


def test_a_suggestion_over_pods_that_still_serve_needs_an_approval() -> None:
    action = env("REGION", "eu")

    verdict = judge(action, planned(action, **seen(ready=2), **LISTED))

    assert (verdict.decision, verdict.rule) == ("ask", "blast_radius")


def test_a_proven_value_over_pods_that_still_serve_undoes_a_revision_that_never_worked() -> None:
    action = env("REGION", "eu")
    template = policy_samples.earlier(env=[{"name": "REGION", "value": "eu"}])

    assert judge(action, planned(action, template=template, **seen(ready=2))).decision == "allow"


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


def test_a_variable_that_is_set_to_nothing_may_be_given_a_plain_value() -> None:
    action = env("REGION", "eu")

    unset = planned(action, live(env=[{"name": "REGION"}]), **LISTED)

    assert judge(action, unset).decision == "allow"


def test_undo_is_refused_where_somebody_opted_out_meanwhile() -> None:
    item = marked(annotations={"sre-watchdog/ignore": "true"})

    assert judge_undo(UNDO, planned(UNDO, item)).rule == "ignored"
    assert judge_undo(UNDO, planned(UNDO, live(), **seen(ready=2))).decision == "allow"


NODE_FAILS: dict[str, Any] = {"findings": (finding(facts={"node_state": "NotReady"}),)}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, True),
        (seen(managed_by=ARGO), True),
        ({"settings": settings(actions={"rollout_restart": "never"})}, True),
        ({"settings": settings(actions={"rollout_restart": "approve"})}, True),
        (OTHER, False),
        (NODE_FAILS, False),
        (OWN, False),
    ],
    ids=["ours", "a Git tool's", "never", "asks", "no finding", "a node fails", "own release"],
)
def test_a_change_for_git_is_shown_if_only_whose_object_it_is_stands_against_it(
    given: dict[str, Any], shown: bool
) -> None:
    assert advisable(RESTART, context(**given)) is shown


def test_what_a_failing_node_breaks_is_left_alone_and_what_else_is_broken_is_not() -> None:
    both = (*NODE_FAILS["findings"], finding())

    assert judge(RESTART, context(**NODE_FAILS)).rule == "node"
    assert judge(RESTART, context(findings=both)).decision == "allow"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"policies": {"shop": {"mode": "observe"}}}, "namespace shop is only observed"),
        ({"actions": {"rollout_undo": "never"}}, "rollout_undo is switched off"),
    ],
)
def test_a_refusal_by_mode_says_whether_the_namespace_or_the_action_is_kept_from_acting(
    changes: dict[str, Any], why: str
) -> None:
    verdict = judge(UNDO, planned(UNDO, settings=settings(**changes)))

    assert verdict.rule == "mode_never"
    assert verdict.reason.startswith(why)
