"""States as Kubernetes 1.34 leaves them, shortened, and which prove that a revision worked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Json, condition, container, deployment, event, replicaset, template
from watchdog.observation import translate
from watchdog.observation.redact import Redactor
from watchdog.observation.revisions import revisions
from watchdog.observation.workloads import RevisionSummary

FIRST, SECOND, THEN, LATER = (f"2026-03-01T10:{at}Z" for at in ("00:00", "00:12", "00:20", "00:40"))
LABELS = {"app": "web"}
GOOD = template(LABELS, container(env=[{"name": "REGION", "value": "europe-west4"}]))
BAD = template(LABELS, container())
PROBED = template(LABELS, container(readinessProbe={"exec": {"command": ["false"]}}))
OLD, NEW = "web-aaaaaaaaaa", "web-bbbbbbbbbb"
STOPPED = event(f"{OLD}-x2k4p", "Killing", "Stopping container main", at=THEN, type="Normal")
CRASHED = event(f"{OLD}-x2k4p", "BackOff", "Back-off restarting", at="2026-03-01T10:00:08Z")
NEW_CRASHED = event(f"{NEW}-x2k4p", "BackOff", "Back-off restarting", at=LATER)
NEW_PULL = event(f"{NEW}-x2k4p", "Failed", "Error: ImagePullBackOff", at=LATER)
FLICKERED = condition("Available", "False", LATER)
COMPLETE = condition(
    "Progressing", "True", FIRST, "NewReplicaSetAvailable", f'ReplicaSet "{NEW}" has progressed.'
)


def history(
    *events: Json,
    conditions: tuple[Json, ...] = (FLICKERED, COMPLETE),
    current: Json = BAD,
    old: Json | None = None,
    new: Json | None = None,
    second: str = SECOND,
) -> tuple[RevisionSummary, ...]:
    owner = deployment("web", pods=current, status={"conditions": list(conditions)})
    sets = [
        replicaset(OLD, 1, pods=GOOD, created=FIRST, **(old or {})),
        replicaset(NEW, 2, pods=current, created=second, **(new or {})),
    ]
    seen = [translate.event(item, Redactor()) for item in events]
    return revisions(owner, sets, seen, Redactor())


def test_newest_comes_first_and_the_template_tells_the_current_one() -> None:
    assert [(item.revision, item.current) for item in history()] == [(2, True), (1, False)]


def test_replica_sets_of_another_owner_are_left_out() -> None:
    foreign = replicaset("web-cccccccccc", 3, pods=BAD)
    foreign["metadata"]["ownerReferences"] = [{"uid": "uid-other", "controller": True}]

    assert revisions(deployment("web", pods=BAD), [foreign], [], Redactor()) == ()


def test_revision_whose_running_pod_was_stopped_was_available() -> None:
    assert history(STOPPED, NEW_CRASHED)[1].available


def test_flicker_of_the_current_revision_proves_nothing_about_an_older_one() -> None:
    assert not history(NEW_CRASHED)[1].available


def test_older_revision_that_crashed_too_was_not_available() -> None:
    assert not history(CRASHED, STOPPED, NEW_CRASHED)[1].available


def test_older_revision_that_was_unready_to_its_end_was_not_available() -> None:
    unready = event(
        f"{OLD}-x2k4p", "Unhealthy", "Readiness probe failed", at="2026-03-01T10:00:15Z"
    )

    assert not history(unready, STOPPED, NEW_CRASHED)[1].available


def test_probe_that_fails_while_the_pod_stops_is_no_trouble() -> None:
    stopping = event(f"{OLD}-x2k4p", "Unhealthy", "Readiness probe errored", at=LATER)

    assert history(stopping, STOPPED)[1].available


def test_revision_that_still_serves_is_available() -> None:
    seen = history(old={"availableReplicas": 1, "replicas": 1}, conditions=())

    assert seen[1].available


def test_available_replicas_of_a_crash_loop_are_a_flicker() -> None:
    assert not history(NEW_CRASHED, new={"availableReplicas": 1})[0].available
    assert not history(CRASHED, old={"availableReplicas": 1})[1].available


def test_current_revision_that_broke_long_after_its_rollout_was_available() -> None:
    late = event(f"{NEW}-x2k4p", "BackOff", "Back-off restarting", at="2026-03-01T12:00:00Z")

    assert history(late)[0].available
    assert not history(NEW_CRASHED)[0].available


@pytest.mark.parametrize(
    ("current", "trouble", "proven"),
    [(PROBED, None, True), (BAD, NEW_PULL, True), (BAD, NEW_CRASHED, False), (BAD, None, False)],
)
def test_availability_lost_after_the_change_proves_the_older_one_only_without_flicker(
    current: Json, trouble: Any, proven: bool
) -> None:
    lost = condition("Available", "False", "2026-03-01T10:05:05Z")
    events = [trouble] if trouble else []

    seen = history(*events, conditions=(lost,), current=current, second="2026-03-01T10:05:00Z")

    assert seen[1].available is proven


def test_revision_that_outlived_its_deadline_without_failing_was_available() -> None:
    seen = history(NEW_CRASHED, second="2026-03-01T12:00:00Z")

    assert seen[1].available


def test_changes_name_what_differs_and_never_an_env_value() -> None:
    def one(image: str, memory: str, env: list[Json], **more: Any) -> Json:
        limits = {"limits": {"memory": memory}}
        return template(LABELS, container(image=image, resources=limits, env=env, **more))

    was = one(
        "web:1", "64Mi", [{"name": "A", "value": "aaaaaaa"}, {"name": "B", "value": "bbbbbbb"}]
    )
    now = one(
        "web:2",
        "32Mi",
        [{"name": "B", "value": "ccccccc"}, {"name": "C", "value": "ddddddd"}],
        envFrom=[{"secretRef": {"name": "extra"}}],
    )
    owner = deployment("web", pods=now)
    sets = [replicaset(OLD, 1, pods=was), replicaset(NEW, 2, pods=now)]

    found = revisions(owner, sets, [], Redactor())[1].changes

    assert [str(change) for change in found] == [
        "changed image of container main from web:1 to web:2",
        "changed limits.memory of container main from 64Mi to 32Mi",
        "added envFrom of container main",
        "removed env A of container main",
        "changed env B of container main",
        "added env C of container main",
    ]
    assert not any(value in str(found) for value in ("aaaaaaa", "bbbbbbb", "ccccccc", "ddddddd"))
