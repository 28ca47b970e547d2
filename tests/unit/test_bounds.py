"""What is written at most: amounts, replicas, images and keys, each at its boundary."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import policy_samples
from tests.support.policy_samples import (
    AVAILABLE,
    EVICT,
    HERE,
    NOW,
    OLD,
    deployment,
    finding,
    live,
    planned,
    pod,
    pod_object,
    resources,
    scale,
    settings,
    snapshot,
)
from watchdog.actions import (
    PatchConfigMap,
    PatchDeploymentCommand,
    PatchDeploymentImage,
    PatchDeploymentProbe,
    RemediationAction,
)
from watchdog.policy.policy import judge
from watchdog.policy.resources import resources_in_bounds
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import LimitRangeSummary, QuotaSummary
from watchdog.snapshot.workloads import ContainerState, PodSummary, RevisionSummary

LOWER = resources(memory_request="32Mi")
GIVEN = {"memory": "32Mi"}
PENDING = pod(phase="Pending", containers=())
NEVER_RAN: dict[str, Any] = {"snapshot": snapshot(pods=(PENDING,))}
AUTO: dict[str, Any] = {
    "settings": settings(
        actions={
            "patch_deployment_command": "auto",
            "patch_deployment_image": "auto",
            "patch_deployment_probe": "auto",
            "scale_deployment": "auto",
        }
    )
}


def held(**resources: dict[str, str]) -> dict[str, Any]:
    """The Deployment with these limits and requests."""
    return live(resources=resources)


@pytest.mark.parametrize(
    ("action", "item", "given", "rule"),
    [
        (resources(memory_limit="64Mi"), live(), {}, "resources_lowered"),
        (LOWER, live(), {}, "resources_lowered"),
        (resources(cpu_limit="1"), live(), {}, "resources_lowered"),
        (resources(memory_request="200Mi"), live(), {}, "request_over_limit"),
        (resources(cpu_request="200m"), held(limits={"cpu": "100m"}), {}, "request_over_limit"),
        (resources(memory_limit="32Mi"), live(), NEVER_RAN, "request_over_limit"),
    ],
)
def test_an_amount_is_refused(
    action: RemediationAction, item: dict[str, Any], given: dict[str, Any], rule: str
) -> None:
    verdict = judge(action, planned(action, item, **given))

    assert (verdict.decision, verdict.rule) == ("refuse", rule)


@pytest.mark.parametrize(
    "action",
    [
        resources(memory_limit="512Mi"),
        resources(memory_limit="131072Ki"),  # as much as before, in other words
        resources(memory_request="128Mi"),  # as much as the limit
        resources(cpu_request="100m"),
    ],
)
def test_an_amount_within_its_bounds_is_taken(action: RemediationAction) -> None:
    assert judge(action, planned(action)).decision == "allow"


def test_memory_may_be_raised_to_the_factor() -> None:
    action = resources(memory_limit="64Gi")
    given = planned(action)

    assert judge(action, given).decision == "allow"
    assert given.write is not None
    assert given.write.material.value == {("limits", "memory"): "512Mi"}


@pytest.mark.parametrize(
    ("had", "rule"),
    [
        ({"memory": "8Gi"}, ""),
        ({"memory": "9Gi"}, "resources_too_much"),
        ({"cpu": "4"}, ""),
        ({"cpu": "5"}, "resources_too_much"),
    ],
)
def test_what_an_available_revision_had_comes_back_over_the_factor_but_not_over_the_cap(
    had: dict[str, str], rule: str
) -> None:
    small = {"memory": "128Mi", "cpu": "100m"}
    action = resources(**{f"{name}_limit": "1" for name in had})
    template = policy_samples.earlier(resources={"limits": {**small, **had}})

    given = planned(action, held(limits=small), template)

    assert judge(action, given).rule == rule


def test_a_refusal_names_the_most_that_is_allowed() -> None:
    action = resources(memory_limit="1")
    template = policy_samples.earlier(resources={"limits": {"memory": "9Gi"}})

    verdict = judge(action, planned(action, live(), template))

    assert verdict.reason == "memory limit 9Gi is over 8Gi"


def revisions(**current: Any) -> tuple[RevisionSummary, ...]:
    new = {"revision": 7, "replica_set": "ledger-b", "current": True, **current}
    return RevisionSummary.model_validate(new), RevisionSummary.model_validate(OLD)


def waiting(**state: Any) -> PodSummary:
    container = ContainerState.model_validate({"name": "main", "state": "waiting", **state})
    return pod(phase="Pending", containers=(container,))


def sight(*pods: PodSummary, **changes: Any) -> dict[str, Any]:
    return {"snapshot": snapshot(deployments=(policy_samples.deployment(**changes),), pods=pods)}


@pytest.mark.parametrize(
    "given",
    [
        sight(PENDING),
        sight(waiting()),
        sight(PENDING, pod(replica_set="ledger-a")),  # of the revision before
    ],
)
def test_requests_of_what_never_ran_may_be_lowered(given: dict[str, Any]) -> None:
    assert judge(LOWER, planned(LOWER, **given)).decision == "allow"


@pytest.mark.parametrize(
    "given",
    [
        sight(PENDING, ready=1),
        sight(PENDING, revisions=()),
        sight(PENDING, revisions=AVAILABLE),
        sight(PENDING, revisions=revisions(ready_replicas=1)),
        sight(),
        sight(pod(replica_set="ledger-a")),
        sight(PENDING, pod()),
        sight(pod(containers=())),
        sight(waiting(restarts=1)),
        sight(waiting(started_at=NOW)),
        sight(waiting(last_started_at=NOW)),
    ],
)
def test_requests_of_what_may_have_run_are_not_lowered(given: dict[str, Any]) -> None:
    assert judge(LOWER, planned(LOWER, **given)).rule == "resources_lowered"


def test_requests_are_not_lowered_where_a_pod_became_ready_since_the_look() -> None:
    item = live()
    item["status"]["readyReplicas"] = 1

    assert judge(LOWER, planned(LOWER, item, **NEVER_RAN)).rule == "resources_lowered"


@pytest.mark.parametrize(("replicas", "rule"), [(1, "scale_down"), (2, ""), (10, "")])
def test_replicas_are_not_lowered_unasked(replicas: int, rule: str) -> None:
    action = scale(replicas)

    assert judge(action, planned(action, **AUTO)).rule == rule


@pytest.mark.parametrize(("live_replicas", "rule"), [(3, "scale_down"), (None, "")])
def test_the_replicas_that_are_wanted_now_count_and_none_given_means_one(
    live_replicas: int | None, rule: str
) -> None:
    action, item = scale(2 if live_replicas else 1), live()
    item["spec"]["replicas"] = live_replicas
    if live_replicas is None:
        del item["spec"]["replicas"]

    assert judge(action, planned(action, item, **AUTO, **sight(desired=1))).rule == rule


def test_what_an_available_revision_had_needs_no_approval() -> None:
    command = PatchDeploymentCommand.model_validate(HERE)
    image = PatchDeploymentImage.model_validate({**HERE, "image": "evil.io/x:1"})
    probe = PatchDeploymentProbe.model_validate({**HERE, "probe": "readiness", "path": "/"})
    template = policy_samples.earlier(
        command=["run"], image="ghcr.io/other/ledger:1", readinessProbe={"tcpSocket": {"port": 1}}
    )

    for action in (command, image, probe):
        assert judge(action, planned(action, template=template, **AUTO)).decision == "allow"


@pytest.mark.parametrize(
    ("held", "rule"),
    [
        ({"data": {"other": "x"}}, ""),
        ({}, ""),
        ({"data": {"region": ""}}, "key_is_set"),
        ({"binaryData": {"region": "eA=="}}, "key_is_set"),
    ],
)
def test_a_key_of_a_configmap_is_added_and_never_replaced(held: dict[str, Any], rule: str) -> None:
    target = ObjectRef(kind="ConfigMap", namespace="shop", name="app-config")
    action = PatchConfigMap(target=target, key="region")
    facts = {"object": "ConfigMap", "name": "app-config", "key": "region"}
    policies = {"shop": {"configmaps": {"app-config": {"region": "eu-1"}}}}
    modes = {"patch_configmap": "auto"}

    given = planned(
        action,
        {"metadata": {"uid": "c1"}, **held},
        settings=settings(actions=modes, policies=policies),
        findings=(finding(facts=facts),),
    )

    assert judge(action, given).rule == rule


def test_a_pod_of_a_stateful_set_is_replaced_only_where_nothing_of_it_runs() -> None:
    def with_status(**status: Any) -> dict[str, Any]:
        return {**pod_object("StatefulSet"), "status": status}

    waits: list[dict[str, Any]] = [{"state": {"waiting": {}}}]
    runs: list[dict[str, Any]] = [{"state": {"running": {}}}]

    for status, rule in (
        ({"phase": "Running", "containerStatuses": waits}, ""),
        ({"phase": "Pending"}, ""),
        ({"phase": "Running", "containerStatuses": runs}, "stateful_pod_runs"),
        ({"phase": "Running", "initContainerStatuses": runs}, "stateful_pod_runs"),
        ({"phase": "Running"}, "stateful_pod_runs"),  # the kubelet has not said yet
    ):
        assert judge(EVICT, planned(EVICT, with_status(**status))).rule == rule


DEFAULTED = pod(template=PodTemplate(containers=(ContainerSpec(name="main", limits=GIVEN),)))


@pytest.mark.parametrize(
    ("limit", "most", "rule"),
    [
        ("64Mi", None, ""),
        ("128Mi", None, ""),
        ("129Mi", None, "resources_too_much"),
        ("31Mi", None, "resources_lowered"),
        ("48Mi", "48Mi", ""),
        ("49Mi", "48Mi", "limit_range"),
    ],
)
def test_limit_that_a_limit_range_gave_the_pods_may_be_raised_within_its_maximum(
    limit: str, most: str | None, rule: str
) -> None:
    ranges = (LimitRangeSummary(name="lr", default=GIVEN, max={"memory": most} if most else {}),)
    seen = snapshot(pods=(DEFAULTED,), limit_ranges=ranges)
    action = resources(memory_limit=limit)
    item = live(resources={"requests": {"memory": "16Mi"}})

    assert judge(action, planned(action, item, snapshot=seen)).rule == rule


ASKED = PodTemplate(containers=(ContainerSpec(name="main", limits=GIVEN),))
ROLLING: dict[str, Any] = {"strategy": "RollingUpdate", "max_unavailable": 0}


@pytest.mark.parametrize(
    ("key", "used", "how", "rule"),
    [
        # A rolling update makes the next pod first: 64Mi come on top of what is used.
        ("limits.memory", "64Mi", ROLLING, ""),
        ("limits.memory", "65Mi", ROLLING, "quota"),
        # The others take an old pod away first: 32Mi more.
        ("limits.memory", "96Mi", {"strategy": "Recreate"}, "recreate"),  # asks a person
        ("limits.memory", "97Mi", {"strategy": "Recreate"}, "quota"),
        ("limits.memory", "96Mi", {"max_unavailable": 1}, ""),
        # A limit alone is its request too.
        ("requests.memory", "65Mi", ROLLING, "quota"),
        ("memory", "65Mi", ROLLING, "quota"),
        ("limits.cpu", "128", ROLLING, ""),
    ],
)
def test_a_limit_is_not_raised_where_a_quota_would_refuse_the_new_pod(
    key: str, used: str, how: dict[str, Any], rule: str
) -> None:
    quota = QuotaSummary(name="team", hard={key: "128Mi"}, used={key: used})
    seen_now = deployment(template=ASKED, **how)
    seen = snapshot(deployments=(seen_now,), quotas=(quota,))
    action = resources(memory_limit="64Mi")
    item = live(resources={"limits": {"memory": "32Mi"}})

    assert judge(action, planned(action, item, snapshot=seen)).rule == rule


@pytest.mark.parametrize(("limit", "rule"), [("64Mi", ""), ("65Mi", "limit_range")])
def test_a_limit_is_no_more_times_its_request_than_a_limit_range_allows(
    limit: str, rule: str
) -> None:
    ranges = (LimitRangeSummary(name="lr", ratio={"memory": "4"}),)
    seen = snapshot(limit_ranges=ranges)
    item = live(resources={"limits": {"memory": "32Mi"}, "requests": {"memory": "16Mi"}})
    action = resources(memory_limit=limit)

    assert judge(action, planned(action, item, snapshot=seen)).rule == rule


def of_refused(**given: Any) -> dict[str, Any]:
    """A Deployment without a pod, and a finding of this kind about it."""
    current = {"revision": 7, "replica_set": "ledger-b", "current": True}
    revisions = [RevisionSummary.model_validate({**current, **given.pop("current", {})})]
    if "earlier" in given:
        old = {**OLD, "available": False, **given.pop("earlier")}
        revisions.append(RevisionSummary.model_validate(old))
    kind = given.pop("kind", "creation_refused")
    seen_now = deployment(revisions=tuple(revisions), **given)
    return {
        "snapshot": snapshot(deployments=(seen_now,), pods=()),
        "findings": (finding(kind=kind, pods=()),),
    }


@pytest.mark.parametrize(
    ("given", "lowered"),
    [
        ({}, True),
        ({"kind": "broken"}, False),
        ({"current": {"completed_at": NOW}}, False),
        ({"current": {"replicas": 1}}, False),
        ({"earlier": {"replicas": 1}}, False),
        ({"earlier": {}}, True),
    ],
    ids=["refused", "not refused", "completed once", "has a pod", "an earlier has one", "none has"],
)
def test_resources_are_lowered_only_of_what_the_api_server_never_let_run(
    given: dict[str, Any], lowered: bool
) -> None:
    action = resources(memory_request="32Mi")

    verdict = resources_in_bounds(action, planned(action, **of_refused(**given)))

    assert (verdict is None) is lowered
    if verdict:
        assert verdict.rule == "resources_lowered"
