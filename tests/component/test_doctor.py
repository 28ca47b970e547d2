"""`sre-watchdog doctor` against a real API server, with the rights that the test gives it."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Response

from tests.cluster.handle import poll, unique_name
from tests.cluster.plane import Object, Plane
from tests.support.cluster_fixtures import run_watchdog
from watchdog.actions import Grant
from watchdog.kube import rbac
from watchdog.settings.schema import Settings

pytestmark = pytest.mark.plane
MARKS = "marks.example.com"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


@dataclass(frozen=True)
class Account:
    """A service account in a namespace of its own."""

    plane: Plane
    ns: str
    kubeconfig: Path

    def may(self, *rules: Object) -> None:
        """Give it a Role with these rules, and nothing else; returns once it is in force."""
        mark = {"group": MARKS, "resource": unique_name("mark"), "verb": "get"}
        last = {"apiGroups": [MARKS], "resources": [mark["resource"]], "verbs": [mark["verb"]]}
        role = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "doctor", "namespace": self.ns},
            "rules": [*rules, last],
        }
        self.plane.kubectl("apply", "-f", "-", input=json.dumps(role))
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": f"system:serviceaccount:{self.ns}:doctor",
                "resourceAttributes": {**mark, "namespace": self.ns},
            },
        }
        ask = partial(self.plane.api.request, "POST", REVIEWS, review)
        # The authorizer hears of a Role a moment later.
        poll(lambda: ask()["status"]["allowed"], "the Role to be in force")

    def doctor(self, *args: str, **env: str) -> CompletedProcess[str]:
        return run_watchdog("doctor", "-n", self.ns, *args, kubeconfig=self.kubeconfig, env=env)


def all_rules(ns: str) -> list[Object]:
    return rules(*rbac.needed(Settings(), ns))


def rules(*grants: Grant) -> list[Object]:
    return [
        {
            "apiGroups": [grant.group],
            "resources": [grant.resource],
            "verbs": [grant.verb],
            **({"resourceNames": [grant.name]} if grant.name else {}),
        }
        for grant in grants
    ]


@pytest.fixture(scope="module")
def bound(plane: Plane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    tmp_path = tmp_path_factory.mktemp("doctor")
    with plane.namespace("doctor") as ns:
        plane.kubectl("create", "serviceaccount", "doctor", "-n", ns)
        config = yaml.safe_load(plane.kubeconfig.read_text())
        token = plane.kubectl("create", "token", "doctor", "-n", ns).strip()
        config["users"][0]["user"] = {"token": token}
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
        where = ["-n", ns, "--role=doctor", f"--serviceaccount={ns}:doctor"]
        plane.kubectl("create", "rolebinding", "doctor", *where)
        for version, kind in (("v1", "ConfigMap"), ("coordination.k8s.io/v1", "Lease")):
            metadata = {"name": rbac.OWN_NAME, "namespace": ns}
            own = {"apiVersion": version, "kind": kind, "metadata": metadata}
            plane.kubectl("apply", "-f", "-", input=json.dumps(own))
        yield Account(plane, ns, tmp_path / "kubeconfig")


@pytest.fixture
def account(bound: Account) -> Account:
    bound.may(*all_rules(bound.ns))
    return bound


def test_all_needed_rights_are_enough(account: Account) -> None:
    done = account.doctor()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "All that a pass needs works." in done.stdout


def test_the_line_that_it_prints_grants_what_is_missing(account: Account) -> None:
    without = [rule for rule in all_rules(account.ns) if rule["resources"] != ["pods/eviction"]]
    account.may(*without)

    before = account.doctor("-o", "json")
    (missing,) = (c for c in json.loads(before.stdout)["checks"] if c["necessary"] and not c["ok"])
    account.may(*without, *yaml.safe_load(missing["remedy"]))
    after = account.doctor()

    assert before.returncode == 1
    assert missing["subject"] == f"create pods/eviction in {account.ns}"
    assert after.returncode == 0, after.stdout


def test_custom_resources_that_are_not_installed_are_said_once_and_fail_nothing(
    account: Account,
) -> None:
    named = "things.nowhere.example.com,others.nowhere.example.com"
    reads = {
        "apiGroups": ["nowhere.example.com"], "resources": ["things", "others"],
        "verbs": ["get", "list"],
    }  # fmt: skip
    env = {"SRE_AGENT_WATCH__CUSTOM_RESOURCES": named}

    without = account.doctor("-o", "json", **env)
    account.may(*all_rules(account.ns), reads)
    granted = account.doctor("-o", "json", **env)

    lacks = [c for c in json.loads(without.stdout)["checks"] if c["necessary"] and not c["ok"]]
    assert {c["subject"].partition(" in ")[0] for c in lacks} == {
        "get, list things", "get, list others",
    }  # fmt: skip
    assert granted.returncode == 0
    said = [c for c in json.loads(granted.stdout)["checks"] if c["subject"] == "custom resources"]
    assert [(c["ok"], c["necessary"]) for c in said] == [(False, False)]
    assert (
        "not installed, so not looked at: things.nowhere.example.com, others" in said[0]["detail"]
    )


def test_watching_by_a_rule_needs_reads_in_the_whole_cluster_and_the_memories(
    account: Account,
) -> None:
    env = {"SRE_AGENT_WATCH__ALL_NAMESPACES": "true", "POD_NAMESPACE": account.ns}
    before = account.doctor(**env)
    assert before.returncode == 1
    assert "list nodes in the whole cluster" in before.stdout.replace("get, ", "")
    assert f"configmaps sre-watchdog-observed-3 in {account.ns}" in before.stdout

    account.may(*all_rules(account.ns), *rules(*rbac.home(Settings())))
    about = {"name": f"{account.ns}-doctor"}
    group = "rbac.authorization.k8s.io"
    wide = [
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": about,
            "rules": rules(*rbac.OBSERVATION, *rbac.CLUSTER_READ),
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": about,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": about["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": "doctor", "namespace": account.ns}],
        },
    ]
    try:
        for one in wide:
            account.plane.create(one)
        poll(lambda: account.doctor(**env).returncode == 0, "the binding")
        after = account.doctor(**env)
    finally:
        for one in wide:
            account.plane.kubectl("delete", str(one["kind"]), about["name"], check=False)
    assert "permissions in the whole cluster" in after.stdout
    assert f"memories of what is observed in {account.ns}" in after.stdout


def test_a_dry_run_asks_for_no_write(account: Account) -> None:
    reading = [rule for rule in all_rules(account.ns) if rule["verbs"][0] in rbac.READ]
    account.may(*reading)

    assert account.doctor(SRE_AGENT_DRY_RUN="true").returncode == 0
    assert account.doctor().returncode == 1


def test_without_its_lease_nothing_would_be_changed_and_the_line_it_prints_makes_it(
    account: Account,
) -> None:
    def without_lease() -> CompletedProcess[str]:
        return account.doctor("-o", "json")

    account.plane.kubectl("delete", "lease", rbac.OWN_NAME, "-n", account.ns)
    before = without_lease()
    (missing,) = (c for c in json.loads(before.stdout)["checks"] if c["necessary"] and not c["ok"])
    dry = account.doctor(SRE_AGENT_DRY_RUN="true")
    account.plane.kubectl("apply", "-f", "-", input=json.dumps(yaml.safe_load(missing["remedy"])))

    assert before.returncode == 1
    assert "no lock between passes, so nothing is changed" in missing["detail"]
    assert dry.returncode == 0
    assert without_lease().returncode == 0


def test_who_may_create_them_needs_no_chart(plane: Plane) -> None:
    with plane.namespace("doctor-laptop") as ns:
        done = run_watchdog("doctor", "-n", ns, kubeconfig=plane.kubeconfig)

    assert done.returncode == 0, done.stdout
    assert "the first pass that needs it makes it, for memory" in done.stdout


@pytest.mark.parametrize(
    ("approvers", "scopes", "lacks"),
    [
        ("U1", "chat:write,reactions:read,channels:history", ""),
        ("U1", "chat:write,channels:history", "✗ no reaction approves a change"),
        ("", "chat:write,channels:history", "- no stop sign pauses a namespace"),
        ("U1", "chat:write,reactions:read", "- Slack's answer to it was lost"),
        ("U1", "chat:write,reactions:read,groups:history", ""),
    ],
)
def test_each_feature_of_slack_names_the_scope_that_it_lacks(
    account: Account, httpserver: HTTPServer, approvers: str, scopes: str, lacks: str
) -> None:
    httpserver.expect_request("/api/auth.test").respond_with_json(
        {"ok": True}, headers={"x-oauth-scopes": scopes}
    )
    slack = {k: v for k, v in services(httpserver).items() if "SLACK" in k}

    done = account.doctor(**slack, SRE_AGENT_SLACK__APPROVERS=approvers)

    sign, _, words = lacks.partition(" ")
    assert done.returncode == (sign == "✗"), done.stdout
    assert ("Slack scope" in done.stdout) is bool(lacks)
    assert words in done.stdout


def test_an_approval_that_nobody_can_give_is_a_warning(account: Account) -> None:
    done = account.doctor()
    modes = {"SRE_AGENT_POLICIES": json.dumps({account.ns: {"mode": "observe"}})}

    assert "only the annotation sre-watchdog/approve allows patch_configmap" in done.stdout
    assert "chart: slack.approvers: [U...]" in done.stdout
    assert "approvals in Slack" not in account.doctor(**modes).stdout


def test_an_alertmanager_is_asked_for_its_status(account: Account, httpserver: HTTPServer) -> None:
    status = {"versionInfo": {"version": "0.28.1"}}
    httpserver.expect_request("/am/api/v2/status").respond_with_json(status)

    there = account.doctor(SRE_AGENT_ALERTMANAGER__URL=httpserver.url_for("/am"))
    gone = account.doctor(SRE_AGENT_ALERTMANAGER__URL=httpserver.url_for("/other"))

    assert there.returncode == 0, there.stdout
    assert gone.returncode == 1
    assert "check SRE_AGENT_ALERTMANAGER__URL" in gone.stdout


def test_the_query_that_holds_changes_back_is_asked(
    account: Account, httpserver: HTTPServer
) -> None:
    nothing = {"status": "success", "data": {"resultType": "vector", "result": []}}
    httpserver.expect_request("/prom/api/v1/query").respond_with_json(nothing)

    def doctor(path: str) -> subprocess.CompletedProcess[str]:
        url = httpserver.url_for(path)
        return account.doctor(SRE_AGENT_BLOCKER__PROMETHEUS_URL=url, SRE_AGENT_BLOCKER__QUERY="up")

    there, gone = doctor("/prom"), doctor("/other")

    assert there.returncode == 0, there.stdout
    assert "nothing holds changes back now" in " ".join(there.stdout.split())
    assert gone.returncode == 1
    assert "check SRE_AGENT_BLOCKER__PROMETHEUS_URL" in gone.stdout
    assert "blocker.query" not in account.doctor().stdout


def test_a_namespace_that_is_not_there_is_named(plane: Plane) -> None:
    done = run_watchdog("doctor", "-n", "nowhere", kubeconfig=plane.kubeconfig)

    assert done.returncode == 1
    assert "kubectl create namespace nowhere" in done.stdout


def test_an_unreachable_api_server_is_one_line(tmp_path: Path, plane: Plane) -> None:
    config = yaml.safe_load(plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{closed_port()}"
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))

    done = run_watchdog("doctor", "-n", "shop", kubeconfig=tmp_path / "kubeconfig")

    assert done.returncode == 1
    assert "cannot reach the API server" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_configured_and_works_is_said_to_work(
    account: Account, httpserver: HTTPServer
) -> None:
    answer = {"choices": [{"message": {"content": '{"word": "ready"}'}}], "model": "small-1"}
    httpserver.expect_request("/v1/chat/completions").respond_with_json(answer)
    httpserver.expect_request("/api/auth.test").respond_with_json(
        {"ok": True, "user": "watchdog"}, headers={"x-oauth-scopes": "chat:write,files:write"}
    )
    httpserver.expect_request("/gateway/-/ready").respond_with_data("OK")

    done = account.doctor(**services(httpserver))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "answers as small-1" in done.stdout
    assert "scopes chat:write, files:write" in done.stdout
    assert "whether the bot is in its channel shows only when it posts" in " ".join(
        done.stdout.split()
    )
    assert "ready" in done.stdout


def test_what_is_configured_and_fails_is_missing(account: Account, httpserver: HTTPServer) -> None:
    refusal = Response('{"error": {"message": "no"}}', 401, content_type="application/json")
    httpserver.expect_request("/v1/chat/completions").respond_with_response(refusal)
    httpserver.expect_request("/api/auth.test").respond_with_json(
        {"ok": True}, headers={"x-oauth-scopes": "files:write"}
    )
    httpserver.expect_request("/gateway/-/ready").respond_with_data("no", status=503)

    done = account.doctor(**services(httpserver))

    assert done.returncode == 1
    assert "refused the API key (401)" in done.stdout
    assert "lacks the scope chat:write" in done.stdout
    assert "answered HTTP 503" in done.stdout
    assert "sk-canary" not in done.stdout + done.stderr
    assert "3 missing." in done.stdout


@pytest.mark.parametrize(
    ("status", "said", "works"),
    [(400, "no_text", True), (404, "no_service", False), (410, "channel_is_archived", False)],
)
def test_a_webhook_is_tried_without_posting(
    account: Account, httpserver: HTTPServer, status: int, said: str, *, works: bool
) -> None:
    httpserver.expect_request("/hook").respond_with_data(said, status=status)

    done = account.doctor(SRE_AGENT_SLACK__WEBHOOK_URL=httpserver.url_for("/hook"))

    assert (done.returncode == 0) is works, done.stdout
    ((request, _),) = httpserver.log
    assert "text" not in (request.get_json() or {})


def services(httpserver: HTTPServer) -> dict[str, str]:
    return {
        "SRE_AGENT_LLM__BASE_URL": httpserver.url_for("/v1"),
        "SRE_AGENT_LLM__MODEL": "small",
        "SRE_AGENT_LLM__API_KEY": "sk-canary",
        "SRE_AGENT_SLACK__BASE_URL": httpserver.url_for("/api"),
        "SRE_AGENT_SLACK__BOT_TOKEN": "xoxb-sk-canary",
        "SRE_AGENT_SLACK__CHANNEL": "#ops",
        "SRE_AGENT_PUSHGATEWAY__URL": httpserver.url_for("/gateway"),
    }


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
