"""Which workload made which pods, by uid: names and labels of a pod are anyone's choice.

Costs a list of all pods, and one of each kind that some of them name as what made them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

from watchdog.kube.ports import Json
from watchdog.kube.resources import (
    BY_KIND,
    DAEMONSETS,
    JOBS,
    PODS,
    REPLICASETS,
    REPLICATION_CONTROLLERS,
    STATEFULSETS,
    Resource,
)
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import mapping
from watchdog.observation.translate import controller, reference

_MAKERS = (REPLICASETS, STATEFULSETS, DAEMONSETS, JOBS, REPLICATION_CONTROLLERS)
_MOST = 10_000


class Maker(NamedTuple):
    """A workload that makes pods."""

    kind: str
    uid: str

    @property
    def runs_once(self) -> bool:
        """Whether its pods are to end, and so are not missed."""
        return self.kind == JOBS.kind


def makers(gatherer: Gatherer, names: Collection[str], known: Collection[str]) -> dict[str, Maker]:
    """What made these pods, as far as it is there. `known` are uids of workloads that are."""
    named: dict[str, Maker] = {}

    def note(raw: Json) -> None:
        name, parent = reference(PODS.kind, raw).name, controller(raw)
        if name in names and parent is not None and BY_KIND.get(parent[0]) in _MAKERS:
            named[name] = Maker(parent[0], parent[2])

    _each(gatherer, PODS, note)
    there = set(known)
    for kind in sorted({maker.kind for maker in named.values() if maker.uid not in there}):
        _each(gatherer, BY_KIND[kind], lambda raw: there.add(_uid(raw)))
    return {name: maker for name, maker in named.items() if maker.uid in there}


def _each(gatherer: Gatherer, resource: Resource, note: Callable[[Json], None]) -> None:
    """Take note of each, and keep none. What is beyond the bound may hide a workload."""
    read = partial(gatherer.reader.list, resource, gatherer.namespace, limit=_MOST, keep=note)
    listing = gatherer.looking.attempt(resource.plural, read)
    if listing is not None and listing.more:
        gatherer.hides(f"whose pods are sick was asked of {_MOST} {resource.plural} only")


def _uid(raw: Json) -> str:
    return str(mapping(raw.get("metadata")).get("uid") or "")
