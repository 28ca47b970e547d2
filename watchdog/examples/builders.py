"""Small builders that keep the kinds' examples short. Values only, nothing is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from watchdog.examples import Example
from watchdog.snapshot.custom import CustomResourceSummary
from watchdog.snapshot.pod_template import ContainerSpec, PodTemplate
from watchdog.snapshot.refs import Condition, Noun, ObjectRef
from watchdog.snapshot.snapshot import (
    AutoscalerSummary,
    ClaimSummary,
    ClusterSnapshot,
    DisruptionBudgetSummary,
    EventSummary,
    IngressSummary,
    LimitRangeSummary,
    LoadBalancerSummary,
    LogTail,
    QuotaSummary,
    ServiceSummary,
)
from watchdog.snapshot.workloads import (
    Change,
    ContainerState,
    CronJobSummary,
    DaemonSetSummary,
    DeploymentSummary,
    JobSummary,
    PodSummary,
    ReplicaSetSummary,
    RevisionSummary,
    StatefulSetSummary,
)

NAMESPACE = "shop"
NOW = datetime(2026, 3, 2, 14, 15, tzinfo=UTC)
POD = "web-7d9f-x2k4p"
CURRENT = "web-7d9f"
_FIELDS: dict[type[Noun], str] = {
    DeploymentSummary: "deployments",
    StatefulSetSummary: "statefulsets",
    DaemonSetSummary: "daemonsets",
    JobSummary: "jobs",
    CronJobSummary: "cronjobs",
    PodSummary: "pods",
    EventSummary: "events",
    LogTail: "logs",
    ClaimSummary: "claims",
    QuotaSummary: "quotas",
    LimitRangeSummary: "limit_ranges",
    ServiceSummary: "services",
    AutoscalerSummary: "autoscalers",
    DisruptionBudgetSummary: "disruption_budgets",
    IngressSummary: "ingresses",
    LoadBalancerSummary: "load_balancers",
    ReplicaSetSummary: "replicasets",
    CustomResourceSummary: "custom_resources",
}


def ago(seconds: float) -> datetime:
    """That many seconds before the snapshot was taken."""
    return NOW - timedelta(seconds=seconds)


def ref(kind: str, name: str) -> ObjectRef:
    """A reference in the examples' namespace."""
    return ObjectRef(kind=kind, namespace=NAMESPACE, name=name)


WEB = ref("Deployment", "web")


def snapshot_of(*nouns: Noun) -> ClusterSnapshot:
    """A snapshot that holds these summaries, each in the field for its type."""
    fields: dict[str, tuple[Noun, ...]] = {}
    for noun in nouns:
        field = _FIELDS[type(noun)]
        fields[field] = (*fields.get(field, ()), noun)
    return ClusterSnapshot(namespace=NAMESPACE, taken_at=NOW, healthy=False, **fields)


def spec(name: str = "main", **changes: Any) -> ContainerSpec:
    """A container's specification."""
    return ContainerSpec(**{"name": name, "image": "busybox:1.36", **changes})


def crashing(exit_code: int = 1, **changes: Any) -> ContainerState:
    """A container in CrashLoopBackOff whose last run ended with that exit code."""
    values = {
        "name": "main",
        "state": "waiting",
        "reason": "CrashLoopBackOff",
        "message": "back-off 2m40s restarting failed container=main pod=" + POD,
        "restarts": 5,
        "last_reason": "Completed" if exit_code == 0 else "Error",
        "last_exit_code": exit_code,
        "last_started_at": ago(62),
        "last_finished_at": ago(60),
    }
    return ContainerState(**{**values, **changes})


def waiting(reason: str, message: str = "", **changes: Any) -> ContainerState:
    """A container that waits for a reason."""
    values = {"name": "main", "state": "waiting", "reason": reason, "message": message}
    return ContainerState(**{**values, **changes})


def running(*, ready: bool = True, for_seconds: float = 600, **changes: Any) -> ContainerState:
    """A running container."""
    values = {"name": "main", "state": "running", "ready": ready, "started": True}
    return ContainerState(**{**values, "started_at": ago(for_seconds), **changes})


def ended(exit_code: int = 1, **changes: Any) -> ContainerState:
    """A container that has ended and was not started again (yet)."""
    reason = "Completed" if exit_code == 0 else "Error"
    values = {"name": "main", "state": "terminated", "reason": reason, "exit_code": exit_code}
    times = {"started_at": ago(40), "finished_at": ago(30)}
    return ContainerState(**{**values, **times, **changes})


def pod(
    *states: ContainerState, specs: tuple[ContainerSpec, ...] = (), **changes: Any
) -> PodSummary:
    """A pod of Deployment/web with these containers; ready when all its containers are."""
    ready = bool(states) and all(item.ready or item.init for item in states)
    specs = specs or tuple(spec(item.name, init=item.init) for item in states) or (spec(),)
    condition = Condition(type="Ready", status="True" if ready else "False", since=ago(600))
    values = {
        "ref": ref("Pod", POD),
        "owner": WEB,
        "replica_set": CURRENT,
        "sick": not ready,
        "phase": "Running",
        "status": next((item.reason for item in states if item.reason), "Running"),
        "created_at": ago(720),
        "conditions": (condition,),
        "containers": states,
        "template": PodTemplate(containers=specs),
    }
    return PodSummary(**{**values, **changes})


def bare_pod(*states: ContainerState, name: str = "task", **changes: Any) -> PodSummary:
    """A pod that no controller owns."""
    own = {"ref": ref("Pod", name), "owner": ref("Pod", name), "replica_set": None}
    return pod(*states, **{**own, **changes})


def deployment(
    *, ready: int = 0, desired: int = 1, last: RevisionSummary | None = None, **changes: Any
) -> DeploymentSummary:
    """Deployment/web at revision 7; `last` is the earlier revision that is remembered."""
    current = RevisionSummary(
        revision=7, replica_set=CURRENT, current=True, replicas=desired, created_at=ago(720)
    )
    status = "True" if ready == desired else "False"
    values = {
        "ref": WEB,
        "desired": desired,
        "ready": ready,
        "available": ready,
        "updated": desired,
        "conditions": (Condition(type="Available", status=status, since=ago(720)),),
        "revisions": (current, last) if last else (current,),
    }
    return DeploymentSummary(**{**values, **changes})


def earlier(*changes: Change, **values: Any) -> RevisionSummary:
    """Revision 6, which was available; `changes` lead from it to the current one."""
    base = {"revision": 6, "replica_set": "web-5c8b", "available": True, "created_at": ago(777600)}
    return RevisionSummary(**{**base, "changes": changes, **values})


def change(field: str, was: str | None, now: str | None, container: str | None = "main") -> Change:
    """One difference between revision 6 and revision 7."""
    return Change(field=field, container=container, was=was, now=now)


def event(
    reason: str, message: str, about: ObjectRef | None = None, **changes: Any
) -> EventSummary:
    """A Warning about the examples' pod, unless told otherwise."""
    values = {"type": "Warning", "count": 3, "first_seen": ago(700), "last_seen": ago(10)}
    base = {"about": about or ref("Pod", POD), "reason": reason, "message": message}
    return EventSummary(**{**base, **values, **changes})


def log(
    text: str, pod_name: str = POD, container: str = "main", *, previous: bool = True
) -> LogTail:
    """The end of a container's log, by default of its previous run."""
    return LogTail(pod=pod_name, container=container, previous=previous, text=text)


def broken(
    state: ContainerState,
    *more: Noun,
    container: ContainerSpec | None = None,
    last: RevisionSummary | None = None,
    text: str = "",
) -> ClusterSnapshot:
    """Deployment/web with one pod whose container is in that state; `text` is its previous log."""
    specs = (container,) if container else ()
    logs = (log(text, container=state.name),) if text else ()
    return snapshot_of(deployment(last=last), pod(state, specs=specs), *logs, *more)


def healthy(text: str = "") -> ClusterSnapshot:
    """Deployment/web with one ready pod; every kind must stay silent on it."""
    logs = (log(text, previous=False),) if text else ()
    return snapshot_of(deployment(ready=1), pod(running()), *logs)


def log_examples(*, sick: tuple[str, ...], well: str) -> tuple[Example, ...]:
    """Examples of a kind that reads a crash's log: lines that tell it, and one that does not."""
    return (
        *(
            Example(f"log says: {line[:60]}", broken(crashing(1), text=line), "Deployment/web")
            for line in sick
        ),
        Example("the same words from a healthy pod", healthy(sick[0]), None),
        Example("another cause", broken(crashing(1), text=well), None),
    )
