"""This machine's clock may be off: times are judged by the API server's."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.cluster_fixtures import run_watchdog
from tests.support.incident_samples import incident, memory
from tests.support.report_samples import ref
from tests.support.wire import Wire
from watchdog.clock import Budget, SystemClock
from watchdog.incidents.memory import encode
from watchdog.incidents.place import KEY
from watchdog.kube.client import ApiServer
from watchdog.kube.rbac import OWN_NAME


@pytest.mark.parametrize(
    ("behind_seconds", "said"),
    [
        (45, r"clock is 4[5-9] s ahead of the API server's"),
        (-45, r"clock is 4[0-5] s behind the API server's"),
        (-115, r"clock is 11[0-5] s behind"),
        (125, r"clock is 2 min ahead"),
        (-3600, r"clock is 60 min behind"),
    ],
)
def test_how_far_a_clock_is_off_is_said_in_seconds_below_two_minutes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, behind_seconds: int, said: str
) -> None:
    with Wire(behind_seconds=behind_seconds) as wire:
        config = wire.kubeconfig(tmp_path / "config")
        cluster = ApiServer.connect(config, None, Budget(60, SystemClock()))
        cluster.may("get", "", "pods", "shop")

    (message,) = caplog.messages
    assert re.search(said, message)


@pytest.mark.parametrize("behind_seconds", [7200, -7200])
def test_history_goes_by_the_api_servers_clock(tmp_path: Path, behind_seconds: int) -> None:
    told = datetime.now(UTC) - timedelta(seconds=behind_seconds)
    seen = {"first_seen": told - timedelta(minutes=12, seconds=30), "last_seen": told}
    with Wire(behind_seconds=behind_seconds) as wire:
        for name in ("shop", "billing"):
            wire.add_namespace(name)
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": OWN_NAME}}
            text = encode(memory(incident(target=ref("ledger", name), **seen), namespace=name))
            wire.apply(json.dumps({**body, "data": {KEY: text}}), name)
        config = wire.kubeconfig(tmp_path / "config")
        done = run_watchdog("history", "-n", "shop", "-n", "billing", kubeconfig=config)

    assert done.returncode == 0, done.stdout
    assert len(re.findall(r" 12 min +0 *$", done.stdout, re.MULTILINE)) == 2
