"""The cluster that the other end-to-end tests trust behaves as clusters do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.handle import Cluster, NotYetError, poll
from tests.cluster.plane import Plane
from tests.e2e.crashes import statuses, waits_for

pytestmark = pytest.mark.cluster
LOOKUP = "nslookup kubernetes.default.svc.cluster.local"


@pytest.fixture(scope="module")
def ns(cluster: Cluster) -> Iterator[str]:
    with cluster.namespace("harness") as name:
        cluster.apply(
            pod("private", "registry-private.test:5000/shop/web:1")
            + pod("dead", "registry-down.test:5000/shop/web:1")
            + pod("resolver", "busybox:1.35", f"until {LOOKUP}; do sleep 1; done")
            + CRASHING,
            name,
        )
        yield name


def pod(name: str, image: str, command: str = "") -> str:
    args = f', command: [sh, -c, "{command}"]' if command else ""
    return f"""---
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  restartPolicy: Never
  containers: [{{name: main, image: "{image}"{args}}}]
"""


CRASHING = """---
apiVersion: apps/v1
kind: Deployment
metadata: {name: crashing}
spec:
  selector: {matchLabels: {app: crashing}}
  template:
    metadata: {labels: {app: crashing}}
    spec:
      containers: [{name: main, image: "busybox:1.35", command: [sh, -c, "exit 1"]}]
"""


def pull_fails(cluster: Cluster, ns: str, name: str, words: str) -> bool:
    """Waits until a pull for the pod has failed with these words; the first may with others."""

    def told() -> bool:
        events = cluster.json("events", ns)["items"]
        said = [each["message"] for each in events if each["involvedObject"]["name"] == name]
        if not any("Failed to pull" in each and words in each for each in said):
            raise NotYetError("\n".join(said))
        return True

    return poll(told, f"a pull for pod {name} that fails with {words!r}")


def test_a_container_that_exits_is_restarted_and_waits_longer_each_time(
    cluster: Cluster, ns: str
) -> None:
    def backs_off() -> bool:
        found = list(statuses(cluster.json("pods", ns)["items"]))
        return any(waits_for(each, "CrashLoopBackOff") and each["restartCount"] for each in found)

    poll(backs_off, "CrashLoopBackOff")


def test_an_image_of_the_private_registry_is_unauthorized(cluster: Cluster, ns: str) -> None:
    only_own(cluster)

    assert pull_fails(cluster, ns, "private", "401 Unauthorized")


def test_a_dead_registry_cannot_be_reached(cluster: Cluster, ns: str) -> None:
    only_own(cluster)

    assert pull_fails(cluster, ns, "dead", "connection refused")


def test_a_service_name_resolves_in_a_pod(cluster: Cluster, ns: str) -> None:
    def succeeded() -> bool:
        return bool(cluster.json("pods", ns, "resolver")["status"]["phase"] == "Succeeded")

    poll(succeeded, "the lookup to succeed")

    assert "Address: " in cluster.kubectl("logs", "-n", ns, "resolver")


def only_own(cluster: Cluster) -> None:
    if cluster.origin != "own":
        pytest.skip("the registries that fail are part of tests/cluster only")


@pytest.mark.plane
def test_many_objects_and_their_status_are_written(plane: Plane) -> None:
    with plane.namespace("harness") as ns:
        plane.create_many(running_pod(ns, number) for number in range(500))

        listed = plane.api.request("GET", f"/api/v1/namespaces/{ns}/pods")["items"]
        assert {each["status"]["phase"] for each in listed} == {"Running"}
        assert len(listed) == 500


def running_pod(ns: str, number: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"web-{number}", "namespace": ns},
        "spec": {"containers": [{"name": "main", "image": "web:1"}]},
        "status": {"phase": "Running"},
    }


def test_a_tool_is_installed_when_asked_for(tool: Callable[[str], Path]) -> None:
    assert tool("promtool").exists()
