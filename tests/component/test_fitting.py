"""Pods that were never created get requests and limits that the namespace takes, where they fit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.release import manifest
from tests.support.simulated_cluster import NAMESPACE, Arena, outcomes
from watchdog.demo import Behaviour

QUOTA = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: team}}\nspec: {{hard: {}}}\n"
RANGE = "apiVersion: v1\nkind: LimitRange\nmetadata: {{name: lr}}\nspec: {{limits: [{}]}}\n"
DEMANDS = QUOTA.format("{requests.cpu: '2', requests.memory: 2Gi}")
DEMANDS_ALL = QUOTA.format("{requests.cpu: '2', limits.cpu: '2', limits.memory: 2Gi}")
TIGHT = QUOTA.format("{requests.cpu: 800m}")
MOST = RANGE.format("{type: Container, max: {memory: 256Mi}}")

Resources = dict[str, dict[str, str]]


def resources(arena: Arena) -> Resources:
    container = arena.spec("app")["template"]["spec"]["containers"][0]
    return dict(container.get("resources") or {})


@pytest.mark.parametrize(
    ("rules", "asks", "given"),
    [
        (DEMANDS, "{}", {"requests": {"cpu": "500m", "memory": "512Mi"}}),
        (
            DEMANDS_ALL,
            "{}",
            {
                "requests": {"cpu": "500m", "memory": "512Mi"},
                "limits": {"cpu": "500m", "memory": "512Mi"},
            },
        ),
        (
            DEMANDS_ALL,
            "{requests: {cpu: 700m}, limits: {memory: 64Mi}}",
            {
                "requests": {"cpu": "700m", "memory": "64Mi"},
                "limits": {"cpu": "700m", "memory": "64Mi"},
            },
        ),
        (
            DEMANDS,
            "{requests: {cpu: '8', memory: 64Mi}}",
            {"requests": {"cpu": "500m", "memory": "64Mi"}},
        ),
        (
            MOST,
            "{limits: {memory: 1Gi}}",
            {"requests": {"memory": "256Mi"}, "limits": {"memory": "256Mi"}},
        ),
    ],
)
def test_what_never_ran_gets_what_its_namespace_demands(
    arena: Arena, rules: str, asks: str, given: Resources
) -> None:
    arena.wire.apply(rules, NAMESPACE)
    arena.wire.apply(manifest("app", 1, probes=f"resources: {asks}"), NAMESPACE)
    arena.wire.advance(60)

    part = arena.look()

    assert outcomes(part) == [("patch_deployment_resources", "verified")]
    assert resources(arena) == given


@pytest.mark.parametrize(
    ("rules", "asks"),
    [
        (TIGHT, "{}"),
        (QUOTA.format("{requests.cpu: 100m}"), "{requests: {cpu: 200m}}"),
        (QUOTA.format("{pods: '0'}"), "{}"),
    ],
)
def test_what_does_not_fit_is_left_to_people(arena: Arena, rules: str, asks: str) -> None:
    arena.wire.apply(rules, NAMESPACE)
    arena.wire.apply(manifest("app", 1, probes=f"resources: {asks}"), NAMESPACE)
    arena.wire.advance(60)

    part = arena.look()

    assert [found.kind for found in part.findings] == ["creation_refused"]
    assert outcomes(part) == []


def test_what_ran_with_other_numbers_keeps_them(arena: Arena) -> None:
    text = manifest("app", 1, probes="resources: {limits: {memory: 1Gi}}")
    arena.wire.apply(text, NAMESPACE)
    arena.wire.advance(300)
    before: Any = resources(arena)
    arena.wire.apply(MOST, NAMESPACE)
    for pod in arena.wire.items("Pod", NAMESPACE):
        arena.wire.delete("Pod", NAMESPACE, pod["metadata"]["name"])
    arena.wire.advance(60)

    part = arena.look()

    assert [found.kind for found in part.findings] == ["creation_refused"]
    assert "verified" not in dict(outcomes(part)).values()
    assert resources(arena) == before


def test_the_limit_that_was_tried_in_vain_is_not_advised(arena: Arena) -> None:
    arena.wire.apply(RANGE.format("{type: Container, max: {memory: 48Mi}}"), NAMESPACE)
    fills = "dd if=/dev/zero of=/dev/shm/fill bs=1M count=200 && sleep 3600"
    arena.wire.programs[fills] = Behaviour(memory="200Mi")
    small = "resources: {limits: {memory: 32Mi}}"
    arena.wire.apply(manifest("app", 1, fills, probes=small), NAMESPACE)
    arena.wire.advance(120)

    part = arena.look()

    assert outcomes(part) == [("patch_deployment_resources", "undone")]
    (told,) = part.diagnosis.explanations
    assert "48Mi was tried and did not help, and LimitRange lr allows no more" in told.to_do
    assert "describe limitrange lr" in (told.command or "")
