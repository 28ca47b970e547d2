"""The nouns of memory: an Incident, what was tried against it, what was asked, what was said.

They hold references and hashes, never the value of a variable; of a patch only the Undo as it was
printed, for people. So reading the ConfigMap reveals nothing, and writing to it makes nothing be
written.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from watchdog.actions import RemediationAction
from watchdog.model.outcome import Outcome
from watchdog.snapshot.deployer import NextDeploy
from watchdog.snapshot.refs import Noun, ObjectRef

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
Short = Annotated[str, Field(max_length=500)]
Ts = Annotated[str, Field(max_length=40)]
State = Literal["broken", "fixing", "fixed", "needs_you", "resolved"]


class Attempt(Noun):
    """One write against an incident, recorded before it is sent.

    `id` is also written to the workload by the same write, so that a later pass recognises it.
    `outcome` is None until it is known how it ended. `patch` is the hash of what is written,
    `generation`, `revision` and `replicas` are the object's before the write: what an undo returns
    to. `action` carries no value. `ended_at` is when its outcome was known. What is left to a
    person outlives the incident: what the next deploy does to the change, the `place` where it
    lasts ("the values of Helm release shop"), and the whole command that takes it back.
    """

    id: Hash
    action: RemediationAction
    patch: Hash
    at: datetime
    outcome: Outcome | None = None
    reason: Short = ""
    uid: Annotated[str, Field(max_length=64)] = ""
    generation: int | None = None
    revision: int | None = None
    replicas: int | None = None
    lasted: bool = True
    ended_at: datetime | None = None
    next_deploy: NextDeploy | None = None
    place: Short = ""
    undo: Annotated[str, Field(max_length=2000)] = ""

    @property
    def settled(self) -> bool:
        """Whether it is known how it ended."""
        return self.outcome in {Outcome.VERIFIED, Outcome.UNDONE, Outcome.FAILED}

    @property
    def failed(self) -> bool:
        """Whether it did not help, or did not last."""
        return self.settled and (self.outcome is not Outcome.VERIFIED or not self.lasted)


class ApprovalRequest(Noun):
    """An open question to a person, whether this exact change may be made.

    `id` is a hash over everything that the approval is for (see incidents/approvals.py), so that
    an edited memory cannot make an approval mean something else. `state` is the hash of the object
    as it was shown. `ts` is the Slack reply that asks.
    """

    id: Hash
    action: RemediationAction
    uid: Annotated[str, Field(max_length=64)]
    generation: int | None = None
    state: Hash = ""
    patch: Hash
    reason: Short = ""
    asked_at: datetime
    expires_at: datetime
    ts: Annotated[str, Field(max_length=40)] = ""


class Thread(Noun):
    """An incident's Slack message. `channel` is an id and `ts` empty until Slack has answered.

    `posting` is set before the message is sent: a pass that dies meanwhile leaves word of it.
    `shown` is the hash of what it says, `told` the state that its thread was last told of and
    `reminded_at` when. `said` numbers its replies, so that one whose answer was lost is recognised.
    A `shared` message (a digest, or another incident's with the same cause) is never edited for
    this incident. `name` is the channel as the settings call it, `mark` the fingerprint that it was
    posted under, `returned` how often the incident had come back when that was last told. `seal`
    shows that this bot posted it for this namespace.
    """

    channel: Annotated[str, Field(max_length=80)] = ""
    name: Annotated[str, Field(max_length=80)] = ""
    ts: Annotated[str, Field(max_length=40)] = ""
    posting: bool = False
    shared: bool = False
    shown: Hash = ""
    told: Annotated[str, Field(max_length=20)] = ""
    said: Annotated[int, Field(ge=0)] = 0
    returned: Annotated[int, Field(ge=0)] = 0
    mark: Hash = ""
    seal: Hash = ""
    reminded_at: datetime | None = None


class Notice(Noun):
    """The last message about an incident to one messenger, by its name in the settings."""

    to: Annotated[str, Field(max_length=40)]
    told: State
    returned: Annotated[int, Field(ge=0)] = 0

    @property
    def over(self) -> bool:
        """Whether that message said that the incident is fixed or over."""
        return self.told in {"fixed", "resolved"}


class Incident(Noun):
    """What is remembered about one finding between passes.

    `fingerprint` is a hash of cluster, namespace, owner with uid, kind and container. `attempts`
    counts the writes made against it, `quiet_until` ends its cool-down; `escalated` means that
    nothing more is tried. `selector` is the label selector of the pass that saw it last: only one
    that looks at as much can tell that it is over. `used_asks` are the Slack replies whose approval
    was used and that still have to say so: then none of them approves anything any more. What is
    `departed` ended because its namespace is gone or no longer watched.
    """

    fingerprint: Hash
    kind: Annotated[str, Field(max_length=100)]
    target: ObjectRef
    container: Annotated[str, Field(max_length=100)] | None = None
    uid: Annotated[str, Field(max_length=64)] = ""
    summary: Short = ""
    selector: Short = ""
    first_seen: datetime
    last_seen: datetime
    state: State = "broken"
    attempts: Annotated[int, Field(ge=0, le=1000)] = 0
    tries: Annotated[tuple[Attempt, ...], Field(max_length=20)] = ()
    quiet_until: datetime | None = None
    escalated: bool = False
    resolved_at: datetime | None = None
    reopened: Annotated[int, Field(ge=0, le=100_000)] = 0
    request: ApprovalRequest | None = None
    used_asks: Annotated[tuple[Ts, ...], Field(max_length=20)] = ()
    thread: Thread | None = None
    notices: Annotated[tuple[Notice, ...], Field(max_length=50)] = ()
    departed: bool = False

    @property
    def open(self) -> bool:
        """Whether it still concerns anybody."""
        return self.state != "resolved"

    @property
    def untold(self) -> bool:
        """Whether its message does not say yet how it stands, or none tells what was done."""
        if self.thread is None:
            return bool(self.tries)
        return (self.thread.told, self.thread.returned) != (self.state, self.reopened)

    def notice(self, name: str) -> Notice | None:
        """The last message to the messenger of that name."""
        return next((each for each in self.notices if each.to == name), None)

    def unnoticed(self, receivers: Collection[str]) -> bool:
        """Whether one of these messengers heard of it and does not know yet how it stands."""
        now = (self.state, self.reopened)
        return any((n.told, n.returned) != now for n in self.notices if n.to in receivers)

    @property
    def helped(self) -> Attempt | None:
        """The try that ended it; None where it ended by itself, or did not."""
        # Those from before it began are an earlier incident's.
        mine = (t for t in reversed(self.tries) if t.at >= self.first_seen)
        return next((t for t in mine if t.settled and not t.failed), None)

    @property
    def broken_seconds(self) -> float | None:
        """From its beginning to the verified fix, or to where it was not seen any more.

        None while it is neither fixed nor over.
        """
        until = self.resolved_at
        if self.helped and self.helped.ended_at and not self.reopened:
            until = self.helped.ended_at
        if until is None or self.state not in {"fixed", "resolved"}:
            return None
        return max(0.0, (until - self.first_seen).total_seconds())

    @property
    def failed_tries(self) -> int:
        """How many tries did not help or did not last."""
        return sum(item.failed for item in self.tries)
