"""A Service of type LoadBalancer that gets no address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.owners import Trouble, age, event_text, kubectl, owner_finding, sentence
from watchdog.model.diagnosis import Finding, Impact
from watchdog.text.format import verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from watchdog.snapshot.snapshot import ClusterSnapshot

NAME = "service_no_address"
# Cloud load balancers come within a minute or two.
_ADDRESS_SECONDS = 120.0


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    for service in snapshot.load_balancers:
        if age(snapshot, service.created_at) < _ADDRESS_SECONDS:
            continue
        said = [
            event
            for event in snapshot.events_about(service.ref)
            if event.type == "Warning" or "Failed" in event.reason
        ]
        facts = {"said": said[-1].message} if said else {}
        evidence = (
            f"{service.ref}: type LoadBalancer, external IP <pending>",
            event_text(said[-1]) if said else None,
        )
        trouble = Trouble("load balancer has no address", evidence, (), service.created_at, facts)
        finding = owner_finding(NAME, snapshot, service.ref, trouble)
        yield finding.model_copy(update={"impact": Impact(words="not reachable from outside")})


def _explain(finding: Finding, _snapshot: ClusterSnapshot) -> str:
    if said := finding.facts.get("said"):
        return sentence(f"{finding.target} gets no external address: {verbatim(said)}")
    return (
        f"{finding.target} is of type LoadBalancer and has no external address: the cluster has no "
        "load balancer controller, or it does not answer."
    )


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    return Advice(
        f"Read the events of {finding.target} and the load balancer controller's log; if the "
        "cluster has no such controller, use type NodePort or ClusterIP.",
        kubectl(snapshot, "describe", "service", finding.target.name),
    )


SERVICE_NO_ADDRESS = FailureKind(
    name=NAME,
    summary="a Service of type LoadBalancer gets no external address",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    hint="The pods may be fine: requests from outside do not reach them.",
)
