"""What the status of a custom resource says of it, whatever its kind. Pure.

By the conventions of kstatus (sigs.k8s.io/cli-utils/pkg/kstatus) and of the API: `Ready` and its
like are good if they are true, `Stalled` and its like if they are not, and a status of an earlier
generation says nothing yet. Beyond that: Argo's `health` and `phase`, the conditions that Gateways
and routes hold in lists, and runs, which end. What fits none of it is taken to be well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from watchdog.kube.ports import Json
from watchdog.observation.kubectl_columns import mapping, moment, number, objects
from watchdog.text.regex import regex
from watchdog.text.sanitize import whole_number

State = Literal["failed", "progressing"]
# Good if true. A roll-up speaks for the conditions that only end like these (`RoutesReady`).
_ROLL_UPS = ("Ready", "Succeeded")
_GOOD = frozenset(
    {
        *_ROLL_UPS, "Available", "Synced", "Healthy", "Installed", "Programmed", "Accepted",
        "ResolvedRefs", "Reconciled", "Established", "Valid", "ContinuousArchiving",
        "LastBackupSucceeded",
    }
)  # fmt: skip
_ENDS_WELL = regex(r"\w+(Ready|Available|Synced|Healthy|Succeeded|Installed|Accepted)")
_ENDS_BADLY = regex(r"(Failed|Failure|Error)$")
# Good unless true.
_BAD = regex(
    r"(\w*[a-z])?(Stalled|Fail(ed|ing|ure)|Degraded|Error(ed)?|NotReady|Unhealthy|Unavailable"
    r"|Invalid(Spec)?|Denied|Conflicted|Fallback)|ErrorOccurred"
)
_ON_ITS_WAY = frozenset({"Reconciling", "Progressing", "Issuing", "Creating", "Updating"})
_ON_HOLD = frozenset({"Paused", "Suspended", "ReconciliationPaused", "Hibernated", "hibernation"})
# What a reason or a phase says of itself; they are CamelCase words or short phrases.
_FAILS = regex(
    r"(?i)fail|error|^err|invalid|denied|refused|exceed|timed? ?out|abort|no[a-z]* ?found|missing"
    r"|unable|cannot|rejected|forbidden|unauthorized|(?<!in)stalled|degraded|conflict|expired|unhealthy"
    r"|backoff|unreachable|unresolv|notpermitted|unsupported|not ?enough|withretry|rollback"
)
# Sentences say more, and mean less by one word.
_SAYS_FAILED = regex(
    r"(?i)\b(failed|failure|errors?|denied|invalid|cannot|could not|unable|not found|forbidden)\b"
)
_MOVES = regex(
    r"(?i)(creating|pending|in ?progress|progressing|initiali[sz]ing|starting|waiting|updating"
    r"|reconciling|provisioning)"
)
_HOLDS = regex(
    r"(?i)(reconcile|reconciliation)?(paused?|suspended)|(cancell?ed|stopped)\w*|\w+cancell?ed"
)
_PAUSES = frozenset({"suspend", "suspended", "pause", "paused"})
_PAUSE_KEYS = regex(
    r"(?i)([\w.-]+/)?(paused?(-replicas)?|pause-reconciliation|skip-reconcile|suspend(ed)?"
    r"|reconcile-?paused|hibernation|reconciliationLoop)"
)
_ARGO_HEALTH = frozenset({"Healthy", "Degraded", "Progressing", "Paused", "Suspended", "Missing"})
_OPERATION = frozenset({"Failed", "Error"})


class Verdict(NamedTuple):
    """What is wrong: the type, status, reason and message of the condition that says it.

    `since` is None where nothing tells. A `run` ends by itself, and stays as it ended.
    """

    state: State
    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    run: bool = False


def judge(raw: Json) -> Verdict | None:
    """What is wrong with the object; None if it is well, on hold, leaving, or not understood."""
    metadata, status = mapping(raw.get("metadata")), mapping(raw.get("status"))
    if metadata.get("deletionTimestamp") or not status or _is_on_hold(raw):
        return None
    groups = list(_conditions(status))
    if any(_of(group, _ON_HOLD) or _says_hold(group) for group in groups):
        return None
    found = [*_argo(raw, status), *(one for group in groups for one in _judged(group, metadata))]
    found += _behind(metadata, status)
    if not found and not any(_is_well(group) for group in groups):
        found += _by_phase(status)
    worst = min(found, key=lambda one: one.state != "failed", default=None)
    return worst and _with_phase(worst, status)


def _with_phase(found: Verdict, status: Json) -> Verdict:
    """With what the phase says besides: of CloudNativePG only that tells why it is not ready."""
    phase, reason = status.get("phase"), status.get("phaseReason")
    if not (isinstance(phase, str) and isinstance(reason, str)) or found.type == "phase":
        return found
    said = ": ".join(filter(None, (phase, reason)))
    state: State = "failed" if _FAILS.search(phase) else found.state
    return found._replace(state=state, message=". ".join(filter(None, (found.message, said))))


def _is_well(group: Iterable[Json]) -> bool:
    return any(item.get("type") in _GOOD and item.get("status") == "True" for item in group)


def _is_on_hold(raw: Json) -> bool:
    spec = mapping(raw.get("spec"))
    annotations = mapping(mapping(raw.get("metadata")).get("annotations"))
    return any(spec.get(key) is True for key in _PAUSES) or any(
        _PAUSE_KEYS.fullmatch(key) and str(value).lower() not in {"", "false", "off", "enabled"}
        for key, value in annotations.items()
    )


def _conditions(status: Json) -> Iterator[list[Json]]:
    """The object's own conditions, and those of each of its parents and listeners."""
    parts = [part for key in ("parents", "listeners") for part in objects(status.get(key))]
    for holder in (status, *parts):
        found = objects(holder.get("conditions"))
        yield [item for item in found if isinstance(item.get("type"), str)]


def _of(group: Iterable[Json], types: frozenset[str]) -> bool:
    return any(
        str(item.get("type")).rpartition("/")[2] in types and item.get("status") == "True"
        for item in group
    )


def _says_hold(group: Iterable[Json]) -> bool:
    """Whether a condition that is not true says that someone holds or ended it on purpose."""
    return any(
        item.get("status") != "True" and _HOLDS.fullmatch(str(item.get("reason") or ""))
        for item in group
    )


def _judged(group: list[Json], metadata: Json) -> Iterator[Verdict]:
    rolled_up = any(item.get("type") in _ROLL_UPS for item in group)
    for item in group:
        if str(item.get("severity") or "") in {"Info", "Warning"}:
            continue
        if _is_of_before(item, metadata):
            yield _verdict("progressing", item)
        else:
            yield from _judged_one(item, group, rolled_up=rolled_up)


def _judged_one(item: Json, group: list[Json], *, rolled_up: bool) -> Iterator[Verdict]:
    type_, status = str(item.get("type")), str(item.get("status") or "")
    if not status:
        # Argo CD's have none: that it is there says it all.
        fails = type_.endswith("Error")
    elif _BAD.fullmatch(type_):
        fails = status == "True"
        if fails and _MOVES.fullmatch(str(item.get("reason") or "")):
            # As Strimzi says of a cluster that it is making: NotReady, Creating.
            yield _verdict("progressing", item)
            return
    elif type_ in _GOOD or (not rolled_up and _ENDS_WELL.fullmatch(type_) and status == "False"):
        fails = False
        if status != "True":
            yield from _not_good(item, group)
    else:
        known = type_ in _ON_ITS_WAY or not rolled_up
        words = _FAILS if type_ in _ON_ITS_WAY else _ENDS_BADLY
        fails = known and status == "False" and bool(words.search(str(item.get("reason") or "")))
    if fails:
        yield _verdict("failed", item)


def _not_good(item: Json, group: list[Json]) -> Iterator[Verdict]:
    """What a condition says that should be true and is not; others of the group may know why."""
    is_run, false = item.get("type") == "Succeeded", item.get("status") == "False"
    if is_run and not false:
        return  # it goes on, and takes what it takes
    others = (one for one in group if one.get("status") == "False" and _fails(one))
    telling = item if _fails(item) else next(others, None)
    retries = any(one.get("reason") == "ProgressingWithRetry" for one in group)
    if false and (is_run or telling or retries):
        yield _verdict("failed", telling or item)._replace(run=is_run)
    elif false and not _of(group, _ON_ITS_WAY) and _says_failed(item):
        yield _verdict("failed", item)
    else:
        yield _verdict("progressing", item)


def _says_failed(item: Json) -> bool:
    return bool(_SAYS_FAILED.search(str(item.get("message") or "")))


def _fails(item: Json) -> bool:
    return bool(_FAILS.search(str(item.get("reason") or "")))


def _is_of_before(item: Json, metadata: Json) -> bool:
    seen, now = item.get("observedGeneration"), metadata.get("generation")
    return isinstance(seen, int) and isinstance(now, int) and 0 < seen < now


def _verdict(state: State, item: Json) -> Verdict:
    return Verdict(
        state,
        str(item.get("type")),
        str(item.get("status") or ""),
        str(item.get("reason") or ""),
        str(item.get("message") or ""),
        moment(item.get("lastTransitionTime")),
    )


def _behind(metadata: Json, status: Json) -> Iterator[Verdict]:
    """Its controller has not looked at its last change yet."""
    seen, now = status.get("observedGeneration"), number(metadata.get("generation"))
    if isinstance(seen, str):
        seen = whole_number(seen)  # as Argo Rollouts writes it
    if isinstance(seen, int) and 0 < seen < now:
        words = f"generation {now}, of which its controller has seen {seen}"
        changed = max(
            filter(None, map(_written, objects(metadata.get("managedFields")))), default=None
        )
        yield Verdict("progressing", "observedGeneration", str(seen), "", words, changed)


def _written(entry: Json) -> datetime | None:
    return None if entry.get("subresource") else moment(entry.get("time"))


def _argo(raw: Json, status: Json) -> Iterator[Verdict]:
    """The health and the last operation of an Application, the phase of a Rollout."""
    health, phase = mapping(status.get("health")), str(status.get("phase") or "")
    state = str(health.get("status") or "")
    if state not in _ARGO_HEALTH:
        # A Rollout's phase has no time; it changes as its conditions do.
        times = [each.get("lastTransitionTime") for each in objects(status.get("conditions"))]
        latest = max((time for time in times if isinstance(time, str)), default=None)
        health = {"message": status.get("message"), "lastTransitionTime": latest}
        state = phase if phase in _ARGO_HEALTH else ""
    since = moment(health.get("lastTransitionTime"))
    words = str(health.get("message") or "")
    automated = mapping(mapping(raw.get("spec")).get("syncPolicy")).get("automated")
    if state == "Degraded":
        yield Verdict("failed", "health", state, "", words, since)
    elif state == "Progressing" or (state == "Missing" and automated):
        yield Verdict("progressing", "health", state, "", words, since)
    operation = mapping(status.get("operationState"))
    if str(operation.get("phase")) in _OPERATION:
        said = str(operation.get("message") or "")
        ended = moment(operation.get("finishedAt"))
        yield Verdict("failed", "operation", str(operation["phase"]), "", said, ended)


def _by_phase(status: Json) -> Iterator[Verdict]:
    """For kinds without such conditions: cert-manager's Orders, Databases of CloudNativePG."""
    for key in ("phase", "state", "status"):
        value = status.get(key)
        if isinstance(value, str) and _FAILS.search(value):
            said = status.get("phaseReason") or status.get("reason") or status.get("message")
            yield Verdict("failed", key, value, "", str(said or ""))
            return
    if status.get("applied") is False and status.get("message"):
        yield Verdict("failed", "applied", "false", "", str(status["message"]))
