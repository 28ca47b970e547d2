"""The Grafana dashboard's queries, asked of a Prometheus that scraped what real passes pushed.

`make dashboard` keeps the picture that is drawn from the answers.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.cluster.handle import Cluster, poll
from tests.e2e.crashes import crash_loop
from tests.e2e.drawing import Shown, line, picture
from tests.e2e.servers import Prometheus, free_port, prometheus_of, pushgateway
from tests.support.cluster_fixtures import PATIENT, run_watchdog
from tests.support.wire_model import PATH, completion
from tests.support.wire_slack import TOKEN, Slack
from watchdog.kube import rbac
from watchdog.settings.schema import Settings

pytestmark = pytest.mark.cluster
BOARD = json.loads((Path(__file__).parents[2] / "deploy/dashboard.json").read_text())
TITLE = "Seven passes over two namespaces of a real cluster; the numbers below the lines are passes"
SEEN_SECONDS = 4
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, annotations: {%s}}
spec:
  replicas: 2
  strategy: {rollingUpdate: {maxUnavailable: 100%%, maxSurge: 0}}
  selector: {matchLabels: {app: demo}}
  template:
    metadata: {labels: {app: demo}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, ': "${REQUIRED_CONFIG:?must be set}"; sleep 3600']
          env: [{name: REQUIRED_CONFIG, value: production}]
"""
FROM_GIT = "argocd.argoproj.io/tracking-id: 'web:apps/Deployment:web/site'"


@dataclass
class Story:
    """A healthy and a sick life of two namespaces, and the passes that looked on."""

    cluster: Cluster
    shop: str
    web: str
    prometheus: Prometheus
    env: dict[str, str]
    began: float = field(default_factory=time.time)
    passes: list[float] = field(default_factory=list)

    def play(self, limited: Path, nowhere: Path) -> None:
        """Seven passes: healthy, broken, half fixed, broken again, half blind, blind, healthy."""
        self.cluster.apply(WORKLOAD % ("demo", ""), self.shop)
        self.cluster.apply(WORKLOAD % ("site", FROM_GIT), self.web)
        self.up(self.shop, "demo")
        self.up(self.web, "site")
        self.watch()
        self.set(self.shop, "demo", "REQUIRED_CONFIG-")
        self.set(self.web, "site", "REQUIRED_CONFIG-")
        self.down(self.shop)
        self.down(self.web)
        self.watch()
        self.watch()
        self.set(self.shop, "demo", "REQUIRED_CONFIG-")
        self.down(self.shop)
        self.watch()
        self.watch(limited)
        self.watch(nowhere)
        self.set(self.web, "site", "REQUIRED_CONFIG=production")
        self.up(self.web, "site")
        self.watch()

    def set(self, ns: str, name: str, env: str) -> None:
        self.cluster.kubectl("set", "env", f"deployment/{name}", env, "-n", ns)

    def up(self, ns: str, name: str) -> None:
        self.cluster.rolled_out(name, ns)

    def down(self, ns: str) -> None:
        pods = partial(self.cluster.json, "pods", ns)
        poll(lambda: crash_loop(pods()["items"]), f"the pods in {ns} to crash-loop")

    def watch(self, kubeconfig: Path | None = None) -> CompletedProcess[str]:
        """One pass, and a few scrapes of what it pushed."""
        where = kubeconfig or self.cluster.kubeconfig
        done = run_watchdog(
            *("run", "-o", "json", "-n", self.shop, "-n", self.web), kubeconfig=where, env=self.env
        )
        report = json.loads(done.stdout)
        pushed = [d for d in report["deliveries"] if d["to"] == "pushgateway"]
        assert all(d["ok"] for d in pushed), pushed
        self.passes.append(time.time())
        last = "sre_watchdog_last_run_timestamp_seconds"
        ended = datetime.fromisoformat(report["started_at"]).timestamp()
        ended += report["duration_seconds"]
        shown = f"{last} > {ended - 0.5} < time() - {SEEN_SECONDS}"
        poll(lambda: self.prometheus.value(shown), "the pass in Prometheus", 0.5)
        return done

    def series(self, query: str) -> list[dict[str, Any]]:
        """All that a query of the dashboard showed since the story began."""
        asked = re.sub(r"\$(cluster|job|namespace)", ".*", query)
        return self.prometheus.history(asked, self.began, self.passes[-1] + SEEN_SECONDS)


@pytest.fixture(scope="module")
def story(
    cluster: Cluster,
    tool: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("dashboard")
    with (
        pushgateway(tool("pushgateway"), "127.0.0.1") as gateway,
        prometheus_of(tool("prometheus"), gateway, home) as prometheus,
        HTTPServer() as far_end,
        cluster.namespace("shop") as shop,
        cluster.namespace("web") as web,
    ):
        far_end.expect_request(PATH, method="POST").respond_with_handler(Model())
        env = {
            **PATIENT,
            "SRE_AGENT_CLUSTER_NAME": "prod-eu",
            "SRE_AGENT_PUSHGATEWAY__URL": gateway,
            # What is not pushed in time is never shown.
            "SRE_AGENT_PUSHGATEWAY__TIMEOUT_SECONDS": "60",
            "SRE_AGENT_SLACK__BASE_URL": Slack(far_end).base_url,
            "SRE_AGENT_SLACK__BOT_TOKEN": TOKEN,
            "SRE_AGENT_SLACK__CHANNEL": "#ops",
            "SRE_AGENT_LLM__BASE_URL": far_end.url_for("/v1"),
            "SRE_AGENT_LLM__MODEL": "test-model",
            "SRE_AGENT_VERIFY__STABLE_SECONDS": "2",
            "SRE_AGENT_VERIFY__POLL_SECONDS": "0.5",
            "POD_NAMESPACE": "sre",
        }
        told = Story(cluster, shop, web, prometheus, env)
        told.play(limited(cluster, (shop, web), home), nowhere(home))
        yield told


@pytest.fixture(scope="module")
def board(story: Story) -> list[Shown]:
    """Each panel with what its queries returned over the whole story."""
    return [
        Shown(
            panel,
            tuple(
                line(series, target.get("legendFormat") or "")
                for target in panel.get("targets", ())
                for series in story.series(target["expr"])
            ),
        )
        for panel in BOARD["panels"]
    ]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(target["expr"], id=f"{panel['title']}-{number}")
        for panel in BOARD["panels"]
        for number, target in enumerate(panel.get("targets", ()))
    ],
)
def test_every_query_of_the_dashboard_returns_data(story: Story, query: str) -> None:
    assert story.series(query)


def test_each_change_is_an_annotation_at_its_time(story: Story) -> None:
    (changes,) = BOARD["annotations"]["list"]

    times = {float(v) for series in story.series(changes["expr"]) for _, v in series["values"]}

    assert times
    assert changes["useValueForTime"]
    # Milliseconds, as Grafana takes them.
    assert all(abs(at / 1000 - story.passes[-1]) < 86_400 for at in times)


@pytest.mark.parametrize("variable", ["cluster", "job", "namespace"])
def test_every_variable_of_the_dashboard_has_values(story: Story, variable: str) -> None:
    (query,) = (v["query"] for v in BOARD["templating"]["list"] if v["name"] == variable)
    found = re.fullmatch(rf"label_values\((.+), {variable}\)", query)
    assert found

    values = {series["metric"].get(variable) for series in story.series(found[1])}

    assert values - {None}


def test_what_happened_is_what_the_panels_show(board: list[Shown], story: Story) -> None:
    most = {(each.panel["title"], line.name): line.most for each in board for line in each.lines}

    assert len(story.passes) == 7
    assert most["Problems by kind", "shop missing_env"] == 1
    assert most["Actions by outcome", "patch_deployment_env verified"] == 1
    assert 0 < most["Time to healthy", "shop missing_env"] < 600
    assert most["Open and waiting", "web waits"] == 1
    assert most["Model: duration and unusable answers", "unusable: unusable"] >= 1
    assert most["Model: tokens of a pass", "total"] > 0
    assert most["Not readable by namespace", "shop"] >= 1
    assert most["Changes in an hour", "shop missing_env"] == 2
    results = {line.name for line in shown(board, "Result of the last pass").lines}
    assert results == {"ok", "degraded", "failed"}
    ups = {each.name: {v for _, v in each.points} for each in shown(board, "Dependencies").lines}
    assert ups == {"kubernetes": {0, 1}, "model": {0, 1}, "slack": {1}}


def test_the_board_can_be_drawn_with_every_panel(
    board: list[Shown], story: Story, tmp_path: Path
) -> None:
    drawn = picture(board, story.passes, TITLE)

    (tmp_path / "dashboard.svg").write_text(drawn, encoding="utf-8")
    if kept := os.environ.get("DASHBOARD_PICTURE"):
        Path(kept).write_text(drawn, encoding="utf-8")
    assert all(panel["title"] in drawn for panel in BOARD["panels"])
    assert "no data" not in drawn


def shown(board: list[Shown], title: str) -> Shown:
    return next(each for each in board if each.panel["title"] == title)


@dataclass
class Model:
    """Talks nonsense when asked for the first time, and plans what the prompt offers from then."""

    asked: int = 0

    def __call__(self, request: Request) -> Response:
        self.asked += 1
        prompt = "".join(str(message["content"]) for message in request.get_json()["messages"])
        answer = "I would turn it off and on again." if self.asked == 1 else self.plan(prompt)
        return Response(json.dumps(completion(answer)), mimetype="application/json")

    @staticmethod
    def plan(prompt: str) -> str:
        found = re.search(r"^- (\w+) Deployment/\w+, container main", prompt, re.MULTILINE)
        assert found is not None, prompt
        action = {"kind": "patch_deployment_env", "target": found[1], "container": "main"}
        return json.dumps(
            {
                "has_issue": True,
                "summary": "It exits because a variable is missing.",
                "root_cause": "REQUIRED_CONFIG is not set.",
                "evidence": [],
                "remediation_actions": [{**action, "name": "REQUIRED_CONFIG", "value": "any"}],
                "confidence": 0.93,
            }
        )


def limited(cluster: Cluster, namespaces: tuple[str, ...], home: Path) -> Path:
    """A kubeconfig of an account that may read what a dry run reads, but no Event."""
    first = namespaces[0]
    cluster.kubectl("create", "serviceaccount", "limited", "-n", first)
    for ns in namespaces:
        rules = [
            {"apiGroups": [grant.group], "resources": [grant.resource], "verbs": [grant.verb]}
            for grant in rbac.needed(Settings(dry_run=True), ns)
            if grant.resource != "events" and not grant.name
        ]
        about = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}
        role = {**about, "metadata": {"name": "limited"}, "rules": rules}
        cluster.apply(json.dumps(role), ns)
        who = ("--role=limited", f"--serviceaccount={first}:limited")
        cluster.kubectl("create", "rolebinding", "limited", *who, "-n", ns)
    cluster.allowed(f"{first}:limited", [("list", "pods")], *namespaces)
    token = cluster.kubectl("create", "token", "limited", "-n", first).strip()
    flat = ("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    config = json.loads(cluster.kubectl(*flat))
    config["users"][0]["user"] = {"token": token}
    return written(home / "limited.kubeconfig", config)


def nowhere(home: Path) -> Path:
    """A kubeconfig of an API server that no one runs."""
    server = f"http://127.0.0.1:{free_port('127.0.0.1')}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "gone", "cluster": {"server": server}}],
        "users": [{"name": "gone", "user": {}}],
        "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "gone"}}],
        "current-context": "gone",
    }
    return written(home / "nowhere.kubeconfig", config)


def written(path: Path, config: dict[str, Any]) -> Path:
    path.write_text(json.dumps(config))
    return path
