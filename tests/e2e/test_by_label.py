"""Namespaces watched by their label on a real cluster, with the rights that the chart gives.

They come and go between passes. `SRE_TEST_NAMESPACES` says how many (12): a third of them is
deleted and as many are made, and three let the watchdog act by what `sre-watchdog grant` prints.
The command runs here, with the token of the release's account and the settings of its CronJob.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer

from tests.chart.rendering import CHART, environment
from tests.cluster.handle import PATIENCE, Cluster, poll
from tests.e2e.crashes import crash_loop, statuses, staying
from tests.support.cluster_fixtures import PATIENT, run_watchdog
from tests.support.wire_slack import TOKEN, Slack

pytestmark = [pytest.mark.cluster, pytest.mark.chart]
COUNT = max(12, int(os.environ.get("SRE_TEST_NAMESPACES", "12")))
GRANTED = 3
RELEASE, ACCOUNT = "watchdog", "watchdog-sre-watchdog"
SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger}
spec:
  replicas: 1
  strategy: {rollingUpdate: {maxUnavailable: 100%%, maxSurge: 0}}
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, ': "${REGION:?must be set}"; sleep 36000']
          env: %s
"""
SET = "[{name: REGION, value: eu}]"


@dataclass
class Landscape:
    """A release in `ops` that watches what has the label `team=<team>`, and what has it."""

    cluster: Cluster
    helm: Callable[..., str]
    ops: str
    team: str
    slack: Slack
    folder: Path
    names: list[str] = field(default_factory=list)
    made: int = 0

    def make(self, number: int, env: str = SET) -> list[str]:
        """So many more namespaces, each with a Deployment."""
        new = [f"{self.team}-{self.made + each}" for each in range(number)]
        self.made += number
        spaces = [
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "labels": {"team": self.team}},
            }
            for name in new
        ]
        self.cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(spaces))
        shops = [yaml.safe_load(SHOP % env) for _ in new]
        for name, shop in zip(new, shops, strict=True):
            shop["metadata"]["namespace"] = name
        self.cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(shops))
        self.names += new
        return new

    def destroy(self, names: list[str]) -> None:
        self.cluster.kubectl("delete", "namespace", *names, f"--timeout={PATIENCE}s")
        self.names = [name for name in self.names if name not in names]

    def settle(self, names: list[str], *, well: bool) -> None:
        def done() -> bool:
            return all(self.is_well(name) is well for name in names)

        poll(done, f"{len(names)} Deployments to {'come up' if well else 'crash'}", 1)

    def is_well(self, name: str) -> bool | None:
        """None while it neither serves nor crash-loops."""
        pods = self.cluster.json("pods", name)["items"]
        if crash_loop(pods):
            return False
        states = list(statuses(staying(pods)))
        return True if states and all(state["ready"] for state in states) else None

    def env(self, **more: str) -> dict[str, str]:
        """What the CronJob gives the pass."""
        manifest = self.helm("get", "manifest", RELEASE)
        given = environment([one for one in yaml.safe_load_all(manifest) if one])
        secrets = {"SRE_AGENT_SLACK__BOT_TOKEN": TOKEN, "SRE_AGENT_MEMORY__KEY": "k" * 32}
        return {**given, **secrets, "POD_NAMESPACE": self.ops, **more}

    def run(self) -> dict[str, Any]:
        """The report of one pass, by the account of the release."""
        token = self.cluster.kubectl("-n", self.ops, "create", "token", ACCOUNT).strip()
        config = yaml.safe_load(self.cluster.kubeconfig.read_text())
        config["users"] = [
            {"name": user["name"], "user": {"token": token}} for user in config["users"]
        ]
        path = self.folder / "kubeconfig"
        path.write_text(json.dumps(config))
        done = run_watchdog("run", "--yes", "-o", "json", kubeconfig=path, env=self.env(**PATIENT))
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def generations(self, names: list[str]) -> dict[str, tuple[int, list[str]]]:
        """Of each Deployment: its generation, and who wrote fields of it."""
        return {name: self._written(name) for name in names}

    def _written(self, name: str) -> tuple[int, list[str]]:
        shown = self.cluster.kubectl(
            "get", "deployment/ledger", "-n", name, "-o", "json", "--show-managed-fields"
        )
        meta = json.loads(shown)["metadata"]
        return meta["generation"], sorted({each["manager"] for each in meta["managedFields"]})


@pytest.fixture(scope="module")
def land(
    cluster: Cluster, tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Landscape]:
    helm4 = tool("helm4")
    team = f"team-{uuid.uuid4().hex[:6]}"
    with cluster.namespace("by-label-ops") as ops, HTTPServer(host="127.0.0.1", port=0) as server:
        slack = Slack(server)

        def helm(*args: str) -> str:
            done = subprocess.run(
                [helm4, "--namespace", ops, *args],
                capture_output=True,
                text=True,
                env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig)},
                check=False,
            )
            assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
            return done.stdout

        found = Landscape(cluster, helm, ops, team, slack, tmp_path_factory.mktemp("land"))
        helm("install", RELEASE, str(CHART), *values(found))
        cluster.allowed(f"{ops}:{ACCOUNT}", [("list", "pods")], ops)
        try:
            yield found
        finally:
            cluster.kubectl(
                "delete", "namespace", "-l", f"team={team}", "--wait=false", check=False
            )
            subprocess.run([helm4, "--namespace", ops, "uninstall", RELEASE], check=False,
                           env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig)})  # fmt: skip


def values(land: Landscape, **more: Any) -> list[str]:
    given = {
        # Never by itself: the tests say when.
        "schedule": "0 0 1 1 *",
        "watch": {
            "namespaces": [{"name": land.ops, "mode": "observe"}],
            "mode": "act",
            "namespaceSelector": f"team={land.team}",
        },
        "rbac": {"clusterRead": True},
        "slack": {"channel": "#ops", "baseUrl": land.slack.base_url},
        "settings": {"VERIFY__STABLE_SECONDS": "5"},
        **more,
    }
    return ["--set-json", ",".join(f"{key}={json.dumps(value)}" for key, value in given.items())]


def parts(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {part["namespace"]: part for part in report["namespaces"]}


def unread(report: dict[str, Any]) -> list[str]:
    return [
        f"{part['namespace']}: {spot}"
        for part in report["namespaces"]
        for spot in [*part["blind_spots"], *([part["error"]] if part["error"] else [])]
    ]


def test_namespaces_come_and_go_and_only_those_that_opted_in_are_written_to(
    land: Landscape,
) -> None:
    first = land.make(COUNT)
    granted, observed = first[:GRANTED], first[GRANTED : 2 * GRANTED]
    gone = first[-(COUNT // 3) :]
    land.settle(first, well=True)
    printed = run_watchdog(
        "grant",
        *(part for name in granted for part in ("-n", name)),
        *("--release", RELEASE, "--release-namespace", land.ops),
        kubeconfig=None,
    )
    assert printed.returncode == 0, printed.stderr
    land.cluster.kubectl("apply", "-f", "-", input=printed.stdout)
    land.cluster.allowed(f"{land.ops}:{ACCOUNT}", [("patch", "deployments.apps")], *granted)

    well = land.run()
    assert set(parts(well)) == {land.ops, *first}
    assert (well["result"], unread(well)) == ("ok", [])
    assert not any(part["findings"] or part["warnings"] for part in well["namespaces"])
    assert land.slack.posts == []

    land.destroy(gone)
    new = land.make(COUNT // 3)
    broken_anew = land.make(1, "[]")
    for name in (*granted, *observed):
        land.cluster.apply(SHOP % "[]", name)
    land.settle([*granted, *observed, *broken_anew], well=False)
    land.settle(new, well=True)
    before = land.generations(land.names)

    report = land.run()

    seen, sick = parts(report), {*granted, *observed, *broken_anew}
    assert set(seen) == {land.ops, *land.names}
    assert (report["result"], unread(report)) == ("ok", [])
    assert {name for name, part in seen.items() if part["findings"]} == sick
    healed = {
        name
        for name, part in seen.items()
        if any(action["outcome"] == "verified" for action in part["actions"])
    }
    assert healed == set(granted)
    after = land.generations(land.names)
    assert {name for name in land.names if before[name] != after[name]} == set(granted)
    assert all(
        f"sre-watchdog grant -n {name}" in " ".join(seen[name]["warnings"])
        for name in (*observed, *broken_anew)
    )
    assert {name for name, part in seen.items() if part["warnings"]} == {*observed, *broken_anew}
    told = [json.dumps(post.body) for post in land.slack.posts]
    assert all(any(name in text for text in told) for name in sick)

    # One of the sick goes, and the report says so once. The others stay, without a new message.
    land.destroy(broken_anew)
    again = land.run()

    assert {name for name, part in parts(again).items() if part["gone"]} == set(broken_anew)
    assert set(parts(again)) == {land.ops, *land.names, *broken_anew}
    assert (again["result"], unread(again)) == ("ok", [])
    assert {name for name, part in parts(again).items() if part["findings"]} == set(observed)
    assert len(land.slack.posts) == len(told)
    assert since(again, observed) == since(report, observed)
    assert set(parts(land.run())) == {land.ops, *land.names}
    assert land.generations(observed) == {name: before[name] for name in observed}


def since(report: dict[str, Any], names: list[str]) -> dict[str, str]:
    """When the incident of each of these began."""
    return {name: parts(report)[name]["incidents"][0]["first_seen"] for name in names}


@pytest.mark.parametrize("cluster_read", [True, False], ids=["cluster read", "names alone"])
def test_a_listed_namespace_that_was_deleted_is_gone_and_the_release_upgrades(
    land: Landscape, cluster_read: bool
) -> None:
    with land.cluster.namespace("by-label-listed") as kept:
        (short_lived,) = land.make(1)
        land.settle([short_lived], well=True)
        listed = [{"name": name, "mode": "act"} for name in (kept, short_lived)]
        given = {"watch": {"namespaces": listed}, "rbac": {"clusterRead": cluster_read}}
        land.helm("upgrade", RELEASE, str(CHART), *values(land, **given))
        land.cluster.allowed(f"{land.ops}:{ACCOUNT}", [("list", "pods")], kept, short_lived)
        assert land.run()["result"] == "ok"

        land.destroy([short_lived])
        report = land.run()

        assert (report["result"], unread(report)) == ("ok", [])
        assert {name: part["gone"] for name, part in parts(report).items()} == {
            kept: False,
            short_lived: True,
        }
        land.helm("upgrade", RELEASE, str(CHART), *values(land, **given))
        assert set(parts(land.run())) == {kept}
