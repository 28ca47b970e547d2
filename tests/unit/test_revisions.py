"""States as Kubernetes 1.34 leaves them, shortened, and which prove that a revision worked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.builders import (
    Json,
    condition,
    container,
    deployment,
    event,
    owned,
    pod,
    replicaset,
    status,
    template,
)
from watchdog.observation import translate
from watchdog.observation.revisions import revisions
from watchdog.snapshot.workloads import RevisionSummary
from watchdog.text.redact import Redactor

FIRST, SECOND, THEN, LATER = (f"2026-03-01T10:{at}Z" for at in ("00:00", "00:12", "00:20", "00:40"))
LABELS = {"app": "web"}
GOOD = template(LABELS, container(env=[{"name": "REGION", "value": "europe-west4"}]))
BAD = template(LABELS, container())
PROBED = template(LABELS, container(readinessProbe={"exec": {"command": ["false"]}}))
OLD, NEW = "web-aaaaaaaaaa", "web-bbbbbbbbbb"
STOPPED = event(f"{OLD}-x2k4p", "Killing", "Stopping container main", at=THEN, type="Normal")
CRASHED = event(f"{OLD}-x2k4p", "BackOff", "Back-off restarting", at="2026-03-01T10:00:08Z")
NEW_CRASHED = event(f"{NEW}-x2k4p", "BackOff", "Back-off restarting", at="2026-03-01T10:12:08Z")
NEW_PULL = event(f"{NEW}-x2k4p", "Failed", "Error: ImagePullBackOff", at=LATER)
AVAILABLE = condition("Available", "True", "2026-03-01T10:00:30Z")
FLICKERED = condition("Available", "False", LATER)
COMPLETE = condition(
    "Progressing", "True", FIRST, "NewReplicaSetAvailable", f'ReplicaSet "{NEW}" has progressed.'
) | {"lastUpdateTime": "2026-03-01T10:12:04Z"}


def history(  # noqa: PLR0913 - the parts of a history
    *events: Json,
    conditions: tuple[Json, ...] = (FLICKERED, COMPLETE),
    current: Json = BAD,
    old: Json | None = None,
    new: Json | None = None,
    second: str = SECOND,
    pods: Sequence[Json] = (),
) -> tuple[RevisionSummary, ...]:
    owner = deployment("web", pods=current, status={"conditions": list(conditions)})
    sets = [
        replicaset(OLD, 1, pods=GOOD, created=FIRST, **(old or {})),
        replicaset(NEW, 2, pods=current, created=second, **(new or {})),
    ]
    seen = [translate.event(item, Redactor()) for item in events]
    return revisions(owner, sets, seen, Redactor(), pods)


def of_the_old_one(**parts: Any) -> Json:
    return pod(f"{OLD}-x2k4p", ownerReferences=owned("ReplicaSet", OLD), **parts)


def test_newest_comes_first_and_the_template_tells_the_current_one() -> None:
    assert [(item.revision, item.current) for item in history()] == [(2, True), (1, False)]


def test_replica_sets_of_another_owner_are_left_out() -> None:
    foreign = replicaset("web-cccccccccc", 3, pods=BAD)
    foreign["metadata"]["ownerReferences"] = [{"uid": "uid-other", "controller": True}]

    assert revisions(deployment("web", pods=BAD), [foreign], [], Redactor()) == ()


def test_revision_whose_running_pod_was_stopped_was_available() -> None:
    assert history(STOPPED, NEW_CRASHED)[1].available


def stopped_says(at: str, *, created: str | None) -> Json:
    made = event(f"{OLD}-x2k4p", "Killing", "Stopping container main", at=at, type="Normal")
    made["metadata"]["creationTimestamp"] = created
    return made


@pytest.mark.parametrize("at", ["0001-01-01T00:00:10Z", "9999-12-31T23:59:59Z"])
def test_an_event_at_the_end_of_all_times_ends_no_observation(at: str) -> None:
    stopped = stopped_says(at, created=THEN)
    unready = event(f"{OLD}-x2k4p", "Unhealthy", "Readiness probe failed", at=at)

    assert [item.revision for item in history(stopped, unready)] == [2, 1]


@pytest.mark.parametrize(
    ("created", "proven"),
    [
        ("2026-03-01T09:59:59Z", False),
        ("2026-03-01T10:00:00Z", True),
        ("2026-03-01T10:01:16Z", True),
        ("2026-03-01T10:01:17Z", False),
        ("2026-03-01T11:00:00Z", False),
        (None, False),
    ],
)
def test_an_event_that_someone_writes_once_the_rollout_is_over_proves_nothing(
    created: str | None, *, proven: bool
) -> None:
    soon = COMPLETE | {"lastUpdateTime": "2026-03-01T10:00:16Z"}
    said = stopped_says(THEN, created=created)

    assert history(said, NEW_CRASHED, conditions=(FLICKERED, soon))[1].available is proven


@pytest.mark.parametrize(
    ("created", "proven"), [("2026-03-01T10:11:12Z", True), ("2026-03-01T10:11:13Z", False)]
)
def test_a_rollout_that_is_not_over_gives_until_its_deadline_to_be_stopped(
    created: str, *, proven: bool
) -> None:
    going = condition("Progressing", "True", LATER, "ReplicaSetUpdated", f'ReplicaSet "{NEW}"')
    said = stopped_says(THEN, created=created)

    assert history(said, NEW_CRASHED, conditions=(FLICKERED, going))[1].available is proven


@pytest.mark.parametrize(
    ("created", "proven"),
    [
        ("2026-03-01T10:00:11Z", False),
        ("2026-03-01T10:00:22Z", True),
        ("2026-03-01T10:01:25Z", False),
    ],
)
def test_a_revision_that_an_older_one_took_over_from_is_proven_by_its_stop(
    created: str, *, proven: bool
) -> None:
    """As after a rollback, or an apply of what stood before: the current ReplicaSet is older."""
    ended = COMPLETE | {"lastUpdateTime": "2026-03-01T10:00:24Z"}
    owner = deployment("web", pods=BAD, status={"conditions": [FLICKERED, ended]})
    again = replicaset(NEW, 3, pods=BAD, created=FIRST)
    again["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] = "1"
    between = replicaset(OLD, 2, pods=GOOD, created=SECOND)
    young = pod(f"{NEW}-x2k4p", creationTimestamp=THEN, ownerReferences=owned("ReplicaSet", NEW))
    said = [
        translate.event(item, Redactor())
        for item in (stopped_says(THEN, created=created), NEW_CRASHED)
    ]

    found = revisions(owner, [again, between], said, Redactor(), [young])

    assert [(each.revision, each.available) for each in found][1] == (2, proven)


@pytest.mark.parametrize(("failed_at", "proven"), [("2026-03-01T10:00:05Z", False), (LATER, True)])
def test_an_event_outweighs_no_rollout_that_failed(failed_at: str, *, proven: bool) -> None:
    failed = condition("Progressing", "False", failed_at, "ProgressDeadlineExceeded")

    assert history(STOPPED, NEW_CRASHED, conditions=(failed,))[1].available is proven


def test_an_event_that_says_to_be_older_than_it_is_denies_no_rollout_that_ended() -> None:
    crashed = event(f"{NEW}-x2k4p", "BackOff", "Back-off restarting", at="2026-03-01T10:12:08Z")
    late = {
        **crashed,
        "metadata": {**crashed["metadata"], "creationTimestamp": "2026-03-02T10:00:00Z"},
    }

    assert not history(crashed)[0].available
    assert history(late)[0].available


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
    looping = of_the_old_one(statuses=[status(restarts=3)])

    assert not history(NEW_CRASHED, new={"availableReplicas": 1})[0].available
    assert not history(CRASHED, old={"availableReplicas": 1}, pods=[looping])[1].available


@pytest.mark.parametrize("reason", ["BackOff", "Failed"])
@pytest.mark.parametrize("pods", ["none that is not well", "one that failed", "one that leaves"])
def test_an_event_that_no_status_confirms_denies_no_revision_that_serves(
    reason: str, pods: str
) -> None:
    """Else those who may make events choose which release is gone back to."""
    said = event(f"{OLD}-zzzzz", reason, "Back-off restarting failed container", at=LATER)
    there = {
        "none that is not well": [],
        "one that failed": [of_the_old_one(phase="Failed", statuses=[status(restarts=1)])],
        "one that leaves": [of_the_old_one(deletionTimestamp=LATER)],
    }

    found = history(said, old={"availableReplicas": 1}, pods=there[pods])

    assert found[1].available


def test_current_revision_that_broke_long_after_its_rollout_was_available() -> None:
    late = event(f"{NEW}-x2k4p", "BackOff", "Back-off restarting", at="2026-03-01T12:00:00Z")

    assert history(late)[0].available
    assert not history(NEW_CRASHED)[0].available


def crashed_at(at: str, reason: str = "BackOff") -> Json:
    return event(f"{NEW}-x2k4p", reason, "Back-off restarting", at=f"2026-03-01T{at}Z")


@pytest.mark.parametrize(
    ("trouble", "proven"),
    [
        ("10:12:08", False),
        ("10:12:33", False),
        ("10:12:34", True),
        ("10:13:04", True),
        ("10:21:59", True),
        ("12:00:00", True),
    ],
)
@pytest.mark.parametrize("reason", ["BackOff", "Failed", "FailedCreate", "FailedMount", "Evicted"])
def test_what_failed_half_a_minute_after_the_rollout_ended_does_not_unprove_it(
    trouble: str, reason: str, *, proven: bool
) -> None:
    assert history(crashed_at(trouble, reason))[0].available is proven


@pytest.mark.parametrize(
    ("reason", "says", "proven"),
    [
        ("Failed", 'Failed to pull image "web:2": pull QPS exceeded', True),
        ("BackOff", 'Back-off pulling image "web:2"', True),
        ("FailedMount", "MountVolume.SetUp failed for volume", True),
        ("FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu.", True),
        ("BackOff", "Back-off restarting failed container main", False),
        ("Evicted", "The node was low on resource: memory.", False),
    ],
)
def test_what_kept_pods_from_starting_and_was_over_does_not_unprove_the_rollout(
    reason: str, says: str, *, proven: bool
) -> None:
    before = event(f"{NEW}-x2k4p", reason, says, at="2026-03-01T10:12:02Z")

    assert history(before)[0].available is proven


def test_rollout_that_never_ended_proves_nothing_however_late_it_fails() -> None:
    going = condition("Progressing", "True", FIRST, "ReplicaSetUpdated", f'ReplicaSet "{NEW}"')

    assert not history(crashed_at("12:00:00"), conditions=(going,))[0].available
    assert history(conditions=(COMPLETE,))[0].completed_at is not None
    assert history(conditions=(going,))[0].completed_at is None


def test_rollout_that_ended_for_another_revision_proves_nothing() -> None:
    other = COMPLETE | {"message": f'ReplicaSet "{OLD}" has successfully progressed.'}

    assert not history(conditions=(other,))[0].available


@pytest.mark.parametrize(
    ("began", "ran", "proven"),
    [
        ("2026-03-01T10:12:20Z", "10:14:10", False),
        ("2026-03-01T10:12:20Z", "10:14:20", True),
        # What the kubelet says of a container that the runtime could not start.
        ("1970-01-01T00:00:00Z", "10:14:20", False),
    ],
)
def test_run_of_two_minutes_outweighs_trouble_at_the_start(
    began: str, ran: str, *, proven: bool
) -> None:
    run = {
        "exitCode": 1,
        "startedAt": began,
        "finishedAt": f"2026-03-01T{ran}Z",
    }
    made = pod(
        f"{NEW}-x2k4p",
        statuses=[status(restarts=2, lastState={"terminated": run})],
        ownerReferences=owned("ReplicaSet", NEW),
    )
    owner = deployment("web", pods=BAD, status={"conditions": [COMPLETE]})
    sets = [replicaset(OLD, 1, pods=GOOD, created=FIRST)]
    sets += [replicaset(NEW, 2, pods=BAD, created=SECOND)]
    seen = [translate.event(NEW_CRASHED, Redactor())]

    assert revisions(owner, sets, seen, Redactor(), [made])[0].available is proven


@pytest.mark.parametrize(("delay", "proven"), [(0, True), (60, False)])
@pytest.mark.parametrize("restarts", [0, 2])
def test_liveness_probe_that_fails_from_its_first_try_is_trouble_of_the_revision(
    delay: int, restarts: int, *, proven: bool
) -> None:
    probe = {"tcpSocket": {"port": 1}, "initialDelaySeconds": delay}
    current = template(LABELS, container(livenessProbe=probe))
    failed = event(f"{NEW}-x2k4p", "Unhealthy", "Liveness probe failed", at="2026-03-01T10:13:10Z")
    made = pod(
        f"{NEW}-x2k4p",
        statuses=[status(restarts=restarts)],
        ownerReferences=owned("ReplicaSet", NEW),
    )
    owner = deployment("web", pods=current, status={"conditions": [COMPLETE]})
    sets = [replicaset(NEW, 2, pods=current, created=SECOND)]
    seen = [translate.event(failed, Redactor())]

    found = revisions(owner, sets, seen, Redactor(), [made])

    assert found[0].available is (proven or not restarts)


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


MAPPED: Json = {"name": "c", "configMap": {"name": "conf", "items": [{"key": "a", "path": "x"}]}}
SOURCES: Json = {"name": "c", "projected": {"sources": [{"configMap": {"name": "conf"}}]}}
PORT: Json = {"containerPort": 80, "protocol": "TCP"}
ASKED: Json = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10}
HEADER: Json = {"name": "Authorization", "value": "Basic aaaaaaaaaaaa"}


@pytest.mark.parametrize(
    ("of", "was", "now", "field"),
    [
        ("volumes", [MAPPED], [{**MAPPED, "configMap": {"name": "conf"}}], "volumes"),
        ("volumes", [SOURCES], [{**SOURCES, "projected": {"sources": []}}], "volumes"),
        ("ports", [PORT], [{**PORT, "hostPort": 80}], "ports"),
        ("volumeMounts", [{"name": "c", "mountPath": "/c"}],
         [{"name": "c", "mountPath": "/c", "subPath": "x"}], "volumeMounts"),
        ("envFrom", [{"secretRef": {"name": "s"}}],
         [{"secretRef": {"name": "s", "optional": True}}], "envFrom"),
        ("readinessProbe", ASKED,
         {**ASKED, "httpGet": {**ASKED["httpGet"], "httpHeaders": [HEADER]}}, "readinessProbe"),
        ("args", ["--password", "aaaaaaaaaaaa"], ["--password", "bbbbbbbbbbbb"], "args"),
    ],
)  # fmt: skip
def test_two_templates_that_differ_always_have_a_change_between_them_and_no_secret_in_it(
    of: str, was: Any, now: Any, field: str
) -> None:
    """Without one the earlier revision would count as the same, and never be gone back to."""

    def with_(value: Any) -> Json:
        if of == "volumes":
            return template(LABELS, container(), volumes=value)
        return template(LABELS, container(**{of: value}))

    owner = deployment("web", pods=with_(now))
    sets = [replicaset(OLD, 1, pods=with_(was)), replicaset(NEW, 2, pods=with_(now))]

    found = revisions(owner, sets, [], Redactor())[1].changes

    assert [item.field for item in found] == [field]
    assert not any(value in str(found) for value in ("aaaaaaaaaaaa", "bbbbbbbbbbbb"))


@pytest.mark.parametrize(
    ("number", "created", "available"),
    [
        (1, FIRST, True),
        (1, LATER, False),  # made after the current one, and numbered as if it were older
        (2, FIRST, False),
        (9, FIRST, False),
        (9, LATER, False),
    ],
)
def test_only_what_is_older_than_the_current_revision_is_history(
    number: int, created: str, available: bool
) -> None:
    working = {"availableReplicas": 2, "replicas": 2}
    made = replicaset("web-ffffffffff", number, pods=GOOD, created=created, **working)
    current = replicaset(NEW, 2, pods=BAD, created=SECOND)

    seen = revisions(deployment("web", pods=BAD), [made, current], [], Redactor())

    (found,) = (item for item in seen if not item.current)
    assert found.available is available


@pytest.mark.parametrize(
    ("planted", "before", "available"),
    [
        # The controller gave the one in use a higher number, as it does when it is taken up again.
        (10, {"web-one": 11}, False),
        # Its own number was changed later.
        (11, {"web-one": 11}, False),
        (10, {"web-zero": 10, "web-one": 11}, False),
        (0, {"web-one": 4}, False),
        (4, {"web-one": 11}, False),
        # A release after another, as any is.
        (5, {"web-one": 4}, True),
    ],
)
def test_a_replica_set_that_stands_where_no_release_did_is_not_gone_back_to(
    planted: int, before: dict[str, int], *, available: bool
) -> None:
    """Anyone may make one that names the Deployment, and wait for a release to fail."""
    real = [replicaset(name, number, pods=GOOD) for name, number in before.items()]
    real[-1]["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] = "4"
    made = replicaset(OLD, planted, pods=PROBED, created=SECOND)
    failed = condition("Progressing", "False", "2026-03-01T12:10:00Z")
    current = replicaset(NEW, 12, pods=BAD, created="2026-03-01T12:00:00Z")
    owner = deployment("web", pods=BAD, status={"conditions": [failed]})
    if available:
        del real[-1]["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"]

    seen = revisions(owner, [*real, made, current], [], Redactor())

    assert [item.available for item in seen if item.replica_set == OLD] == [available]


def test_a_release_that_someone_took_back_is_not_gone_back_to() -> None:
    """Nothing says how long it worked; the older one that was taken up again did."""
    first = replicaset("web-one", 3, pods=GOOD, created=FIRST)
    first["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] = "1"
    taken_back = replicaset(OLD, 2, pods=PROBED, created=SECOND)
    current = replicaset(NEW, 4, pods=BAD, created="2026-03-01T12:00:00Z")
    owner = deployment("web", pods=BAD, status={"conditions": [FLICKERED, COMPLETE]})

    seen = revisions(owner, [first, taken_back, current], [], Redactor())

    assert [(item.revision, item.available) for item in seen[1:]] == [(3, True), (2, False)]


def test_a_release_that_the_current_one_was_taken_up_again_after_still_worked() -> None:
    current = replicaset(NEW, 3, pods=BAD, created=FIRST)
    current["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] = "1"
    between = replicaset(OLD, 2, pods=GOOD, created=SECOND, availableReplicas=1)
    made = pod(f"{NEW}-x2k4p", ownerReferences=owned("ReplicaSet", NEW), creationTimestamp=LATER)

    seen = revisions(deployment("web", pods=BAD), [current, between], [], Redactor(), [made])

    assert [(item.revision, item.available) for item in seen if not item.current] == [(2, True)]


def test_a_replica_set_that_only_names_the_deployment_as_its_owner_is_not_its_revision() -> None:
    named = replicaset("web-ffffffffff", 1, pods=GOOD, created=FIRST, availableReplicas=2)
    for owner in named["metadata"]["ownerReferences"]:
        owner["controller"] = False
    current = replicaset(NEW, 2, pods=BAD, created=SECOND)

    seen = revisions(deployment("web", pods=BAD), [named, current], [], Redactor())

    assert [item.replica_set for item in seen] == [NEW]


@pytest.mark.parametrize(("number", "pods"), [(1, True), (9, True), (9, False)])
def test_a_replica_set_made_later_with_the_same_template_is_not_the_current_one(
    number: int, *, pods: bool
) -> None:
    serving = {"availableReplicas": 2, "replicas": 2} if pods else {}
    copied = replicaset("web-ffffffffff", number, pods=BAD, created=LATER, **serving)
    current = replicaset(NEW, 2, pods=BAD, created=SECOND)

    seen = revisions(deployment("web", pods=BAD), [copied, current], [], Redactor())

    assert [item.replica_set for item in seen if item.current] == [NEW]


@pytest.mark.parametrize(("failures", "worked"), [(1, True), (3, True), (5, False), (12, False)])
def test_probe_that_failed_for_a_part_of_its_time_only_disproves_nothing(
    failures: int, *, worked: bool
) -> None:
    """A program does not answer before it listens, and its pod fails its probe as it stops."""
    owner = deployment("web", pods=BAD, status={"conditions": [AVAILABLE]})
    sets = [
        replicaset(OLD, 1, pods=PROBED, created=FIRST),
        replicaset(NEW, 2, pods=BAD, created="2026-03-01T10:01:40Z"),
    ]
    raw = event(f"{OLD}-x2k4p", "Unhealthy", "Readiness probe failed", at=LATER) | {
        "count": failures
    }
    found = revisions(owner, sets, [translate.event(raw, Redactor())], Redactor())

    assert found[1].available is worked


@pytest.mark.parametrize(("wanted", "proven"), [("2", True), (None, True), ("0", False)])
@pytest.mark.parametrize("conditions", [(AVAILABLE,), (condition("Progressing", "True", FIRST),)])
def test_revision_that_was_last_wanted_without_pods_is_not_proven_by_conditions(
    wanted: str | None, conditions: tuple[Json, ...], *, proven: bool
) -> None:
    owner = deployment("web", pods=BAD, status={"conditions": list(conditions)})
    sets = [
        replicaset(OLD, 1, pods=GOOD, created=FIRST),
        replicaset(NEW, 2, pods=BAD, created="2026-03-01T10:20:00Z"),
    ]
    if wanted is not None:
        sets[0]["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] = wanted

    assert revisions(owner, sets, [], Redactor())[1].available is proven


def test_stopped_pod_proves_a_revision_that_was_scaled_to_zero_later() -> None:
    owner = deployment("web", pods=BAD, status={"conditions": [FLICKERED, COMPLETE]})
    old = replicaset(OLD, 1, pods=GOOD, created=FIRST)
    old["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] = "0"
    sets = [old, replicaset(NEW, 2, pods=BAD, created=SECOND)]
    seen = [translate.event(item, Redactor()) for item in (STOPPED, NEW_CRASHED)]

    assert revisions(owner, sets, seen, Redactor())[1].available
