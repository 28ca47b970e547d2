"""How incidents go on from pass to pass. Pure: memory and what was seen in, memory out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from watchdog.incidents.memory import FIRST_YEAR, Memory
from watchdog.model.diagnosis import Finding
from watchdog.model.incident import Attempt, Incident, State
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.settings.schema import IncidentSettings
from watchdog.snapshot.refs import ObjectRef

# A refusal for such a reason passes by itself: the next pass tries again, and no one is needed.
PASSING = frozenset(
    {
        "attempts", "blocked_by_query", "changed_meanwhile", "changed_since", "cooling_down",
        "hourly_budget", "lease", "one_at_a_time", "paused", "rollout_in_progress", "runs_again",
        "young_rollout",
    }
)  # fmt: skip
_MAX_TRIES = 20
_LONGEST_UNDO = 2000
_GROWTH = 2
_QUIET_FROM = 2  # failed tries
_LONGEST_PAUSE = timedelta(days=1)
_KEPT = timedelta(days=1)  # as long as the mark on a workload counts


def digest(*parts: object) -> str:
    """A hash of these parts, 32 hexadecimal digits; no two lists of parts share one."""
    text = "\0".join(f"{len(str(part))}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def full_digest(*parts: object) -> str:
    """The same, all 64 hexadecimal digits of it: for what a person agrees to."""
    text = "\0".join(f"{len(str(part))}:{part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(cluster: str, finding: Finding, uid: str) -> str:
    """Which incident a finding is about: never a pod's name, never a model's words."""
    return identity(cluster, finding.target, uid, finding.kind, finding.container)


def identity(cluster: str, target: ObjectRef, uid: str, kind: str, container: str | None) -> str:
    """The fingerprint of an incident about that object, kind of failure and container."""
    return digest(cluster, target.namespace, target.kind, target.name, uid, kind, container)


class Observation(NamedTuple):
    """What a pass looked at: `coming` are the uids of workloads that are not well yet, though
    nothing of them has failed now.
    """

    selector: str
    coming: frozenset[str]
    now: datetime


def merge_findings(  # noqa: PLR0913, PLR0917 - what a pass saw, and how
    memory: Memory,
    findings: Iterable[Finding],
    uids: Mapping[ObjectRef, str],
    now: datetime,
    settings: IncidentSettings,
    selector: str = "",
) -> Memory:
    """The memory once these findings were seen: incidents begin, go on and come back.

    A failure that shows another face (the same container of the same object, another kind, or the
    object as a whole) is the same incident: its tries and its message go on. A recreated object is
    a new incident.
    """
    known = [item for item in memory.incidents if _kept(item, now)]
    seen: list[Incident] = []
    found = list(findings)
    marks = {id(f): fingerprint(memory.cluster, f, uids.get(f.target, "")) for f in found}
    taken = set(marks.values())
    for finding in found:
        mark, uid = marks[id(finding)], uids.get(finding.target, "")
        if any(item.fingerprint == mark for item in seen):
            continue
        held = next((item for item in known if item.fingerprint == mark), None)
        if held is None and not uid:
            # It could not be read this time; it is what it was.
            held = next((item for item in known if item.open and _same(item, finding)), None)
            mark = held.fingerprint if held else mark
        if held is None:
            faces = [i for i in known if _another_face(i, finding, uid, taken)]
            held = next((i for i in faces if i.container == finding.container), None)
            # A failure of the whole object, seen before or after its container was known.
            held = held or next(iter(faces), None)
        if held is not None:
            known.remove(held)
        if held is None or _over(held, now, settings):
            met_now = _begins(finding, mark, uid, now, held)
        else:
            met_now = _goes_on(held, finding, mark, now)
        now_seen = {"selector": selector[:500], "departed": False}
        seen.append(met_now.model_copy(update=now_seen))
    return memory.model_copy(update={"incidents": (*seen, *known)})


def ended(
    memory: Memory, findings: Iterable[Finding], uids: Mapping[ObjectRef, str], sight: Observation
) -> Memory:
    """The memory once it is certain that what is not among these findings is well again."""
    found = tuple(findings)
    present = {fingerprint(memory.cluster, f, uids.get(f.target, "")) for f in found}
    unread = [finding for finding in found if not uids.get(finding.target)]
    incidents = (
        item
        if not item.open
        or item.fingerprint in present
        or item.uid in sight.coming
        or sight.selector not in {"", item.selector}
        or any(_same(item, finding) for finding in unread)
        or not all(t.settled for t in item.tries)
        else item.model_copy(
            update={"state": "resolved", "resolved_at": sight.now, "request": None}
        )
        for item in memory.incidents
    )
    return memory.model_copy(update={"incidents": tuple(incidents)})


def departed(memory: Memory, now: datetime) -> Memory:
    """The memory of a namespace that is gone or no longer watched: nothing in it is open."""
    incidents = tuple(
        item.model_copy(
            update={"state": "resolved", "resolved_at": now, "request": None, "departed": True}
        )
        if item.open
        else item
        for item in memory.incidents
    )
    return memory.model_copy(update={"incidents": incidents})


def judged(  # noqa: PLR0913, PLR0917 - what became of the actions, and on what it bears
    memory: Memory,
    findings: Iterable[Finding],
    results: Iterable[ActionResult],
    owners: Mapping[ObjectRef, ObjectRef],
    settings: IncidentSettings,
    now: datetime,
) -> Memory:
    """The memory once it is known what became of this pass's actions.

    `owners` gives the workload of each pod. The states of incidents that nothing was tried against
    follow from why not; what only suffers from another finding needs no one of its own.
    """
    done = list(results)
    suffering = [finding for finding in findings if finding.suffers]

    def now_judged(item: Incident) -> Incident:
        if not item.open:
            return item
        bearing = [r for r in done if concerns(item, r.action.target, owners)]
        suffers = any(_same(item, finding) for finding in suffering)
        return _judged(item, bearing, settings, now, suffers=suffers)

    incidents = tuple(map(now_judged, memory.incidents))
    return memory.model_copy(update={"incidents": incidents})


def begun(memory: Memory, mark: str, attempt: Attempt) -> Memory:
    """The memory with a try that is about to be made against the incident of that fingerprint."""
    return _changed(
        memory,
        mark,
        lambda item: {
            "tries": (*item.tries, attempt)[-_MAX_TRIES:],
            "attempts": item.attempts + 1,
            "state": "fixing",
        },
    )


def settled(
    memory: Memory,
    attempt: Attempt,
    outcome: Outcome | None,
    reason: str = "",
    at: datetime | None = None,
) -> Memory:
    """The memory with how that try ended; None: it never reached the cluster and is forgotten."""

    def change(item: Incident) -> dict[str, object]:
        if all(t.id != attempt.id for t in item.tries):
            return {}
        if outcome is None:
            kept = tuple(t for t in item.tries if t.id != attempt.id)
            return {"tries": kept, "attempts": max(0, item.attempts - 1), "state": "broken"}
        told = {"outcome": outcome, "reason": reason[:500], "ended_at": at}
        asked = (item.request.ts,) if item.request and item.request.ts else ()
        return {
            "request": None,
            "used_asks": (*item.used_asks, *asked)[-_MAX_TRIES:],
            "tries": tuple(
                t.model_copy(update=told) if t.id == attempt.id else t for t in item.tries
            ),
        }

    changed = tuple(item.model_copy(update=change(item)) for item in memory.incidents)
    return memory.model_copy(update={"incidents": changed})


def leaves(memory: Memory, id_: str, place: str, result: ActionResult) -> Memory:
    """The memory with what that try leaves to a person, which outlives the incident."""
    undo = result.undo or ""
    told = {
        "next_deploy": result.next_deploy,
        "place": place[:500],
        # A command is whole or not there.
        "undo": undo if len(undo) <= _LONGEST_UNDO else "",
    }

    def change(item: Incident) -> dict[str, object]:
        tries = (t.model_copy(update=told) if t.id == id_ else t for t in item.tries)
        return {"tries": tuple(tries)}

    changed = tuple(item.model_copy(update=change(item)) for item in memory.incidents)
    return memory.model_copy(update={"incidents": changed})


def concerns(
    item: Incident, target: ObjectRef, owners: Mapping[ObjectRef, ObjectRef] | None = None
) -> bool:
    """Whether an action on that target is about the incident."""
    return item.target in {target, (owners or {}).get(target)}


def cooldown_end(failed: int, last: datetime, settings: IncidentSettings) -> datetime | None:
    """When something may be tried again; from the second failed try on, twice as late each time."""
    if failed < _QUIET_FROM:
        return None
    pause = timedelta(seconds=settings.cooldown_seconds * _GROWTH ** min(failed - _QUIET_FROM, 8))
    return last + min(pause, _LONGEST_PAUSE)


def _kept(item: Incident, now: datetime) -> bool:
    return item.open or (item.resolved_at is not None and now - item.resolved_at <= _KEPT)


def _over(item: Incident, now: datetime, settings: IncidentSettings) -> bool:
    """Whether it ended so long ago that the same failure is a new incident."""
    reopens = timedelta(seconds=settings.reopen_seconds)
    return item.resolved_at is not None and now - item.resolved_at > reopens


def _same(item: Incident, finding: Finding) -> bool:
    here = (finding.kind, finding.target, finding.container)
    return (item.kind, item.target, item.container) == here


def _another_face(item: Incident, finding: Finding, uid: str, taken: set[str]) -> bool:
    same = (item.target, item.uid) == (finding.target, uid) and (
        item.container == finding.container or None in {item.container, finding.container}
    )
    return bool(uid) and same and item.open and item.fingerprint not in taken


def _begins(
    finding: Finding, mark: str, uid: str, now: datetime, before: Incident | None
) -> Incident:
    # Fixes that lasted are remembered, so that their mark on the workload is not held against it.
    lasted = tuple(t for t in before.tries if t.settled and not t.failed) if before else ()
    return Incident(
        fingerprint=mark,
        kind=finding.kind,
        target=finding.target,
        container=finding.container,
        uid=uid,
        summary=finding.summary[:500],
        first_seen=_first_seen(finding, now),
        last_seen=now,
        tries=lasted,
    )


def _first_seen(finding: Finding, now: datetime) -> datetime:
    """Since when it is broken; a time that no memory may hold is in none, or no pass believes it.

    Who may write a status chooses the times in it.
    """
    since = finding.since
    return min(since, now) if since and since.year >= FIRST_YEAR else now


def _goes_on(held: Incident, finding: Finding, mark: str, now: datetime) -> Incident:
    changed: dict[str, object] = {
        "fingerprint": mark,
        "kind": finding.kind,
        "container": finding.container,
        "summary": finding.summary[:500],
        "last_seen": now,
    }
    # Whatever was verified before, it is broken again.
    changed["tries"] = tuple(t.model_copy(update={"lasted": False}) for t in held.tries)
    if held.state in {"fixed", "resolved"}:
        changed |= {"state": "broken", "resolved_at": None, "reopened": held.reopened + 1}
    return held.model_copy(update=changed)


def _judged(
    item: Incident,
    results: list[ActionResult],
    settings: IncidentSettings,
    now: datetime,
    *,
    suffers: bool,
) -> Incident:
    last = max((t.at for t in item.tries if t.failed), default=now)
    until = cooldown_end(item.failed_tries, last, settings)
    cooling = until is not None and now < until
    escalated = item.failed_tries >= settings.tries
    waits = cooling or (suffers and not results)
    return item.model_copy(
        update={
            "state": _state(item, results, waits=waits, escalated=escalated),
            "quiet_until": until if cooling else None,
            "escalated": escalated,
        }
    )


def _state(item: Incident, results: list[ActionResult], *, waits: bool, escalated: bool) -> State:
    last = item.tries[-1] if item.tries else None
    if last is not None and last.outcome is Outcome.VERIFIED and last.lasted:
        return "fixed"
    if last is not None and not last.settled:
        return "fixing"
    if escalated:
        return "needs_you"
    if any(r.outcome is Outcome.AWAITING_APPROVAL for r in results) and not waits:
        return "needs_you"
    return "broken" if waits or goes_on(results) else "needs_you"


def goes_on(results: Iterable[ActionResult]) -> bool:
    """Whether the next pass tries again, or a real run would: no one is needed yet."""
    found = list(results)
    refused = {r.rule for r in found if r.outcome is Outcome.REFUSED}
    # What comes after another change says nothing, where that one was refused itself.
    reasons = refused - {"one_at_a_time"} or refused
    return bool(reasons & PASSING) or any(r.outcome is Outcome.DRY_RUN for r in found)


def _changed(memory: Memory, mark: str, change: Callable[[Incident], dict[str, object]]) -> Memory:
    incidents = tuple(
        item.model_copy(update=change(item)) if item.fingerprint == mark else item
        for item in memory.incidents
    )
    return memory.model_copy(update={"incidents": incidents})
