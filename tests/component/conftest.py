from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arena import Arena
from tests.wire import Wire


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with Wire(ticking=False, behind_seconds=7200) as wire:
        yield Arena(wire, wire.kubeconfig(tmp_path / "kubeconfig"))
