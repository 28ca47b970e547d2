"""One look for all namespaces: each kind is listed once and divided in memory.

It needs rights in the whole cluster; a kind that may not be listed that way is listed in each
namespace, as without them. A further kind is one more entry in `neighbours.IN_FULL`, `IN_ROWS` or
`triage.TRIAGED`. Pods, the most of all, are the business of shared_pods.py.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from watchdog.errors import ForbiddenError, NotFoundError
from watchdog.kube.ports import ClusterReader, Json, Listing, TablePage
from watchdog.kube.rbac import OWN_NAME
from watchdog.kube.resources import CONFIGMAPS, JOBS, NAMESPACES, OPTIONAL, PODS, Resource
from watchdog.observation import neighbours, triage
from watchdog.observation.kubectl_columns import mapping
from watchdog.observation.reads import SIDE_BY_SIDE, Reads
from watchdog.observation.service_ports import ports_that_differ
from watchdog.observation.shared_pods import Homes, SharedPods, home_of, named_rows
from watchdog.observation.triage import TRIAGED, Listed, Suspect
from watchdog.settings.schema import Settings
from watchdog.snapshot.snapshot import BlindSpot

if TYPE_CHECKING:
    from watchdog.observation.custom_resources import CustomListed

# Fewer are listed each by itself: that costs as little, and reads nothing of the other namespaces.
FEWEST = 8
# Where the cluster has more for each watched namespace, a list of all takes longer than theirs, as
# it holds what is not watched too. Measured with 200 namespaces; see docs/performance.md.
_MOST_PODS_EACH = 250
# So many namespaces that are not watched are left out by the server; more by us.
_MOST_EXCLUDED = 20
# Of a kind that is listed in full; where there are more, each namespace lists its own.
_MOST_OBJECTS = 5000
# Of the memories of all namespaces together; that of one is a few KiB, and may be a megabyte.
_MEMORY_BYTES = 8 << 20


@dataclass
class NamespaceLists:
    """What the lists of all namespaces say of one; a kind that is absent has to be listed there.

    `own` is the namespace as an object, None if it is not there. `memory` is its ConfigMap;
    `memories_read` tells whether those could be listed. `usual` and `sick_groups` are those of all
    namespaces together: see neighbours.py and pod_reads.py.
    """

    own: Json | None = None
    listed: dict[Resource, Listed | None] = field(default_factory=dict)
    around: dict[Resource, list[Json]] = field(default_factory=dict)
    usual: Counter[str] | None = None
    sick_groups: int = 0
    blind_spots: tuple[BlindSpot, ...] = ()
    memory: Json | None = None
    memories_read: bool = False
    custom: dict[Resource, CustomListed] | None = None

    @property
    def calm(self) -> bool:
        """Whether all was listed, and no row looks suspect."""
        return all(
            (seen := self.listed.get(resource)) is not None and not seen.suspects
            for resource in TRIAGED
        )


class SharedLists(NamedTuple):
    """The lists of all watched namespaces, by name, as they were at `at` (monotonic seconds)."""

    of: Mapping[str, NamespaceLists]
    at: float


def read(
    reader: ClusterReader,
    namespaces: tuple[str, ...],
    settings: Settings,
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
) -> SharedLists | None:
    """List everything once for all these namespaces.

    None if that is not allowed, or would cost more than to list each by itself. Raises ClusterError
    if the API server cannot be used.
    """
    if len(namespaces) < FEWEST:
        return None
    try:
        first = reader.list(PODS, "", limit=1)
        owns = reader.list(NAMESPACES, "")
    except ForbiddenError:
        return None
    if (first.more and first.remaining is None) or owns.more:
        return None
    pods = len(first.items) + (first.remaining or 0)
    if pods > len(namespaces) * _MOST_PODS_EACH:
        return None
    at = monotonic()
    return SharedLists(_Look(reader, namespaces, settings, owns.items, now()).lists(pods), at)


class _Look:
    def __init__(
        self,
        reader: ClusterReader,
        namespaces: tuple[str, ...],
        settings: Settings,
        owns: Iterable[Json],
        now: datetime,
    ) -> None:
        self._reader, self._settings, self._now = reader, settings, now
        self._looking = Reads(SIDE_BY_SIDE)
        by_name = {_text(raw, "name"): raw for raw in owns}
        self._of = {name: NamespaceLists(by_name.get(name)) for name in namespaces}
        unwatched = sorted(set(by_name) - set(namespaces))
        excluded = unwatched if len(unwatched) <= _MOST_EXCLUDED else []
        self._there = set(by_name) - set(excluded)
        self._fields = tuple(f"metadata.namespace!={name}" for name in excluded)
        self._homes: dict[Resource, Homes] = {}
        self._pods = SharedPods(reader, settings, self._looking, now, self._fields)

    def lists(self, pods: int) -> dict[str, NamespaceLists]:
        """The lists by namespace; there are about so many pods in the cluster."""
        silent = self._settings.observe.silent_failures
        rows, whole = (neighbours.IN_ROWS, neighbours.IN_FULL) if silent else ((), ())
        # Pages of pods come one after another, and the others meanwhile.
        self._looking.side_by_side(
            [
                partial(self._take, PODS, partial(self._pods.list, pods)),
                *(
                    partial(self._take, kind, partial(self._triage, kind))
                    for kind in TRIAGED
                    if kind != PODS
                ),
                *(partial(self._take, kind, partial(self._rows, kind)) for kind in rows),
                *(partial(self._take, kind, partial(self._objects, kind)) for kind in whole),
                partial(self._take, CONFIGMAPS, self._memories),
            ]
        )
        if self._pods.placeable(set(self._homes)):
            wanted = {name for name, lists in self._of.items() if self._needs_pods(lists)}
            homes = [home for found in self._homes.values() for home in found]
            placed = self._pods.divided(self._there, homes, wanted)
            for name, lists in self._of.items():
                if name in placed:
                    lists.listed[PODS] = placed[name]
        self._custom()
        usual = Counter(shift for lists in self._of.values() for shift in set(_shifts(lists)))
        groups = sum(len({pod.family for pod in _pods(lists)}) for lists in self._of.values())
        for lists in self._of.values():
            lists.usual, lists.sick_groups = usual, groups
            lists.blind_spots = tuple(self._looking.blind_spots)
        return self._of

    def _take(self, resource: Resource, read: Callable[[], None]) -> None:
        """Read it; what is refused is left to each namespace, any other failure is a blind spot."""

        def allowed() -> bool:
            with contextlib.suppress(ForbiddenError):
                read()
            return True

        if self._looking.attempt(resource.plural, allowed):
            return
        for lists in self._of.values():
            if resource in TRIAGED:
                lists.listed[resource] = None
            else:
                lists.around[resource] = []

    def _pages(
        self, resource: Resource, columns: Iterable[str], labels: str
    ) -> Iterator[TablePage]:
        return self._reader.table_of_all(
            resource,
            columns=tuple(columns),
            label_selector=labels,
            field_selector=",".join(self._fields),
            page_size=self._settings.observe.page_size,
        )

    def _triage(self, resource: Resource) -> None:
        found: dict[str, Listed] = defaultdict(Listed)
        homes: Homes = []
        window = self._settings.observe.restart_window_seconds
        labels = triage.chosen(resource, self._settings)
        for page in self._pages(resource, triage.COLUMNS[resource], labels):
            if page.first:
                found.clear()
                homes.clear()
            for namespace, row in named_rows(resource, page, self._now):
                found[namespace].add(resource, str(row["Name"]), row, window)
                homes += home_of(resource, namespace, row)
        self._homes[resource] = homes
        for name, lists in self._of.items():
            lists.listed[resource] = found.get(name) or Listed()

    def _rows(self, resource: Resource) -> None:
        found: dict[str, list[Json]] = defaultdict(list)
        for page in self._pages(resource, neighbours.COLUMNS[resource], ""):
            if page.items:
                return  # no Table with these columns: each namespace sees to it
            if page.first:
                found.clear()
            for namespace, row in named_rows(resource, page, self._now):
                found[namespace].append(dict(row))
        for name, lists in self._of.items():
            lists.around[resource] = found.get(name, [])

    def _objects(self, resource: Resource) -> None:
        found: dict[str, list[Json]] = defaultdict(list)
        fields = ",".join(self._fields)
        try:
            listing = self._reader.list(
                resource, "", field_selector=fields, limit=_MOST_OBJECTS, keep=_without_fields
            )
        except NotFoundError:
            if resource not in OPTIONAL:
                raise
            listing = Listing([])
        if listing.more:
            return
        for raw in listing.items:
            found[_text(raw, "namespace")].append(raw)
        for name, lists in self._of.items():
            lists.around[resource] = found.get(name, [])

    def _custom(self) -> None:
        """Custom resources, kind by kind: there are few, and most clusters have fewer of them."""
        if not self._settings.watch.custom_resources:
            return
        from watchdog.observation import custom_resources
        from watchdog.observation.custom_resources import CustomListed

        for resource in custom_resources.served(self._reader, self._settings, self._looking):
            found = self._looking.attempt(
                str(resource),
                partial(custom_resources.of_all, self._reader, resource, ",".join(self._fields)),
            )
            for name, lists in self._of.items():
                of_name = (found or {}).get(name) or CustomListed(resource.kind)
                lists.custom = {**(lists.custom or {}), resource: of_name}

    def _memories(self) -> None:
        """RBAC grants a list of one name, asked for by its field, as it grants a get of it.

        Tenants may fill each of them: those for which there is no room are read one by one.
        """
        fields = ",".join((f"metadata.name={OWN_NAME}", *self._fields))
        left, unread = _MEMORY_BYTES, set[str]()

        def keep(raw: Json) -> Json | None:
            nonlocal left
            name, size = _text(raw, "namespace"), _size(raw)
            if name not in self._of:
                return None
            if size > left:
                unread.add(name)
                return None
            left -= size
            return raw

        listing = self._reader.list(CONFIGMAPS, "", field_selector=fields, keep=keep)
        if listing.more:
            return
        for raw in listing.items:
            self._of[_text(raw, "namespace")].memory = raw
        for name, lists in self._of.items():
            lists.memories_read = name not in unread

    def _needs_pods(self, lists: NamespaceLists) -> bool:
        """Whether the pods of that namespace matter one by one."""
        if self._settings.observe.healthy_logs:
            return True
        seen = [one for one in lists.listed.values() if one is not None]
        # A Job that runs is held against its pods.
        jobs = lists.listed.get(JOBS)
        return any(one.suspects for one in seen) or bool(jobs and jobs.names)


def _pods(lists: NamespaceLists) -> Iterable[Suspect]:
    seen = lists.listed.get(PODS)
    return seen.suspects if seen else ()


def _shifts(lists: NamespaceLists) -> Iterable[str]:
    """How Services of the namespace differ from their endpoints."""
    rows = [lists.around.get(resource) for resource in neighbours.IN_ROWS]
    if rows[0] is None or rows[1] is None:
        return ()
    return ports_that_differ(rows[0], rows[1])[1].values()


def _without_fields(raw: Json) -> Json:
    """The object without `managedFields`, which is half of it and read by no one here."""
    mapping(raw.get("metadata")).pop("managedFields", None)
    return raw


def _size(raw: Json) -> int:
    """How many characters a ConfigMap holds."""
    parts = (mapping(raw.get(part)) for part in ("data", "binaryData"))
    return sum(len(str(text)) for part in parts for text in part.values())


def _text(raw: Json, key: str) -> str:
    return str(mapping(raw.get("metadata")).get(key) or "")
