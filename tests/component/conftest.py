from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.simulated_cluster import Arena
from tests.support.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """An API server with the namespace `shop`, whose clock stands still."""
    with Wire(ticking=False) as box:
        box.add_namespace("shop")
        yield box


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with Wire(ticking=False, behind_seconds=7200) as wire:
        yield Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))
