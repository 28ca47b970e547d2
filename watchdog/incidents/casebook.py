"""One namespace's memory during one pass, and the right to write that goes with it.

Opened once the namespace was observed (see opening.py), written before each change of a workload,
closed after the last message about it left. A dry run reads it and touches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from watchdog.actions import RemediationAction
from watchdog.errors import ClusterError
from watchdog.incidents import approvals, follow, lease, store
from watchdog.incidents.approvals import Answer, Intent
from watchdog.incidents.incident import ApprovalRequest, Incident, Try
from watchdog.incidents.lease import Lease
from watchdog.incidents.memory import Memory, ModelUse, StoredDiagnosis
from watchdog.incidents.past import ATTEMPTS, Past, mark_of, past_of
from watchdog.incidents.situation import situation
from watchdog.incidents.store import Kept
from watchdog.nouns import ActionResult, Diagnosis, Finding, Outcome
from watchdog.observation.base import ObjectRef
from watchdog.observation.pause import pause
from watchdog.observation.revisions import REVISION
from watchdog.observation.snapshot import BlindSpot, ClusterSnapshot
from watchdog.regex import regex
from watchdog.resources import NAMESPACES
from watchdog.settings import Settings

# Only what was seen whole can be told to be well again; without these there is less to say of it.
_BESIDES = regex(r"logs? |events|replicasets", re.IGNORECASE)


class Cluster(lease.Cluster, Protocol):
    """What a casebook needs of the API server."""


class Heard(Protocol):
    """What people answered in Slack: user ids by request, who stopped which namespace."""

    @property
    def approvals(self) -> Mapping[str, str]:
        """The user id that approved, by the request's id."""
        ...

    @property
    def stopped(self) -> Mapping[str, str]:
        """Who put a stop sign on a message, by namespace."""
        ...

    @property
    def problems(self) -> tuple[str, ...]:
        """Whole sentences about what could not be heard, or does not count."""
        ...


Hear = Callable[[Mapping[str, Memory]], Heard]


@dataclass
class Casebook:
    """What is remembered of one namespace, and whether this pass may write there.

    `barred` is the sentence why it may not, `rule` its metric label; both empty where it may.
    `begun` are the tries of this pass, `warnings` are whole sentences for the report.
    """

    cluster: Cluster
    settings: Settings
    namespace: str
    clock: Callable[[], datetime]
    stopped: Callable[[], None]
    kept: Kept
    lease: Lease | None = None
    rule: str = ""
    barred: str = ""
    heard: Heard | None = None
    warnings: list[str] = field(default_factory=list)
    begun: list[Try] = field(default_factory=list)

    @property
    def memory(self) -> Memory:
        """What is remembered, as it will be written next."""
        return self.kept.memory

    @memory.setter
    def memory(self, memory: Memory) -> None:
        self.kept = Kept(
            memory, self.kept.version, self.kept.warning, self.kept.usable,
            self.kept.found, self.kept.aside, self.kept.closed,
        )  # fmt: skip

    @property
    def now(self) -> datetime:
        """The API server's clock: those of the hosts that run passes differ."""
        return self.cluster.server_time or self.clock()

    @property
    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """A memory that cannot be used makes the pass degraded: nobody is told without it."""
        if self.rule != "memory":
            return ()
        return (BlindSpot(what="the memory", why="it cannot be used, so nobody was told"),)

    @property
    def keeps(self) -> bool:
        """Whether anything is written down in this pass."""
        return self.lease is not None and not self.kept.closed

    def meet(self, snapshot: ClusterSnapshot, findings: Iterable[Finding]) -> None:
        """Take note of what was found; what was seen whole and is not found is well again."""
        found = tuple(findings)
        incidents, of = self.settings.incidents, uids(snapshot)
        self.memory = follow.met(
            self.memory, found, of, self.now, incidents, snapshot.label_selector
        )
        if _seen_whole(snapshot):
            # What has not failed yet but is not up either is not well again.
            coming = {w.uid for w in snapshot.workloads() if w.uid and w.ready < w.desired}
            seen = follow.Sight(snapshot.label_selector, frozenset(coming), self.now)
            self.memory = follow.ended(self.memory, found, of, seen)
        self.warnings.extend(self._misplaced(snapshot))

    def paused(self, snapshot: ClusterSnapshot) -> ClusterSnapshot:
        """The snapshot, paused where a stop sign in Slack says so."""
        by = self.memory.stopped_by
        if not by or snapshot.paused_until is not None:
            return snapshot
        return snapshot.model_copy(
            update={"paused_until": f"a stop sign of {by.split('/')[0]} in Slack"}
        )

    def unsettled(self) -> tuple[tuple[ObjectRef, Try], ...]:
        """Tries of earlier passes of which it is not known how they ended, with their workload."""
        mine = {t.id for t in self.begun}
        tries = ((item.target, t) for item in self.memory.incidents for t in item.tries)
        return tuple((owner, t) for owner, t in tries if not t.settled and t.id not in mine)

    def waiting(self, snapshot: ClusterSnapshot) -> tuple[ApprovalRequest, ...]:
        """The requests for an approval that nobody has given yet."""
        given = self.heard.approvals if self.heard else {}
        marks = {w.annotations.get(approvals.APPROVE) for w in snapshot.workloads()}
        open_ = (item.request for item in self.memory.incidents if item.open and item.request)
        return tuple(
            r for r in open_ if r.id not in given and r.id not in marks and self.now < r.expires_at
        )

    def rests(self, snapshot: ClusterSnapshot) -> bool:
        """Whether nothing can be tried now: each incident waits for a person or for its time."""
        waiting = {request.id for request in self.waiting(snapshot)}
        return all(
            item.escalated
            or (item.quiet_until and self.now < item.quiet_until)
            or (item.request and item.request.id in waiting)
            for item in self.memory.incidents
            if item.open
        )

    def failed(self) -> tuple[Try, ...]:
        """What did not help against the incidents that are open."""
        return tuple(
            t for item in self.memory.incidents if item.open for t in item.tries if t.failed
        )

    def past(self, snapshot: ClusterSnapshot) -> dict[ObjectRef, Past]:
        """What was tried on each workload before, by memory or by its own mark."""
        marks = {w.ref: mark_of(w.annotations.get(ATTEMPTS)) for w in snapshot.workloads()}
        marks |= {item.target: marks.get(item.target) for item in self.memory.incidents}
        return {
            ref: past_of(self.memory, ref, mark, self.settings.incidents, self.now)
            for ref, mark in marks.items()
        }

    def may_write(self) -> None:
        """Raise ClusterError unless this pass may still write: asked right before every write."""
        self.stopped()
        if self.lease is None:
            raise ClusterError(self.barred or "this pass holds no Lease")
        self.lease.check()
        raw = self.cluster.get(NAMESPACES, "", self.namespace)
        why = pause((raw.get("metadata") or {}).get("annotations") or {}, self.now)
        if why is not None:
            raise ClusterError(f"namespace {self.namespace} was paused meanwhile ({why[:100]})")

    def begin(self, intent: Intent) -> None:
        """Write down what is about to be done; raises ClusterError where that is not possible."""
        live = intent.live
        revision = str((live["metadata"].get("annotations") or {}).get(REVISION, ""))
        attempt = Try(
            id=intent.id,
            action=approvals.without_value(intent.action),
            patch=intent.patch,
            at=self.now,
            uid=intent.uid,
            generation=intent.generation,
            revision=int(revision) if revision.isdigit() else None,
            replicas=(live.get("spec") or {}).get("replicas"),
        )
        if any(t.id == attempt.id for t in self.begun):
            return  # the same once more, as somebody was faster; it is written down already
        item = self._about(intent)
        if item is None:
            raise ClusterError(f"there is no incident about {intent.owner}")
        self.begun.append(attempt)
        self.memory = follow.begun(self.memory, item.fingerprint, attempt)
        self.save()

    def request(self, intent: Intent, plan: Iterable[RemediationAction] = ()) -> Answer | None:
        """Ask for an approval of this change, or find the answer to having asked.

        None where another change of the workload was asked for and is still in the plan: an
        approval that was given, or is about to be, must not be lost to another change.
        """
        item = self._about(intent)
        if item is None or not self.keeps:
            return Answer("")
        seconds = self.settings.incidents.approval_seconds
        asked = [other.request for other in self._all_about(intent) if other.request]
        if approvals.kept_out(asked, intent, plan, seconds, self.now):
            return None
        request, note = approvals.request_for(intent, item.request, seconds, self.now)
        self._change(item, {"request": request})
        slack = self.heard.approvals if self.heard else {}
        answer = approvals.answered(request, intent, slack)
        problems = self.heard.problems if self.heard and not answer.by else ()
        said = "; ".join(part for part in (note, *problems, answer.note) if part)
        return Answer(answer.request, answer.by, said)

    def settle(self, id_: str, outcome: Outcome, reason: str) -> None:
        """Take note of how a try ended; what is not known yet is left to the next pass."""
        known = {t.id: t for item in self.memory.incidents for t in item.tries}
        if id_ in known and outcome not in {Outcome.APPLIED, Outcome.UNKNOWN}:
            self.memory = follow.settled(self.memory, known[id_], outcome, reason)

    def forget(self, attempt: Try) -> None:
        """A try that never reached the cluster was none."""
        self.memory = follow.settled(self.memory, attempt, None)

    def conclude(self, snapshot: ClusterSnapshot, results: Iterable[ActionResult]) -> None:
        """Work out how each incident stands now, and write it down."""
        owners = {pod.ref: pod.owner for pod in snapshot.pods}
        self.memory = follow.judged(self.memory, results, owners, self.settings.incidents, self.now)
        self._try_to_save()

    def diagnosed_before(
        self, snapshot: ClusterSnapshot, findings: Iterable[Finding]
    ) -> StoredDiagnosis | None:
        """What a model said of this very situation."""
        stored = self.memory.diagnosed
        if stored is None or stored.situation != situation(self.memory, findings, snapshot):
            return None
        return stored

    def learn(
        self, snapshot: ClusterSnapshot, findings: Iterable[Finding], diagnosis: Diagnosis
    ) -> None:
        """Remember what a model said, without values, and what it used."""
        if diagnosis.model is None:
            return
        tokens = (diagnosis.tokens.total if diagnosis.tokens else None) or 0
        use = self.use
        use = use.model_copy(update={"calls": use.calls + 1, "tokens": use.tokens + tokens})
        changed: dict[str, Any] = {"use": use}
        if diagnosis.model_error is None:
            plain = tuple(approvals.without_value(a) for a in diagnosis.remediation_actions)
            changed["diagnosed"] = StoredDiagnosis(
                situation=situation(self.memory, findings, snapshot),
                at=self.now,
                diagnosis=diagnosis.model_copy(
                    update={"remediation_actions": plain, "explanations": (), "tokens": None}
                ),
                whole=plain == diagnosis.remediation_actions,
            )
        self.memory = self.memory.model_copy(update=changed)

    @property
    def use(self) -> ModelUse:
        """What the model was used for today."""
        return self.memory.use_on(self.now)

    def recent(self, since: datetime) -> tuple[Incident, ...]:
        """The incidents that are open, or ended since then."""
        return self.memory.recent(since)

    def save(self) -> None:
        """Write the memory down; raises ClusterError where it is not certain that it was."""
        if not self.keeps:
            raise ClusterError(self.barred or "nothing can be written down")
        self.kept = store.write(self.cluster, self.kept, self.memory)

    def keep(self, memory: Memory) -> None:
        """Write this memory down, as what is said about an incident changed it."""
        self.memory = memory
        self.save()

    def close(self, memory: Memory | None = None) -> None:
        """Write down what changed since, and let the next pass in. Raises nothing."""
        if memory is not None and memory != self.memory:
            self.memory = memory
            self._try_to_save()
        if self.lease is not None:
            self.lease.release()
            self.lease = None

    def _try_to_save(self) -> None:
        if not self.keeps or not self._worth_keeping():
            return
        try:
            self.save()
        except ClusterError as error:
            self.warnings.append(f"What was done could not be written down: {error}.")

    def _misplaced(self, snapshot: ClusterSnapshot) -> Iterator[str]:
        """Whole sentences about approvals on objects that they are not for."""
        open_ = (item.request for item in self.memory.incidents if item.open and item.request)
        asked = {request.id: request.action.target for request in open_}
        for seen in snapshot.workloads():
            held = seen.annotations.get(approvals.APPROVE, "").strip()
            if held in asked and asked[held] != seen.ref:
                yield f"The approval {held} on {seen.ref} does not count: it is for {asked[held]}."

    def _worth_keeping(self) -> bool:
        """Whether there is a ConfigMap, or reason to make one: where the chart made none, a pass
        that changes nothing and tells nobody leaves nothing behind either.
        """
        settings = self.settings
        told = settings.slack.bot_token or settings.slack.webhook_url or settings.alertmanager.url
        asks = any(item.tries or item.request for item in self.memory.incidents)
        return self.kept.version is not None or bool(told) or asks

    def _about(self, intent: Intent) -> Incident | None:
        """The incident that a write is made against: of the same container, where several are."""
        container = getattr(intent.action, "container", None)
        about = self._all_about(intent)
        return min(about, key=lambda item: item.container != container, default=None)

    def _all_about(self, intent: Intent) -> list[Incident]:
        return [
            item
            for item in self.memory.incidents
            if item.open and item.target in {intent.owner, intent.action.target}
        ]

    def _change(self, item: Incident, changes: dict[str, Any]) -> None:
        incidents = tuple(
            i.model_copy(update=changes) if i.fingerprint == item.fingerprint else i
            for i in self.memory.incidents
        )
        self.memory = self.memory.model_copy(update={"incidents": incidents})


def uids(snapshot: ClusterSnapshot) -> dict[ObjectRef, str]:
    """The uid of every object that was read in full."""
    found = {seen.ref: seen.uid for seen in snapshot.workloads()}
    return found | {pod.ref: pod.uid for pod in snapshot.pods}


def _seen_whole(snapshot: ClusterSnapshot) -> bool:
    unread = (*(s.what for s in snapshot.blind_spots), *(cut.what for cut in snapshot.cuts))
    return all(_BESIDES.match(what) for what in unread)
