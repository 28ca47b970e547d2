"""What is wrong with the nodes that sick pods are on, as far as nodes may be read.

Nodes are cluster-wide and read with `rbac.clusterRead` only: without it, or of a pod whose own
state explains it, nothing is asked and nothing is missed that was known before.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from watchdog.errors import ClusterError
from watchdog.kube.ports import Json, Reader
from watchdog.kube.resources import NODES
from watchdog.observation.gathered import PodRead
from watchdog.observation.kubectl_columns import mapping, moment, objects
from watchdog.observation.reads import Reads
from watchdog.snapshot.snapshot import NodeSummary
from watchdog.text.redact import Redactor

_MOST_NODES = 10
_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
_LOST = frozenset({"NodeLost", "NodeShutdown", "Shutdown", "Terminated", "Evicted"})
_STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})
_CORDON = "spec.unschedulable=true"
_MOST_CHARS = 200


def failing(
    reader: Reader, pods: Iterable[PodRead], looking: Reads, redactor: Redactor
) -> tuple[NodeSummary, ...]:
    """The nodes under these pods that are not as they should be, and those that take no pods."""
    sick = [mapping(pod.raw) for pod in pods if pod.sick]
    names = dict.fromkeys(
        str(node)
        for raw in sick
        if _may_be_its_node(raw) and (node := mapping(raw.get("spec")).get("nodeName"))
    )
    looking.cut("nodes of what is sick", _MOST_NODES, len(names))
    reads = [partial(_read, reader, name, redactor) for name in list(names)[:_MOST_NODES]]
    found = [node for node in looking.side_by_side(reads) if node is not None]
    if any(_finds_no_node(raw) for raw in sick):
        known = {node.name for node in found}
        found += [node for node in _cordoned(reader) if node.name not in known]
    return tuple(found)


def _may_be_its_node(pod: Json) -> bool:
    """Whether nothing in the pod itself fails: it runs or starts, is not ready, or does not go."""
    status = mapping(pod.get("status"))
    if mapping(pod.get("metadata")).get("deletionTimestamp"):
        return True
    if status.get("phase") == "Unknown" or status.get("reason") in _LOST:
        return True
    states = [
        mapping(item.get("state"))
        for key in ("initContainerStatuses", "containerStatuses")
        for item in objects(status.get(key))
    ]
    waits = [str(mapping(state.get("waiting")).get("reason") or "") for state in states]
    ended = [mapping(state.get("terminated")).get("exitCode") for state in states]
    return set(waits) <= _STARTING and set(ended) <= {None, 0}


def _finds_no_node(pod: Json) -> bool:
    """Whether the scheduler names nodes that are set to take no pods."""
    return any(
        item.get("type") == "PodScheduled"
        and item.get("status") == "False"
        and "unschedulable" in str(item.get("message"))
        for item in objects(mapping(pod.get("status")).get("conditions"))
    )


def _read(reader: Reader, name: str, redactor: Redactor) -> NodeSummary | None:
    """What is wrong with that node; None if nothing is, or if nodes may not be read."""
    found = _listed(reader, f"metadata.name={name}", 1)
    if not found:
        # A view of the cluster that shows no nodes shows of none its end.
        gone = found is not None and bool(_listed(reader, "", 1))
        return NodeSummary(name=name, state="gone") if gone else None
    raw = found[0]
    conditions = objects(mapping(raw.get("status")).get("conditions"))
    by_type = {str(item.get("type")): item for item in conditions}
    ready = by_type.get("Ready")
    if ready is not None and ready.get("status") != "True":
        return _from(name, "not_ready", ready, redactor)
    for pressure in _PRESSURES:
        if mapping(by_type.get(pressure)).get("status") == "True":
            return _from(name, "pressure", by_type[pressure], redactor)
    cordoned = mapping(raw.get("spec")).get("unschedulable") is True
    return NodeSummary(name=name, state="cordoned") if cordoned else None


def _from(name: str, state: str, condition: Json, redactor: Redactor) -> NodeSummary:
    return NodeSummary.model_validate(
        {
            "name": name,
            "state": state,
            "condition": str(condition.get("type")),
            "message": redactor.redact(str(condition.get("message") or ""))[:_MOST_CHARS],
            "since": moment(condition.get("lastTransitionTime")),
        }
    )


def _cordoned(reader: Reader) -> list[NodeSummary]:
    names = (_name(raw) for raw in _listed(reader, _CORDON, _MOST_NODES) or [])
    return [NodeSummary(name=name, state="cordoned") for name in names]


def _listed(reader: Reader, fields: str, most: int) -> list[Json] | None:
    """The first nodes that these fields select; None if nodes may not be read."""
    try:
        return reader.list(NODES, "", field_selector=fields, limit=most).items
    except ClusterError:
        return None


def _name(raw: Json) -> str:
    return str(mapping(raw.get("metadata")).get("name"))
