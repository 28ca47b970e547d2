"""This machine's clock may be off: times are judged by the API server's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.wire import Wire
from watchdog.clock import Budget, SystemClock
from watchdog.kube import Cluster


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
        cluster = Cluster.connect(config, None, Budget(60, SystemClock()))
        cluster.may("get", "", "pods", "shop")

    (message,) = caplog.messages
    assert re.search(said, message)
