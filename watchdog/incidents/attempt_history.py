"""What was tried on a workload before, from memory and from the mark on the workload. Pure.

Each write of a workload leaves the annotation `sre-watchdog/attempts` on it, in the same request.
It tells a later pass whether the write arrived, and it outlives the memory: the stricter of both
counts, so that a deleted ConfigMap resets no cool-down.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchdog.incidents.memory import Memory
from watchdog.incidents.transitions import concerns, cooldown_end
from watchdog.model.incident import Attempt
from watchdog.settings.schema import IncidentSettings
from watchdog.snapshot.refs import ObjectRef
from watchdog.text.regex import regex

ATTEMPTS = "sre-watchdog/attempts"
TAKEN_BACK = "sre-watchdog/taken-back"
_COUNTS_FOR = timedelta(days=1)
_HOUR = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(minutes=5)
_LONGEST = 1000  # characters of a mark
_ID = regex(r"[0-9a-f]{1,64}")


@dataclass(frozen=True)
class Past:
    """What was tried on one workload: tries that failed, how many count, until when it rests.

    `within_hour` counts every change of the last hour, whatever became of it.
    """

    failed: tuple[Attempt, ...] = ()
    count: int = 0
    quiet_until: datetime | None = None
    escalated: bool = False
    within_hour: int = 0


@dataclass(frozen=True)
class Mark:
    """The annotation on a workload: the last try's id and time, and how many there were.

    `revision` is the one before the write and `left` the hash of the template after it: an undo by
    a later pass goes by these alone. Anyone who can write them may edit the workload anyway.
    """

    id: str
    at: datetime
    tries: int
    revision: int | None = None
    left: str = ""

    def text(self) -> str:
        """As it stands in the annotation."""
        at = self.at.isoformat(timespec="seconds")
        back = {"revision": self.revision, "left": self.left}
        return json.dumps({"id": self.id, "at": at, "tries": self.tries, **back})


def mark_of(text: str | None) -> Mark | None:
    """The mark in an annotation; None without one, and for what we did not write."""
    try:
        raw = json.loads((text or "")[:_LONGEST])
        at, tries, id_ = datetime.fromisoformat(raw["at"]), raw["tries"], raw["id"]
        revision, left = raw.get("revision"), raw.get("left", "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    sound = isinstance(tries, int) and isinstance(id_, str) and _ID.fullmatch(id_)
    if not sound or not at.tzinfo:
        return None
    number = revision if isinstance(revision, int) else None
    return Mark(id_, at, max(0, min(tries, 1000)), number, left if isinstance(left, str) else "")


def past_of(
    memory: Memory, owner: ObjectRef, mark: Mark | None, settings: IncidentSettings, now: datetime
) -> Past:
    """What counts for the next try on that workload."""
    about = [item for item in memory.incidents if item.open and concerns(item, owner)]
    tries = [t for item in about for t in item.tries]
    failed = tuple(t for t in tries if t.failed)
    count, last = len(failed), _last(failed)
    known = {t.id for item in memory.incidents for t in item.tries}
    ours = {t.id: t for i in memory.incidents if concerns(i, owner) for t in i.tries}
    within_hour = sum(now - t.at < _HOUR for t in ours.values())
    counts = mark is not None and -_CLOCKS_DIFFER <= now - mark.at <= _COUNTS_FOR
    if mark is not None and counts and mark.id not in known:
        at = min(mark.at, now)
        if now - at < _HOUR:
            within_hour = max(within_hour, mark.tries, 1)
        count, last = max(count, mark.tries), max(last or at, at)
    elif mark is not None and counts and any(t.id == mark.id for t in tries):
        # It counts those before it; a memory that says less was edited.
        before = mark.tries - 1 + any(t.failed for t in tries if t.id == mark.id)
        if before > count:
            count, last = before, max(last or mark.at, min(mark.at, now))
    until = cooldown_end(count, last, settings) if last else None
    return Past(
        failed=failed,
        count=count,
        quiet_until=until if until and now < until else None,
        escalated=count >= settings.tries,
        within_hour=within_hour,
    )


def _last(tries: Iterable[Attempt]) -> datetime | None:
    return max((t.at for t in tries), default=None)
