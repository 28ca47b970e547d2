"""Failures that no pod shows: Services without endpoints, wrong ports, budgets, autoscalers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from watchdog.observation import surroundings, translate
from watchdog.observation.gathering import Gathered, Gatherer
from watchdog.observation.looking import side_by_side
from watchdog.observation.printed import NONE, mapping
from watchdog.observation.reader import Json
from watchdog.observation.snapshot import ServiceSummary
from watchdog.observation.templates import all_containers, texts
from watchdog.observation.triage import family
from watchdog.resources import (
    AUTOSCALERS,
    BUDGETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    SERVICES,
    Resource,
)

_COLUMNS = {
    SERVICES: ("Name", "Port(s)", "Selector"),
    ENDPOINT_SLICES: ("Name", "Ports", "Endpoints"),
}


@dataclass
class Neighbours:
    """What stands around the workloads. `deployments` are those that a suspect Service may mean."""

    services: list[ServiceSummary] = field(default_factory=list)
    deployments: list[Json] = field(default_factory=list)
    autoscalers: list[Json] = field(default_factory=list)
    budgets: list[Json] = field(default_factory=list)


def neighbours(gatherer: Gatherer, gathered: Gathered, *, sick: bool) -> Neighbours:
    """Read them; Services in full only where one looks wrong, and those of what is sick."""
    most = gatherer.settings.page_size
    found = Neighbours()
    if not gatherer.settings.silent_failures:
        found.autoscalers = gatherer.every(AUTOSCALERS, most)
        return found
    found.autoscalers, found.budgets, services, slices = side_by_side(
        [
            partial(gatherer.every, AUTOSCALERS, most),
            partial(gatherer.every, BUDGETS, most),
            partial(_rows, gatherer, SERVICES),
            partial(_rows, gatherer, ENDPOINT_SLICES),
        ]
    )
    if _looks_wrong(services, slices):
        _services(gatherer, found)
    elif sick:
        _services_of_the_sick(gatherer, gathered, services, found)
    return found


def _rows(gatherer: Gatherer, resource: Resource) -> list[Json]:
    """Table rows by column; full objects where the server does no Tables."""

    def read() -> list[Json]:
        rows: list[Json] = []
        for page in gatherer.reader.table(
            resource, gatherer.namespace, page_size=gatherer.settings.page_size
        ):
            rows = [] if page.first else rows
            if page.items is not None:
                rows += [{"object": item} for item in page.items]
            elif set(_COLUMNS[resource]) <= set(page.columns) or not page.first:
                rows += [dict(zip(page.columns, row, strict=False)) for row in page.rows]
            else:
                rows += [{"object": row} for row in page.rows]
        return rows

    return gatherer.looking.attempt(resource.plural, read) or []


def _looks_wrong(services: Iterable[Json], slices: Iterable[Json]) -> bool:
    """Whether a Service has no endpoints, or its endpoints have other ports than itself.

    The second is common and mostly right, so it only decides whether to read further.
    """
    ports: dict[str, set[str]] = {}
    for row in slices:
        if "object" in row:
            return True
        if row.get("Endpoints") not in {None, "", NONE, "<unset>"}:
            ports.setdefault(family(str(row["Name"])), set()).update(str(row["Ports"]).split(","))
    for row in services:
        if "object" in row:
            return True
        if row.get("Selector") in {None, "", NONE}:
            continue
        own = {part.partition("/")[0].partition(":")[0] for part in str(row["Port(s)"]).split(",")}
        if ports.get(str(row["Name"])) != own:
            return True
    return False


def _services(gatherer: Gatherer, found: Neighbours) -> None:
    most = gatherer.settings.page_size
    raws, slices, deployments = side_by_side(
        [partial(gatherer.every, item, most) for item in (SERVICES, ENDPOINT_SLICES, DEPLOYMENTS)]
    )
    for raw in raws:
        selector = texts(mapping(raw.get("spec")).get("selector"))
        if not selector:
            continue
        matching = [item for item in deployments if surroundings.selects(selector, _labels(item))]
        refs = tuple(translate.reference("Deployment", item) for item in matching)
        summary = surroundings.service(raw, slices, refs)
        found.services.append(summary)
        if not summary.ready_endpoints:
            matching = matching or list(_near(selector, deployments))
        elif not set(_targets(summary)) - set(_declared(matching)):
            continue
        found.deployments += [item for item in matching if item not in found.deployments]
    bound = gatherer.settings.max_owners
    gatherer.looking.cut("deployments behind Services", bound, len(found.deployments))
    del found.deployments[bound:]


def _services_of_the_sick(
    gatherer: Gatherer, gathered: Gathered, rows: Iterable[Json], found: Neighbours
) -> None:
    """Only those that select a sick pod or workload: with thousands of others nothing is wrong."""
    deployments = [raw for ref, raw in gathered.workloads.items() if ref.kind == DEPLOYMENTS.kind]
    labels = [_labels(raw) for raw in gathered.workloads.values()]
    labels += [texts(mapping(pod.raw.get("metadata")).get("labels")) for pod in gathered.pods]
    # As a Table prints a selector: `app=web,tier=front`.
    pairs = [{f"{key}={value}" for key, value in each.items()} for each in labels]
    names = [
        str(row["Name"])
        for row in rows
        if any(set(str(row["Selector"]).split(",")) <= each for each in pairs)
    ]
    bound = gatherer.settings.max_owners
    gatherer.looking.cut("Services of what is sick", bound, len(names))
    if not names:
        return
    raws = side_by_side([partial(gatherer.one, SERVICES, name) for name in names[:bound]])
    wanted = f"kubernetes.io/service-name in ({','.join(names[:bound])})"
    slices = gatherer.every(ENDPOINT_SLICES, gatherer.settings.page_size, label_selector=wanted)
    for raw in raws:
        if raw is not None:
            selector = texts(mapping(raw.get("spec")).get("selector"))
            matching = [
                item for item in deployments if surroundings.selects(selector, _labels(item))
            ]
            refs = tuple(translate.reference("Deployment", item) for item in matching)
            found.services.append(surroundings.service(raw, slices, refs))


def _labels(deployment: Json) -> dict[str, str]:
    template = mapping(mapping(deployment.get("spec")).get("template"))
    return texts(mapping(template.get("metadata")).get("labels"))


def _near(selector: dict[str, str], deployments: Iterable[Json]) -> Iterator[Json]:
    """Deployments that a selector may have meant: they share a key or a value with it."""
    for item in deployments:
        labels = _labels(item)
        if set(labels) & set(selector) or set(labels.values()) & set(selector.values()):
            yield item


def _targets(service: ServiceSummary) -> set[str]:
    return {port.target for port in service.ports}


def _declared(deployments: Iterable[Json]) -> Iterator[str]:
    """Names and numbers of the ports that containers declare."""
    for item in deployments:
        template: Any = mapping(mapping(item.get("spec")).get("template"))
        for _, one in all_containers(mapping(template.get("spec"))):
            for port in one.get("ports") or ():
                yield str(mapping(port).get("containerPort"))
                yield str(mapping(port).get("name"))
