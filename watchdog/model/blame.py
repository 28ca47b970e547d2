"""Whether a revision is to blame for what fails: the reason as a value, for rules and report."""

from datetime import datetime
from enum import StrEnum

from watchdog.snapshot.refs import Noun


class BlameReason(StrEnum):
    """Why the current revision is to blame (the first two), or why it is not."""

    NEVER_COMPLETED = "never_completed"
    CHANGED_WHAT_FAILS = "changed_what_fails"
    NONE_WORKED = "none_worked"
    NOT_CHANGED = "not_changed"
    FROM_OUTSIDE = "from_outside"
    EARLIER_FAILS_TOO = "earlier_fails_too"
    BEGAN_LATER = "began_later"
    PROVEN = "proven"
    RUNS_AGAIN = "runs_again"
    STILL_STARTING = "still_starting"


_TO_BLAME = frozenset({BlameReason.NEVER_COMPLETED, BlameReason.CHANGED_WHAT_FAILS})
_WORDS = {
    BlameReason.NEVER_COMPLETED: "its rollout never completed",
    BlameReason.CHANGED_WHAT_FAILS: "it changed what fails",
    BlameReason.NONE_WORKED: "no earlier revision is known to have worked",
    BlameReason.NOT_CHANGED: "it changed nothing that bears on what fails",
    BlameReason.FROM_OUTSIDE: "the cause lies outside of it",
    BlameReason.EARLIER_FAILS_TOO: "the pods of the earlier revision fail as well",
    BlameReason.BEGAN_LATER: "this began long after it was made",
    BlameReason.PROVEN: "its rollout had completed before this began",
    BlameReason.STILL_STARTING: "its rollout is within its deadline, and its pods may be starting",
    BlameReason.RUNS_AGAIN: "it runs again, and for longer than before",
}


class Blame(Noun):
    """Whether the current revision is to blame, and why.

    `back_to` is the last revision that worked, None if none is known. `completed_at` is when the
    rollout of `revision` ended well, None while it has not.
    """

    reason: BlameReason
    revision: int | None = None
    back_to: int | None = None
    completed_at: datetime | None = None

    @property
    def to_blame(self) -> bool:
        """Whether going back is justified."""
        return self.reason in _TO_BLAME

    @property
    def words(self) -> str:
        """The reason in words that go after `revision 7 is (not) to blame:`."""
        return _WORDS[self.reason]
