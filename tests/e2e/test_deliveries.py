"""Slack and the Pushgateway fail in every way, and the installed command heals as ever."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.support.cluster_fixtures import run_watchdog
from tests.support.simulated_cluster import NAMESPACE, Arena
from tests.support.wire import Wire
from tests.support.wire_slack import TOKEN, Fault, Slack

PUSH = re.compile(r"^/metrics/")
QUICK = {
    "SRE_AGENT_VERIFY__STABLE_SECONDS": "1",
    "SRE_AGENT_VERIFY__POLL_SECONDS": "0.3",
    "SRE_AGENT_PUSHGATEWAY__TIMEOUT_SECONDS": "0.5",
    "SRE_AGENT_SLACK__CHANNEL": "#ops",
}


def refusal(error: str) -> Fault:
    return Fault(body=json.dumps({"ok": False, "error": error}))


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Arena]:
    with Wire(speed=5, behind_seconds=660) as wire:
        arena = Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))
        arena.break_env()
        yield arena


@pytest.mark.parametrize(
    ("slack_fault", "gateway_fault"),
    [
        pytest.param(Fault(429, headers={"Retry-After": "3600"}), "down", id="429-down"),
        pytest.param(Fault(500), "slow", id="500-slow"),
        pytest.param(refusal("invalid_auth"), "400", id="invalid_auth-400"),
        pytest.param(refusal("channel_not_found"), "down", id="channel_not_found-down"),
        pytest.param(refusal("invalid_blocks"), "slow", id="invalid_blocks-slow"),
        pytest.param(Fault(404, "no_service"), "400", id="webhook_404-400"),
    ],
)
def test_a_failed_delivery_changes_nothing_but_the_log_and_the_report(
    broken: Arena, httpserver: HTTPServer, slack_fault: Fault, gateway_fault: str
) -> None:
    slack = Slack(httpserver)
    slack.faults = [slack_fault] * 20
    webhook = slack_fault.body == "no_service"
    where = {"WEBHOOK_URL": slack.webhook_url} if webhook else {"BOT_TOKEN": TOKEN}
    env = {f"SRE_AGENT_SLACK__{name}": value for name, value in where.items()}
    if not webhook:
        env["SRE_AGENT_SLACK__BASE_URL"] = slack.base_url
    env["SRE_AGENT_PUSHGATEWAY__URL"] = gateway(httpserver, gateway_fault)

    done = run_watchdog(
        *("run", "-n", NAMESPACE, "-o", "json"), kubeconfig=broken.kubeconfig, env={**QUICK, **env}
    )

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (part,) = report["namespaces"]
    assert report["result"] == "ok"
    assert [action["outcome"] for action in part["actions"]] == ["verified"]
    failed = {d["to"] for d in report["deliveries"] if not d["ok"] and d["error"]}
    assert failed == {"slack", "pushgateway"}
    assert all(f"{to}: " in done.stderr for to in failed)
    assert TOKEN not in done.stdout + done.stderr


def gateway(server: HTTPServer, fault: str) -> str:
    """The address of a Pushgateway that fails like that."""
    if fault == "down":
        return "http://127.0.0.1:1"

    def answer(_: Request) -> Response:
        # The far end is slow on purpose: there is no condition to poll.
        time.sleep(2 if fault == "slow" else 0)
        return Response("pushed metrics are invalid or inconsistent", 400)

    server.expect_request(PUSH).respond_with_handler(answer)
    return server.url_for("")
