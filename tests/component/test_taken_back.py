"""A person who takes a change back keeps the workload's annotations, and is not overruled."""

from __future__ import annotations

import json
import shlex

from tests.support.simulated_cluster import NAMESPACE, VALUE, Arena, outcomes
from watchdog.clock import Budget, SystemClock
from watchdog.demo import Request, Response
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


def test_what_a_person_changes_meanwhile_is_left_to_them(arena: Arena) -> None:
    """They deploy while our fix is watched, and what they deploy does not come up yet."""
    arena.break_env()
    deployed: list[str] = []

    def person(asked: Request) -> Response:
        if ("patch", "deployments") in arena.wire.real_writes and not deployed:
            deployed.append("busybox:no-such-tag")
            arena.deploy(env="[]", image=deployed[0])
        return arena.wire.answer(asked)

    arena.wire.on("get", "deployments", person)
    part = arena.look()

    assert outcomes(part) == [("patch_deployment_env", "failed"), ("rollout_undo", "refused")]
    assert part.actions[1].reason == (
        "someone changed Deployment/ledger while this pass watched it; the next pass looks again"
    )
    assert arena.spec()["template"]["spec"]["containers"][0]["image"] == deployed[0]
    assert part.incidents[0].state == "broken"

    arena.wire.advance(300)
    assert outcomes(arena.look()) == [("rollout_undo", "verified")]


def test_a_revision_that_is_deployed_after_that_is_repaired_again(arena: Arena) -> None:
    arena.break_env()
    run_undo(arena, arena.look())
    arena.wire.advance(2 * HOUR)
    arena.deploy(env="[]", image="busybox:1.35")
    arena.wire.advance(90)

    part = arena.look()

    assert [outcome for _, outcome in outcomes(part)] == ["verified"]
    assert arena.env() == {"REQUIRED_CONFIG": VALUE}
