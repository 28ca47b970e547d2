"""Asks the cheap question whether anything here may be sick.

It reads the cells that kubectl would print, page by page, and keeps only the names of what does not
look well. What it does not understand counts as suspect, and is read in full by collector.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from watchdog.kube.ports import Reader, TablePage
from watchdog.kube.resources import (
    CLAIMS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Resource,
)
from watchdog.observation.kubectl_columns import NONE, cells
from watchdog.observation.reads import Reads
from watchdog.observation.row_health import (
    DONE,
    WELL_SIGNS,
    Row,
    is_ready,
    looks_well,
    suspicion,
)
from watchdog.settings.schema import Settings
from watchdog.text.regex import regex

TRIAGED = (PODS, DEPLOYMENTS, STATEFULSETS, DAEMONSETS, JOBS, CRONJOBS, CLAIMS, REPLICASETS)
_SCALABLE = (DEPLOYMENTS, STATEFULSETS)
# Every ReplicaSet that a Deployment made has this label, and the Deployment speaks for it.
_BARE = "!pod-template-hash"

COLUMNS = {
    PODS: ("Name", "Ready", "Status", "Restarts", "Age", "Readiness Gates"),
    DEPLOYMENTS: ("Name", "Ready", "Up-to-date", "Available"),
    STATEFULSETS: ("Name", "Ready"),
    DAEMONSETS: ("Name", "Desired", "Current", "Ready", "Up-to-date", "Available"),
    JOBS: ("Name", "Completions"),
    CRONJOBS: ("Name", "Schedule", "Suspend", "Active", "Last Schedule", "Age"),
    CLAIMS: ("Name", "Status"),
    REPLICASETS: ("Name", "Desired", "Current", "Ready"),
}
# The letters that Kubernetes makes random name endings of, so that they form no words.
_LETTERS = frozenset("bcdfghjklmnpqrstvwxz2456789")
_RANDOM = 5
_NUMBER = regex(r"-\d+$")


class Suspect(NamedTuple):
    """An object that does not look well, and what kubectl prints as its status.

    `well_now` marks a pod that is ready, and only suspect because it restarted lately.
    """

    resource: Resource
    name: str
    status: str
    well_now: bool = False

    @property
    def family(self) -> str:
        """The name without its random or numbered ending, which pods of one owner share."""
        return family(self.name)


@dataclass
class TriageResult:
    """What triage saw. `counts` has every resource that could be listed, by its plural name.

    `well` names one pod that looks well for each family of names, to compare a sick one with.
    `scalable` holds the Deployments and StatefulSets that are there, as (plural, name).
    """

    counts: dict[str, int] = field(default_factory=dict)
    suspects: list[Suspect] = field(default_factory=list)
    well: dict[str, str] = field(default_factory=dict)
    scalable: set[tuple[str, str]] = field(default_factory=set)

    def of(self, resource: Resource) -> list[Suspect]:
        """The suspects of one resource."""
        return [item for item in self.suspects if item.resource == resource]


def family(name: str) -> str:
    """`web-7d9f-x2k4p` and `web-7d9f-bcdfg` are of family `web-7d9f`, `db-0` is of family `db`."""
    start, dash, ending = name.rpartition("-")
    if dash and len(ending) == _RANDOM and _LETTERS.issuperset(ending):
        return start
    return _NUMBER.sub("", name)


def triage(  # noqa: PLR0913, PLR0917 - what is looked at, and how
    reader: Reader,
    namespace: str,
    settings: Settings,
    looking: Reads,
    now: datetime,
    known: Mapping[Resource, Listed | None] = MappingProxyType({}),
) -> TriageResult:
    """Look at everything that triage knows. What cannot be listed is a blind spot, not healthy.

    `known` holds what was listed already, for all namespaces at once; None if that failed, which is
    a blind spot already.
    """

    def look(resource: Resource) -> Callable[[], Listed | None]:
        return lambda: looking.attempt(
            resource.plural, lambda: see(reader, resource, namespace, settings, now)
        )

    left = [resource for resource in TRIAGED if resource not in known]
    lists = looking.side_by_side([look(resource) for resource in left])
    seen_by = {**known, **dict(zip(left, lists, strict=True))}
    listed = {resource: seen for resource in TRIAGED if (seen := seen_by.get(resource)) is not None}
    found = TriageResult()
    for resource, seen in listed.items():
        if resource != REPLICASETS:
            found.counts[resource.plural] = seen.count
        found.suspects += seen.suspects
        found.well.update(seen.well)
    found.scalable = {
        (resource.plural, name)
        for resource in _SCALABLE
        for name in listed.get(resource, Listed()).names
    }
    _compare(found, listed)
    return found


def _compare(found: TriageResult, listed: dict[Resource, Listed]) -> None:
    """What only several lists together tell: Jobs and CronJobs that look busy, and are not."""
    jobs, crons = listed.get(JOBS, Listed()), listed.get(CRONJOBS, Listed())
    complete = set(jobs.complete)
    found.suspects = [
        item
        for item in found.suspects
        # A pod that failed before its Job completed is history.
        if not (item.resource == PODS and item.status in DONE and item.family in complete)
    ]
    known = set(found.well) | {item.family for item in found.of(PODS)}
    known |= {family(name) for name in known}
    # A Job that may not create its pods (a quota, a webhook) looks like one that is busy.
    found.suspects += [Suspect(JOBS, name, "Running") for name in jobs.names if name not in known]
    # One whose runs all fail, and that keeps no failed Job, looks like one that is well.
    succeeded = {family(name) for name in complete}
    found.suspects += [
        Suspect(CRONJOBS, name, "no success seen") for name in crons.names if name not in succeeded
    ]


@dataclass
class Listed:
    """What one list of a namespace says. `names` and `complete` are held against other lists."""

    count: int = 0
    suspects: list[Suspect] = field(default_factory=list)
    well: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    complete: list[str] = field(default_factory=list)

    def add(
        self, resource: Resource, name: str, row: Row | None, restart_window_seconds: float
    ) -> None:
        """Take note of an object by its row; None for that of a pod that is well."""
        self.count += 1
        status = None if row is None else suspicion(resource, row, restart_window_seconds)
        if row is None or (status is None and resource == PODS):
            self.well.setdefault(family(name), name)
            return
        if status is not None:
            ready = resource == PODS and is_ready(row)
            self.suspects.append(Suspect(resource, name, status, ready))
        elif resource == JOBS and row.get("Status", "Complete") == "Complete":
            self.complete.append(name)
        elif _is_compared(resource, row):
            self.names.append(name)
        if resource in _SCALABLE:
            self.names.append(name)


def see(
    reader: Reader,
    resource: Resource,
    namespace: str,
    settings: Settings,
    now: datetime,
) -> Listed:
    """What the list of that kind says."""
    seen, window = Listed(), settings.observe.restart_window_seconds
    pages = reader.table(
        resource,
        namespace,
        columns=COLUMNS[resource],
        label_selector=chosen(resource, settings),
        page_size=settings.observe.page_size,
    )
    for page in pages:
        if page.first:
            seen = Listed()
        for name, row in rows_by_name(resource, page, now):
            seen.add(resource, name, row, window)
    return seen


def rows_by_name(
    resource: Resource, page: TablePage, now: datetime
) -> Iterator[tuple[str, Row | None]]:
    """The name and the row of each object on a page; None for the row of a pod that is well.

    Nearly all pods are, and say so in the same cells.
    """
    if page.items is not None:
        for item in page.items:
            found = cells(resource.plural, item, now)
            yield str(found["Name"]), found
        return
    if not page.rows:
        return  # a page without rows need not name its columns
    at = page.columns.index("Name")
    signs = (
        itemgetter(*(page.columns.index(sign) for sign in WELL_SIGNS)) if resource == PODS else None
    )
    for printed in page.rows:
        well = signs is not None and looks_well(*map(str, signs(printed)))
        row = None if well else dict(zip(page.columns, printed, strict=False))
        yield str(printed[at]), row


def chosen(resource: Resource, settings: Settings) -> str:
    """The label selector of that kind's list."""
    labels = "" if resource == CLAIMS else settings.label_selector
    if resource == REPLICASETS:
        return ",".join(part for part in (labels, _BARE) if part)
    return labels


def _is_compared(resource: Resource, row: Row) -> bool:
    """Whether a row that looks well has to be held against other lists."""
    if resource == JOBS:
        return row.get("Status") == "Running"
    if resource != CRONJOBS or str(row.get("Suspend")) == "True":
        return False
    return row.get("Last Schedule") not in {None, "", NONE}
