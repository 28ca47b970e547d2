"""API objects -> summaries. Pure, and lenient: what is null, missing or unknown gets a default.

Texts are redacted, then cut. What surrounds workloads (claims, Services...) is in surroundings.py,
pod templates are in templates.py, the history of a Deployment is in revisions.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from watchdog.kube.ports import Json
from watchdog.kube.resources import FIELD_MANAGER
from watchdog.kube.what_counts import what_counts
from watchdog.observation.deployer import deployer, kind_with_group, managers
from watchdog.observation.kubectl_columns import mapping, moment, number, objects, pod_status
from watchdog.observation.strategy import max_unavailable
from watchdog.observation.template_summary import shortened, template, texts
from watchdog.snapshot.refs import KIND, NAME, Condition, ObjectRef
from watchdog.snapshot.snapshot import Deletion, EventSummary
from watchdog.snapshot.workloads import (
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
from watchdog.text.redact import Redactor
from watchdog.text.regex import regex
from watchdog.text.sanitize import term

LONGEST_MESSAGE = 1000
_LONGEST_UID = 64
_CONTAINER = regex(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
# The kubelet keeps the last 2048 bytes of a log as a message, and others cut theirs at 1024.
_MAYBE_CUT, _MAYBE_BEHEADED = 1000, 2000
_OURS = "sre-watchdog/"


def reference(kind: str, raw: Json) -> ObjectRef:
    """Which object this is."""
    metadata = mapping(raw.get("metadata"))
    return ObjectRef(
        kind=kind,
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or ""),
    )


def controller(raw: Json) -> tuple[str, str, str] | None:
    """Kind, name and uid of the controller among an object's owners, or of its first owner.

    The kind of a custom resource carries its API group. The API server checks neither kind nor
    name nor uid: what could be none is no owner.
    """
    owners = objects(mapping(raw.get("metadata")).get("ownerReferences"))
    chosen = next(
        (item for item in owners if item.get("controller")), owners[0] if owners else None
    )
    if chosen is None:
        return None
    kind, name, uid = kind_with_group(chosen), str(chosen.get("name")), str(chosen.get("uid"))
    if not (KIND.fullmatch(kind) and NAME.fullmatch(name) and len(uid) <= _LONGEST_UID):
        return None
    return kind, name, uid


def message(raw: Any, redactor: Redactor) -> str:
    """A message of the API, redacted and cut."""
    text = str(raw or "")
    size = len(text.encode("utf-8", "replace"))
    whole = redactor.redact(text, begun=size < _MAYBE_BEHEADED, ended=size < _MAYBE_CUT)
    return shortened(whole.strip(), LONGEST_MESSAGE)


def deletion(namespace: Json, redactor: Redactor) -> Deletion | None:
    """When the namespace was deleted, and what keeps it; None if it was not."""
    since = moment(mapping(namespace.get("metadata")).get("deletionTimestamp"))
    if since is None:
        return None
    held = conditions(mapping(namespace.get("status")).get("conditions"), redactor)
    return Deletion(since=since, held=tuple(item for item in held if item.status == "True"))


def conditions(raw: Any, redactor: Redactor) -> tuple[Condition, ...]:
    """`status.conditions` of any object."""
    return tuple(
        Condition(
            type=term(item.get("type")),
            status=term(item.get("status", "Unknown")),
            reason=term(item.get("reason")),
            message=message(item.get("message"), redactor),
            since=moment(item.get("lastTransitionTime")),
        )
        for item in objects(raw)
    )


def status_changed_at(raw: Json) -> datetime | None:
    """When the object's status was last written, as the API server keeps it for each writer.

    While its controller has not seen the newest spec, the time of any writer counts: what the
    status lacks can be no older than the last change.
    """
    metadata = mapping(raw.get("metadata"))
    seen = number(mapping(raw.get("status")).get("observedGeneration"))
    behind = 0 < seen < number(metadata.get("generation"))
    times = [
        moment(item.get("time"))
        for item in objects(metadata.get("managedFields"))
        if behind or item.get("subresource") == "status"
    ]
    return max((time for time in times if time), default=None)


def our_annotations(raw: Json, redactor: Redactor) -> dict[str, str]:
    """The annotations meant for us; approved values themselves stay in the cluster."""
    found = texts(mapping(raw.get("metadata")).get("annotations"))
    return {
        key: "(set)"
        if key.startswith(f"{_OURS}approved-env.")
        else shortened(redactor.redact(value), LONGEST_MESSAGE)
        for key, value in found.items()
        if key.startswith(_OURS)
    }


def _common(kind: str, raw: Json, redactor: Redactor, pods: Any) -> dict[str, Any]:
    metadata, spec = mapping(raw.get("metadata")), mapping(raw.get("spec"))
    status = mapping(raw.get("status"))
    return {
        "ref": reference(kind, raw),
        "uid": str(metadata.get("uid") or ""),
        "created_at": moment(metadata.get("creationTimestamp")),
        "generation": number(metadata.get("generation")),
        "observed_generation": number(status.get("observedGeneration")),
        "conditions": conditions(status.get("conditions"), redactor),
        "selector": texts(mapping(spec.get("selector")).get("matchLabels")),
        "template": template(pods, redactor),
        "annotations": our_annotations(raw, redactor),
        "managed_by": deployer(raw),
        "ours": any(each.name == FIELD_MANAGER for each in managers(raw)),
        "status_changed_at": status_changed_at(raw),
    }


def _replicated(raw: Json) -> dict[str, int]:
    status = mapping(raw.get("status"))
    return {
        "desired": number(mapping(raw.get("spec")).get("replicas"), 1),
        "ready": number(status.get("readyReplicas")),
        "updated": number(status.get("updatedReplicas")),
        "available": number(status.get("availableReplicas")),
    }


def deployment(
    raw: Json,
    redactor: Redactor,
    revisions: tuple[RevisionSummary, ...] = (),
    autoscaled_by: str | None = None,
) -> DeploymentSummary:
    """A Deployment, with what was learnt of its history and its autoscaler."""
    spec = mapping(raw.get("spec"))
    recreate = mapping(spec.get("strategy")).get("type") == "Recreate"
    return DeploymentSummary(
        **_common("Deployment", raw, redactor, spec.get("template")),
        **_replicated(raw),
        strategy="Recreate" if recreate else "RollingUpdate",
        max_unavailable=max_unavailable(spec),
        paused=bool(spec.get("paused")),
        min_ready_seconds=number(spec.get("minReadySeconds")),
        progress_deadline_seconds=number(spec.get("progressDeadlineSeconds"), 600),
        revisions=revisions,
        autoscaled_by=autoscaled_by,
        counts=what_counts(raw),
    )


def stateful_set(raw: Json, redactor: Redactor) -> StatefulSetSummary:
    """A StatefulSet."""
    spec = mapping(raw.get("spec"))
    claims = objects(spec.get("volumeClaimTemplates"))
    strategy = mapping(spec.get("updateStrategy"))
    return StatefulSetSummary(
        update_revision=str(mapping(raw.get("status")).get("updateRevision") or ""),
        on_delete=strategy.get("type") == "OnDelete",
        partition=number(mapping(strategy.get("rollingUpdate")).get("partition")),
        **_common("StatefulSet", raw, redactor, spec.get("template")),
        **_replicated(raw),
        service_name=str(spec.get("serviceName") or ""),
        ordered=spec.get("podManagementPolicy") != "Parallel",
        claim_storage_classes={
            str(mapping(item.get("metadata")).get("name")): str(
                mapping(item.get("spec")).get("storageClassName") or ""
            )
            for item in claims
        },
    )


def replica_set(raw: Json, kind: str, redactor: Redactor) -> ReplicaSetSummary:
    """A ReplicaSet or ReplicationController; its controller speaks for it, if it has one."""
    spec, parent = mapping(raw.get("spec")), controller(raw)
    common = _common(kind, raw, redactor, spec.get("template"))
    if kind == "ReplicationController":
        common["selector"] = texts(spec.get("selector"))
    own: ObjectRef = common["ref"]
    if parent is not None:
        ref = ObjectRef(kind=parent[0], namespace=own.namespace, name=parent[1])
        common |= {"ref": ref, "uid": parent[2]}
    replicated = {**_replicated(raw), "updated": number(mapping(raw.get("status")).get("replicas"))}
    return ReplicaSetSummary(**common, **replicated, name=own.name)


def daemon_set(raw: Json, redactor: Redactor) -> DaemonSetSummary:
    """A DaemonSet."""
    status = mapping(raw.get("status"))
    return DaemonSetSummary(
        **_common("DaemonSet", raw, redactor, mapping(raw.get("spec")).get("template")),
        desired=number(status.get("desiredNumberScheduled")),
        ready=number(status.get("numberReady")),
        updated=number(status.get("updatedNumberScheduled")),
        available=number(status.get("numberAvailable")),
    )


def job(raw: Json, redactor: Redactor) -> JobSummary:
    """A Job."""
    spec, status = mapping(raw.get("spec")), mapping(raw.get("status"))
    owner = controller(raw)
    failed_at = next(
        (
            item.get("lastTransitionTime")
            for item in objects(status.get("conditions"))
            if item.get("type") == "Failed" and item.get("status") == "True"
        ),
        None,
    )
    return JobSummary(
        **_common("Job", raw, redactor, spec.get("template")),
        desired=number(spec.get("completions"), number(spec.get("parallelism"), 1)),
        ready=number(status.get("ready")),
        active=number(status.get("active")),
        succeeded=number(status.get("succeeded")),
        failed=number(status.get("failed")),
        backoff_limit=number(spec.get("backoffLimit"), 6),
        suspended=bool(spec.get("suspend")),
        cron_job=owner[1] if owner and owner[0] == "CronJob" else None,
        started_at=moment(status.get("startTime")),
        finished_at=moment(status.get("completionTime") or failed_at),
        failed_indexes=str(status.get("failedIndexes") or ""),
    )


def cron_job(raw: Json, redactor: Redactor) -> CronJobSummary:
    """A CronJob."""
    spec, status = mapping(raw.get("spec")), mapping(raw.get("status"))
    pods = mapping(mapping(spec.get("jobTemplate")).get("spec")).get("template")
    deadline = spec.get("startingDeadlineSeconds")
    return CronJobSummary(
        **_common("CronJob", raw, redactor, pods),
        schedule=str(spec.get("schedule") or ""),
        time_zone=str(spec["timeZone"]) if spec.get("timeZone") else None,
        suspended=bool(spec.get("suspend")),
        concurrency_policy=str(spec.get("concurrencyPolicy") or "Allow"),
        starting_deadline_seconds=number(deadline) if deadline is not None else None,
        active=len(objects(status.get("active"))),
        last_scheduled_at=moment(status.get("lastScheduleTime")),
        last_succeeded_at=moment(status.get("lastSuccessfulTime")),
    )


def pod(
    raw: Json, owner: ObjectRef, redactor: Redactor, *, sick: bool = True, alike: int = 1
) -> PodSummary:
    """A pod. `owner` is the workload at the top, which takes more reads than this one."""
    metadata, spec = mapping(raw.get("metadata")), mapping(raw.get("spec"))
    status = mapping(raw.get("status"))
    parent = controller(raw)
    grace = metadata.get("deletionGracePeriodSeconds")
    finalizers = metadata.get("finalizers")
    return PodSummary(
        ref=reference("Pod", raw),
        uid=str(metadata.get("uid") or ""),
        owner=owner,
        replica_set=parent[1] if parent and parent[0] == "ReplicaSet" else None,
        sick=sick,
        alike=alike,
        phase=term(status.get("phase") or "Unknown"),
        status=term(pod_status(raw)),
        reason=term(status.get("reason")),
        message=message(status.get("message"), redactor),
        node=str(spec["nodeName"]) if spec.get("nodeName") else None,
        nominated_node=str(status.get("nominatedNodeName") or "") or None,
        created_at=moment(metadata.get("creationTimestamp")),
        deleted_at=moment(metadata.get("deletionTimestamp")),
        deletion_grace_seconds=number(grace) if grace is not None else None,
        finalizers=tuple(str(item) for item in finalizers) if isinstance(finalizers, list) else (),
        scheduling_gates=tuple(str(i.get("name")) for i in objects(spec.get("schedulingGates"))),
        conditions=conditions(status.get("conditions"), redactor),
        containers=(
            *_states(status.get("initContainerStatuses"), redactor, init=True),
            *_states(status.get("containerStatuses"), redactor, init=False),
        ),
        template=template(raw, redactor),
    )


def _states(raw: Any, redactor: Redactor, *, init: bool) -> Iterator[ContainerState]:
    """The states of containers; what no container can be called is none."""
    for item in objects(raw):
        if _CONTAINER.fullmatch(str(item.get("name"))):
            yield _state(item, redactor, init=init)


def _state(raw: Json, redactor: Redactor, *, init: bool) -> ContainerState:
    state, last = (
        mapping(raw.get("state")),
        mapping(mapping(raw.get("lastState")).get("terminated")),
    )
    name: Literal["waiting", "running", "terminated", "unknown"] = "unknown"
    if "waiting" in state:
        name = "waiting"
    elif "running" in state:
        name = "running"
    elif "terminated" in state:
        name = "terminated"
    now = mapping(state.get(name))
    return ContainerState(
        name=str(raw.get("name", "")),
        init=init,
        state=name,
        ready=bool(raw.get("ready")),
        started=bool(raw.get("started")),
        restarts=max(0, number(raw.get("restartCount"))),
        reason=term(now.get("reason")),
        message=message(now.get("message"), redactor),
        exit_code=_code(now),
        started_at=moment(now.get("startedAt")),
        finished_at=moment(now.get("finishedAt")),
        last_reason=term(last.get("reason")),
        last_message=message(last.get("message"), redactor),
        last_exit_code=_code(last),
        last_started_at=moment(last.get("startedAt")),
        last_finished_at=moment(last.get("finishedAt")),
    )


def _code(ended: Mapping[str, Any]) -> int | None:
    code = ended.get("exitCode")
    return code if isinstance(code, int) else None


def event(raw: Json, redactor: Redactor) -> EventSummary:
    """An event, of either event API.

    Its writer chooses the times in it, and the API server when it was made: what an event tells
    began no earlier than that, or anyone could say now that a release never worked.
    """
    about = mapping(raw.get("involvedObject")) or mapping(raw.get("regarding"))
    series = mapping(raw.get("series"))
    first = raw.get("firstTimestamp") or raw.get("deprecatedFirstTimestamp") or raw.get("eventTime")
    last = (
        series.get("lastObservedTime")
        or raw.get("lastTimestamp")
        or raw.get("deprecatedLastTimestamp")
        or raw.get("eventTime")
        or first
    )
    begun, made = moment(first), moment(mapping(raw.get("metadata")).get("creationTimestamp"))
    return EventSummary(
        about=ObjectRef(
            kind=str(about.get("kind") or ""),
            namespace=str(about.get("namespace") or ""),
            name=str(about.get("name") or ""),
        ),
        type=term(raw.get("type") or "Normal"),
        reason=term(raw.get("reason")),
        message=message(raw.get("message") or raw.get("note"), redactor),
        count=max(1, number(series.get("count")) or number(raw.get("count"), 1)),
        first_seen=max(begun, made) if begun and made else begun,
        last_seen=moment(last),
        created_at=made,
    )
