"""What a report shows of how a sick workload came to be so, from a snapshot. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from watchdog.model.history import Happening, PodLife, RevisionLife, WorkloadHistory
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import ClusterSnapshot
from watchdog.snapshot.workloads import PodSummary, RevisionSummary
from watchdog.text.format import one_line, verbatim

_REVISIONS, _CHANGES, _PODS, _EVENTS = 6, 8, 12, 8
_WORKLOADS = 20


def histories(
    snapshot: ClusterSnapshot, targets: Iterable[ObjectRef], blamed: Mapping[ObjectRef, int | None]
) -> tuple[WorkloadHistory, ...]:
    """The history of each of these, in order; bounded, as a report is to be read.

    `blamed` is the revision with which it broke: pods that were ready between two crashes make it
    no revision that worked.
    """
    wanted = list(dict.fromkeys(targets))[:_WORKLOADS]
    return tuple(_history(target, snapshot, blamed.get(target)) for target in wanted)


def _history(target: ObjectRef, snapshot: ClusterSnapshot, blamed: int | None) -> WorkloadHistory:
    deployment = snapshot.deployment(target)
    pods = snapshot.pods_of(target) or [pod for pod in snapshot.pods if pod.ref == target]
    about = snapshot.events_about(target, *(pod.ref for pod in pods))
    events = [
        Happening(
            at=event.last_seen,
            what=one_line(
                f"{event.reason}{f' ×{event.count}' if event.count > 1 else ''}: "
                f"{verbatim(one_line(_without_undo(event.message), 200))}",
                240,
            ),
        )
        for event in about
        if event.last_seen
    ]
    return WorkloadHistory(
        target=target,
        seen_at=snapshot.taken_at,
        revisions=tuple(_revisions(deployment.revisions if deployment else (), blamed)),
        pods=tuple(_pod(pod) for pod in pods[:_PODS]),
        events=tuple(sorted(events, key=lambda event: event.at)[-_EVENTS:]),
    )


def _without_undo(message: str) -> str:
    """A message without the command at the end of our own Events, which a line has no room for."""
    return message.partition(" Undo: kubectl ")[0]


def _revisions(
    revisions: tuple[RevisionSummary, ...], blamed: int | None
) -> Iterator[RevisionLife]:
    """Newest first. `changes` of an earlier one lead from it to the current one."""
    for index, each in enumerate(revisions[:_REVISIONS]):
        before = revisions[index + 1] if index + 1 < len(revisions) else None
        changes = before.changes if each.current and before else ()
        yield RevisionLife(
            revision=each.revision,
            created_at=each.created_at,
            current=each.current,
            worked=each.revision != blamed and (each.available or each.completed_at is not None),
            changes=tuple(one_line(str(change), 200) for change in changes[:_CHANGES]),
        )


def _pod(pod: PodSummary) -> PodLife:
    ended = [
        (when, state)
        for state in pod.containers
        if (when := state.last_finished_at or state.finished_at) is not None
    ]
    how, when = "", None
    if ended:
        when, last = max(ended, key=lambda each: each[0])
        code = last.last_exit_code if last.last_finished_at else last.exit_code
        reason = last.last_reason if last.last_finished_at else last.reason
        how = ", ".join(
            part for part in (reason, f"exit code {code}" if code is not None else "") if part
        )
    return PodLife(
        name=pod.ref.name,
        created_at=pod.created_at,
        ready=pod.ready,
        restarts=sum(state.restarts for state in pod.containers),
        state=one_line(pod.status or pod.phase, 80),
        ended_at=when,
        ended=one_line(how, 80),
        alike=pod.alike,
    )
