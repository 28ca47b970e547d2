"""The list of all pods, divided by namespace.

Its rows come without their namespaces, unless they are few: see pod_places.py. Where a row looks
suspect, or another list says that pods matter there, the pods of that namespace are listed by
themselves, until every suspect row was met. So no namespace is called well by a guess.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from watchdog.kube.ports import ClusterReader, TablePage
from watchdog.kube.resources import (
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Resource,
)
from watchdog.observation import triage
from watchdog.observation.kubectl_columns import cells, mapping
from watchdog.observation.pod_places import PodPlaces, stem_of
from watchdog.observation.reads import Reads
from watchdog.observation.row_health import Row, fraction, suspicion
from watchdog.observation.triage import Listed
from watchdog.settings.schema import Settings

Homes = list[tuple[str, str, int]]
"""Workloads as (namespace, how the names of their pods begin, how many pods)."""
# Up to so many pages with metadata cost less than it is worth to save it.
_FEW_PAGES = 2
# Suspect pods that were not met where they were expected are looked up by name, up to so many.
_MOST_LOOKED_UP = 20
_LISTED_AT_ONCE = 8
# The column that says how many pods there should be of one.
_PODS_OF = {
    DEPLOYMENTS: "Ready",
    STATEFULSETS: "Ready",
    DAEMONSETS: "Current",
    REPLICASETS: "Current",
    JOBS: "Completions",
}


class SharedPods:
    """All pods of the cluster: `list` reads them, `divided` says what is known of a namespace."""

    def __init__(
        self,
        reader: ClusterReader,
        settings: Settings,
        looking: Reads,
        now: datetime,
        fields: tuple[str, ...],
    ) -> None:
        self._reader, self._settings, self._looking = reader, settings, looking
        self._now, self._fields = now, fields
        self._exact: dict[str, Listed] = defaultdict(Listed)
        # The name of each row in its order, and whether it looks suspect.
        self._rows: list[tuple[str, bool]] = []
        self._listed = False

    def list(self, about: int) -> None:
        """List them; `about` so many there are. Raises ClusterError."""
        named = about <= _FEW_PAGES * self._settings.observe.page_size
        window = self._settings.observe.restart_window_seconds
        for page in self._pages(self._fields, named=named):
            if page.first:
                self._exact.clear()
                self._rows.clear()
            if page.namespaces or page.items is not None:
                for namespace, row in named_rows(PODS, page, self._now):
                    self._exact[namespace].add(PODS, str(row["Name"]), row, window)
            else:
                for name, known in triage.rows_by_name(PODS, page, self._now):
                    suspect = known is not None and suspicion(PODS, known, window) is not None
                    self._rows.append((name, suspect))
        self._listed = True

    def placeable(self, hints: set[Resource]) -> bool:
        """Whether it is known where they are: from themselves, or from all lists of workloads."""
        return self._listed and (not self._rows or set(_PODS_OF) <= hints)

    def divided(self, there: set[str], homes: Homes, wanted: set[str]) -> dict[str, Listed]:
        """What is known of the pods of each namespace that is `there`.

        Those of the `wanted` ones are listed by themselves, as far as that was not done already.
        """
        if not self._rows:
            return {name: self._exact.get(name) or Listed() for name in there}
        places = PodPlaces(there)
        for home in homes:
            places.has(*home)
        found: dict[str, Listed] = defaultdict(Listed)
        pending: Counter[str] = Counter()
        expected: set[str] = set()
        for name, suspect in self._rows:
            namespace = places.place(name)
            found[namespace].count += 1
            if suspect:
                pending[name] += 1
                expected.add(namespace)
        exact: dict[str, Listed | None] = {}
        todo = (wanted | expected) & there
        while todo:
            exact |= self._by_themselves(sorted(todo), pending)
            todo = self._where(+pending, there) - set(exact)
        known = {name: found.get(name) or Listed() for name in there - set(exact)}
        return known | {name: seen for name, seen in exact.items() if seen is not None}

    def _by_themselves(
        self, names: Iterable[str], pending: Counter[str]
    ) -> dict[str, Listed | None]:
        """The lists of these namespaces; None where one failed, which is asked again later."""
        names, reads = tuple(names), Reads(_LISTED_AT_ONCE)
        lists = reads.side_by_side([partial(self._one, name, reads) for name in names])
        for seen in lists:
            if seen is not None:
                pending.subtract(suspect.name for suspect in seen.suspects)
        return dict(zip(names, lists, strict=True))

    def _one(self, namespace: str, reads: Reads) -> Listed | None:
        read = partial(triage.see, self._reader, PODS, namespace, self._settings, self._now)
        return reads.attempt(PODS.plural, read)

    def _where(self, pending: Counter[str], there: set[str]) -> set[str]:
        """Namespaces that may have these suspect pods; none for pods that are gone by now."""
        if len(pending) > _MOST_LOOKED_UP:
            return there
        pages = (page for name in pending for page in self._pages((f"metadata.name={name}",)))
        return there & {name for page in pages for name, _ in named_rows(PODS, page, self._now)}

    def _pages(self, fields: Iterable[str], *, named: bool = True) -> Iterator[TablePage]:
        return self._reader.table_of_all(
            PODS,
            columns=triage.COLUMNS[PODS],
            label_selector=triage.chosen(PODS, self._settings),
            field_selector=",".join(fields),
            page_size=self._settings.observe.page_size,
            with_namespaces=named,
        )


def named_rows(resource: Resource, page: TablePage, now: datetime) -> Iterator[tuple[str, Row]]:
    """The rows of a page, each with its namespace."""
    if page.items is None:
        for namespace, row in zip(page.namespaces, page.rows, strict=True):
            yield namespace, dict(zip(page.columns, row, strict=False))
    for item in page.items or ():
        namespace = str(mapping(item.get("metadata")).get("namespace"))
        yield namespace, cells(resource.plural, item, now)


def home_of(resource: Resource, namespace: str, row: Row) -> Homes:
    """What a row says of where pods are; nothing for kinds that have none."""
    if resource not in _PODS_OF:
        return []
    shown = row.get(_PODS_OF[resource])
    counts = fraction(shown)
    pods = counts[1] if counts else shown
    name = stem_of(resource.kind, str(row["Name"]))
    return [(namespace, name, pods)] if isinstance(pods, int) and pods > 0 else []
