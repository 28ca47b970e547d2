"""What people hear of first, if there is room for some messages only."""

from __future__ import annotations

from typing import Any

from tests.support.memory_samples import NOW, incident
from tests.support.report_samples import report
from watchdog.incidents.memory import Memory
from watchdog.model.incident import Incident
from watchdog.report.outbox import Outbox
from watchdog.settings.schema import Settings
from watchdog.snapshot.refs import ObjectRef


def order(**memories: tuple[Incident, ...]) -> list[tuple[str, str]]:
    """Namespace and name of what each incident is about, in the order of the outbox."""
    kept = {name: Memory(namespace=name, incidents=items) for name, items in memories.items()}
    book = Outbox(report(), kept, lambda *_: None, NOW, Settings())
    return [(key.namespace, book.incident(key).target.name) for key in book.by_urgency()]


def about(number: int, name: str, kind: str = "Deployment", **more: Any) -> Incident:
    target = ObjectRef(kind=kind, namespace="shop", name=name)
    return incident(number, target=target, **more)


def test_pods_of_no_one_come_after_every_workload() -> None:
    bare = (about(1, "alpha", "Pod", state="needs_you"), about(2, "beta", "Pod"))

    assert order(shop=(*bare, about(3, "web"))) == [
        ("shop", "web"),
        ("shop", "alpha"),
        ("shop", "beta"),
    ]


def test_no_namespace_takes_the_room_of_the_others() -> None:
    many = tuple(about(number, f"app{number}") for number in range(3))

    assert order(a=many, b=(about(9, "web"),)) == [
        ("a", "app0"),
        ("b", "web"),
        ("a", "app1"),
        ("a", "app2"),
    ]


def test_what_needs_a_person_comes_first_in_whichever_namespace() -> None:
    many = (about(0, "app0"), about(1, "app1", state="needs_you"))

    assert order(a=many, b=(about(9, "web", state="needs_you"),)) == [
        ("a", "app1"),
        ("b", "web"),
        ("a", "app0"),
    ]
