"""A ConfigMap that lacks a key: put back only where policy names it and the value was approved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.simulated_cluster import NAMESPACE, Arena, outcomes
from tests.support.wire import Wire, hands_back
from watchdog.model.report import ActionResult

CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: app-config, annotations: {notes}}}
data: {data}
"""
FROM_KEY = (
    "[{name: REQUIRED_CONFIG, valueFrom: {configMapKeyRef: {name: app-config, key: region}}}]"
)
APPROVED: dict[str, Any] = {
    "policies": {NAMESPACE: {"configmaps": {"app-config": {"region": "eu"}}}}
}
NAMED: dict[str, Any] = {"policies": {NAMESPACE: {"configmaps": {"app-config": {}}}}}


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with Wire(ticking=False, behind_seconds=7200) as wire:
        yield Arena(wire, wire.kubeconfig(tmp_path / "config"))


def break_key(arena: Arena, notes: str = "{}", data: str = "{level: info}") -> None:
    arena.wire.apply(CONFIG.format(notes=notes, data=data), NAMESPACE)
    arena.deploy(env=FROM_KEY)
    arena.wire.advance(60)


def data(arena: Arena) -> Any:
    return arena.wire.get("ConfigMap", NAMESPACE, "app-config").get("data")


def only(arena: Arena, **given: Any) -> ActionResult:
    (result,) = arena.look(**given).actions
    return result


def test_an_approved_key_is_put_back_and_the_waiting_pods_start(arena: Arena) -> None:
    break_key(arena)

    result = only(arena, consent=True, **APPROVED)

    assert (result.action.kind, str(result.outcome)) == ("patch_configmap", "verified")
    assert data(arena) == {"level": "info", "region": "eu"}
    assert result.source == "approved in settings"
    assert result.diff == "+ key region: (approved in settings)"
    back = json.dumps([{"op": "remove", "path": "/data/region"}])
    assert result.undo == f"kubectl -n shop patch configmap app-config --type json -p '{back}'"


def test_the_value_may_be_approved_by_the_configmap_itself(arena: Arena) -> None:
    break_key(arena, notes='{"sre-watchdog/approved-key.region": "us"}')

    assert only(arena, consent=True, **NAMED).source == "approved by annotation"
    assert data(arena)["region"] == "us"


def test_the_first_key_of_an_empty_configmap_is_put_back_too(arena: Arena) -> None:
    break_key(arena, data="null")

    assert str(only(arena, consent=True, **APPROVED).outcome) == "verified"
    assert data(arena) == {"region": "eu"}


def test_unasked_it_waits_for_an_approval(arena: Arena) -> None:
    break_key(arena)

    assert str(only(arena, **APPROVED).outcome) == "awaiting_approval"
    assert data(arena) == {"level": "info"}


@pytest.mark.parametrize(
    ("given", "rule"), [({}, "shared_object"), (NAMED, "no_value")], ids=["unnamed", "no value"]
)
def test_without_a_name_in_policy_or_a_value_nothing_is_written(
    arena: Arena, given: dict[str, Any], rule: str
) -> None:
    break_key(arena)

    part = arena.look(consent=True, **given)

    assert [result.rule for result in part.actions] == [rule]
    assert [request for request in arena.wire.writes if "app-config" in request.path] == []
    assert part.diagnosis.explanations[0].command


def test_the_write_is_tied_to_the_very_configmap_that_was_read(arena: Arena) -> None:
    break_key(arena)
    was = arena.wire.get("ConfigMap", NAMESPACE, "app-config")["metadata"]

    arena.look(consent=True, **APPROVED)

    ours = [r for r in arena.wire.writes if r.path.endswith("/app-config")]
    preview, write = (request for request in ours if not hands_back(request))
    assert preview.dry_run
    assert not write.dry_run
    assert write.body == preview.body
    assert write.body[:3] == [
        {"op": "test", "path": "/metadata/uid", "value": was["uid"]},
        {"op": "test", "path": "/metadata/resourceVersion", "value": was["resourceVersion"]},
        {"op": "add", "path": "/data/region", "value": "eu"},
    ]


def test_a_value_that_does_not_help_is_taken_out_again(arena: Arena) -> None:
    arena.wire.apply(CONFIG.format(notes="{}", data="{level: info}"), NAMESPACE)
    arena.deploy(env=FROM_KEY, script="exit 1")
    arena.wire.advance(60)

    result = only(arena, consent=True, **APPROVED)

    assert str(result.outcome) == "undone"
    assert data(arena) == {"level": "info"}


def test_a_key_that_somebody_added_meanwhile_stays_as_it_is(arena: Arena) -> None:
    break_key(arena)

    def someone(_request: Any) -> None:
        arena.wire.apply(CONFIG.format(notes="{}", data="{region: theirs}"), NAMESPACE)

    arena.wire.on("patch", "configmaps", someone, 1)

    part = arena.look(consent=True, **APPROVED)

    assert outcomes(part) == [("patch_configmap", "refused")]
    assert data(arena) == {"region": "theirs"}
