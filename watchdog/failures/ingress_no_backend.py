"""An Ingress or HTTPRoute that names a Service, a port or a class or Gateway that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.owners import Trouble, age, kubectl, listed, owner_finding
from watchdog.snapshot.refs import Condition
from watchdog.snapshot.snapshot import IngressSummary
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "ingress_no_backend"
_ROUTE = "HTTPRoute"
# Objects of one deploy arrive in any order; a controller takes a while to give an address.
_ARRIVAL_SECONDS = 30.0
_ADDRESS_SECONDS = 300.0


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    # A custom resource that is watched as such says the same in its own words.
    told = {
        item.ref.name
        for item in snapshot.custom_resources
        if item.ref.kind.partition(".")[0] == _ROUTE
    }
    for ingress in snapshot.ingresses:
        if ingress.ref.kind == _ROUTE and ingress.ref.name in told:
            continue
        lived, refused = age(snapshot, ingress.created_at), ingress.refused
        arrived = lived >= _ARRIVAL_SECONDS
        unserved = ingress.class_absent and lived >= _ADDRESS_SECONDS
        denied = refused is not None and age(snapshot, refused.since) >= _ARRIVAL_SECONDS
        facts = {
            "services": listed(ingress.missing_services) if arrived else "",
            "ports": listed(port.replace(":", " port ") for port in ingress.missing_ports)
            if arrived
            else "",
            "class": (ingress.class_name or "none") if unserved else "",
            "refused": _said(refused) if refused and denied else "",
        }
        facts = {name: fact for name, fact in facts.items() if fact}
        if not facts:
            continue
        summary = f"{ingress.ref.kind} leads nowhere"
        # Since when a Service or a class is gone is not known.
        start = refused.since if refused and denied else None
        trouble = Trouble(summary, (_line(ingress),), (), start, facts)
        yield owner_finding(NAME, snapshot, ingress.ref, trouble)


def _said(refused: Condition) -> str:
    reason = f" ({refused.reason})" if refused.reason else ""
    said = f": {verbatim(refused.message)}" if refused.message else ""
    return f"{refused.type} is {refused.status}{reason}{said}"


def _line(ingress: IngressSummary) -> str:
    parts = [f"Service {name} does not exist" for name in ingress.missing_services]
    parts += [
        f"Service {name} has no port {port}"
        for name, _, port in (item.partition(":") for item in ingress.missing_ports)
    ]
    if ingress.refused:
        parts.append(_said(ingress.refused))
    if ingress.class_absent and ingress.ref.kind == _ROUTE:
        parts.append("no Gateway has answered it")
    elif ingress.class_absent:
        named = f"class {ingress.class_name}" if ingress.class_name else "no class"
        parts.append(f"{named}, no address")
    return f"{ingress.ref}: {', '.join(parts)}"


def _services(names: str) -> str:
    return f"the Services {names}" if " and " in names else f"Service {names}"


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    facts, name, kind = finding.facts, finding.target.name, finding.target.kind
    if "services" in facts:
        services = _services(facts["services"])
        do = "do" if " and " in facts["services"] else "does"
        return (
            f"{kind} {name} sends requests to {services}, which {do} not exist in this namespace, "
            "so they are answered with an error."
        )
    if "ports" in facts:
        return (
            f"{kind} {name} sends requests to a port that its Service does not have "
            f"({facts['ports']}), so they are answered with an error."
        )
    if "refused" in facts:
        return f"A Gateway does not serve {kind} {name} as it is written: {facts['refused']}."
    if kind == _ROUTE:
        return (
            f"No Gateway has answered {kind} {name}: nothing serves it. The Gateway that its "
            "parentRefs name is not there, or no controller runs it."
        )
    if facts["class"] == "none":
        return (
            f"Ingress {name} names no class and the cluster has no default one: nothing serves it."
        )
    return (
        f"Ingress {name} names the class {facts['class']}, which does not exist: nothing serves it."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    facts, ref = finding.facts, finding.target
    look = kubectl(snapshot, "describe", ref.kind.lower(), ref.name)
    if "services" in facts:
        text = f"Create {_services(facts['services'])}, or correct the backend of {ref}."
        return Advice(text, kubectl(snapshot, "get", "services"))
    if "ports" in facts:
        return Advice(f"Correct the port of the backend of {ref}.", look)
    if "refused" in facts:
        return Advice(f"Correct {ref}, or the Gateway that refuses it.", look)
    if ref.kind == _ROUTE:
        text = f"Correct parentRefs of {ref}, or see to the controller of that Gateway."
        return Advice(text, "kubectl get gateways --all-namespaces")
    return Advice(
        f"Set ingressClassName of {ref} to a class that exists.", "kubectl get ingressclasses"
    )


INGRESS_NO_BACKEND = FailureKind(
    name=NAME,
    summary="an Ingress or HTTPRoute names what is not there, or is served by nothing",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The pods may be fine: requests from outside do not reach them.",
)
