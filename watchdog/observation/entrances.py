"""Ways into the namespace that lead nowhere: Ingresses, HTTPRoutes, Services of type LoadBalancer.

An Ingress or HTTPRoute is listed in full, as no Table says which Services it names; those Services
are known from their own list. Only what looks wrong is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from watchdog.errors import ClusterError, NotFoundError
from watchdog.kube.ports import Json
from watchdog.kube.resources import HTTP_ROUTES, INGRESS_CLASSES, SERVICES
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import mapping, moment, number, objects, seconds
from watchdog.observation.translate import reference
from watchdog.snapshot.refs import NAME, Condition, ObjectRef
from watchdog.snapshot.snapshot import IngressSummary, LoadBalancerSummary
from watchdog.text.sanitize import clean, term

PENDING = "<pending>"
_ROUTE_IS_SERVED = frozenset({"Accepted", "ResolvedRefs"})
_LONGEST = 300
_LOAD_BALANCER = "LoadBalancer"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"
# A backend of a load balancer controller that is described by an annotation, and is no Service.
_BY_ANNOTATION = "use-annotation"


class Entrances(NamedTuple):
    """What was found wrong with the ways in."""

    ingresses: tuple[IngressSummary, ...] = ()
    load_balancers: tuple[LoadBalancerSummary, ...] = ()

    @property
    def found(self) -> bool:
        """Whether anything was."""
        return bool(self.ingresses or self.load_balancers)


def entrances(
    gatherer: Gatherer,
    ingresses: list[Json],
    routes: list[Json],
    services: list[Json],
    now: datetime,
) -> Entrances:
    """Judge them; `services` are rows of a Table, or `[{}]` if the server makes none."""
    known: dict[str, frozenset[str]] = {}
    led_to = bool(ingresses or routes)
    waiting: list[LoadBalancerSummary] = []
    if services == [{}]:
        for raw in gatherer.every(SERVICES, gatherer.settings.page_size):
            name = reference("Service", raw).name
            known[name] = frozenset(_ports_of(raw))
            if _has_no_address(raw):
                made = moment(mapping(raw.get("metadata")).get("creationTimestamp"))
                waiting.append(_load_balancer(gatherer, name, made))
    for row in services if services != [{}] else ():
        name = str(row["Name"])
        if led_to:
            known[name] = frozenset(_printed_ports(str(row["Port(s)"])))
        if row["Type"] == _LOAD_BALANCER and row["External-IP"] == PENDING:
            age = seconds(row["Age"])
            made = None if age is None else now - timedelta(seconds=age)
            waiting.append(_load_balancer(gatherer, name, made))
    listed = not any(spot.resource == SERVICES.plural for spot in gatherer.looking.blind_spots)
    there = known if listed else None
    judged = [_ingress(gatherer, raw, there) for raw in ingresses]
    judged += [_route(raw, there) for raw in routes]
    return Entrances(tuple(item for item in judged if item), tuple(waiting))


def _load_balancer(gatherer: Gatherer, name: str, made: datetime | None) -> LoadBalancerSummary:
    ref = ObjectRef(kind=SERVICES.kind, namespace=gatherer.namespace, name=name)
    return LoadBalancerSummary(ref=ref, created_at=made)


def _has_no_address(service: Json) -> bool:
    if mapping(service.get("spec")).get("type") != _LOAD_BALANCER:
        return False
    status = mapping(mapping(service.get("status")).get("loadBalancer"))
    return not (objects(status.get("ingress")) or mapping(service.get("spec")).get("externalIPs"))


def _ports_of(service: Json) -> Iterator[str]:
    for port in objects(mapping(service.get("spec")).get("ports")):
        yield str(number(port.get("port")))


def _printed_ports(cell: str) -> Iterator[str]:
    """`80/TCP,443:30443/TCP` are 80 and 443; more than the cell shows are `?`."""
    shown, _, hidden = cell.partition(" + ")
    for part in shown.split(","):
        yield part.partition("/")[0].partition(":")[0]
    if hidden:
        yield "?"


def _ingress(
    gatherer: Gatherer, raw: Json, services: dict[str, frozenset[str]] | None
) -> IngressSummary | None:
    """What is wrong with the Ingress; None if nothing is."""
    spec, metadata = mapping(raw.get("spec")), mapping(raw.get("metadata"))
    missing, ports = _absent(_backends(spec), services)
    named = spec.get("ingressClassName") or mapping(metadata.get("annotations")).get(
        _CLASS_ANNOTATION
    )
    served = objects(mapping(mapping(raw.get("status")).get("loadBalancer")).get("ingress"))
    absent = None if served else _class_is_absent(gatherer, str(named) if named else None)
    if not (missing or ports or absent):
        return None
    return IngressSummary(
        ref=reference("Ingress", raw),
        class_name=_named(str(named)) if named else None,
        class_absent=bool(absent),
        missing_services=missing,
        missing_ports=ports,
        created_at=moment(metadata.get("creationTimestamp")),
    )


def _absent(
    backends: Iterable[tuple[str, str]], services: dict[str, frozenset[str]] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The Services that are not there, and the ports that the others lack: `service:port`."""
    missing: list[str] = []
    ports: list[str] = []
    for name, port in backends if services is not None else ():
        held = (services or {}).get(name)
        if held is None:
            missing.append(_named(name))
        elif port.isdigit() and "?" not in held and port not in held:
            ports.append(f"{name}:{port}")
    return tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(ports))


def _named(text: str) -> str:
    """A name as a sentence has it: a route, and an annotation, may hold any words for it."""
    return text if NAME.fullmatch(text) else term(text)


def _route(raw: Json, services: dict[str, frozenset[str]] | None) -> IngressSummary | None:
    """What is wrong with the HTTPRoute; None if nothing is.

    Each Gateway that it names says in the route's status whether it takes it (`Accepted`) and
    whether what it names is there and may be named (`ResolvedRefs`).
    """
    spec, metadata = mapping(raw.get("spec")), mapping(raw.get("metadata"))
    missing, ports = _absent(_route_backends(spec), services)
    parents = objects(mapping(raw.get("status")).get("parents"))
    unserved = bool(objects(spec.get("parentRefs"))) and not parents
    refused = next(_refusals(parents, number(metadata.get("generation"))), None)
    if not (missing or ports or unserved or refused):
        return None
    return IngressSummary(
        ref=reference(HTTP_ROUTES.kind, raw),
        class_absent=unserved,
        refused=refused,
        missing_services=missing,
        missing_ports=ports,
        created_at=moment(metadata.get("creationTimestamp")),
    )


def _refusals(parents: Iterable[Json], generation: int) -> Iterator[Condition]:
    for parent in parents:
        for item in objects(parent.get("conditions")):
            current = number(item.get("observedGeneration"), generation) >= generation
            if item.get("type") in _ROUTE_IS_SERVED and item.get("status") == "False" and current:
                yield Condition(
                    type=str(item["type"]),
                    status="False",
                    reason=term(item.get("reason")),
                    message=clean(str(item.get("message") or ""), _LONGEST),
                    since=moment(item.get("lastTransitionTime")),
                )


def _route_backends(spec: Json) -> Iterator[tuple[str, str]]:
    """The name and port of each Service of this namespace that the route sends to."""
    for rule in objects(spec.get("rules")):
        for backend in objects(rule.get("backendRefs")):
            service = backend.get("kind", "Service") == "Service" and not backend.get("group")
            if service and not backend.get("namespace") and backend.get("name"):
                yield str(backend["name"]), str(backend.get("port") or "")


def _backends(spec: Json) -> Iterator[tuple[str, str]]:
    """The name and port of each Service that the Ingress sends to."""
    for backend in _each_backend(spec):
        service = mapping(backend.get("service"))
        port = mapping(service.get("port"))
        if service.get("name") and port.get("name") != _BY_ANNOTATION:
            yield str(service["name"]), str(port.get("number") or "")


def _each_backend(spec: Json) -> Iterable[Json]:
    yield mapping(spec.get("defaultBackend"))
    for rule in objects(spec.get("rules")):
        for path in objects(mapping(rule.get("http")).get("paths")):
            yield mapping(path.get("backend"))


def _class_is_absent(gatherer: Gatherer, name: str | None) -> bool | None:
    """Whether no controller serves that class; None if that cannot be known.

    Classes are cluster-wide, and reading them is granted by `rbac.clusterRead` alone.
    """
    if name is None or not NAME.fullmatch(name):
        return True
    try:
        gatherer.reader.get(INGRESS_CLASSES, "", name)
    except NotFoundError:
        return True
    except ClusterError:
        return None
    return False
