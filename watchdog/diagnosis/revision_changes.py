"""What changed in a Deployment since its last revision that was available, in one sentence."""

from __future__ import annotations

from datetime import datetime

from watchdog.model.blame import Blame
from watchdog.snapshot.workloads import Change, DeploymentSummary, RevisionSummary
from watchdog.text.format import count
from watchdog.text.sanitize import age, clean

_SHOWN = 4


def changed(
    deployment: DeploymentSummary | None, now: datetime, found: Blame | None = None
) -> str | None:
    """Say what the current revision changed, in one sentence.

    `Revision 7 (12 min ago) removed env REGION; revision 6, which had it, was available.` None
    where nothing is known to compare with. `found` adds why the revision is not to blame.
    """
    current = deployment.current if deployment else None
    if deployment is None or current is None:
        return None
    if current.available:
        why = _not_to_blame(found)
        return (
            f"Nothing in its pod template: revision {current.revision} is the one that worked.{why}"
        )
    last = deployment.last_available
    if last is None:
        return None
    several = len({spec.name for spec in current.template.containers}) > 1
    changes = [_in_words(change, several=several) for change in last.changes[:_SHOWN]]
    more = len(last.changes) - _SHOWN
    changes += [f"made {count(more, 'more change')}"] if more > 0 else []
    made = _made(current, last, now)
    which = f", which had {_it(last.changes[0])}," if _only_removed_one(last.changes) else ""
    return (
        f"Revision {current.revision}{made} {_and(changes)}; "
        f"revision {last.revision}{which} was available.{_not_to_blame(found)}"
    )


def _not_to_blame(found: Blame | None) -> str:
    if found is None or found.to_blame or found.revision is None:
        return ""
    return f" Revision {found.revision} is not to blame: {found.words}."


def _made(current: RevisionSummary, last: RevisionSummary, now: datetime) -> str:
    # A rollback takes its old ReplicaSet up again, whose age says nothing of when that happened.
    if current.created_at is None or (last.created_at and current.created_at < last.created_at):
        return ""
    return f" ({age(now, current.created_at)} ago)"


def _in_words(change: Change, *, several: bool) -> str:
    named = several or change.field == "container"
    return clean(str(change if named else change.model_copy(update={"container": None})), 160)


def _only_removed_one(changes: tuple[Change, ...]) -> bool:
    return len(changes) == 1 and changes[0].now is None


def _it(change: Change) -> str:
    """How the sentence goes on about what was removed: a list is several (`tolerations`)."""
    plain = " " not in change.field and "." not in change.field
    return "them" if plain and change.field.endswith("s") else "it"


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
