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
from tests.cluster.handle import Cluster, poll
from tests.cluster_fixtures import run_watchdog
from tests.wall import ILLEGAL, LEGAL, deployment
from watchdog.clock import Budget, SystemClock
from watchdog.errors import ClusterError, RejectedError
from watchdog.kube import Cluster as Watchdog
from watchdog.resources import DEPLOYMENTS

pytestmark = [pytest.mark.cluster, pytest.mark.chart]
ACCOUNT = "watchdog-sre-watchdog"
EVERY_KIND = tuple(
    f"actions.{kind}=auto"
    for kind in (
        "patch_deployment_image", "patch_deployment_command", "patch_deployment_probe",
        "scale_deployment", "delete_pod", "rollout_restart", "rollout_undo",
    )
)  # fmt: skip
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
        budget = Budget(60, SystemClock())
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
            poll(lambda: refused(held, ILLEGAL["ignore"]), 60, "the policy to take effect")
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

    made = [name for name, changes in ILLEGAL.items() if "may not" not in refused(wall, changes)]

    assert len(ILLEGAL) >= 25
    assert made == []


def test_what_actions_write_is_made_with_the_accounts_own_token(wall: Wall) -> None:
    for changes in LEGAL.values():
        wall.fresh()
        wall.patch(changes)
    wall.patch([{"op": "replace", "path": "/spec/replicas", "value": 3}], subresource="scale")

    assert wall.cluster.json("deployment", wall.ns, "web")["spec"]["replicas"] == 3
    with pytest.raises(ClusterError, match="may not"):
        wall.patch([{"op": "replace", "path": "/spec/replicas", "value": 11}], subresource="scale")


def test_a_pass_with_the_accounts_own_token_heals_behind_the_wall(wall: Wall) -> None:
    wall.cluster.kubectl("-n", wall.ns, "delete", "deployment", "web", "--ignore-not-found")
    wall.cluster.apply(SERVES.replace("ENV", "[{name: REGION, value: eu-1}]"), wall.ns)
    wall.cluster.wait(lambda: state(wall, crashed=False), 60, "ledger to serve")
    wall.cluster.apply(SERVES.replace("ENV", "[]"), wall.ns)
    wall.cluster.wait(lambda: state(wall, crashed=True), 60, "ledger to crash")

    done = run_watchdog(
        "run", "-n", wall.ns, "-o", "json", kubeconfig=wall.kubeconfig,
        env={"SRE_AGENT_VERIFY__STABLE_SECONDS": "2"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    (part,) = json.loads(done.stdout)["namespaces"]
    assert [action["outcome"] for action in part["actions"]] == ["verified"], done.stdout
    pod = wall.cluster.json("pods", wall.ns)["items"][0]["metadata"]
    Watchdog.connect(wall.kubeconfig, None, Budget(60, SystemClock())).evict(
        wall.ns, pod["name"], pod["uid"], dry_run=False
    )


def state(wall: Wall, *, crashed: bool) -> bool:
    status = wall.cluster.json("deployment", wall.ns, "ledger")["status"]
    if not crashed:
        return bool(status.get("availableReplicas"))
    pods = wall.cluster.json("pods", wall.ns)["items"]
    restarts = [s["restartCount"] for p in pods for s in p["status"].get("containerStatuses", [])]
    return not status.get("availableReplicas") and max(restarts, default=0) >= 1
