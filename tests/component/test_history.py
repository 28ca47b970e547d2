"""`sre-watchdog history` at the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.support.cluster_fixtures import run_watchdog
from tests.support.incident_samples import attempt, incident, memory
from tests.support.report_samples import ref
from tests.support.wire import Wire
from watchdog.incidents.memory import Memory, encode
from watchdog.incidents.place import KEY
from watchdog.kube.rbac import OWN_NAME


@dataclass
class Shelf:
    """A cluster in which the namespaces shop and billing have a memory, or none."""

    wire: Wire
    kubeconfig: Path

    def put(self, held: Memory | str, namespace: str = "shop") -> None:
        text = held if isinstance(held, str) else encode(held)
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap"}
        body |= {"metadata": {"name": OWN_NAME}, "data": {KEY: text}}
        self.wire.apply(json.dumps(body), namespace)

    def history(self, *args: str) -> CompletedProcess[str]:
        return run_watchdog("history", *args, kubeconfig=self.kubeconfig)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Wire() as wire:
        for name in ("shop", "billing"):
            wire.add_namespace(name)
        yield Shelf(wire, wire.kubeconfig(tmp_path / "kubeconfig"))


def test_it_shows_each_namespace_and_changes_nothing(shelf: Shelf) -> None:
    shelf.put(memory(incident(tries=(attempt(),), attempts=1)))
    before = len(shelf.wire.writes)

    done = shelf.history("-n", "shop", "-n", "billing")

    assert done.returncode == 0, done.stderr
    assert "shop: 1 incident, 1 needs you" in done.stdout
    assert "set env LEDGER_REGION on container main: undone" in done.stdout
    assert done.stdout.endswith("\nbilling: no incident is remembered.\n")
    assert len(shelf.wire.writes) == before


def test_json_is_for_programs(shelf: Shelf) -> None:
    shelf.put(memory(incident()))

    done = shelf.history("-n", "shop", "-o", "json")

    (place,) = json.loads(done.stdout)["namespaces"]
    assert [item["kind"] for item in place["incidents"]] == ["missing_env"]


def test_a_memory_that_cannot_be_read_is_exit_1_and_the_others_are_shown(shelf: Shelf) -> None:
    shelf.put("no memory")
    shelf.put(memory(incident(target=ref("ledger", "billing")), namespace="billing"), "billing")

    done = shelf.history("-n", "shop", "-n", "billing")

    assert done.returncode == 1
    assert "does not hold a memory" in done.stdout
    assert "no incident" not in done.stdout
    assert "billing: 1 incident" in done.stdout


def test_a_missing_right_is_exit_1_and_named(shelf: Shelf) -> None:
    shelf.wire.forbid("get", "configmaps")

    done = shelf.history("-n", "shop", "-o", "json")

    (place,) = json.loads(done.stdout)["namespaces"]
    assert done.returncode == 1
    assert place["readable"] is False
    assert "configmaps" in place["warning"]
    assert "Traceback" not in done.stderr


def test_an_unknown_format_is_exit_2(shelf: Shelf) -> None:
    assert shelf.history("-o", "xml").returncode == 2
