"""Failures that no pod shows: Services without endpoints, wrong ports, budgets, autoscalers.

A Table of Services does not say to which port of its pods each sends, and one of EndpointSlices not
on which its pods listen. So a Service without endpoints, and one whose endpoints have other ports
than itself, are read in full with the Deployments behind them; where nothing is wrong with those,
nothing is kept of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from watchdog.kube.ports import Json
from watchdog.kube.resources import (
    AUTOSCALERS,
    BUDGETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    HTTP_ROUTES,
    INGRESSES,
    SERVICES,
    Resource,
)
from watchdog.observation import related, translate
from watchdog.observation.entrances import Entrances, entrances
from watchdog.observation.gathered import Gathered
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import mapping
from watchdog.observation.service_ports import ports_that_differ
from watchdog.observation.template_summary import all_containers, texts
from watchdog.snapshot.snapshot import ServiceSummary

COLUMNS = {
    SERVICES: ("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"),
    ENDPOINT_SLICES: ("Name", "Ports", "Endpoints"),
    DEPLOYMENTS: ("Name", "Selector"),
}
NO_CELLS: list[Json] = [{}]
# Up to so many Services with other ports than their endpoints are compared with their pods; where
# there are more, only those that translate as hardly any other does.
_MOST_COMPARED = 20
_PAGES = 2
_UNUSUAL = 3


@dataclass
class Neighbours:
    """What stands around the workloads. `deployments` are those that a suspect Service may mean."""

    services: list[ServiceSummary] = field(default_factory=list)
    deployments: list[Json] = field(default_factory=list)
    autoscalers: list[Json] = field(default_factory=list)
    budgets: list[Json] = field(default_factory=list)
    entrances: Entrances = field(default_factory=Entrances)


class Lists(NamedTuple):
    """What is listed whether anything is sick or not: rows of Tables, and small objects in full.

    `usual` counts the namespaces with each difference between Services and their endpoints, if
    all were listed together.
    """

    autoscalers: list[Json]
    budgets: list[Json]
    services: list[Json]
    slices: list[Json]
    ingresses: list[Json]
    routes: list[Json]
    usual: Counter[str] | None = None


IN_FULL = (AUTOSCALERS, BUDGETS, INGRESSES, HTTP_ROUTES)
IN_ROWS = (SERVICES, ENDPOINT_SLICES)


def lists(
    gatherer: Gatherer,
    known: Mapping[Resource, list[Json]] = MappingProxyType({}),
    usual: Counter[str] | None = None,
) -> Lists:
    """List them; nothing where silent failures are not to be looked for.

    `known` holds what was listed already, for all namespaces at once.
    """
    if not gatherer.settings.silent_failures:
        return Lists([], [], [], [], [], [])
    reads = {resource: partial(_every, gatherer, resource) for resource in IN_FULL}
    reads |= {resource: partial(_rows, gatherer, resource) for resource in IN_ROWS}
    left = [resource for resource in reads if resource not in known]
    found = gatherer.looking.side_by_side([reads[resource] for resource in left])
    listed = {**known, **dict(zip(left, found, strict=True))}
    return Lists(
        listed[AUTOSCALERS],
        listed[BUDGETS],
        listed[SERVICES],
        listed[ENDPOINT_SLICES],
        listed[INGRESSES],
        listed[HTTP_ROUTES],
        usual,
    )


def neighbours(
    gatherer: Gatherer, listed: Lists, gathered: Gathered, now: datetime, *, sick: bool
) -> Neighbours:
    """Read what stands around; Services in full where one looks wrong, and those of the sick."""
    found = Neighbours()
    if not gatherer.settings.silent_failures:
        if gathered.histories:
            found.autoscalers = _every(gatherer, AUTOSCALERS)
        return found
    found.autoscalers, found.budgets, services, slices, ingresses, routes, usual = listed
    found.entrances = entrances(gatherer, ingresses, routes, services, now)
    suspects = _suspects(gatherer, services, slices, usual)
    if suspects is None or 2 * len(suspects) > len(services):
        pairs, near = _whole(gatherer)
    elif suspects:
        pairs, near = _few(gatherer, suspects)
    else:
        pairs, near = [], []
    if sick or any(_is_wrong(*pair) for pair in pairs):
        _take(gatherer, found, pairs, near)
    if sick and suspects is not None:
        _services_of_the_sick(gatherer, gathered, services, found)
    return found


def _every(gatherer: Gatherer, resource: Resource) -> list[Json]:
    """All of a kind, as far as they are read. If they are more, it counts as not read."""
    most = _PAGES * gatherer.settings.page_size
    listing = gatherer.listing(resource, most)
    gatherer.state_cut(resource, listing)
    if listing.more:
        gatherer.looking.blind(resource.plural, f"there are more than the {most} that are read")
    return listing.items


def _rows(gatherer: Gatherer, resource: Resource) -> list[Json]:
    """Table rows by column; `NO_CELLS` where there are objects, but no such Table of them."""

    def read() -> list[Json]:
        rows: list[Json] = []
        for page in gatherer.reader.table(
            resource,
            gatherer.namespace,
            columns=COLUMNS[resource],
            page_size=gatherer.settings.page_size,
        ):
            if page.items:
                return NO_CELLS
            rows = [] if page.first else rows
            rows += [dict(zip(page.columns, row, strict=False)) for row in page.rows]
        return rows

    return gatherer.looking.attempt(resource.plural, read) or []


def _suspects(
    gatherer: Gatherer, services: list[Json], slices: list[Json], usual: Counter[str] | None
) -> list[str] | None:
    """Services to be read in full; None where the Tables do not say which."""
    if NO_CELLS in (services, slices):
        return None
    broken, differ = ports_that_differ(services, slices)
    # Each namespace counts once elsewhere: no one makes a difference usual for all others.
    usual = Counter(differ.values()) + ((usual or Counter()) - Counter(set(differ.values())))
    if usual.total() > _MOST_COMPARED:
        differ = {name: shift for name, shift in differ.items() if usual[shift] < _UNUSUAL}
        what = "Services with other ports than their endpoints"
        gatherer.looking.cut(what, _MOST_COMPARED, len(differ))
    return [*broken, *list(differ)[:_MOST_COMPARED]]


_Pair = tuple[ServiceSummary, list[Json]]


def _whole(gatherer: Gatherer) -> tuple[list[_Pair], list[Json]]:
    """All Services with the Deployments that they select, and all Deployments."""
    raws, slices, deployments = gatherer.looking.side_by_side(
        [partial(_every, gatherer, item) for item in (SERVICES, ENDPOINT_SLICES, DEPLOYMENTS)]
    )
    return list(_pairs(raws, slices, deployments)), deployments


def _few(gatherer: Gatherer, names: list[str]) -> tuple[list[_Pair], list[Json]]:
    """The same of these Services; of all, where one of them seems to select nothing at all."""
    bound = gatherer.settings.max_owners
    if len(names) > bound:
        return _whole(gatherer)
    services, slices = _by_name(gatherer, names)
    selectors = [texts(mapping(raw.get("spec")).get("selector")) for raw in services]
    rows = _rows(gatherer, DEPLOYMENTS)
    if rows == NO_CELLS:
        return _whole(gatherer)
    wanted = [
        str(row["Name"])
        for row in rows
        if any(_may_select(selector, str(row["Selector"])) for selector in selectors)
    ]
    read = gatherer.looking.side_by_side(
        [partial(gatherer.one, DEPLOYMENTS, name) for name in wanted[: 2 * bound]]
    )
    deployments = [raw for raw in read if raw is not None]
    pairs = list(_pairs(services, slices, deployments))
    if any(not _has_endpoints(summary) and not matching for summary, matching in pairs):
        return _whole(gatherer)
    return pairs, deployments


def _by_name(gatherer: Gatherer, names: list[str]) -> tuple[list[Json], list[Json]]:
    """These Services in full, and their EndpointSlices."""
    raws = gatherer.looking.side_by_side([partial(gatherer.one, SERVICES, name) for name in names])
    wanted = f"kubernetes.io/service-name in ({','.join(names)})"
    slices = gatherer.every(ENDPOINT_SLICES, gatherer.settings.page_size, label_selector=wanted)
    return [raw for raw in raws if raw is not None], slices


def _pairs(
    raws: Iterable[Json], slices: list[Json], deployments: Iterable[Json]
) -> Iterator[_Pair]:
    deployments = list(deployments)
    for raw in raws:
        selector = texts(mapping(raw.get("spec")).get("selector"))
        if not selector:
            continue
        matching = [item for item in deployments if related.selects(selector, _labels(item))]
        refs = tuple(translate.reference("Deployment", item) for item in matching)
        yield related.service(raw, slices, refs), matching


def _may_select(selector: dict[str, str], printed: str) -> bool:
    """Whether pods of a workload with that selector, as a Table prints it, may be meant."""
    labels = dict(part.split("=", 1) for part in printed.split(",") if "=" in part)
    shared = selector.keys() & labels.keys()
    return bool(shared) and all(selector[key] == labels[key] for key in shared)


def _has_endpoints(service: ServiceSummary) -> bool:
    return bool(service.headless or service.ready_endpoints or service.unready_endpoints)


def _is_wrong(service: ServiceSummary, matching: list[Json]) -> bool:
    """Whether a failure kind may find something wrong with it."""
    if not matching:
        return not _has_endpoints(service)
    return bool(set(_targets(service)) - set(_declared(matching)))


def _take(
    gatherer: Gatherer, found: Neighbours, pairs: Iterable[_Pair], near: Iterable[Json]
) -> None:
    """Keep the Services, and the Deployments that those that look wrong may mean."""
    alike: list[Json] = []
    for summary, matching in pairs:
        found.services.append(summary)
        if summary.ready_endpoints and not _is_wrong(summary, matching):
            continue
        _add(found, matching)
        if not matching and not summary.ready_endpoints:
            alike += _near(summary.selector, near)
    bound = gatherer.settings.max_owners
    gatherer.may_hide(len(found.deployments) - bound)
    # What may be meant comes after what is selected: anyone may make such Services.
    _add(found, alike)
    gatherer.looking.cut("deployments behind Services", bound, len(found.deployments))
    del found.deployments[bound:]


def _add(found: Neighbours, deployments: Iterable[Json]) -> None:
    found.deployments += [item for item in deployments if item not in found.deployments]


def _services_of_the_sick(
    gatherer: Gatherer, gathered: Gathered, rows: Iterable[Json], found: Neighbours
) -> None:
    """Only those that select a sick pod or workload: with thousands of others nothing is wrong."""
    deployments = [raw for ref, raw in gathered.workloads.items() if ref.kind == DEPLOYMENTS.kind]
    labels = [_labels(raw) for raw in gathered.workloads.values()]
    labels += [texts(mapping(pod.raw.get("metadata")).get("labels")) for pod in gathered.pods]
    # As a Table prints a selector: `app=web,tier=front`.
    pairs = [{f"{key}={value}" for key, value in each.items()} for each in labels]
    some = set().union(*pairs)
    known = {summary.ref.name for summary in found.services}
    names = [
        str(row["Name"])
        for row in rows
        if row["Name"] not in known
        # Hardly any Service passes the first question, which is asked thousands of times.
        and (selector := set(str(row["Selector"]).split(","))) <= some
        and any(selector <= each for each in pairs)
    ]
    bound = gatherer.settings.max_owners
    gatherer.looking.cut("Services of what is sick", bound, len(names))
    if not names:
        return
    raws, slices = _by_name(gatherer, names[:bound])
    found.services += [summary for summary, _ in _pairs(raws, slices, deployments)]


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
