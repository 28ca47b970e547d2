"""Whether a namespace is healthy after a fix: what is left of pods that were thrown out is not."""

from __future__ import annotations

import pytest

from tests.support.builders import Json, deployment, pod
from tests.support.object_reader import Objects
from watchdog.observation.health import unhealthy
from watchdog.settings.schema import Settings

THROWN_OUT = ("Evicted", "NodeShutdown", "Preempting", "OutOfcpu", "UnexpectedAdmissionError")


def old_pod(name: str, reason: str) -> Json:
    made = pod(name, phase="Failed", statuses=[], status_more={"reason": reason})
    return {"kind": "Pod", **made}


def served(ready: int) -> Json:
    counts = {"readyReplicas": ready, "updatedReplicas": ready, "availableReplicas": ready}
    made = deployment("web", replicas=1, status={"replicas": 1, "observedGeneration": 1, **counts})
    return {"kind": "Deployment", **made}


def told(*objects: Json) -> tuple[str, ...]:
    cluster = Objects(*objects)
    return unhealthy(cluster, "shop", Settings(), cluster)


@pytest.mark.parametrize("reason", THROWN_OUT)
def test_pod_that_was_evicted_is_history_once_its_deployment_lacks_nothing(reason: str) -> None:
    gone = old_pod("web-7d9f8c6b5d-x2k4p", reason)

    assert told(served(1), gone) == ()
    assert f"Pod/web-7d9f8c6b5d-x2k4p: {reason}" in told(served(0), gone)


@pytest.mark.parametrize("name", ["task", "task-x2k4p", "other-7d9f8c6b5d-x2k4p"])
def test_evicted_pod_that_no_deployment_replaced_is_not_healthy(name: str) -> None:
    assert told(served(1), old_pod(name, "Evicted")) == (f"Pod/{name}: Evicted",)


def test_failed_pod_that_was_not_evicted_is_not_healthy() -> None:
    assert told(served(1), old_pod("web-7d9f8c6b5d-x2k4p", "DeadlineExceeded"))
