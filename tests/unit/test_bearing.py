"""What keeps pods from being made, placed or mounted is blamed on a revision that made it worse."""

from __future__ import annotations

from typing import Any

import pytest

from watchdog.actions import RemediationAction
from watchdog.detection.blame import blame
from watchdog.diagnosis.rules import detect, rules_fix
from watchdog.examples.builders import (
    ago,
    change,
    deployment,
    earlier,
    event,
    pod,
    ref,
    snapshot_of,
    spec,
    waiting,
)
from watchdog.failures import KINDS
from watchdog.model.blame import BlameReason
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import ClaimSummary, ClusterSnapshot, LimitRangeSummary
from watchdog.snapshot.workloads import Change, DeploymentSummary

NO_CPU = (
    "0/4 nodes are available: 1 node(s) had untolerated taint "
    "{node-role.kubernetes.io/control-plane: }, 3 Insufficient cpu. preemption: 0/4 nodes are "
    "available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found for "
    "incoming pod."
)
PRESSURE = (
    "0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: "
    "}. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
)
OTHER_ZONE = (
    "0/3 nodes are available: 3 node(s) didn't match PersistentVolume's node affinity. preemption: "
    "0/3 nodes are available: 3 Preemption is not helpful for scheduling."
)
QUOTA = 'pods "web-7d9f-" is forbidden: exceeded quota: team, requested: {0}, used: {1}, limited: '
RANGE = 'pods "web-7d9f-a" is forbidden: '
TOLERATION = "effect=NoSchedule, key=spot, operator=Exists"
VOLUMES = "data from claim data, secrets (csi)"


def _rolling(*changes: Change, **fields: Any) -> DeploymentSummary:
    """A rollout that has lost a pod: its old pod serves, its new one does not come."""
    conditions = (
        Condition(type="Available", status="False", since=ago(700)),
        Condition(type="Progressing", status="True", reason="ReplicaSetUpdated", since=ago(720)),
        *fields.pop("more", ()),
    )
    last = earlier(*changes, ready_replicas=1, replicas=1)
    values = {"ready": 1, "desired": 2, "updated": 1, "conditions": conditions, "last": last}
    return deployment(**{**values, **fields})


def _unplaced(message: str, *changes: Change) -> ClusterSnapshot:
    placed = Condition(type="PodScheduled", status="False", reason="Unschedulable", message=message)
    state = {"phase": "Pending", "status": "Pending", "conditions": (placed,)}
    asked = spec(requests={"cpu": "250m"}, limits={"memory": "1Gi"})
    return snapshot_of(_rolling(*changes), pod(specs=(asked,), **state))


def _refused(message: str, *changes: Change, **fields: Any) -> ClusterSnapshot:
    failure = Condition(
        type="ReplicaFailure", status="True", reason="FailedCreate", message=message
    )
    failure = failure.model_copy(update={"since": ago(700)})
    return snapshot_of(_rolling(*changes, updated=0, more=(failure,), **fields))


def _unmounted(message: str, *changes: Change, reason: str = "FailedMount") -> ClusterSnapshot:
    starting = pod(waiting("ContainerCreating"), phase="Pending", node="node-1")
    return snapshot_of(_rolling(*changes), starting, event(reason, message, count=6))


def _volumes(was: str, now: str) -> Change:
    return change("volumes", was, now, container=None)


def _judged(snapshot: ClusterSnapshot) -> tuple[RemediationAction | None, BlameReason]:
    found = next(each for each in detect(snapshot, KINDS) if each.target.kind == "Deployment")
    return rules_fix(found, snapshot, KINDS), blame(found, snapshot).reason


def _spared(snapshot: ClusterSnapshot) -> bool:
    fix, reason = _judged(snapshot)
    return fix is None and reason is BlameReason.FROM_OUTSIDE


def _taken_back(snapshot: ClusterSnapshot) -> bool:
    fix, _ = _judged(snapshot)
    return fix is not None and fix.kind == "rollout_undo"


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        (NO_CPU, change("requests.cpu", "500m", "250m")),
        (NO_CPU, change("requests.memory", "1Gi", "2Gi")),
        (NO_CPU, change("limits.memory", "1Gi", "2Gi")),
        (NO_CPU, change("image", "web:1", "web:2")),
        (PRESSURE, change("tolerations", None, TOLERATION, container=None)),
        (OTHER_ZONE, _volumes("data from claim data", "data from claim data, tmp (emptyDir)")),
    ],
)
def test_a_revision_that_is_no_harder_to_place_is_not_to_blame_for_full_or_tainted_nodes(
    message: str, changed: Change
) -> None:
    assert _spared(_unplaced(message, changed))


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        (NO_CPU, change("requests.cpu", "100m", "250m")),
        (NO_CPU, change("requests.cpu", None, "250m")),
        (NO_CPU, change("limits.cpu", "100m", "250m")),
        (PRESSURE, change("tolerations", TOLERATION, None, container=None)),
        (OTHER_ZONE, _volumes("tmp (emptyDir)", "tmp (emptyDir), data from claim data")),
    ],
)
def test_a_revision_that_is_harder_to_place_is_taken_back(message: str, changed: Change) -> None:
    assert _taken_back(_unplaced(message, changed))


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        (QUOTA.format("pods=1", "pods=20") + "pods=20", change("limits.memory", "1Gi", "2Gi")),
        (
            QUOTA.format("limits.cpu=1", "limits.cpu=9") + "limits.cpu=9",
            change("limits.cpu", "2", "1"),
        ),
        (QUOTA.format("cpu=1", "cpu=9") + "cpu=9", change("requests.memory", "1Gi", "2Gi")),
        (
            RANGE + "maximum memory usage per Container is 1Gi, but limit is 2Gi",
            change("limits.memory", "4Gi", "2Gi"),
        ),
        (
            RANGE + "minimum cpu usage per Container is 100m, but request is 50m",
            change("requests.cpu", "20m", "50m"),
        ),
    ],
)
def test_a_revision_that_asks_for_no_more_is_not_to_blame_for_a_quota_or_a_limit_range(
    message: str, changed: Change
) -> None:
    assert _spared(_refused(message, changed))


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        (
            QUOTA.format("limits.cpu=2", "limits.cpu=8") + "limits.cpu=9",
            change("limits.cpu", "1", "2"),
        ),
        (QUOTA.format("cpu=1", "cpu=9") + "cpu=9", change("requests.cpu", None, "1")),
        (QUOTA.format("cpu=1", "cpu=9") + "cpu=9", change("resources", "{}", "{}")),
        (
            RANGE + "minimum cpu usage per Container is 100m, but request is 50m",
            change("requests.cpu", "200m", "50m"),
        ),
        (
            'pods "web-7d9f-a" is forbidden: failed quota: team: must specify limits.cpu',
            change("limits.cpu", "1", None),
        ),
    ],
)
def test_a_revision_that_asks_for_what_is_refused_is_taken_back(
    message: str, changed: Change
) -> None:
    assert _taken_back(_refused(message, changed))


def test_where_a_limit_range_gives_defaults_an_amount_that_is_gone_may_have_grown() -> None:
    message = QUOTA.format("limits.cpu=4", "limits.cpu=8") + "limits.cpu=9"
    gone = _refused(message, change("limits.cpu", "1", None))
    defaults = LimitRangeSummary(name="defaults", default={"cpu": "4"})

    assert _spared(gone)
    assert _taken_back(gone.model_copy(update={"limit_ranges": (defaults,)}))


TIMED_OUT = "rpc error: code = Unavailable desc = connection error"


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("FailedMount", f'MountVolume.SetUp failed for volume "secrets" : {TIMED_OUT}'),
        ("FailedAttachVolume", f'AttachVolume.Attach failed for volume "pvc-1f" : {TIMED_OUT}'),
        (
            "FailedMount",
            f'MountVolume.SetUp failed for volume "kube-api-access-x7k2p" : {TIMED_OUT}',
        ),
        (
            "FailedMount",
            (
                "Unable to attach or mount volumes: unmounted volumes=[data], unattached "
                "volumes=[], failed to process volumes=[]: context deadline exceeded"
            ),
        ),
    ],
)
def test_a_volume_that_worked_before_is_not_blamed_on_a_revision_that_added_another(
    reason: str, message: str
) -> None:
    added = _volumes(VOLUMES, f"{VOLUMES}, tmp (emptyDir)")
    mounted = change("volumeMounts", "data at /data", "data at /data, tmp at /tmp")

    assert _spared(_unmounted(message, added, mounted, reason=reason))


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        ("secrets", _volumes("data from claim data", VOLUMES)),
        ("secrets", _volumes("secrets from secret a", "secrets (csi)")),
        ("secrets", change("volumeMounts", None, "secrets at /secrets")),
        ("secrets", _volumes('"a"', '"b"')),
        ("pvc-1f", _volumes("secrets (csi)", VOLUMES)),
    ],
)
def test_a_volume_that_the_revision_brought_is_its_own_doing(message: str, changed: Change) -> None:
    failed = f'MountVolume.SetUp failed for volume "{message}" : {TIMED_OUT}'

    assert _taken_back(_unmounted(failed, changed))


def test_a_bound_claim_tells_which_volume_of_the_pod_a_persistent_volume_is() -> None:
    failed = f'MountVolume.SetUp failed for volume "pvc-1f" : {TIMED_OUT}'
    seen = _unmounted(
        failed, _volumes("data from claim data", "data from claim data, b from claim b")
    )

    def bound(name: str) -> ClusterSnapshot:
        claim = ClaimSummary(ref=ref("PersistentVolumeClaim", name), volume="pvc-1f")
        return seen.model_copy(update={"claims": (claim,)})

    assert _spared(bound("data"))
    assert _taken_back(bound("b"))


def test_a_revision_that_moves_pods_to_other_nodes_may_be_why_a_volume_cannot_be_mounted() -> None:
    failed = f'MountVolume.SetUp failed for volume "secrets" : {TIMED_OUT}'
    moved = change("nodeSelector", None, "zone=b", container=None)
    fix, reason = _judged(_unmounted(failed, moved))

    assert fix is None
    assert reason is BlameReason.NEVER_COMPLETED
