"""One namespace's memory during one pass, and the right to write that goes with it.

Opened once the namespace was observed (see opening.py), written before each change of a workload,
closed after the last message about it left. A dry run reads it and touches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from watchdog.actions import RemediationAction
from watchdog.errors import ClusterError, ModelFault
from watchdog.incidents import approvals, store, transitions
from watchdog.incidents.approvals import Answer, Intent
from watchdog.incidents.attempt_history import ATTEMPTS, Past, mark_of, past_of
from watchdog.incidents.authenticity import keys_of
from watchdog.incidents.diagnosis_cache import situation
from watchdog.incidents.facts import prune
from watchdog.incidents.lease import Lease
from watchdog.incidents.memory import Memory, ModelUse, StoredDiagnosis
from watchdog.incidents.store import Kept
from watchdog.kube.ports import MemoryStore
from watchdog.kube.resources import EVENTS, NAMESPACES, REPLICASETS
from watchdog.model.diagnosis import Diagnosis, Finding
from watchdog.model.incident import ApprovalRequest, Attempt, Incident
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.observation.pause import pause
from watchdog.observation.replica_set_facts import REVISION
from watchdog.settings.schema import Settings
from watchdog.snapshot.refs import ObjectRef
from watchdog.snapshot.snapshot import PARTS, POD_LOGS, BlindSpot, ClusterSnapshot
from watchdog.text.format import one_line, verbatim
from watchdog.text.sanitize import whole_number

IMPAIRED_MEMORY, IMPAIRED_LEASE = "the memory", "the Lease"
IMPAIRMENTS = (IMPAIRED_MEMORY, IMPAIRED_LEASE)
"""Blind spots that are about the watchdog itself: something keeps it from its work."""
_NO_KEY = (
    "approve it at a terminal (`sre-watchdog run` without --yes): SRE_AGENT_MEMORY__KEY is not "
    "set, so no later pass could verify the request"
)
# Only what was seen whole can count as well again; these are not needed for that.
_BESIDES = {POD_LOGS, PARTS, EVENTS.plural, REPLICASETS.plural}


class ReadReplies(Protocol):
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


ReadRepliesCall = Callable[[Mapping[str, Memory]], ReadReplies]


@dataclass
class NamespaceSession:
    """What is remembered of one namespace, and whether this pass may write there.

    `write_blocked_reason` is the sentence why it may not, `rule` its metric label; both are empty
    if it may.
    `kept_out` says why the Lease is out of reach for more than this pass, `unwritten` why the
    memory could not be written last. `begun` are the tries of this pass, `warnings` are whole
    sentences for the report, `changed_by_others` the workloads that someone changed while this pass
    watched them. `moved` is called once the memory is written: it takes the former one away that
    lay elsewhere.
    """

    cluster: MemoryStore
    settings: Settings
    namespace: str
    clock: Callable[[], datetime]
    stopped: Callable[[], None]
    kept: Kept
    lease: Lease | None = None
    rule: str = ""
    write_blocked_reason: str = ""
    heard: ReadReplies | None = None
    kept_out: str = ""
    unwritten: str = ""
    warnings: list[str] = field(default_factory=list)
    begun: list[Attempt] = field(default_factory=list)
    changed_by_others: set[ObjectRef] = field(default_factory=set)
    moved: Callable[[], None] | None = None
    _pruned: bool = False

    @property
    def memory(self) -> Memory:
        """What is remembered, as it will be written next."""
        return self.kept.memory

    @memory.setter
    def memory(self, memory: Memory) -> None:
        self.kept = replace(self.kept, memory=memory)

    @property
    def now(self) -> datetime:
        """The API server's clock: those of the hosts that run passes differ."""
        return self.cluster.server_time or self.clock()

    @property
    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """What keeps this pass from its work makes it degraded, and stands in the report."""
        found = [BlindSpot(resource=IMPAIRED_LEASE, why=self.kept_out)] if self.kept_out else []
        if self.rule == "memory":
            told = "" if self.keeps else " and no message was sent"
            why = f"it could not be read or verified, so nothing was changed{told}"
            found.append(BlindSpot(resource=IMPAIRED_MEMORY, why=why))
        elif self.unwritten:
            why = f"it could not be written, so nothing of this is remembered: {self.unwritten}"
            found.append(BlindSpot(resource=IMPAIRED_MEMORY, why=why))
        return tuple(found)

    @property
    def keeps(self) -> bool:
        """Whether anything is written down in this pass."""
        return self.lease is not None and not self.kept.closed

    @property
    def acts(self) -> bool:
        """Whether this pass may write to workloads: it holds the namespace's own Lease."""
        return self.lease is not None and not self.kept.place.shared

    def meet(self, snapshot: ClusterSnapshot, findings: Iterable[Finding]) -> None:
        """Take note of what was found; what was seen whole and is not found is well again."""
        found = tuple(findings)
        incidents, of = self.settings.incidents, uids(snapshot)
        self.memory = transitions.merge_findings(
            self.memory, found, of, self.now, incidents, snapshot.label_selector
        )
        if self.kept.doubt == "facts" and not self._pruned:
            cluster = self.memory.cluster
            found_now = {transitions.fingerprint(cluster, f, of.get(f.target, "")) for f in found}
            self.memory = prune(self.memory, frozenset(found_now))
            self._pruned = True
        if _seen_whole(snapshot):
            # What has not failed yet but is not up either is not well again.
            coming = {w.uid for w in snapshot.workloads() if w.uid and w.ready < w.desired}
            seen = transitions.Observation(snapshot.label_selector, frozenset(coming), self.now)
            self.memory = transitions.ended(self.memory, found, of, seen)
        self.warnings.extend(self._misplaced(snapshot))

    def paused(self, snapshot: ClusterSnapshot) -> ClusterSnapshot:
        """The snapshot, paused where a stop sign in Slack says so."""
        by = self.memory.stopped_by
        if not by or snapshot.paused_until is not None:
            return snapshot
        return snapshot.model_copy(
            update={"paused_until": f"a stop sign of {by.split('/')[0]} in Slack"}
        )

    def unsettled(self) -> tuple[tuple[ObjectRef, Attempt], ...]:
        """Tries of earlier passes of which it is not known how they ended, with their workload."""
        mine = {t.id for t in self.begun}
        tries = ((item.target, t) for item in self.memory.incidents for t in item.tries)
        return tuple((owner, t) for owner, t in tries if not t.settled and t.id not in mine)

    def waiting(self, snapshot: ClusterSnapshot) -> tuple[ApprovalRequest, ...]:
        """The requests for an approval that no one has given yet.

        One that Slack did not take has not been shown there: its change is worked out once more.
        """
        given = self.heard.approvals if self.heard else {}
        marks = {w.annotations.get(approvals.APPROVE) for w in snapshot.workloads()}
        open_ = (item.request for item in self.memory.incidents if item.open and item.request)
        slack = self.settings.slack
        asks = bool(slack.bot_token or slack.webhook_url)
        return tuple(
            r
            for r in open_
            if r.id not in given
            and r.id not in marks
            and self.now < r.expires_at
            and (r.ts or not asks)
        )

    def rests(self, snapshot: ClusterSnapshot) -> bool:
        """Whether nothing can be tried now: each incident needs you or for its time."""
        waiting = {request.id for request in self.waiting(snapshot)}
        return all(
            item.escalated
            or (item.quiet_until and self.now < item.quiet_until)
            or (item.request and item.request.id in waiting)
            for item in self.memory.incidents
            if item.open
        )

    def failed(self) -> tuple[Attempt, ...]:
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
        if self.lease is None or not self.acts:
            raise ClusterError(self.write_blocked_reason or "this pass holds no Lease")
        self.lease.check()
        raw = self.cluster.get(NAMESPACES, "", self.namespace)
        why = pause((raw.get("metadata") or {}).get("annotations") or {}, self.now)
        if why is not None:
            said = verbatim(one_line(why, 100))
            raise ClusterError(f"namespace {self.namespace} was paused meanwhile ({said})")

    def begin(self, intent: Intent) -> None:
        """Write down what is about to be done; raises ClusterError where that is not possible."""
        live = intent.live
        revision = str((live["metadata"].get("annotations") or {}).get(REVISION, ""))
        attempt = Attempt(
            id=intent.id,
            action=approvals.without_value(intent.action),
            patch=intent.patch,
            at=self.now,
            uid=intent.uid,
            generation=intent.generation,
            revision=whole_number(revision),
            replicas=(live.get("spec") or {}).get("replicas"),
        )
        if any(t.id == attempt.id for t in self.begun):
            return  # the same once more, as someone was faster; it is written down already
        item = self._about(intent)
        if item is None:
            raise ClusterError(f"there is no incident about {intent.owner}")
        self.begun.append(attempt)
        self.memory = transitions.begun(self.memory, item.fingerprint, attempt)
        if self.keeps or self.kept.doubt != "facts":
            self.save()
        # Else the memory is another watchdog's: the mark on the workload tells it of this attempt.

    def request(self, intent: Intent, plan: Iterable[RemediationAction] = ()) -> Answer | None:
        """Ask for an approval of this change, or find the answer to having asked.

        None where another change of the workload was asked for and is still in the plan: an
        approval that was given, or is about to be, must not be lost to another change.
        """
        item = self._about(intent)
        if item is None or not (self.keeps and self.acts) or self.cluster.server_time is None:
            return Answer("")
        if not keys_of(self.settings).keys:
            return Answer("", note=_NO_KEY)
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
            self.memory = transitions.settled(self.memory, known[id_], outcome, reason, self.now)

    def leave(self, id_: str, place: str, result: ActionResult) -> None:
        """Remember what a verified change leaves to a person."""
        if result.outcome is Outcome.VERIFIED:
            self.memory = transitions.leaves(self.memory, id_, place, result)

    def forget(self, attempt: Attempt) -> None:
        """A try that never reached the cluster was none."""
        self.memory = transitions.settled(self.memory, attempt, None)

    def conclude(
        self,
        snapshot: ClusterSnapshot,
        findings: Iterable[Finding],
        results: Iterable[ActionResult],
    ) -> None:
        """Work out how each incident stands now, and write it down."""
        owners = {pod.ref: pod.owner for pod in snapshot.pods}
        self.memory = transitions.judged(
            self.memory, findings, results, owners, self.settings.incidents, self.now
        )
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
        if diagnosis.model is None or diagnosis.model_fault is ModelFault.NOT_ASKED:
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
            raise ClusterError(self.write_blocked_reason or "nothing can be written down")
        try:
            self.kept = store.write(self.cluster, self.kept, self.memory, self.settings)
        except ClusterError as error:
            self.unwritten = str(error)
            raise
        self.unwritten = ""
        if self.moved is not None:
            moved, self.moved = self.moved, None
            moved()

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
            # Other namespaces are written down under the Lease of observed ones too.
            if self.acts:
                self.lease.release(store.seal(self.kept, self.settings))
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
        that changes nothing and tells no one leaves nothing behind either.
        """
        settings = self.settings
        slack = settings.slack.bot_token or settings.slack.webhook_url
        told = slack or settings.alertmanager.addresses or settings.notify.configured
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
    unread = {spot.resource for spot in snapshot.blind_spots}
    unread |= {cut.resource for cut in snapshot.cuts}
    return unread <= _BESIDES
