"""Reads the custom resources that the settings name, and keeps those that are not well.

Nothing of the API gives the status of many objects without their spec: a Table has only the columns
that its CRD prints, and PartialObjectMetadata has no status. So the first few of a kind are read
whole, which is all of them in most namespaces. Where there are more, the Table's `Ready` and its
like tell which look wrong, and only those are read whole; a kind whose Table prints none of these
is read page by page, and only what is wrong is kept.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from watchdog.errors import ForbiddenError
from watchdog.kube.ports import ClusterReader, Json, Reader, TablePage
from watchdog.kube.resources import Resource
from watchdog.observation.custom_health import judge
from watchdog.observation.custom_summary import Trouble, summary, trouble
from watchdog.observation.gatherer import Gatherer
from watchdog.observation.kubectl_columns import mapping, moment, objects, seconds
from watchdog.observation.reads import Reads
from watchdog.observation.translate import controller
from watchdog.observation.triage import family
from watchdog.settings.custom_presets import resources
from watchdog.settings.schema import Settings
from watchdog.snapshot.custom import CustomResourceSummary
from watchdog.text.redact import Redactor

# Read whole at once; the first page of more is thrown away, so it is small.
_FEW = 20
_MOST_OBJECTS = 2000
# Of one kind in one namespace.
_MOST_SICK = 20
# Columns whose cell is a condition's status, or Argo CD's health. Of the first, one has to be True.
_RUN = "Succeeded"
_GOOD = frozenset({_RUN, "Ready", "Available", "Synced", "Healthy", "Installed", "Programmed"})
_BAD = frozenset({"Fallback", "Denied", "Degraded", "Stalled", "Failed"})
_HEALTH, _SYNC, _STARTED = "Health Status", "Sync Status", "StartTime"


@dataclass
class CustomListed:
    """What a list of one kind says of one namespace: those not well, whole or by name only.

    `newest` has when the newest of the runs of one family began, as seconds; older ones are
    history, however they ended. `sick` counts those not well, of which a few are kept.
    """

    kind: str
    count: int = 0
    sick: int = 0
    found: list[Trouble] = field(default_factory=list)
    suspects: list[tuple[str, float]] = field(default_factory=list)
    newest: dict[str, float] = field(default_factory=dict)
    cut: bool = False

    def add(self, raw: Json) -> None:
        """Count the object, and keep the little that matters of it if it is not well."""
        self.count += 1
        verdict = judge(raw)
        if (began := _run_began(raw)) is not None:
            # What it is a part of speaks for it.
            if (parent := controller(raw)) and "." in parent[0]:
                return
            self._note(_name(raw), began)
        if verdict is None:
            return
        self.sick += 1
        if len(self.found) < _MOST_SICK or verdict.run:
            self.found.append(trouble(self.kind, raw, verdict))

    def add_row(self, row: Mapping[str, Any]) -> None:
        """The same of a row of a Table; the object is read later."""
        self.count += 1
        name = str(row["Name"])
        ago = seconds(row.get(_STARTED)) if _RUN in row else None
        if ago is not None:
            self._note(name, -ago)
        if not _looks_well(row):
            self.suspects.append((name, -ago if ago is not None else math.inf))

    def _note(self, name: str, began: float) -> None:
        self.newest[family(name)] = max(began, self.newest.get(family(name), began))

    def names(self) -> list[str]:
        """The suspects that have to be read whole."""
        return [name for name, began in self.suspects if began >= self._newest(name)]

    def current(self) -> list[Trouble]:
        """Those not well, without runs that a newer one of the same kind followed."""
        return [
            one
            for one in self.found
            if not one.verdict.run
            or (one.created_at.timestamp() if one.created_at else math.inf)
            >= self._newest(one.name)
        ]

    def _newest(self, name: str) -> float:
        return self.newest.get(family(name), -math.inf)


class Found(NamedTuple):
    """What is not well, and how many there are of each kind, by its resource."""

    summaries: tuple[CustomResourceSummary, ...]
    counts: dict[str, int]


def served(
    reader: Reader, settings: Settings, looking: Reads, *, namespaced: bool = True
) -> list[Resource]:
    """The named resources that are there, and live in namespaces or not.

    What is not installed is no blind spot: `sre-watchdog doctor` tells.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for group, plural in resources(settings.watch.custom_resources):
        groups[group].append(plural)
    found: list[Resource] = []
    for group, plurals in groups.items():
        answer = looking.attempt(group, partial(reader.served, group, tuple(plurals))) or ()
        found += [each.resource for each in answer if each.namespaced is namespaced]
    return found


def read(
    gatherer: Gatherer,
    settings: Settings,
    redactor: Redactor,
    known: Mapping[Resource, CustomListed] | None = None,
    *,
    cluster_wide: bool = False,
) -> Found:
    """Those of the namespace that are not well. `known` was listed for all namespaces at once.

    `cluster_wide`: with those that belong to no namespace, if they may be read.
    """
    looking, reader, namespace = gatherer.looking, gatherer.reader, gatherer.namespace
    if known is None:
        kinds = served(reader, settings, looking)
        listed = looking.side_by_side(
            [
                partial(looking.attempt, str(kind), partial(_of_one, reader, kind, namespace))
                for kind in kinds
            ]
        )
        known = {kind: seen for kind, seen in zip(kinds, listed, strict=True) if seen is not None}
    everywhere = _cluster_wide(reader, settings, looking) if cluster_wide else {}
    found: list[CustomResourceSummary] = []
    for kind, seen in {**known, **everywhere}.items():
        if seen.cut:
            looking.cut(str(kind), seen.count, None, str(kind))
            looking.blind(str(kind), f"there are more than the {seen.count} that are read")
        names, where = seen.names(), "" if kind in everywhere else namespace
        raws = looking.side_by_side(
            [
                partial(looking.find, str(kind), partial(reader.get, kind, where, name))
                for name in names[:_MOST_SICK]
            ]
        )
        read_whole = CustomListed(kind.kind)
        for raw in raws:
            if raw is not None:
                read_whole.add(raw)
        sick = [*seen.current(), *read_whole.current()]
        most = max(len(sick), len(names), seen.sick)
        looking.cut(f"{kind} that are not well", _MOST_SICK, most)
        # Runs that a newer one followed are history, however many they are.
        left = max(len(sick), len(names)) + seen.sick - len(seen.found) - _MOST_SICK
        if left > 0:
            gatherer.hides(f"{left} more {kind} are not well than are read")
        found += [summary(kind, one, redactor, namespace) for one in sick[:_MOST_SICK]]
    counts = {str(kind): seen.count for kind, seen in known.items() if seen.count}
    return Found(tuple(found), counts)


def _cluster_wide(
    reader: Reader, settings: Settings, looking: Reads
) -> dict[Resource, CustomListed]:
    """Those that belong to no namespace; none if that is not granted, as no Role can."""
    found = {}
    for kind in served(reader, settings, looking, namespaced=False):

        def listed(kind: Resource = kind) -> CustomListed:
            try:
                return _of_one(reader, kind, "")
            except ForbiddenError:
                return CustomListed(kind.kind)

        if seen := looking.attempt(str(kind), listed):
            found[kind] = seen
    return found


def of_all(
    reader: ClusterReader, resource: Resource, field_selector: str
) -> dict[str, CustomListed]:
    """The same of all namespaces, by namespace. Raises ClusterError."""
    found: dict[str, CustomListed] = defaultdict(partial(CustomListed, resource.kind))

    def listed(limit: int) -> bool:
        """Whether that were not all."""
        found.clear()

        def add(raw: Json) -> None:
            found[_namespace(raw)].add(raw)

        return reader.list(resource, "", field_selector=field_selector, limit=limit, keep=add).more

    if not listed(_FEW):
        return found
    pages = reader.table_of_all(resource, columns=("Name",), field_selector=field_selector)
    if not _take(pages, found.__getitem__, found.clear) and listed(_MOST_OBJECTS):
        for seen in found.values():
            seen.cut = True
    return found


def _of_one(reader: Reader, resource: Resource, namespace: str) -> CustomListed:
    found: dict[str, CustomListed] = defaultdict(partial(CustomListed, resource.kind))

    def listed(limit: int) -> bool:
        found.clear()
        return reader.list(resource, namespace, limit=limit, keep=found[""].add).more

    if not listed(_FEW):
        return found[""]
    pages = reader.table(resource, namespace, columns=("Name",))
    if not _take(pages, lambda _: found[""], found.clear):
        found[""].cut = listed(_MOST_OBJECTS)
    return found[""]


def _take(
    pages: Iterable[TablePage], of: Callable[[str], CustomListed], restart: Callable[[], None]
) -> bool:
    """Take note of each row; False if the Table's columns do not tell what is well."""
    for page in pages:
        if page.first:
            restart()
        for raw in page.items or ():
            of(_namespace(raw)).add(raw)
        if page.rows and not {*_GOOD, _HEALTH} & set(page.columns):
            return False
        for place, cells in enumerate(page.rows):
            namespace = page.namespaces[place] if page.namespaces else ""
            of(namespace).add_row(dict(zip(page.columns, cells, strict=False)))
    return True


def _looks_well(row: Mapping[str, Any]) -> bool:
    if _HEALTH in row:
        return row[_HEALTH] == "Healthy" and str(row.get(_SYNC)) in {"Synced", "OutOfSync"}
    good = [str(row[name]) for name in _GOOD & row.keys() if row[name]]
    bad = (str(row[name]) for name in _BAD & row.keys())
    return bool(good) and set(good) == {"True"} and "True" not in bad


def _run_began(raw: Json) -> float | None:
    """When a run was made, as seconds; None for what is no run."""
    conditions = objects(mapping(raw.get("status")).get("conditions"))
    if not any(item.get("type") == _RUN for item in conditions):
        return None
    made = moment(mapping(raw.get("metadata")).get("creationTimestamp"))
    return made.timestamp() if made else None


def _namespace(raw: Json) -> str:
    return str(mapping(raw.get("metadata")).get("namespace") or "")


def _name(raw: Json) -> str:
    return str(mapping(raw.get("metadata")).get("name") or "")
