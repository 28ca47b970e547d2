"""Pods that the API server refuses to create: quota, limit range, service account, admission."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from watchdog.detection.admission_messages import REFUSALS, Refusal, read
from watchdog.detection.bearing import asks, compared
from watchdog.detection.fitting import RESOURCES, demanded, smaller, within_range
from watchdog.detection.kind import Advice, FailureKind
from watchdog.detection.log_lines import shorten
from watchdog.detection.owners import (
    ARRIVAL_SECONDS,
    Trouble,
    age,
    event_text,
    introduced,
    kubectl,
    owner_finding,
    recent,
    sentence,
)
from watchdog.detection.rollback import ON_TOP, ONE_FIRST, now_and_for_good, undo
from watchdog.detection.starting import on_top, rolling_out_without_loss
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.workloads import (
    CronJobSummary,
    DeploymentSummary,
    JobSummary,
    WorkloadSummary,
)
from watchdog.text.format import verbatim
from watchdog.text.regex import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from watchdog.actions import RemediationAction
    from watchdog.model.diagnosis import Evidence, Finding, Origin
    from watchdog.snapshot.snapshot import ClusterSnapshot, EventSummary
    from watchdog.snapshot.workloads import Change

# A controller that is refused waits ever longer between two tries, at most about 17 minutes.
_RETRY_SECONDS = 1100.0


# Rules of the cluster, which may be younger than the pods that serve: these would be refused too.
_RULES = {"pod_security", "webhook", "policy"}
_CLAIM = regex(r"persistentvolumeclaims \"[^\"]{1,253}\" is forbidden")
_WORDS = regex(r"\b(?!(?:true|false|null)\b)[A-Za-z][\w-]+", re.IGNORECASE)
_COUNTS = frozenset({"pods", "count/pods"})
# What stands in the way of other workloads too.
_SHARED = {
    "quota": "quota {name} is exceeded",
    "service_account": "service account {name} does not exist",
    "webhook_down": "admission webhook {name} does not answer",
    "priority": "priority class {name} does not exist",
    "runtime": "runtime class {name} does not exist",
}

_CLASSES = {"priority": "priorityclasses", "runtime": "runtimeclasses"}
_FITS: dict[str, Callable[[ClusterSnapshot, ObjectRef], RemediationAction | None]] = {
    "quota": smaller,
    "quota_unset": demanded,
    "limit_range": within_range,
}


def _detect(snapshot: ClusterSnapshot) -> Iterator[Finding]:
    told: set[ObjectRef] = set()
    for workload in snapshot.workloads():
        owner = _top(workload)
        refused = _refused(snapshot, workload)
        # The Jobs of a CronJob are refused one as the other.
        if refused is None or owner in told or _lacks_nothing(workload):
            continue
        message, start, line = refused
        refusal, names = read(message)
        if age(snapshot, start) < ARRIVAL_SECONDS:
            continue
        if refusal.name == "quota" and rolling_out_without_loss(snapshot, owner):
            continue
        told.add(owner)
        if _CLAIM.search(message):
            names["what"] = "A new volume claim"
        facts = {"refusal": refusal.name, **names}
        if refusal.name in _FITS:
            facts["resource"] = ",".join(item for item in RESOURCES if item in message)
        if shared := _SHARED.get(refusal.name):
            facts["cause"] = shared.format(**names)
        named = _named_changes(snapshot, owner, message) if refusal.name in _RULES else ("",)
        ours = bool(named) and _asks_worse(snapshot, owner, refusal.name, message, names)
        origin: Origin = "workload" if ours else "outside"
        fails = tuple(field for field in named if field)
        trouble = Trouble(refusal.summary, (line,), (), start, facts, origin, fails)
        yield owner_finding("creation_refused", snapshot, owner, trouble)


def _named_changes(snapshot: ClusterSnapshot, owner: ObjectRef, message: str) -> tuple[str, ...]:
    """The fields that the current revision changed and that a rule's words are about.

    Only these tell that the revision broke a rule, and not that the rule came after it.
    """
    deployment = snapshot.deployment(owner)
    last = deployment.last_available if deployment else None
    said = {_stem(word) for word in _WORDS.findall(message)}
    changes = last.changes if last else ()
    return tuple(change.field for change in changes if said & _subject(change))


def _asks_worse(
    snapshot: ClusterSnapshot, owner: ObjectRef, refusal: str, message: str, names: dict[str, str]
) -> bool:
    """Whether the current revision asks for amounts that are refused sooner than those before it.

    True for what is not refused for an amount, and where no revision is known to have worked.
    """
    if refusal not in _FITS or compared(snapshot, owner) is None:
        return True
    if refusal == "quota":
        # Nothing of a pod template makes more pods.
        keys = {pair.partition("=")[0] for pair in re.split(r", ?", names.get("asked", ""))}
        return asks(snapshot, owner, {_field(key) for key in keys if key not in _COUNTS})
    if refusal == "quota_unset":
        keys = set(re.split(r", ?", names.get("asked", "")))
        return asks(snapshot, owner, {_field(key) for key in keys}, "any")
    resources = [item for item in RESOURCES if item in message]
    fields = [f"{group}.{item}" for group in ("requests", "limits") for item in resources]
    if "ratio" in message or not fields:
        return asks(snapshot, owner, fields or ("requests.", "limits."), "any")
    return asks(snapshot, owner, fields, "less" if "minimum" in message else "more")


def _field(key: str) -> str:
    """The beginning of Change.field that a quota's key is about: `cpu` counts the requests."""
    return key if key.startswith(("requests.", "limits.")) else f"requests.{key}"


def _subject(change: Change) -> set[str]:
    """What a change is about: its field, or of a structure what differs within it."""
    was, now = ({_stem(w) for w in _WORDS.findall(text or "")} for text in (change.was, change.now))
    within = f"{change.was or change.now}".startswith(("{", "["))
    field = {_stem(word) for word in _WORDS.findall(change.field)}
    if change.field.startswith("env "):
        return field
    if change.field == "container":
        return {_stem(change.container or "")}
    return (was ^ now) | (set() if within else field)


def _stem(word: str) -> str:
    return word.lower().removesuffix("s")


def _top(workload: WorkloadSummary) -> ObjectRef:
    if isinstance(workload, JobSummary) and workload.cron_job:
        return ObjectRef(kind="CronJob", namespace=workload.ref.namespace, name=workload.cron_job)
    return workload.ref


def _refused(
    snapshot: ClusterSnapshot, workload: WorkloadSummary
) -> tuple[str, datetime | None, Evidence | str] | None:
    """The refusal's message, since when, and the line that shows it."""
    found = [e for e in _events(snapshot, workload) if recent(snapshot, e, _RETRY_SECONDS)]
    failure = workload.condition("ReplicaFailure")
    if failure is not None and failure.status == "True":
        if found:
            return found[-1].message, failure.since, event_text(found[-1])
        return failure.message, failure.since, f"ReplicaFailure: {shorten(failure.message)}"
    if isinstance(workload, DeploymentSummary) or not found:
        return None
    start = min((e.first_seen for e in found if e.first_seen), default=None)
    return found[-1].message, start, event_text(found[-1])


def _events(snapshot: ClusterSnapshot, workload: WorkloadSummary) -> list[EventSummary]:
    refs = [workload.ref]
    if isinstance(workload, DeploymentSummary):
        refs += [
            ObjectRef(kind="ReplicaSet", namespace=snapshot.namespace, name=item.replica_set)
            for item in workload.revisions
            if item.current
        ]
    about = snapshot.events_about(*refs)
    return [event for event in about if event.reason == "FailedCreate"]


def _lacks_nothing(workload: WorkloadSummary) -> bool:
    if isinstance(workload, JobSummary):
        return bool(workload.succeeded or workload.active or workload.suspended)
    if isinstance(workload, CronJobSummary):
        return workload.suspended
    if isinstance(workload, DeploymentSummary):
        return workload.ready >= workload.desired and workload.updated >= workload.desired
    return workload.ready >= workload.desired


def _refusal(finding: Finding) -> Refusal:
    return next(item for item in REFUSALS if item.name == finding.facts["refusal"])


def _fill(words: str, finding: Finding) -> str:
    said = verbatim(asked) if (asked := finding.facts.get("asked")) else ""
    names = {
        "what": "A new pod",
        "name": "",
        "asked": "",
        "used": "",
        "hard": "",
        "target": str(finding.target),
    }
    return words.format(**{**names, **finding.facts, "said": said})


def _explain(finding: Finding, snapshot: ClusterSnapshot) -> str:
    why = sentence(_fill(_refusal(finding).why, finding))
    return f"{why} {ON_TOP}." if _in_the_way(finding, snapshot) else why


def _in_the_way(finding: Finding, snapshot: ClusterSnapshot) -> bool:
    """Whether a quota has only no room for the pod that a rollout makes in addition."""
    if _refusal(finding).name != "quota" or not on_top(snapshot, finding.target):
        return False
    return _fix(finding, snapshot) is None


def _advise(finding: Finding, snapshot: ClusterSnapshot) -> Advice:
    refusal, name = _refusal(finding), finding.facts.get("name", "")
    commands = {
        "quota": ("describe", "resourcequota", name),
        "quota_unset": ("describe", "resourcequota", name),
        "limit_range": ("describe", "limitranges"),
        "service_account": ("create", "serviceaccount", name),
    }
    words = commands.get(
        refusal.name, ("describe", finding.target.kind.lower(), finding.target.name)
    )
    command = kubectl(snapshot, *words)
    if _in_the_way(finding, snapshot):
        lasts = now_and_for_good(finding.target, snapshot, ONE_FIRST)
        return Advice(f"{lasts} Or raise the quota {name}.", command)
    if refusal.name == "webhook_down":
        command = "kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations"
    if refusal.name in _CLASSES:
        command = f"kubectl get {_CLASSES[refusal.name]}"
    return Advice(_fill(refusal.to_do, finding), command)


def _fix(finding: Finding, snapshot: ClusterSnapshot) -> RemediationAction | None:
    refusal = _refusal(finding)
    if refusal.name == "service_account" and introduced(
        snapshot, finding.target, lambda template: template.service_account
    ):
        return undo(finding, snapshot)
    found = undo(finding, snapshot, *refusal.fields) if refusal.fields else None
    fits = _FITS.get(refusal.name)
    return found or (fits(snapshot, finding.target) if fits else None)


CREATION_REFUSED = FailureKind(
    name="creation_refused",
    summary="the API server refuses the pods: quota, limit range, service account or admission",
    detect=_detect,
    explain=_explain,
    advise=_advise,
    fix=_fix,
    actions=("rollout_undo", "patch_deployment_resources"),
    hint=(
        "No pod exists: read the FailedCreate event and name the quota, account or webhook in it."
        " Set requests or limits only as the quota or LimitRange demands, and where they fit."
    ),
)
