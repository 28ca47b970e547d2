"""The snapshot: what was seen of one namespace, as plain immutable values.

Everything here is already bounded and redacted: literal env values never enter, only the names that
carry them. It holds no Kubernetes JSON (see translate.py) and makes no judgement (see failures/).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen value that crosses boundaries; unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ObjectRef(Noun):
    """Which object: kind as Kubernetes spells it (`Deployment`), namespace and name."""

    kind: str
    namespace: str
    name: str

    # Findings are matched with what was seen thousands of times, and names differ first.
    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ObjectRef)
            and self.name == other.name
            and self.kind == other.kind
            and self.namespace == other.namespace
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.namespace, self.name))

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class Condition(Noun):
    """One entry of `status.conditions`; `since` is its lastTransitionTime."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None


class EnvVar(Noun):
    """One env entry of a container: its name and where the value comes from, never the value.

    `source` is `value` for a literal; for a reference `object` and `key` name what it points at.
    """

    name: str
    source: Literal["value", "secret", "configmap", "field", "other"] = "value"
    object: str | None = None
    key: str | None = None
    optional: bool = False
    empty: bool = False


class Reference(Noun):
    """A ConfigMap, Secret, claim or service account that a pod needs, and by what (`via`)."""

    kind: Literal["ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount"]
    name: str
    via: str
    optional: bool = False


class Probe(Noun):
    """A probe: what it asks, in words (`GET /ready on port 80`), and its timing in seconds."""

    type: Literal["httpGet", "tcpSocket", "grpc", "exec"]
    asks: str
    path: str | None = None
    port: str | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3


class ContainerPort(Noun):
    """A declared port of a container."""

    number: int
    name: str | None = None
    protocol: str = "TCP"
    host_port: int | None = None


class ContainerSpec(Noun):
    """What a container was told to be. `sidecar` is an init container with restartPolicy Always."""

    name: str
    image: str = ""
    init: bool = False
    sidecar: bool = False
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    ports: tuple[ContainerPort, ...] = ()
    liveness: Probe | None = None
    readiness: Probe | None = None
    startup: Probe | None = None


class PodTemplate(Noun):
    """What the pods of a workload are told to be."""

    containers: tuple[ContainerSpec, ...] = ()
    references: tuple[Reference, ...] = ()
    labels: dict[str, str] = {}
    service_account: str = "default"
    node_selector: dict[str, str] = {}
    tolerations: tuple[str, ...] = ()
    affinity: tuple[str, ...] = ()
    host_network: bool = False
    restart_policy: str = "Always"
    priority_class: str | None = None

    def container(self, name: str | None) -> ContainerSpec | None:
        """The container (init ones too) of that name, if there is one."""
        return next((spec for spec in self.containers if spec.name == name), None)


class Change(Noun):
    """One difference between an earlier revision and the current one.

    `field` is `image`, `command`, `args`, `env NAME`, `envFrom`, `limits.memory`, `readinessProbe`,
    `volumes` and so on; `was` and `now` are None where it is absent. Env values are never shown.
    """

    field: str
    container: str | None = None
    was: str | None = None
    now: str | None = None

    def __str__(self) -> str:
        where = f" of container {self.container}" if self.container else ""
        if self.now is None:
            return f"removed {self.field}{where}"
        if self.was is None:
            return f"added {self.field}{where}"
        if self.field.startswith("env "):
            return f"changed {self.field}{where}"
        return f"changed {self.field}{where} from {self.was} to {self.now}"


class RevisionSummary(Noun):
    """One revision of a Deployment, from its ReplicaSet.

    `available` is true only where there is evidence that pods of this revision once were available
    (see translate.py for what counts). `changes` lead from this revision to the current one.
    """

    revision: int
    replica_set: str
    current: bool = False
    available: bool = False
    ready_replicas: int = 0
    replicas: int = 0
    created_at: datetime | None = None
    template: PodTemplate = PodTemplate()
    changes: tuple[Change, ...] = ()


class WorkloadSummary(Noun):
    """What all workloads have in common; counts are of pods."""

    ref: ObjectRef
    uid: str = ""
    created_at: datetime | None = None
    generation: int = 0
    observed_generation: int = 0
    desired: int = 0
    ready: int = 0
    updated: int = 0
    available: int = 0
    conditions: tuple[Condition, ...] = ()
    selector: dict[str, str] = {}
    template: PodTemplate = PodTemplate()
    annotations: dict[str, str] = {}
    managed_by: str | None = None

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if it is set."""
        return next((item for item in self.conditions if item.type == type_), None)


class DeploymentSummary(WorkloadSummary):
    """A Deployment and its revisions, newest first. `annotations` holds only `sre-watchdog/` ones,
    without the values of `approved-env.*`; `managed_by` is `Helm RELEASE`, `Argo CD` or `Flux`.
    """

    strategy: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    paused: bool = False
    min_ready_seconds: int = 0
    progress_deadline_seconds: int = 600
    revisions: tuple[RevisionSummary, ...] = ()
    autoscaled_by: str | None = None

    @property
    def current(self) -> RevisionSummary | None:
        """The revision that the Deployment's template asks for."""
        return next((item for item in self.revisions if item.current), None)

    @property
    def last_available(self) -> RevisionSummary | None:
        """The newest earlier revision that once was available and has another template."""
        return next(
            (
                item
                for item in self.revisions
                if item.available and not item.current and item.changes
            ),
            None,
        )


class StatefulSetSummary(WorkloadSummary):
    """A StatefulSet."""

    service_name: str = ""
    ordered: bool = True
    claim_storage_classes: dict[str, str] = {}


class DaemonSetSummary(WorkloadSummary):
    """A DaemonSet; desired counts the nodes that should run it."""


class JobSummary(WorkloadSummary):
    """A Job; `cron_job` names the CronJob that made it."""

    active: int = 0
    succeeded: int = 0
    failed: int = 0
    backoff_limit: int = 6
    suspended: bool = False
    cron_job: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class CronJobSummary(WorkloadSummary):
    """A CronJob; times are of its last start and its last success."""

    schedule: str = ""
    time_zone: str | None = None
    suspended: bool = False
    concurrency_policy: str = "Allow"
    starting_deadline_seconds: int | None = None
    active: int = 0
    last_scheduled_at: datetime | None = None
    last_succeeded_at: datetime | None = None


class ContainerState(Noun):
    """How a container is doing. `last_*` describe how its previous run ended."""

    name: str
    init: bool = False
    state: Literal["waiting", "running", "terminated", "unknown"] = "unknown"
    ready: bool = False
    started: bool = False
    restarts: int = 0
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    last_reason: str = ""
    last_message: str = ""
    last_exit_code: int | None = None
    last_started_at: datetime | None = None
    last_finished_at: datetime | None = None


class PodSummary(Noun):
    """One pod that was read in full; `alike` counts the pods that look the same, this one included.

    `owner` is the workload at the top (the Deployment, the CronJob), or the pod itself.
    """

    ref: ObjectRef
    uid: str = ""
    owner: ObjectRef
    replica_set: str | None = None
    sick: bool = True
    alike: int = 1
    phase: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    node: str | None = None
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    deletion_grace_seconds: int | None = None
    finalizers: tuple[str, ...] = ()
    scheduling_gates: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    containers: tuple[ContainerState, ...] = ()
    template: PodTemplate = PodTemplate()

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if it is set."""
        return next((item for item in self.conditions if item.type == type_), None)

    @property
    def ready(self) -> bool:
        """Whether its Ready condition is true."""
        condition = self.condition("Ready")
        return condition is not None and condition.status == "True"


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
