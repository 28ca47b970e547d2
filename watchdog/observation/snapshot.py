"""The snapshot: what was seen of one namespace, as plain immutable values.

Everything here is already bounded and redacted: literal env values never enter, only the names that
carry them. It holds no Kubernetes JSON (see translate.py) and makes no judgement (see failures/).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from watchdog.observation.base import Condition, Noun, ObjectRef
from watchdog.observation.workloads import (
    CronJobSummary,
    DaemonSetSummary,
    DeploymentSummary,
    JobSummary,
    PodSummary,
    StatefulSetSummary,
    WorkloadSummary,
)


class EventSummary(Noun):
    """One Kubernetes event; `about` is the object it concerns, `count` how often it was seen."""

    about: ObjectRef
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    count: int = 1
    first_seen: datetime | None = None
    last_seen: datetime | None = None


class LogTail(Noun):
    """The end of one container's log, redacted; `cut` says that there was more before it."""

    pod: str
    container: str
    previous: bool = False
    text: str = ""
    cut: bool = False

    @property
    def lines(self) -> list[str]:
        """Its lines that are not blank."""
        return [line for line in self.text.splitlines() if line.strip()]


class ClaimSummary(Noun):
    """A PersistentVolumeClaim."""

    ref: ObjectRef
    phase: str = ""
    storage_class: str | None = None
    volume: str | None = None
    requested: str | None = None
    created_at: datetime | None = None


class QuotaSummary(Noun):
    """A ResourceQuota: its hard limits and what is used of them."""

    name: str
    hard: dict[str, str] = {}
    used: dict[str, str] = {}


class LimitRangeSummary(Noun):
    """The container limits of a LimitRange: `default_request`, `default`, `max`, `min`."""

    name: str
    default_request: dict[str, str] = {}
    default: dict[str, str] = {}
    max: dict[str, str] = {}
    min: dict[str, str] = {}


class ServicePort(Noun):
    """A port of a Service; `target` is a number or a name, as text."""

    number: int
    target: str
    name: str | None = None
    protocol: str = "TCP"


class ServiceSummary(Noun):
    """A Service that selects pods; endpoint counts are of addresses."""

    ref: ObjectRef
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    headless: bool = False
    ready_endpoints: int = 0
    unready_endpoints: int = 0
    created_at: datetime | None = None
    endpoint_ports: tuple[int, ...] = ()
    matching: tuple[ObjectRef, ...] = ()


class AutoscalerSummary(Noun):
    """A HorizontalPodAutoscaler."""

    ref: ObjectRef
    target: ObjectRef
    min_replicas: int = 1
    max_replicas: int = 1
    current: int = 0
    desired: int = 0
    conditions: tuple[Condition, ...] = ()


class DisruptionBudgetSummary(Noun):
    """A PodDisruptionBudget; `allowed` is how many pods may be evicted now."""

    ref: ObjectRef
    selector: dict[str, str] = {}
    allowed: int = 0
    healthy: int = 0
    desired_healthy: int = 0
    expected: int = 0


class BlindSpot(Noun):
    """Something that could not be read, and why, in words for the report."""

    what: str
    why: str


class Cut(Noun):
    """A stated bound: `12 of 340 pods shown`."""

    what: str
    shown: int
    total: int | None = None

    def __str__(self) -> str:
        return f"{self.shown} of {self.total or 'more'} {self.what} shown"


class ClusterSnapshot(Noun):
    """What was seen of one namespace at one moment.

    `objects` counts everything that triage listed, by plural resource name. The summaries hold the
    sick objects and what explains them; `healthy` tells whether triage saw nothing sick at all.
    """

    version: Literal[1] = 1
    cluster: str = ""
    namespace: str
    label_selector: str = ""
    taken_at: datetime
    healthy: bool = True
    paused_until: str | None = None
    objects: dict[str, int] = {}
    deployments: tuple[DeploymentSummary, ...] = ()
    statefulsets: tuple[StatefulSetSummary, ...] = ()
    daemonsets: tuple[DaemonSetSummary, ...] = ()
    jobs: tuple[JobSummary, ...] = ()
    cronjobs: tuple[CronJobSummary, ...] = ()
    pods: tuple[PodSummary, ...] = ()
    events: tuple[EventSummary, ...] = ()
    logs: tuple[LogTail, ...] = ()
    claims: tuple[ClaimSummary, ...] = ()
    quotas: tuple[QuotaSummary, ...] = ()
    limit_ranges: tuple[LimitRangeSummary, ...] = ()
    services: tuple[ServiceSummary, ...] = ()
    autoscalers: tuple[AutoscalerSummary, ...] = ()
    disruption_budgets: tuple[DisruptionBudgetSummary, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    cuts: tuple[Cut, ...] = ()

    def workloads(self) -> Iterator[WorkloadSummary]:
        """Every workload that was read, Deployments first."""
        yield from self.deployments
        yield from self.statefulsets
        yield from self.daemonsets
        yield from self.jobs
        yield from self.cronjobs

    def workload(self, ref: ObjectRef) -> WorkloadSummary | None:
        """The workload of that reference, if it was read."""
        return next((item for item in self.workloads() if item.ref == ref), None)

    def deployment(self, ref: ObjectRef) -> DeploymentSummary | None:
        """The Deployment of that reference, if it was read."""
        return next((item for item in self.deployments if item.ref == ref), None)

    def pods_of(self, owner: ObjectRef) -> list[PodSummary]:
        """The pods that were read and belong to that owner, sick ones first."""
        return sorted((p for p in self.pods if p.owner == owner), key=lambda pod: not pod.sick)

    def events_about(self, *refs: ObjectRef) -> list[EventSummary]:
        """Events about these objects, newest last."""
        wanted = {(ref.kind, ref.name) for ref in refs}
        found = [item for item in self.events if (item.about.kind, item.about.name) in wanted]
        return sorted(found, key=lambda item: (item.last_seen is not None, item.last_seen))

    def log(self, pod: str, container: str, *, previous: bool | None = None) -> LogTail | None:
        """A container's log tail: the previous run's first, unless asked for one of the two."""
        tails = [t for t in self.logs if t.pod == pod and t.container == container]
        if previous is not None:
            return next((tail for tail in tails if tail.previous is previous), None)
        return next(iter(sorted(tails, key=lambda tail: (not tail.lines, not tail.previous))), None)
