"""The wall that does not depend on our code: illegal changes by the service account are refused.

By impersonation, against a real API server: the policy sees the same user name as with its token.
"""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import yaml

from tests.chart.rendering import Chart
from tests.cluster.handle import poll
from tests.cluster.plane import Plane
from tests.wall import ILLEGAL, LEGAL, Patch, add, deployment, note

pytestmark = [pytest.mark.chart, pytest.mark.plane]


@pytest.fixture(scope="module")
def ns(chart: Chart, plane: Plane) -> Iterator[str]:
    with plane.namespace("chart-wall") as name:
        sets = ("admissionPolicy.enabled=true", f"watch.namespaces={{{name}}}")
        walls = []
        for one in chart.template(*sets):
            if one["kind"] in {"Role", "RoleBinding"}:
                one.get("subjects", [{}])[0]["namespace"] = name
                plane.create(one)
            elif one["kind"].startswith("ValidatingAdmission"):
                text = json.dumps(one).replace("serviceaccount:ops:", f"serviceaccount:{name}:")
                walls.append(json.loads(text.replace('"ops-watchdog', f'"{name}-watchdog')))
        plane.create(deployment(name))
        for wall in walls:
            plane.create(wall)
        try:
            # The policy takes effect a moment after it was written.
            poll(lambda: "denied" in tried(plane, name, note("ignore", "true")), 60, "the policy")
            yield name
        finally:
            for wall in walls:
                plane.kubectl("delete", wall["kind"], wall["metadata"]["name"], check=False)


def tried(plane: Plane, ns: str, patch: Patch, *where: str) -> str:
    """What the API server says to that patch by the service account; as a server-side dry run."""
    return plane.kubectl(
        "patch", "deployment", "web", "-n", ns, "--type=json", "-p", json.dumps(patch), *where,
        f"--as=system:serviceaccount:{ns}:watchdog-sre-watchdog", "--dry-run=server",
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("change", ILLEGAL)
def test_the_api_server_refuses_what_no_action_would_write(
    plane: Plane, ns: str, change: str
) -> None:
    said = tried(plane, ns, ILLEGAL[change])

    assert "denied request: the watchdog may not" in said


@pytest.mark.parametrize("change", LEGAL)
def test_what_actions_write_passes_the_wall(plane: Plane, ns: str, change: str) -> None:
    said = tried(plane, ns, LEGAL[change])

    assert said.strip() == "deployment.apps/web patched"


def test_scaling_beyond_the_bound_is_refused(plane: Plane, ns: str) -> None:
    assert "may not set more than 10 replicas" in scaled(plane, ns, 11)
    assert json.loads(scaled(plane, ns, 5))["spec"]["replicas"] == 5


def scaled(plane: Plane, ns: str, replicas: int) -> str:
    """The API server's answer; kubectl would first get the scale, which the account may not."""
    config = yaml.safe_load(plane.kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    request = urllib.request.Request(
        f"{cluster['server']}/apis/apps/v1/namespaces/{ns}/deployments/web/scale?dryRun=All",
        json.dumps(add("/spec/replicas", replicas)).encode(),
        {
            "Authorization": f"Bearer {config['users'][0]['user']['token']}",
            "Impersonate-User": f"system:serviceaccount:{ns}:watchdog-sre-watchdog",
            "Content-Type": "application/json-patch+json",
        },
        method="PATCH",
    )
    tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
    try:
        with urllib.request.urlopen(request, context=tls, timeout=60) as reply:
            return str(reply.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


def test_others_are_not_bound_by_it(plane: Plane, ns: str) -> None:
    by_admin = plane.kubectl(
        "patch", "deployment", "web", "-n", ns, "--type=json", "--dry-run=server",
        "-p", json.dumps(ILLEGAL["host network"]),
    )  # fmt: skip

    assert "patched" in by_admin


def test_the_account_cannot_take_the_wall_down(plane: Plane, ns: str) -> None:
    with pytest.raises(AssertionError, match="forbidden"):
        plane.kubectl(
            "delete", "validatingadmissionpolicies", "--all",
            f"--as=system:serviceaccount:{ns}:watchdog-sre-watchdog",
        )  # fmt: skip
