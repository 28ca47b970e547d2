"""A Reader over a few objects as plain JSON, for what one object's own status says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from tests.support.still_clock import StillClock
from watchdog.demo.selectors import field_test, label_test
from watchdog.diagnosis.rules import detect
from watchdog.errors import NotFoundError
from watchdog.failures import KINDS
from watchdog.kube.ports import Json, Listing, Served, TablePage
from watchdog.kube.resources import Resource
from watchdog.model.diagnosis import Finding
from watchdog.observation.collector import observe
from watchdog.settings.schema import Settings

NOW = datetime(2026, 3, 2, 14, 15, tzinfo=UTC)


# ruff: noqa: ARG002 - it has a Reader's parameters, and holds one namespace


class Objects(StillClock):
    """A namespace that holds just these objects, at one moment; also its Clock."""

    def __init__(self, *objects: Json) -> None:
        self.objects, self.moment = objects, NOW

    def table(
        self,
        resource: Resource,
        namespace: str,
        *,
        columns: Collection[str] = (),
        label_selector: str = "",
        page_size: int = 500,
    ) -> Iterator[TablePage]:
        found = self.list(resource, namespace, label_selector=label_selector).items
        yield TablePage(first=True, items=tuple(found))

    def list(  # noqa: PLR0913 - the parts of one request
        self,
        resource: Resource,
        namespace: str,
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int | None = None,
        keep: Callable[[Json], Json | None] | None = None,
    ) -> Listing:
        labelled = label_test(label_selector)
        chosen = field_test(resource.kind, field_selector)
        found = [
            item
            for item in self.objects
            if item["kind"] == resource.kind and labelled(item) and chosen(item)
        ]
        if keep is not None:
            found = [kept for item in found if (kept := keep(item)) is not None]
        return Listing(found)

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        if resource.kind == "Namespace":
            return {"kind": "Namespace", "metadata": {"name": name}}
        for item in self.objects:
            if (item["kind"], item["metadata"]["name"]) == (resource.kind, name):
                return item
        raise NotFoundError(f"{resource.plural} {name} not found", 404)

    def served(self, group: str, plurals: Collection[str]) -> tuple[Served, ...]:
        return ()

    def logs(self, *_: Any, **__: Any) -> str:
        return ""


def findings(*objects: Json) -> tuple[Finding, ...]:
    """What a pass with default settings finds in a namespace that holds just these objects."""
    cluster = Objects(*objects)
    return detect(observe(cluster, "shop", Settings(), cluster), KINDS)
