"""The second wall on a real cluster, tried with the service account's own token.

The watchdog's Roles and its admission policy are applied as the chart renders them; then every kind
of action is sent with that token, and so is what none of them would send.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.rendering import NAMESPACE, Chart
from tests.cluster.handle import PATIENCE, Cluster, poll
from tests.e2e.crashes import crash_loop, staying
from tests.support.admission_cases import BY_ACTION, ILLEGAL
from tests.support.admission_requests import Patch, Request, deployment
from tests.support.cluster_fixtures import PATIENT, run_watchdog
from watchdog.clock import Budget, SystemClock
from watchdog.errors import ClusterError, RejectedError
from watchdog.kube.client import ApiServer as Watchdog
from watchdog.kube.resources import DEPLOYMENTS

pytestmark = [pytest.mark.cluster, pytest.mark.chart]
ACCOUNT = "watchdog-sre-watchdog"
EVERY_KIND = tuple(
    f"actions.{kind}=auto"
    for kind in (
        "patch_deployment_image", "patch_deployment_command", "patch_deployment_probe",
        "scale_deployment", "delete_pod", "rollout_restart", "rollout_undo",
    )
)  # fmt: skip


def of_the_deployment(requests: dict[str, Request]) -> dict[str, Patch]:
    return {
        name: request.body
        for name, request in requests.items()
        if request.method == "PATCH" and request.path.endswith("/deployments/web")
    }


ILLEGAL_PATCHES = of_the_deployment(ILLEGAL)
LEGAL_PATCHES = [
    patch for requests in BY_ACTION.values() for patch in of_the_deployment(requests).values()
]
SERVES = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger}
spec:
  replicas: 1
  strategy: {rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: busybox:1.36
        command: [sh, -c, "[ -n \\"$REGION\\" ] || exit 1; sleep 3600"]
        env: ENV
"""


@dataclass(frozen=True)
class Wall:
    """A namespace with the policy on, and a kubeconfig that holds the account's token only."""

    cluster: Cluster
    ns: str
    kubeconfig: Path

    def patch(self, changes: list[dict[str, Any]], **where: Any) -> None:
        """A JSON patch of the Deployment `web` with the account's token, and for real."""
        budget = Budget(PATIENCE, SystemClock())
        given: dict[str, Any] = {"dry_run": False, **where}
        watchdog = Watchdog.connect(self.kubeconfig, None, budget)
        watchdog.patch(DEPLOYMENTS, self.ns, "web", changes, **given)

    def fresh(self) -> None:
        """The Deployment as it was; it wants no pods, for none of its images exist."""
        raw = deployment(self.ns)
        raw["spec"]["replicas"] = 0
        text = json.dumps(raw)
        self.cluster.kubectl("replace", "--force", "--cascade=orphan", "-f", "-", input=text)


@pytest.fixture(scope="module")
def wall(
    cluster: Cluster, chart: Chart, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wall]:
    with cluster.namespace("privacy-wall") as ns:
        mine = [
            json.loads(
                json.dumps(one)
                .replace(f"serviceaccount:{NAMESPACE}:", f"serviceaccount:{ns}:")
                .replace(f'"{NAMESPACE}-watchdog', f'"{ns}-watchdog')
                .replace(f'"namespace": "{NAMESPACE}"', f'"namespace": "{ns}"')
            )
            for one in chart.template(f"watch.namespaces={{{ns}}}", *EVERY_KIND)
        ]
        kinds = {"ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Lease"}
        walls = [one for one in mine if one["kind"].startswith("ValidatingAdmission")]
        assert walls, "the chart has no admission policy by default"
        given = [one for one in mine if one["kind"] in kinds]
        try:
            for one in [*given, *walls]:
                cluster.apply(json.dumps(one), ns)
            cluster.apply(json.dumps(deployment(ns)), ns)
            folder = tmp_path_factory.mktemp("wall")
            held = Wall(cluster, ns, with_token(cluster, ns, folder / "config"))
            held.fresh()
            cluster.allowed(f"{ns}:{ACCOUNT}", [("patch", "deployments.apps")], ns)
            poll(
                lambda: refused(held, ILLEGAL_PATCHES["annotation sre-watchdog/ignore"]),
                "the policy to take effect",
            )
            yield held
        finally:
            for one in walls:
                cluster.kubectl("delete", one["kind"], one["metadata"]["name"], check=False)


@pytest.fixture(scope="session")
def chart(tool: Any) -> Chart:
    return Chart(tool("helm4"))


def with_token(cluster: Cluster, ns: str, path: Path, seconds: int = 3600) -> Path:
    """A kubeconfig for the account: the server's address, its CA and a token, nothing else."""
    config = yaml.safe_load(
        cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "yaml")
    )
    token = cluster.kubectl("-n", ns, "create", "token", ACCOUNT, f"--duration={seconds}s")
    config["users"][0]["user"] = {"token": token.strip()}
    config["contexts"][0]["context"]["namespace"] = ns
    path.write_text(yaml.safe_dump(config))
    return path


def refused(wall: Wall, changes: list[dict[str, Any]]) -> str:
    """What the API server says against a change; empty where it was made."""
    try:
        wall.patch(changes)
    except RejectedError as error:
        return str(error)
    return ""


def test_what_no_action_would_write_is_refused_to_the_accounts_own_token(wall: Wall) -> None:
    wall.fresh()

    made = [
        name for name, changes in ILLEGAL_PATCHES.items() if "may not" not in refused(wall, changes)
    ]

    assert len(ILLEGAL_PATCHES) >= 100
    assert made == []


def test_what_actions_write_is_made_with_the_accounts_own_token(wall: Wall) -> None:
    for changes in LEGAL_PATCHES:
        wall.fresh()
        wall.patch(changes)
    wall.patch([{"op": "replace", "path": "/spec/replicas", "value": 3}], subresource="scale")

    assert wall.cluster.json("deployment", wall.ns, "web")["spec"]["replicas"] == 3
    with pytest.raises(ClusterError, match="may not"):
        wall.patch([{"op": "replace", "path": "/spec/replicas", "value": 11}], subresource="scale")


def test_a_pass_with_the_accounts_own_token_heals_behind_the_wall(wall: Wall) -> None:
    wall.cluster.kubectl("-n", wall.ns, "delete", "deployment", "web", "--ignore-not-found")
    wall.cluster.apply(SERVES.replace("ENV", "[{name: REGION, value: eu-1}]"), wall.ns)
    wall.cluster.rolled_out("ledger", wall.ns)
    wall.cluster.apply(SERVES.replace("ENV", "[]"), wall.ns)
    poll(lambda: crash_loop(wall.cluster.json("pods", wall.ns)["items"]), "ledger to crash")

    def acted() -> list[str]:
        """What became of the actions of a pass; a container that runs just now is left alone."""
        done = run_watchdog(
            "run", "-n", wall.ns, "-o", "json", kubeconfig=wall.kubeconfig,
            env={**PATIENT, "SRE_AGENT_VERIFY__STABLE_SECONDS": "2"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (part,) = json.loads(done.stdout)["namespaces"]
        return [action["outcome"] for action in part["actions"]]

    assert poll(acted, "a pass that acts") == ["verified"]
    pod = staying(wall.cluster.json("pods", wall.ns)["items"])[0]["metadata"]
    Watchdog.connect(wall.kubeconfig, None, Budget(PATIENCE, SystemClock())).evict(
        wall.ns, pod["name"], pod["uid"], dry_run=False
    )
