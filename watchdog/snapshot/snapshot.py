"""The snapshot: what was seen of one namespace, as plain immutable values.

Everything here is already bounded and redacted: literal env values never enter, only the names that
carry them. It holds no Kubernetes JSON (see translate.py) and makes no judgement (see failures/).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, computed_field, model_validator

from watchdog.snapshot.custom import CustomResourceSummary
from watchdog.snapshot.refs import Condition, Noun, ObjectRef
from watchdog.snapshot.thresholds import DEFAULTS, Thresholds
from watchdog.snapshot.workloads import (
    CronJobSummary,
    DaemonSetSummary,
    DeploymentSummary,
    JobSummary,
    PodSummary,
    ReplicaSetSummary,
    StatefulSetSummary,
    WorkloadSummary,
)


class EventSummary(Noun):
    """One Kubernetes event; `about` is the object it concerns, `count` how often it was seen.

    `created_at` is the API server's own time; all else in it is what its writer says.
    """

    about: ObjectRef
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    count: int = 1
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    created_at: datetime | None = None


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
    """A PersistentVolumeClaim.

    `resize` is what Kubernetes says of a change of its size that is not done (`NodeResizePending`).
    """

    ref: ObjectRef
    phase: str = ""
    conditions: tuple[Condition, ...] = ()
    storage_class: str | None = None
    volume: str | None = None
    requested: str | None = None
    capacity: str | None = None
    resize: str = ""
    created_at: datetime | None = None


class QuotaSummary(Noun):
    """A ResourceQuota: its hard limits and what is used of them."""

    name: str
    hard: dict[str, str] = {}
    used: dict[str, str] = {}


class LimitRangeSummary(Noun):
    """The container limits of a LimitRange: `default_request`, `default`, `max`, `min`.

    `ratio` says how many times the request a limit may be.
    """

    name: str
    default_request: dict[str, str] = {}
    default: dict[str, str] = {}
    max: dict[str, str] = {}
    ratio: dict[str, str] = {}
    min: dict[str, str] = {}


class ServicePort(Noun):
    """A port of a Service; `target` is a number or a name, as text."""

    number: int
    target: str
    name: str | None = None
    protocol: str = "TCP"


class ServiceSummary(Noun):
    """A Service that selects pods; endpoint counts are of addresses, `addresses` its own IPs."""

    ref: ObjectRef
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    headless: bool = False
    addresses: tuple[str, ...] = ()
    ready_endpoints: int = 0
    unready_endpoints: int = 0
    created_at: datetime | None = None
    endpoint_ports: tuple[int, ...] = ()
    matching: tuple[ObjectRef, ...] = ()


class AutoscalerSummary(Noun):
    """A HorizontalPodAutoscaler; `target_absent` says that its target is not there.

    `made_by` is what owns it, such as a ScaledObject of KEDA.
    """

    ref: ObjectRef
    target: ObjectRef
    min_replicas: int = 1
    max_replicas: int = 1
    current: int = 0
    desired: int = 0
    conditions: tuple[Condition, ...] = ()
    created_at: datetime | None = None
    target_absent: bool = False
    made_by: str = ""


class DisruptionBudgetSummary(Noun):
    """A PodDisruptionBudget; `allowed` is how many pods may be evicted now."""

    ref: ObjectRef
    selector: dict[str, str] = {}
    allowed: int = 0
    healthy: int = 0
    desired_healthy: int = 0
    expected: int = 0
    conditions: tuple[Condition, ...] = ()

    def shares_pods_with(self, other: "DisruptionBudgetSummary") -> bool:
        """Whether every pod of one of the two is the other's too, as their labels say."""
        one, two = self.selector.items(), other.selector.items()
        if not (one and two and self.expected and other.expected):
            return False
        return one <= two or two <= one


class IngressSummary(Noun):
    """An Ingress or HTTPRoute that leads nowhere: what it names and what is not there.

    `missing_ports` are `service:port`. `class_absent` says that no controller serves its class, or
    has taken the route; `refused` is what a Gateway says of a route that it does not serve.
    """

    ref: ObjectRef
    class_name: str | None = None
    class_absent: bool = False
    refused: Condition | None = None
    missing_services: tuple[str, ...] = ()
    missing_ports: tuple[str, ...] = ()
    created_at: datetime | None = None


class LoadBalancerSummary(Noun):
    """A Service of type LoadBalancer that has no address."""

    ref: ObjectRef
    created_at: datetime | None = None


POD_LOGS = "pods/log"
PARTS = "parts of"
BEYOND_BOUND = "what is sick beyond the bound"
EVENTS_BEYOND = "Events beyond the bound"


class NodeSummary(Noun):
    """A node under a sick pod that is not as it should be; `condition` is the one that says so."""

    name: str
    state: Literal["not_ready", "gone", "pressure", "cordoned"]
    condition: str = ""
    message: str = ""
    since: datetime | None = None


class BlindSpot(Noun):
    """Something that could not be read. `why` is in words for the report.

    `resource` is the plural of the API (`pods`), POD_LOGS, PARTS of an object that is too large, or
    what we could not do (BEYOND_BOUND, EVENTS_BEYOND, the memory, the Lease). `subject` is the one
    thing of it, `POD/CONTAINER` for a log, an object for PARTS; empty for all. `forbidden`: a right
    is missing. Code decides by these three; `what` is for people.
    """

    resource: str
    subject: str = ""
    why: str
    forbidden: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @property
    def what(self) -> str:
        """What could not be read, as the report says it: `pods`, `log of web-1/main`."""
        of_a_log = self.resource == POD_LOGS and self.subject
        return f"{'log of' if of_a_log else self.resource} {self.subject}".rstrip()

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, given: Any) -> Any:
        """Take what a written snapshot holds: its `what` is made again."""
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if key != "what"}


class Cut(Noun):
    """A stated bound: `12 of 340 pods shown`. `resource` is the plural of the API, if it is one's.

    Code decides by `resource`; `what` is for people.
    """

    what: str
    shown: int
    total: int | None = None
    resource: str = ""

    def __str__(self) -> str:
        return f"{self.shown} of {self.total or 'more'} {self.what} shown"


class Deletion(Noun):
    """That the namespace was deleted, when, and the conditions that say what keeps it."""

    since: datetime
    held: tuple[Condition, ...] = ()


class ClusterSnapshot(Noun):
    """What was seen of one namespace at one moment.

    `objects` counts everything that triage listed, by plural resource name. The summaries hold the
    sick objects and what explains them; `healthy` tells whether triage saw nothing sick at all.
    `thresholds` are the settings that the detectors judge by. `wishes` is what the namespace asks
    for by its own label and annotations. `configmaps` are names of those that are there; they are
    read only if a pod misses one. `claimed` are owners that a failure kind has explained while
    others are still asked: those need not judge their containers.
    """

    version: Literal[1] = 1
    cluster: str = ""
    namespace: str
    label_selector: str = ""
    taken_at: datetime
    healthy: bool = True
    paused_until: str | None = None
    deletion: Deletion | None = None
    objects: dict[str, int] = {}
    wishes: dict[str, str] = {}
    deployments: tuple[DeploymentSummary, ...] = ()
    statefulsets: tuple[StatefulSetSummary, ...] = ()
    daemonsets: tuple[DaemonSetSummary, ...] = ()
    replicasets: tuple[ReplicaSetSummary, ...] = ()
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
    ingresses: tuple[IngressSummary, ...] = ()
    load_balancers: tuple[LoadBalancerSummary, ...] = ()
    nodes: tuple[NodeSummary, ...] = ()
    custom_resources: tuple[CustomResourceSummary, ...] = ()
    configmaps: tuple[str, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    cuts: tuple[Cut, ...] = ()
    thresholds: Thresholds = DEFAULTS
    claimed: frozenset[ObjectRef] = Field(frozenset(), exclude=True)

    def workloads(self) -> Iterator[WorkloadSummary]:
        """Every workload that was read, Deployments first."""
        yield from self.deployments
        yield from self.statefulsets
        yield from self.daemonsets
        yield from self.replicasets
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
