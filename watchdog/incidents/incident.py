"""The nouns of memory: an Incident, what was tried against it, what was asked, what was said.

They hold references and hashes, never the value of a variable and never a patch: whoever may read
the ConfigMap learns nothing, and whoever may write it can make nothing be written.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from watchdog.actions import RemediationAction
from watchdog.observation.base import Noun, ObjectRef
from watchdog.outcome import Outcome

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")]
Short = Annotated[str, Field(max_length=500)]
State = Literal["broken", "fixing", "fixed", "needs_you", "resolved"]


class Try(Noun):
    """One write against an incident, recorded before it is sent.

    `id` is also written to the workload by the same write, so that a later pass recognises it.
    `outcome` is None until it is known how it ended. `patch` is the hash of what is written,
    `generation`, `revision` and `replicas` are the object's before the write: what an undo returns
    to. `action` carries no value.
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
    an edited memory cannot make an approval mean something else. `ts` is the Slack reply that asks.
    """

    id: Hash
    action: RemediationAction
    uid: Annotated[str, Field(max_length=64)]
    generation: int | None = None
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


class Incident(Noun):
    """What is remembered about one finding between passes.

    `fingerprint` is a hash of cluster, namespace, owner with uid, kind and container. `attempts`
    counts the writes made against it, `quiet_until` ends its cool-down; `escalated` means that
    nothing more is tried. `selector` is the label selector of the pass that saw it last: only one
    that looks at as much can tell that it is over.
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
    tries: Annotated[tuple[Try, ...], Field(max_length=20)] = ()
    quiet_until: datetime | None = None
    escalated: bool = False
    resolved_at: datetime | None = None
    reopened: Annotated[int, Field(ge=0, le=100_000)] = 0
    request: ApprovalRequest | None = None
    thread: Thread | None = None

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

    @property
    def failed_tries(self) -> int:
        """How many tries did not help or did not last."""
        return sum(item.failed for item in self.tries)
