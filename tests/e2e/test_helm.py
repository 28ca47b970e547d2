"""Chart and image as people meet them: installed on a real cluster by helm, healing there."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.cluster.api import Api
from tests.cluster.handle import PATIENCE, Cluster, eventually, poll
from tests.e2e.crashes import crash_loop
from tests.e2e.images import compressed_bytes, product_image
from tests.e2e.servers import Prometheus, fetched, prometheus_of, pushgateway
from tests.support.wire_slack import TOKEN, Slack
from watchdog.actions import Grant
from watchdog.kube import rbac
from watchdog.settings.schema import Settings

pytestmark = pytest.mark.cluster
CHART = Path(__file__).resolve().parents[2] / "helm"
RELEASE = "watchdog"
ACCOUNT = "watchdog-sre-watchdog"
# A pass's whole budget, and its pod has to start: the machine may be busy.
HEALED_WITHIN_SECONDS = 840
IMAGE_BYTES = 200_000_000
SHOP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: &name %s}
spec:
  replicas: 2
  # A broken revision takes the service down, instead of waiting beside the old one.
  strategy: {rollingUpdate: {maxUnavailable: 100%%, maxSurge: 0}}
  selector: {matchLabels: {app: *name}}
  template:
    metadata: {labels: {app: *name}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: busybox:1.36
          command: [sh, -c, ': "${REQUIRED_CONFIG:?must be set}"; sleep 3600']
          env: %s
"""
SET = "[{name: REQUIRED_CONFIG, value: production}]"


@dataclass(frozen=True)
class Installed:
    """A release that watches `shop` from `ops`, and the servers that it speaks to."""

    cluster: Cluster
    helm: Callable[..., str]
    ops: str
    shop: str
    slack: Slack
    gateway: str
    prometheus: Prometheus

    @property
    def account(self) -> str:
        return f"system:serviceaccount:{self.ops}:{ACCOUNT}"


@dataclass(frozen=True)
class Pass:
    """One Job made from the CronJob."""

    seconds_to_healthy: float
    report: dict[str, Any]


@pytest.fixture(scope="module")
def image(cluster: Cluster, tool: Callable[[str], Path]) -> tuple[str, str]:
    if cluster.origin != "own":
        pytest.skip("the image is built into the registry of tests/cluster only")
    return product_image(tool)


@pytest.fixture(scope="module")
def slack(cluster: Cluster) -> Iterator[Slack]:
    with HTTPServer(host=cluster.node_ip, port=0) as server:
        server.expect_request("/api/auth.test").respond_with_json(
            {"ok": True}, headers={"x-oauth-scopes": "chat:write"}
        )
        yield Slack(server)


@pytest.fixture(scope="module")
def gateway(cluster: Cluster, tool: Callable[[str], Path]) -> Iterator[str]:
    with pushgateway(tool("pushgateway"), cluster.node_ip) as url:
        yield url


@pytest.fixture(scope="module")
def prometheus(
    gateway: str, tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    home = tmp_path_factory.mktemp("prometheus")
    with prometheus_of(tool("prometheus"), gateway, home) as found:
        yield found


@pytest.fixture(scope="module")
def installed(  # noqa: PLR0913, PLR0917 - everything that the release speaks to
    cluster: Cluster,
    tool: Callable[[str], Path],
    image: tuple[str, str],
    slack: Slack,
    gateway: str,
    prometheus: Prometheus,
) -> Iterator[Installed]:
    helm4 = tool("helm4")

    with cluster.namespace("helm-ops") as ops, cluster.namespace("helm-shop") as shop:
        enforced = "pod-security.kubernetes.io/enforce=restricted"
        cluster.kubectl("label", "namespace", ops, enforced)
        credentials = ["secret", "generic", "slack", f"--from-literal=bot-token={TOKEN}"]
        cluster.kubectl("create", *credentials, "-n", ops)
        cluster.apply(SHOP % ("demo", SET), shop)
        cluster.rolled_out("demo", shop)

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

        values = {
            "image": {"registry": "", "repository": image[0], "tag": image[1]},
            # Never by itself: the tests say when.
            "schedule": "0 0 1 1 *",
            "watch": {"namespaces": [{"name": shop, "mode": "act", "owner": "team shop"}]},
            "slack": {
                "channel": "#ops",
                "baseUrl": slack.base_url,
                "existingSecret": {"name": "slack"},
            },
            "pushgateway": {"url": gateway, "deleteOnUninstall": True},
            "clusterName": "test",
            # What is hopeless is given up soon all the same, and what is only slow is not.
            "runBudgetSeconds": HEALED_WITHIN_SECONDS,
            "activeDeadlineSeconds": HEALED_WITHIN_SECONDS + 60,
            "settings": {"VERIFY__TIMEOUT_SECONDS": "600", "PUSHGATEWAY__TIMEOUT_SECONDS": "10"},
        }
        given = ["--set-json", ",".join(f"{key}={json.dumps(v)}" for key, v in values.items())]
        helm("install", RELEASE, str(CHART), *given)
        yield Installed(cluster, helm, ops, shop, slack, gateway, prometheus)


@pytest.fixture(scope="module")
def healed(installed: Installed) -> Pass:
    """The note's Deployment, broken, and one Job of the CronJob's."""
    cluster, ops, shop = installed.cluster, installed.ops, installed.shop
    cluster.apply(SHOP % ("demo", "[]"), shop)
    poll(lambda: crash_loops(cluster, shop), "the Deployment to crash-loop")
    began = time.monotonic()
    job = ["job", "by-hand", f"--from=cronjob/{ACCOUNT}"]
    cluster.kubectl("create", *job, "-n", ops)
    done = ("Complete", "Failed")
    seconds = 0.0

    def finished() -> str:
        nonlocal seconds
        if not seconds and available(cluster, shop):
            seconds = time.monotonic() - began
        conditions = cluster.json("jobs", ops, "by-hand")["status"].get("conditions", [])
        return next((str(c["type"]) for c in conditions if c["type"] in done), "")

    end = poll(finished, "the Job to end", 0.5)
    said = cluster.kubectl("logs", "job/by-hand", "-n", ops, check=False)
    assert end == "Complete", said
    report = json.JSONDecoder().raw_decode(said[said.index('{"version"') :])[0]
    return Pass(seconds, report)


def passed(installed: Installed, name: str) -> dict[str, Any]:
    """The report of one more Job made from the CronJob."""
    cluster, ops = installed.cluster, installed.ops
    cluster.kubectl("create", "job", name, f"--from=cronjob/{ACCOUNT}", "-n", ops)
    cluster.completed(name, ops)
    said = cluster.kubectl("logs", f"job/{name}", "-n", ops)
    report: dict[str, Any] = json.JSONDecoder().raw_decode(said[said.index('{"version"') :])[0]
    return report


def test_the_image_is_small(image: tuple[str, str]) -> None:
    assert compressed_bytes(image[1]) < IMAGE_BYTES


def test_helm_test_passes_before_anything_is_broken(installed: Installed) -> None:
    said = installed.helm("test", RELEASE, "--timeout", f"{2 * PATIENCE}s")

    assert "Succeeded" in said


def test_the_cronjobs_own_job_heals_the_deployment_in_time(
    installed: Installed, healed: Pass
) -> None:
    (shop,) = healed.report["namespaces"]

    assert [action["outcome"] for action in shop["actions"]] == ["verified"]
    assert shop["verification"]["healthy"] is True
    print(f"healthy after {healed.seconds_to_healthy:.1f} s")  # noqa: T201  # the figure, with -rP
    assert 0 < healed.seconds_to_healthy < HEALED_WITHIN_SECONDS
    assert available(installed.cluster, installed.shop)


def test_prometheus_scraped_what_the_pass_pushed(installed: Installed, healed: Pass) -> None:
    assert healed.report["result"] == "ok"

    value = installed.prometheus.value
    labels = f'cluster="test",job="{RELEASE}",release_namespace="{installed.ops}"'
    success = f"sre_watchdog_last_success_timestamp_seconds{{{labels}}}"
    verified = f'sre_watchdog_actions{{{labels},namespace="{installed.shop}",outcome="verified"}}'
    found = f'sre_watchdog_findings{{{labels},namespace="{installed.shop}"}}'
    assert poll(lambda: value(success), "the last success in Prometheus")
    # They are pushed one after the other, and a scrape may come between.
    assert eventually(lambda: [value(verified), value(found)], [1.0, 1.0]) == [1, 1]


def test_slack_got_one_message(installed: Installed, healed: Pass) -> None:
    (message,) = installed.slack.posts

    assert "demo" in message.shown
    assert {"to": "slack", "ok": True} in [
        {key: each[key] for key in ("to", "ok")} for each in healed.report["deliveries"]
    ]


def test_the_account_may_do_what_is_documented_and_nothing_else(installed: Installed) -> None:
    needed = set(rbac.needed(Settings(), installed.shop))
    # The API server judges by what it has heard of Roles, a moment after they were stored.
    assert eventually(lambda: rules(installed, installed.shop), needed) == needed
    # Whether a listed namespace is there, asked by its name.
    named = {Grant("", "namespaces", "get", installed.shop)}
    assert eventually(lambda: rules(installed, installed.ops), named) == named
    assert eventually(lambda: rules(installed, "kube-system"), named) == named


def test_a_pass_that_kubernetes_ends_reports_within_its_grace(
    installed: Installed, healed: Pass
) -> None:
    """After its grace it would be killed, and the log would have no report."""
    assert healed
    cluster, ops, shop = installed.cluster, installed.ops, installed.shop
    cluster.apply(SHOP % ("late", SET), shop)
    cluster.rolled_out("late", shop)
    cluster.apply(SHOP % ("late", "[]"), shop)
    poll(lambda: crash_loops(cluster, shop, "late"), "the Deployment to crash-loop")
    stable = ("upgrade", RELEASE, str(CHART), "--reuse-values", "--set-string")
    # So that it is still watching when it is ended.
    installed.helm(*stable, "settings.VERIFY__STABLE_SECONDS=120")
    cluster.kubectl("create", "job", "ended", f"--from=cronjob/{ACCOUNT}", "-n", ops)
    installed.helm(*stable, "settings.VERIFY__STABLE_SECONDS=15")
    # It was written and is being watched: the middle of the pass.
    poll(lambda: repaired(cluster, shop, "late"), "the fix to be written")

    with following(cluster, ops, "job/ended") as said:
        cluster.kubectl("delete", "pod", "-l", "job-name=ended", "-n", ops, "--wait")

    text = "".join(said)
    assert "stopping: nothing more is changed; the report follows" in text
    report = json.JSONDecoder().raw_decode(text[text.index('{"version"') :])[0]
    (action,) = report["namespaces"][0]["actions"]
    assert action["outcome"] == "applied"
    assert "ran out of time while watching" in action["reason"]
    assert [d["ok"] for d in report["deliveries"] if d["to"] == "pushgateway"] == [True, True]


def test_the_next_jobs_settle_what_was_left_in_the_same_message(
    installed: Installed, healed: Pass
) -> None:
    """The pass before was ended in the middle of watching its fix."""
    assert healed
    installed.cluster.rolled_out("late", installed.shop)
    (shop,) = passed(installed, "settles")["namespaces"]
    assert [(a["outcome"], a["source"]) for a in shop["actions"]] == [
        ("verified", "an earlier pass")
    ]

    passed(installed, "sees-it-last")

    assert [post.shown.partition(":")[0] for post in installed.slack.posts] == ["*✅ Resolved"] * 2


def test_a_failure_that_lasts_is_one_message_that_is_resolved_and_reopened(
    installed: Installed, healed: Pass
) -> None:
    assert healed
    cluster, shop, before = installed.cluster, installed.shop, len(installed.slack.posts)
    cluster.apply(SHOP % ("never", "[]"), shop)
    poll(lambda: crash_loops(cluster, shop, "never"), "the Deployment to crash-loop")
    for number in range(3):
        passed(installed, f"lasts-{number}")
    (message,) = installed.slack.posts[before:]
    assert message.shown.startswith("*✋ Needs you")

    cluster.apply(SHOP % ("never", SET), shop)
    cluster.rolled_out("never", shop)
    passed(installed, "repaired")
    assert message.shown.startswith("*✅ Resolved")

    cluster.apply(SHOP % ("never", "[]"), shop)
    poll(lambda: crash_loops(cluster, shop, "never"), "the Deployment to crash-loop again")
    passed(installed, "returned")
    assert message.shown.startswith("*✅ Fixed")
    assert len(installed.slack.posts) == before + 1


def test_a_dry_run_holds_no_write(installed: Installed) -> None:
    upgrade = ("upgrade", RELEASE, str(CHART), "--reuse-values", "--set")
    installed.helm(*upgrade, "dryRun=true")
    reads = set(rbac.READ)
    try:
        held = eventually(lambda: verbs(installed), reads)
    finally:
        installed.helm(*upgrade, "dryRun=false")

    assert held == reads


def test_uninstalling_leaves_nothing(installed: Installed, healed: Pass) -> None:
    assert healed
    cluster = installed.cluster
    # Other passes, as those of the README's own commands, have groups of their own there.
    ours = f'release_namespace="{installed.ops}"'
    assert ours in fetched(f"{installed.gateway}/metrics")
    installed.helm("uninstall", RELEASE, "--wait")
    assert ours not in fetched(f"{installed.gateway}/metrics")
    selector = f"app.kubernetes.io/instance={RELEASE}"
    with contextlib.closing(Api(cluster.kubeconfig)) as api:

        def left() -> list[str]:
            both = (installed.ops, installed.shop)
            return [found for ns in both for found in api.labelled(ns, selector)]

        assert eventually(left, []) == []
    for kind in ("configmap", "lease"):
        assert "not found" in cluster.kubectl(
            "get", kind, "sre-watchdog", "-n", installed.shop, check=False
        )


@contextlib.contextmanager
def following(cluster: Cluster, ns: str, what: str) -> Iterator[list[str]]:
    """The log of what runs there, from its first line; whole once the block has ended.

    The block begins once that line is here: of a pod that is deleted before, nothing would come.
    """
    said: list[str] = []
    with subprocess.Popen(
        [cluster.kubectl_command, "logs", "-f", what, "-n", ns],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig)},
    ) as process:
        assert process.stdout
        try:
            said.append(process.stdout.readline())
            yield said
            said += process.stdout
        finally:
            process.terminate()


def rules(installed: Installed, namespace: str) -> set[Grant]:
    """What `kubectl auth can-i --list` shows of resources, beyond what each account may."""
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview"}
    body = json.dumps({**review, "spec": {"namespace": namespace}})
    who = f"--as={installed.account}"
    answer = installed.cluster.kubectl(
        "create", "--validate=false", "-o", "json", who, "-f", "-", input=body
    )
    return {
        Grant(group, resource, verb, name)
        for rule in json.loads(answer)["status"]["resourceRules"]
        for group in rule["apiGroups"]
        if group not in {"authorization.k8s.io", "authentication.k8s.io"}
        for resource in rule["resources"]
        # Kubernetes 1.37 lets each account read the cluster's bundles of CAs.
        if resource != "clustertrustbundles"
        for verb in rule["verbs"]
        for name in rule.get("resourceNames") or [""]
    }


def verbs(installed: Installed) -> set[str]:
    return {grant.verb for grant in rules(installed, installed.shop)}


def crash_loops(cluster: Cluster, ns: str, app: str = "demo") -> bool:
    pods = cluster.json("pods", ns)["items"]
    return crash_loop(pod for pod in pods if pod["metadata"]["labels"]["app"] == app)


def repaired(cluster: Cluster, ns: str, app: str) -> bool:
    (container,) = cluster.json("deployments", ns, app)["spec"]["template"]["spec"]["containers"]
    return bool(container.get("env"))


def available(cluster: Cluster, ns: str) -> bool:
    found = cluster.json("deployments", ns, "demo")
    status, wanted = found["status"], found["spec"]["replicas"]
    seen = status.get("observedGeneration") == found["metadata"]["generation"]
    counts = (status.get("availableReplicas"), status.get("updatedReplicas"))
    # A container that is about to fail is ready for a moment: the env says that it was repaired.
    (container,) = found["spec"]["template"]["spec"]["containers"]
    names = {env["name"] for env in container.get("env", ())}
    return seen and "REQUIRED_CONFIG" in names and counts == (wanted, wanted)
