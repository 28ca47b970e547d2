"""What the unit tests build can come from the reader: no test stands on what is never observed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from watchdog.examples import examples_of
from watchdog.failures import KINDS
from watchdog.incidents.session import IMPAIRMENTS
from watchdog.kube.resources import ALL
from watchdog.observation import translate
from watchdog.snapshot.snapshot import (
    BEYOND_BOUND,
    EVENTS_BEYOND,
    PARTS,
    POD_LOGS,
    ClusterSnapshot,
    EventSummary,
)
from watchdog.text.redact import Redactor

TESTS = Path(__file__).parents[1]
READ = {resource.plural for resource in ALL} | {
    POD_LOGS,
    PARTS,
    BEYOND_BOUND,
    EVENTS_BEYOND,
    *IMPAIRMENTS,
}
KIND_NAMES = {resource.kind for resource in ALL}
SNAPSHOTS = {
    f"{kind.name}: {example.name}": example.snapshot
    for kind in KINDS
    for example in examples_of(kind.name)
}


def raw(event: EventSummary) -> dict[str, Any]:
    """The Event that the API server would have to hold."""
    about = event.about
    return {
        "involvedObject": {"kind": about.kind, "namespace": about.namespace, "name": about.name},
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "count": event.count,
        "firstTimestamp": event.first_seen and event.first_seen.isoformat(),
        "lastTimestamp": event.last_seen and event.last_seen.isoformat(),
    }


def built(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a class of that name in the tests and their helpers, with where it stands."""
    for path in sorted([*(TESTS / "unit").glob("*.py"), *(TESTS / "support").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                yield f"{path.name}:{node.lineno}", node


def given(call: ast.Call, name: str) -> str | None:
    """The literal that is given for a parameter; None if it is computed."""
    value = next((each.value for each in call.keywords if each.arg == name), None)
    if isinstance(value, ast.Name):
        return {"POD_LOGS": POD_LOGS, "BEYOND_BOUND": BEYOND_BOUND}.get(value.id)
    return literal(value)


def literal(value: ast.expr | None) -> str | None:
    """The text that is written there; None for what is computed."""
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def test_each_event_of_an_example_is_one_that_the_reader_makes() -> None:
    events = [(name, event) for name, seen in SNAPSHOTS.items() for event in seen.events]
    odd = [
        (name, event)
        for name, event in events
        if translate.event(raw(event), Redactor()) != event
        or not event.reason
        or event.about.kind not in KIND_NAMES
    ]

    assert events
    assert odd == []


def test_each_blind_spot_of_an_example_is_one_that_the_reader_makes() -> None:
    for name, seen in SNAPSHOTS.items():
        assert {spot.resource for spot in seen.blind_spots} <= READ, name
        assert {cut.resource for cut in seen.cuts} <= {*READ, ""}, name


def test_each_blind_spot_that_a_unit_test_builds_names_what_the_reader_reads() -> None:
    found = {place: given(call, "resource") for place, call in built("BlindSpot")}
    blinds = {place: call for place, call in built("blind") if call.args}
    found |= {place: literal(call.args[0]) for place, call in blinds.items()}

    assert found
    assert {place: what for place, what in found.items() if what and what not in READ} == {}
    assert len([what for what in found.values() if what]) > len(blinds)


def test_a_snapshot_with_a_blind_spot_is_read_back_as_it_was_written() -> None:
    seen = ClusterSnapshot.model_validate(
        {
            "namespace": "shop",
            "taken_at": "2026-03-02T14:15:00Z",
            "healthy": False,
            "blind_spots": [{"resource": POD_LOGS, "subject": "web-1/main", "why": "forbidden"}],
        }
    )

    text = seen.model_dump_json()

    assert '"what":"log of web-1/main"' in text
    assert ClusterSnapshot.model_validate_json(text) == seen
