"""A container crashes because a variable that Kubernetes sets for a Service is read as a setting.

For each Service of its namespace a pod gets variables when it starts: `NAME_PORT` is
`tcp://10.96.0.7:8000`. A program that reads a setting of that name, as its port, finds an address.
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from watchdog.detection.log_cause import LogCause
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from watchdog.model.diagnosis import Finding
    from watchdog.snapshot.snapshot import ClusterSnapshot

_ADDRESS = r"(?:tcp|udp|sctp)://\[?[\da-f.:]+\]?:\d{1,5}\b"
_GIVEN = regex(r"(tcp|udp|sctp)://\[?([\da-f.:]+)\]?:(\d{1,5})\b", re.IGNORECASE)
_COMPLAINT = (
    r"\binvalid|not (?:a )?(?:valid|legal|number|integer)|\bpars(?:e|ing)|\binteger\b|\bnumber\b"
    r"|NumberFormat|ValueError|\bstrconv\b|\bNaN\b|\bexpected\b|\bconvert"
)
_LINK = regex(r"\b([A-Z][A-Z\d_]*_PORT(?:_\d+_(?:TCP|UDP|SCTP))?)\b")
_VARIABLE = regex(r"\b(?!ERR_)[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b")


class _ServiceLink(LogCause):
    """Tells only if no variable is named, or one that Kubernetes sets."""

    def find(self, texts: Iterable[str]) -> str | None:
        said = tuple(texts)
        named = any(_VARIABLE.search(text) for text in said)
        if named and not any(_LINK.search(text) for text in said):
            return None
        return super().find(said)

    def _detect(self, snapshot: ClusterSnapshot) -> Iterator[Finding]:
        for finding in super()._detect(snapshot):
            named = _of_service(finding, snapshot)
            facts = {**finding.facts, "subject": named} if named else finding.facts
            yield finding.model_copy(update={"facts": facts})


def _of_service(finding: Finding, snapshot: ClusterSnapshot) -> str | None:
    """`SPOOL_PORT, of Service spool`: by the address that the log quotes."""
    given = _GIVEN.search(finding.facts["line"])
    if given is None:
        return None
    protocol, address, number = given[1].upper(), given[2], int(given[3])
    try:
        address = str(ip_address(address))
    except ValueError:
        return None
    for service in snapshot.services:
        if service.ref.namespace != finding.target.namespace or address not in service.addresses:
            continue
        # The first port is also under the Service's name alone, which programs take for theirs.
        first = service.ports and (service.ports[0].number, service.ports[0].protocol)
        port = "" if first == (number, protocol) else f"_{number}_{protocol}"
        variable = service.ref.name.upper().replace("-", "_")
        return f"{variable}_PORT{port}, of Service {service.ref.name}"
    return None


SERVICE_LINK = _ServiceLink(
    name="service_link",
    summary="a Service's variable is read as a setting",
    pattern=regex(
        rf"(?:{_COMPLAINT}).{{0,200}}{_ADDRESS}|{_ADDRESS}.{{0,200}}(?:{_COMPLAINT})", re.IGNORECASE
    ),
    subject=(_LINK,),
    why=(
        "{who} crashes because it reads a variable{subject} that Kubernetes sets for a Service of "
        "its namespace (NAME_PORT for a Service called name), and finds the Service's address where"
        " it expects a setting."
    ),
    to_do=(
        "Set that variable in the pod template, or set enableServiceLinks: false there. Going back "
        "to an earlier revision does not help: each new pod gets the variable as long as the "
        "Service is there."
    ),
    hint=(
        "Kubernetes gives pods NAME_PORT=tcp://IP:PORT for each Service. Set the variable in the "
        "pod template or turn enableServiceLinks off; do not roll back."
    ),
    goes_back=False,
).kind()
