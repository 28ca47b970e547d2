"""What is kept of a custom resource that is not well, and how it hangs together with others. Pure.

Only short parts of it are kept, as tenants write these objects and their status.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from watchdog.kube.ports import Json
from watchdog.kube.resources import Resource
from watchdog.observation.custom_health import Verdict
from watchdog.observation.kubectl_columns import mapping, moment, objects
from watchdog.observation.translate import controller, message
from watchdog.snapshot.custom import CustomResourceSummary
from watchdog.snapshot.refs import Condition, ObjectRef
from watchdog.text.redact import Redactor
from watchdog.text.sanitize import term

_LONGEST_WORD = 120
# Longer ones would count as the end of a text of which the beginning is lost, as the kubelet's are.
_LONGEST_MESSAGE = 1900
_MOST_PARTS = 5
_MOST_LINKS = 10
# Where a spec or a status names the Secret that the object writes.
_WRITES = (
    ("spec", "secretName"),
    ("spec", "target", "name"),
    ("spec", "writeConnectionSecretToRef", "name"),
    ("status", "binding", "name"),
    ("status", "secret"),
)
# These write one of their own name where the spec names none.
_WRITES_OWN_NAME = frozenset({"ExternalSecret", "SealedSecret", "KafkaUser"})
# Where a spec names what the object works with; `kind` may be left out for the one given.
_NEEDS = (
    (("spec", "issuerRef"), "Issuer"),
    (("spec", "secretStoreRef"), "SecretStore"),
    (("spec", "sourceRef"), ""),
    (("spec", "chartRef"), ""),
    (("spec", "chart", "spec", "sourceRef"), ""),
    (("spec", "cluster"), "Cluster"),
)
_SICK_PARTS = frozenset({"Degraded", "Missing"})


class Trouble(NamedTuple):
    """A custom resource that is not well, as plain and short values."""

    verdict: Verdict
    name: str
    namespace: str
    created_at: datetime | None
    makes: tuple[tuple[str, str], ...] = ()
    needs: tuple[tuple[str, str, str], ...] = ()
    owner: tuple[str, str] | None = None
    parts: tuple[str, ...] = ()


def trouble(kind: str, raw: Json, verdict: Verdict) -> Trouble:
    """The little that is kept of the object."""
    metadata = mapping(raw.get("metadata"))
    parent = controller(raw)
    short = verdict._replace(
        type=verdict.type[:_LONGEST_MESSAGE],
        status=verdict.status[:_LONGEST_MESSAGE],
        reason=verdict.reason[:_LONGEST_MESSAGE],
        message=verdict.message[:_LONGEST_MESSAGE],
    )
    return Trouble(
        short,
        str(metadata.get("name") or ""),
        str(metadata.get("namespace") or ""),
        moment(metadata.get("creationTimestamp")),
        tuple(dict.fromkeys(_makes(kind, raw))),
        tuple(dict.fromkeys(_needs(raw)))[:_MOST_LINKS],
        parent[:2] if parent else None,
        tuple(_parts(raw)),
    )


def summary(
    resource: Resource, found: Trouble, redactor: Redactor, namespace: str
) -> CustomResourceSummary:
    """The same as the snapshot of that namespace holds it: its words are data, redacted and cut."""
    verdict = found.verdict
    name = f"{resource.kind}.{resource.group}"

    def ref(kind: str, name: str, where: str = namespace) -> ObjectRef:
        return ObjectRef(kind=kind, namespace=where, name=name)

    return CustomResourceSummary(
        ref=ref(name, found.name),
        resource=str(resource),
        state=verdict.state,
        condition=Condition(
            type=term(message(verdict.type, redactor)),
            status=message(verdict.status, redactor)[:_LONGEST_WORD],
            reason=message(verdict.reason, redactor)[:_LONGEST_WORD],
            message=message(verdict.message, redactor),
            since=verdict.since,
        ),
        created_at=found.created_at,
        makes=tuple(ref(kind, made) for kind, made in found.makes),
        needs=tuple(ref(kind, name, where or namespace) for kind, name, where in found.needs),
        owner=ref(*found.owner) if found.owner else None,
        parts=tuple(message(part, redactor) for part in found.parts),
    )


def _at(raw: Json, path: tuple[str, ...]) -> object:
    found: object = raw
    for key in path:
        found = mapping(found).get(key)
    return found


def _makes(kind: str, raw: Json) -> Iterator[tuple[str, str]]:
    """Kind and name of the Secrets and ConfigMaps that it writes."""
    target = mapping(_at(raw, ("spec", "target", "manifest"))).get("kind")
    written = "ConfigMap" if target == "ConfigMap" else "Secret"
    named = [name for path in _WRITES if isinstance(name := _at(raw, path), str) and name]
    if not named and kind in _WRITES_OWN_NAME:
        named = [str(mapping(raw.get("metadata")).get("name"))]
    yield from ((written, term(name)) for name in named)


def _needs(raw: Json) -> Iterator[tuple[str, str, str]]:
    """Kind (without its group), name and namespace of what it works with."""
    for path, usual in _NEEDS:
        named = mapping(_at(raw, path))
        kind, name = named.get("kind") or usual, named.get("name")
        if isinstance(kind, str) and isinstance(name, str) and kind and name:
            yield kind, name, str(named.get("namespace") or "")
    for named in objects(_at(raw, ("spec", "dependsOn"))):
        if isinstance(name := named.get("name"), str):
            yield str(raw.get("kind") or ""), name, str(named.get("namespace") or "")


def _parts(raw: Json) -> Iterator[str]:
    """What of it its own status calls sick: Argo CD lists all that an Application deploys."""
    listed = objects(mapping(raw.get("status")).get("resources"))
    sick = [item for item in listed if _health(item) in _SICK_PARTS]
    for item in sick[:_MOST_PARTS]:
        where = "/".join(term(item[key]) for key in ("namespace", "name") if item.get(key))
        yield f"{term(item.get('kind'))} {where}: {_health(item)}"


def _health(item: Json) -> str:
    return str(mapping(item.get("health")).get("status"))
