"""Workloads and their pods, as they were seen."""

import re
from datetime import datetime
from typing import Literal

from pydantic import Field

from watchdog.snapshot.deployer import Deployer
from watchdog.snapshot.pod_template import PodTemplate
from watchdog.snapshot.refs import Condition, Noun, ObjectRef

# An image, a quantity, a path, a name: nothing that can be run or clicked, and no sentence.
_WORD = re.compile(r"(?!.*//)[\w.:/@%+=-]{1,300}", re.ASCII)
_LONGEST = 600


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
        whole = self.field == "container" and self.container
        where = f" of container {self.container}" if self.container else ""
        where = f" {self.container}" if whole else where
        if self.now is None:
            return f"removed {self.field}{where}"
        if self.was is None:
            return f"added {self.field}{where}"
        if self.field.startswith("env "):
            return f"changed {self.field}{where}"
        return f"changed {self.field}{where} from {_told(self.was)} to {_told(self.now)}"


def _told(value: str) -> str:
    """A part of a manifest in a sentence of ours: quoted unless it is one plain word."""
    if _WORD.fullmatch(value):
        return value
    line = " ".join(value.split()).replace('"', "'")
    return f'"{line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"}"'


class RevisionSummary(Noun):
    """One revision of a Deployment, from its ReplicaSet.

    `available` is true only where there is evidence that pods of this revision once were available
    (see observation/rollout_proof.py). `changes` lead from this revision to the current one.
    `completed_at` is when its rollout ended well, None while it has not; only the current revision
    has one. `earlier` are the numbers that it had before it was taken up again; `mark` is the
    annotation `sre-watchdog/attempts` of its ReplicaSet.
    """

    revision: int
    replica_set: str
    current: bool = False
    available: bool = False
    ready_replicas: int = 0
    replicas: int = 0
    created_at: datetime | None = None
    completed_at: datetime | None = None
    template: PodTemplate = PodTemplate.model_construct()
    changes: tuple[Change, ...] = ()
    earlier: tuple[int, ...] = ()
    mark: str = ""


class WorkloadSummary(Noun):
    """What all workloads have in common; counts are of pods.

    `ours`: the watchdog is the manager of some of its fields. `status_changed_at` is when the
    status was last written, or the spec where the controller has not seen that yet.
    """

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
    template: PodTemplate = PodTemplate.model_construct()
    annotations: dict[str, str] = {}
    managed_by: Deployer | None = None
    ours: bool = False
    status_changed_at: datetime | None = None

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if it is set."""
        return next((item for item in self.conditions if item.type == type_), None)


class DeploymentSummary(WorkloadSummary):
    """A Deployment and its revisions, newest first. `annotations` holds only `sre-watchdog/` ones,
    without the values of `approved-env.*`. `max_unavailable` is how many of the wanted pods a
    rolling update may do without. `counts` is a hash of what decides about a write; in memory only.
    """

    strategy: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    max_unavailable: int = 0
    paused: bool = False
    min_ready_seconds: int = 0
    progress_deadline_seconds: int = 600
    revisions: tuple[RevisionSummary, ...] = ()
    autoscaled_by: str | None = None
    counts: str = Field("", exclude=True)

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
    """A StatefulSet. Pods below `partition` are held at the earlier revision; if `on_delete`, each
    is until someone deletes it. `update_revision` is what pods are made from now, as the label
    `controller-revision-hash` of a pod names what it was made from.
    """

    update_revision: str = ""
    on_delete: bool = False
    partition: int = 0
    service_name: str = ""
    ordered: bool = True
    claim_storage_classes: dict[str, str] = {}


class ReplicaSetSummary(WorkloadSummary):
    """A ReplicaSet that no Deployment made, or a ReplicationController.

    If a controller of another kind made it (`Rollout`), `ref` and `uid` are that controller's, and
    `name` is the ReplicaSet's own.
    """

    name: str = ""


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
    failed_indexes: str = ""


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
    `nominated_node` is where the scheduler makes room for it by ending others.
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
    nominated_node: str | None = None
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    deletion_grace_seconds: int | None = None
    finalizers: tuple[str, ...] = ()
    scheduling_gates: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    containers: tuple[ContainerState, ...] = ()
    template: PodTemplate = PodTemplate.model_construct()

    def condition(self, type_: str) -> Condition | None:
        """The condition of that type, if it is set."""
        return next((item for item in self.conditions if item.type == type_), None)

    @property
    def ready(self) -> bool:
        """Whether its Ready condition is true."""
        condition = self.condition("Ready")
        return condition is not None and condition.status == "True"
