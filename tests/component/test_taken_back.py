"""A person who takes a change back keeps the workload's annotations, and is not overruled."""

from __future__ import annotations

import json
import shlex

from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena, outcomes
from watchdog.clock import Budget, SystemClock
from watchdog.kube.client import ApiServer
from watchdog.kube.resources import DEPLOYMENTS
from watchdog.model.report import NamespaceReport

HOUR = 3600


def run_undo(arena: Arena, part: NamespaceReport) -> None:
    """Do what the printed command does: it is one JSON patch of the Deployment."""
    words = shlex.split(part.actions[0].undo or "")
    assert words[:6] == ["kubectl", "-n", NAMESPACE, "patch", "deployment", "ledger"]
    operations = json.loads(words[words.index("-p") + 1])
    cluster = ApiServer.connect(arena.kubeconfig, None, Budget(60, SystemClock()))
    cluster.patch(DEPLOYMENTS, NAMESPACE, "ledger", operations, dry_run=False)
    arena.wire.advance(90)


def annotate(arena: Arena, key: str, value: str) -> None:
    cluster = ApiServer.connect(arena.kubeconfig, None, Budget(60, SystemClock()))
    path = f"/metadata/annotations/{key.replace('/', '~1')}"
    change = [{"op": "add", "path": path, "value": value}]
    cluster.patch(DEPLOYMENTS, NAMESPACE, "ledger", change, dry_run=False)


def managers(arena: Arena) -> set[str]:
    return {entry["manager"] for entry in arena.metadata()["managedFields"]}


def test_what_a_person_took_back_is_not_made_again(arena: Arena) -> None:
    arena.break_env()
    part = arena.look()
    assert outcomes(part) == [("patch_deployment_env", "verified")]
    annotate(arena, "example.com/team", "ledger")
    run_undo(arena, part)
    assert arena.env() == {}
    assert "sre-watchdog" in managers(arena)

    again = arena.look()
    assert "sre-watchdog" not in managers(arena)
    arena.wire.advance(2 * HOUR)
    later = arena.look()

    assert arena.metadata()["annotations"]["example.com/team"] == "ledger"
    for part in (again, later):
        assert [outcome for _, outcome in outcomes(part)] == ["refused"]
        assert part.actions[0].rule == "taken_back"
        assert part.incidents[0].state == "needs_you"
    assert arena.env() == {}


def test_a_revision_that_is_deployed_after_that_is_repaired_again(arena: Arena) -> None:
    arena.break_env()
    run_undo(arena, arena.look())
    arena.wire.advance(2 * HOUR)
    arena.deploy(env="[]", image="busybox:1.35")
    arena.wire.advance(90)

    part = arena.look()

    assert [outcome for _, outcome in outcomes(part)] == ["verified"]
    assert arena.env() == {"REQUIRED_CONFIG": VALUE}
