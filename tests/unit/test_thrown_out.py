"""Whether a namespace is healthy after a fix: a pod that is dead and replaced does not count."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import Json, deployment, owned, pod, status
from tests.support.object_reader import Objects
from watchdog.kube.ports import Listing
from watchdog.observation.health import unhealthy
from watchdog.settings.schema import Settings

NAME = "web-7d9f8c6b5d-x2k4p"
OF_WEB: Json = {
    "labels": {"app": "web", "pod-template-hash": "7d9f8c6b5d"},
    "ownerReferences": owned("ReplicaSet", "web-7d9f8c6b5d"),
}
KILLED = [status(state={"terminated": {"exitCode": 137, "reason": "Error"}}, ready=False)]
LOST = [status(state={"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}})]
DEAD: dict[str, Json] = {
    "Evicted": {"statuses": [], "status_more": {"reason": "Evicted"}},
    "OutOfcpu": {"statuses": [], "status_more": {"reason": "OutOfcpu"}},
    "Error": {"statuses": KILLED, "status_more": {"reason": "Evicted"}},
    "ContainerStatusUnknown": {"statuses": LOST, "status_more": {"reason": "Evicted"}},
    "ExitCode:3": {"statuses": [status(state={"terminated": {"exitCode": 3}})]},
}
"""What kubectl prints of pods that are dead for good."""


def dead(printed: str, metadata: Json = OF_WEB) -> Json:
    made = pod(NAME, phase="Failed", **DEAD[printed], **metadata)
    return {"kind": "Pod", **made}


def served(ready: int) -> Json:
    counts = {"readyReplicas": ready, "updatedReplicas": ready, "availableReplicas": ready}
    made = deployment("web", replicas=1, status={"replicas": 1, "observedGeneration": 1, **counts})
    return {"kind": "Deployment", **made}


def told(*objects: Json) -> tuple[str, ...]:
    cluster = Objects(*objects)
    return unhealthy(cluster, "shop", Settings(), cluster)


@pytest.mark.parametrize("printed", DEAD)
def test_dead_pod_is_history_once_its_deployment_lacks_nothing(printed: str) -> None:
    gone = dead(printed)

    assert told(served(1), gone) == ()
    assert f"Pod/{NAME}: {printed}" in told(served(0), gone)


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"app": "web"}},
        {"ownerReferences": owned("Job", "web")},
        {**OF_WEB, "ownerReferences": owned("ReplicaSet", "other-7d9f8c6b5d")},
        {**OF_WEB, "labels": {"app": "web"}},
    ],
    ids=["of no one", "of a Job", "of another Deployment", "of a ReplicaSet alone"],
)
def test_dead_pod_that_no_deployment_replaced_is_not_healthy(metadata: Json) -> None:
    gone = dead("Evicted", metadata)

    assert told(served(1), gone) == (f"Pod/{NAME}: Evicted",)


def test_pod_that_may_start_again_is_not_healthy() -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    crashing = pod(NAME, statuses=[status(state=waiting, ready=False)], **OF_WEB)

    assert told(served(1), {"kind": "Pod", **crashing}) == (f"Pod/{NAME}: CrashLoopBackOff",)


def test_dead_pods_are_asked_for_only_if_a_pod_is_sick() -> None:
    class Counting(Objects):
        asked = 0

        def list(self, *given: Any, **more: Any) -> Listing:
            self.asked += "field_selector" in more
            return super().list(*given, **more)

    well = {"kind": "Pod", **pod(NAME, **OF_WEB)}
    calm, sick = Counting(served(1), well), Counting(served(1), dead("Evicted"))

    assert unhealthy(calm, "shop", Settings(), calm) == ()
    assert unhealthy(sick, "shop", Settings(), sick) == ()
    assert (calm.asked, sick.asked) == (0, 1)
