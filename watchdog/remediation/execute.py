"""The way of one action to the cluster: judge, preview, ask, record, send.

Nothing is decided here that policy.py could decide, and no value is made up here: see values.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from watchdog.actions import (
    Object,
    Operations,
    ProposedValue,
    RemediationAction,
)
from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
)
from watchdog.incidents.approvals import Answer, Intent, shown_whole
from watchdog.incidents.attempt_history import ATTEMPTS, Mark, Past
from watchdog.incidents.transitions import digest
from watchdog.kube.ports import Writer
from watchdog.kube.what_counts import what_counts
from watchdog.model.lasting import LastingChange
from watchdog.model.outcome import Outcome
from watchdog.model.report import ActionResult
from watchdog.policy.policy import advisable, judge
from watchdog.policy.values import PreviousRevision, Sources, as_written, earlier_revision, resolve
from watchdog.policy.verdict import Context, Verdict, Write
from watchdog.remediation.diff import Wording, describe, shortened
from watchdog.remediation.for_git import lasting_change
from watchdog.remediation.json_patch import applied, inverse, part_hash, patch_hash
from watchdog.remediation.permission import Applied, Permission, Proposal, Tried
from watchdog.remediation.replicasets import owned_by, revision
from watchdog.remediation.undo_command import undo_command
from watchdog.remediation.write import Sent, generation, preview, read, send, written_part
from watchdog.settings.schema import Settings

# What an object raises that has another form, or holds a quantity of another size, than any does:
# tenants write them, and nothing is changed then.
_SENSELESS = (LookupError, TypeError, ValueError, ArithmeticError)
_TOO_LONG = (
    "it needs an approval and is too long to be shown whole in a message: approve it at a terminal "
    "(`sre-watchdog run`), or make the change yourself"
)
ONE_AT_A_TIME = Verdict("refuse", "one_at_a_time", "one change at a time: another comes first")


@dataclass(frozen=True)
class Execution:
    """One action on its way to the cluster."""

    action: RemediationAction
    context: Context
    cluster: Writer
    permission: Permission
    suggested_by: str
    plan: tuple[RemediationAction, ...] = ()

    def attempt(self) -> Tried:
        """What became of it; what was not done is `refused` or `failed`, with its reason."""
        verdict = judge(self.action, self.context)
        if verdict.decision == "refuse":
            return self._for_git(refused(self.action, verdict))
        asks = verdict.decision == "ask"
        if self._none_left and (self.permission.dry_run or (self.context.begun and not asks)):
            # A dry run spares the API server the requests; what was just written has to be watched.
            return refused(self.action, _too_many(self.permission.settings))
        try:
            return self._twice()
        except ConflictError:
            return self._no("changed_meanwhile", f"someone keeps changing {self.action.target}")
        except NotFoundError:
            return self._no("gone", f"{self.action.target} is gone")
        except RejectedError as error:
            return self._no("rejected", str(error))
        except ForbiddenError as error:
            return self._failed(str(error))
        except ClusterError as error:
            return self._failed(f"nothing was changed: {error}")
        except _SENSELESS:
            return self._failed("nothing was changed: the API server's answer makes no sense")

    def _twice(self) -> Tried:
        """Read, judge and write; where someone was faster, once more from the start."""
        try:
            return self._once()
        except ConflictError:
            return self._once()

    def _once(self) -> Tried:
        live = read(self.cluster, self.action)
        if self._changed_since_seen(live):
            return self._no("changed_since", f"{self.action.target} was changed while we looked")
        planned = self._planned(live)
        if planned is None:
            return self._no("no_value", "no available revision and no approval has a value")
        write, operations = planned
        verdict = judge(self.action, replace(self.context, write=write, now=self.permission.now()))
        if verdict.rule != "no_container" and self._in_place(live, operations):
            return self._no("already_in_place", "it is like that already")
        if verdict.decision == "refuse":
            return self._for_git(refused(self.action, verdict), write)
        # From here on the action says what is written, not what was asked for.
        effective = replace(self, action=as_written(self.action, write.material))
        return effective.write(write, operations, verdict)

    def _planned(self, live: Object) -> tuple[Write, Operations] | None:
        """The exact write that the action would be; None where nothing has a value for it."""
        sources = Sources(
            self._earlier(live),
            self.permission.settings,
            self.suggested_by,
            self.permission.now().isoformat(timespec="seconds"),
        )
        material = resolve(self.action, live, sources)
        if material is None:
            return None
        operations = self.action.operations(live, material.value)
        patch = patch_hash(self.action, operations)
        return Write(live, applied(live, operations), material, patch), operations

    def _for_git(self, attempt: Tried, write: Write | None = None) -> Tried:
        """A refused action with the exact change, also for Git, where a person may make it."""
        if not advisable(self.action, replace(self.context, write=write)):
            return attempt
        try:
            planned = (write, []) if write else self._planned(read(self.cluster, self.action))
        except (ClusterError, *_SENSELESS):
            return attempt
        if planned is None or not advisable(self.action, replace(self.context, write=planned[0])):
            return attempt
        write = planned[0]
        would = as_written(self.action, write.material)
        shown = {
            "lasting": self._lasting(write),
            "diff": shortened(
                describe(would, write.live, write.after, self._wording(write.material))
            ),
            "source": write.material.source or None,
        }
        return replace(attempt, result=attempt.result.model_copy(update=shown))

    def _lasting(self, write: Write) -> LastingChange | None:
        argocd = self.permission.settings.git.argocd_namespace
        wording = self._wording(write.material)
        return lasting_change(self.action, write, wording, self.cluster, argocd)

    def write(self, write: Write, operations: Operations, verdict: Verdict) -> Tried:
        """Preview it, ask where a person has to be asked, record it, and send it."""
        live, note = write.live, ""
        intent = self._intent(write, verdict)
        marked = (
            operations if self.permission.begin is None else self._marked(intent, write, operations)
        )
        try:
            after = preview(self.cluster, self.action, live, marked)
        except ForbiddenError:
            if not self.permission.dry_run:
                raise
            # To an account that may only read, which suits a dry run, no right is advised.
            after, note = (
                write.after,
                "not checked by the API server: this account may not write it",
            )
        proposal = Proposal(
            self.action,
            describe(self.action, live, after, self._wording(write.material)),
            write.material.source,
            verdict.reason if verdict.decision == "ask" else None,
            self._lasting(write),
        )
        consent = self.permission.consent
        if consent is None and proposal.approval:
            approved = self._approved(proposal, intent, verdict)
            if isinstance(approved, Tried):
                return approved
            proposal = approved
        # Not asked before: these reasons pass with the next run, and those above do not.
        if (held := self._held_back()) is not None:
            return self._attempt(proposal, Outcome.REFUSED, held.reason, held.rule)
        if self.permission.dry_run:
            wants = f"would need an approval: {proposal.approval}" if proposal.approval else ""
            reason = "; ".join(part for part in (wants, note) if part)
            outcome = Outcome.AWAITING_APPROVAL if wants else Outcome.DRY_RUN
            return self._attempt(proposal, outcome, reason, verdict.rule, counts=not wants)
        asks = proposal.approval or self.permission.asks_first
        if consent is not None and asks and not consent(proposal):
            return self._attempt(proposal, Outcome.REFUSED, "you declined it", "declined")
        # What is recorded first is known afterwards, whatever becomes of this process; and the last
        # word before the write is whether the pass may still write.
        if self.permission.begin is not None:
            self.permission.begin(intent)
        self.permission.may_write()
        sent = send(self.cluster, self.action, live, marked)
        return replace(self._sent(proposal, sent, intent, operations), id=intent.id)

    def _approved(self, proposal: Proposal, intent: Intent, verdict: Verdict) -> Proposal | Tried:
        """The proposal with who approved it; else what became of asking."""
        if not shown_whole(proposal.diff):
            return self._no("too_long_to_approve", _TOO_LONG)
        if self.permission.dry_run:
            return proposal
        request = self.permission.request
        answer = request(intent, self.plan) if request else Answer("")
        if answer is None:
            return refused(self.action, ONE_AT_A_TIME)
        if not answer.by:
            return self._waits(proposal, verdict, answer)
        return replace(proposal, source=_and(proposal.source, answer.by))

    def _held_back(self) -> Verdict | None:
        """Why it is not made now, though it may be."""
        if self._none_left:
            return _too_many(self.permission.settings)
        return self.permission.blocked() if self.permission.blocked else None

    @property
    def _none_left(self) -> bool:
        return self.context.begun >= self.permission.attempts_left

    def _intent(self, write: Write, verdict: Verdict) -> Intent:
        live, now = write.live, self.permission.now()
        return Intent(
            id=digest(live["metadata"]["uid"], generation(live), write.patch, now),
            action=self.action,
            owner=self.context.owner(self.action),
            live=live,
            patch=write.patch,
            at=now,
            reason=verdict.reason,
        )

    def _marked(self, intent: Intent, write: Write, operations: Operations) -> Operations:
        """The operations, and the mark of this try beside them; a Scale or a pod carries none."""
        if not self.action.leaves_mark:
            return operations
        past = self.permission.past.get(intent.owner, Past())
        left = part_hash(written_part(self.action, write.after))
        mark = Mark(intent.id, intent.at, past.count + 1, revision(intent.live) or None, left)
        held = intent.live["metadata"].get("annotations")
        whole = [] if held else [{"op": "add", "path": "/metadata/annotations", "value": {}}]
        path = f"/metadata/annotations/{ATTEMPTS.replace('/', '~1')}"
        return [*operations, *whole, {"op": "add", "path": path, "value": mark.text()}]

    def _waits(self, proposal: Proposal, verdict: Verdict, answer: Answer) -> Tried:
        reason = "; ".join(part for part in (proposal.approval, answer.note) if part)
        waits = self._attempt(proposal, Outcome.AWAITING_APPROVAL, reason, verdict.rule)
        result = waits.result.model_copy(update={"request": answer.request or None})
        return replace(waits, result=result)

    def _sent(
        self, proposal: Proposal, sent: Sent, intent: Intent, operations: Operations
    ) -> Tried:
        live = intent.live
        attempt = self._attempt(proposal, sent.outcome, sent.reason, None, counts=True)
        if sent.outcome is Outcome.FAILED:
            return attempt
        done = Applied(
            before=live,
            back=inverse(live, operations),
            owner=self.context.owner(self.action),
            context=self.context,
            generation=generation(sent.item) if sent.item else None,
            left=written_part(self.action, sent.item) if sent.item else None,
        )
        deployment = self.context.deployment(self.action)
        current = deployment.current if deployment else None
        name = current.replica_set if current else ""
        undo = undo_command(self.action, live, operations, intent.id, name)
        return replace(
            attempt, result=attempt.result.model_copy(update={"undo": undo}), applied=done
        )

    def _attempt(
        self,
        proposal: Proposal,
        outcome: Outcome,
        reason: str,
        rule: str | None,
        *,
        counts: bool = False,
    ) -> Tried:
        asks = outcome is Outcome.AWAITING_APPROVAL
        result = ActionResult(
            action=self.action,
            outcome=outcome,
            reason=reason,
            rule=rule or None,
            diff=proposal.diff if asks else shortened(proposal.diff),
            source=proposal.source or None,
            lasting=proposal.lasting,
        )
        return Tried(result, counts=counts)

    def _changed_since_seen(self, live: Object) -> bool:
        """Whether it is another object or spec than the one that the findings are about."""
        if self.action.target_kind == "ConfigMap":
            # Not observed; what is to be written is a key that it lacks, judged on the live object.
            return False
        if self.action.target_kind == "Pod":
            pods = self.context.snapshot.pods
            seen = next((pod.uid for pod in pods if pod.ref == self.action.target), None)
            return bool(seen != live["metadata"]["uid"])
        deployment = self.context.deployment(self.action)
        if deployment is None or deployment.uid != live["metadata"]["uid"]:
            return True
        return deployment.generation != generation(live) and deployment.counts != what_counts(live)

    def _earlier(self, live: Object) -> PreviousRevision | None:
        deployment = self.context.deployment(self.action)
        chosen = earlier_revision(self.action, deployment) if deployment else None
        if chosen is None or not self.action.changes_template:
            return None
        found = next(
            (
                r
                for r in owned_by(self.cluster, live)
                if r["metadata"]["name"] == chosen.replica_set
            ),
            None,
        )
        return PreviousRevision(chosen.revision, found["spec"]["template"]) if found else None

    def _in_place(self, live: Object, operations: Operations) -> bool:
        if self.action.target_kind == "Pod":
            return bool(live["metadata"].get("deletionTimestamp"))
        return not operations

    def _wording(self, material: ProposedValue) -> Wording:
        deployment = self.context.deployment(self.action)
        revisions = deployment.revisions if deployment else ()
        changes = (r.changes for r in revisions if r.revision == material.revision)
        return Wording(material, next(changes, ()), self.permission.settings.harmless_env)

    def _no(self, rule: str, reason: str) -> Tried:
        return refused(self.action, Verdict("refuse", rule, reason))

    def _failed(self, reason: str) -> Tried:
        return Tried(ActionResult(action=self.action, outcome=Outcome.FAILED, reason=reason))


def _and(source: str, by: str) -> str:
    return ", ".join(part for part in (source, by) if part)


def refused(action: RemediationAction, verdict: Verdict) -> Tried:
    """An action that is not done, as that verdict says."""
    return Tried(
        ActionResult(
            action=action, outcome=Outcome.REFUSED, reason=verdict.reason, rule=verdict.rule
        )
    )


def _too_many(settings: Settings) -> Verdict:
    allowed = settings.max_remediation_attempts
    fixes = "1 fix per run is" if allowed == 1 else f"{allowed} fixes per run are"
    used = {1: "it is used", 2: "both are used"}.get(allowed, "all are used")
    if settings.shards > 1:
        used = f"of {settings.shards} pods that share them this one has none left in this run"
    return Verdict("refuse", "attempts", f"{fixes} allowed (max_remediation_attempts), and {used}")
