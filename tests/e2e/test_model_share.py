"""A model that hangs or fails costs a bounded share of the pass: the rules repair all the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.support.cluster_fixtures import run_watchdog
from tests.support.simulated_cluster import MANIFEST, SET
from tests.support.wire import Wire
from tests.support.wire_model import PATH

NAMESPACES = ("books", "games", "tools")
BUDGET_SECONDS = 160  # as much as a busy machine needs, beside the quarter that the model takes
SETTINGS = {
    "SRE_AGENT_LLM__MODEL": "m",
    "SRE_AGENT_RUN_BUDGET_SECONDS": str(BUDGET_SECONDS),
    "SRE_AGENT_VERIFY__STABLE_SECONDS": "1",
    "SRE_AGENT_VERIFY__POLL_SECONDS": "0.3",
}


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[Path]:
    """Three namespaces, each with a Deployment that lost the same variable."""
    with Wire(speed=5, behind_seconds=660) as wire:
        for env in (SET, "[]"):
            for name in NAMESPACES:
                parts = {"image": "busybox:1.36", "script": "sleep 86400"}
                wire.apply(MANIFEST.format(name="ledger", env=env, **parts), name)
            wire.advance(600 if env == SET else 60)
        yield wire.kubeconfig(tmp_path / "kubeconfig")


@pytest.mark.parametrize("way", ["hangs", "answers 503"])
def test_three_sick_namespaces_are_repaired_though_the_model_is_away(
    broken: Path, httpserver: HTTPServer, way: str
) -> None:
    over = threading.Event()

    def answer(_: Request) -> Response:
        if way == "hangs":
            over.wait(BUDGET_SECONDS)
        return Response('{"error": {"message": "Loading model"}}', 503)

    httpserver.expect_request(PATH, method="POST").respond_with_handler(answer)
    done = run_watchdog(
        *("run", *(f"--namespace={name}" for name in NAMESPACES), "-o", "json"),
        kubeconfig=broken,
        env={**SETTINGS, "SRE_AGENT_LLM__BASE_URL": httpserver.url_for("/v1")},
    )
    over.set()

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    outcomes = [a["outcome"] for part in report["namespaces"] for a in part["actions"]]
    assert outcomes == ["verified"] * 3
    assert report["stages"]["model"] < BUDGET_SECONDS / 2
    faults = [part["diagnosis"]["model_fault"] for part in report["namespaces"]]
    assert faults[0] in {"timeout", "server"}
    assert faults[1:] == ["not_asked"] * 2
