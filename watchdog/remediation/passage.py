"""The way of one action to the cluster: judge, preview, ask, record, send.

Nothing is decided here that policy.py could decide, and no value is made up here: see values.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from watchdog.actions import (
    Material,
    Object,
    Operations,
    PatchConfigMap,
    RemediationAction,
)
from watchdog.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
)
from watchdog.incidents.approvals import Answer, Intent
from watchdog.incidents.follow import digest
from watchdog.incidents.past import ATTEMPTS, Mark, Past
from watchdog.nouns import ActionResult, Outcome
from watchdog.remediation.diff import Wording, describe
from watchdog.remediation.operations import applied, inverse, part_hash, patch_hash
from watchdog.remediation.permission import Applied, Attempt, Permission, Proposal
from watchdog.remediation.policy import judge
from watchdog.remediation.replicasets import owned_by, revision
from watchdog.remediation.sending import (
    Cluster,
    Sent,
    generation,
    preview,
    read,
    send,
    written_part,
)
from watchdog.remediation.values import (
    Earlier,
    Sources,
    as_written,
    earlier_revision,
    resolve,
)
from watchdog.remediation.verdict import Context, Verdict, Write
from watchdog.settings import Settings

ONE_AT_A_TIME = Verdict("refuse", "one_at_a_time", "one change at a time: another comes first")


@dataclass(frozen=True)
class Passage:
    """One action on its way to the cluster."""

    action: RemediationAction
    context: Context
    cluster: Cluster
    permission: Permission
    suggested_by: str
    plan: tuple[RemediationAction, ...] = ()

    def attempt(self) -> Attempt:
        """What became of it; what was not done is `refused` or `failed`, with its reason."""
        verdict = judge(self.action, self.context)
        if verdict.decision == "refuse":
            return refused(self.action, verdict)
        asks = verdict.decision == "ask"
        if self._none_left and (self.permission.dry_run or (self.context.begun and not asks)):
            # A dry run spares the API server the requests; what was just written has to be watched.
            return refused(self.action, _too_many(self.permission.settings))
        try:
            return self._twice()
        except ConflictError:
            return self._no("changed_meanwhile", f"somebody keeps changing {self.action.target}")
        except NotFoundError:
            return self._no("gone", f"{self.action.target} is gone")
        except RejectedError as error:
            return self._no("rejected", str(error))
        except ForbiddenError as error:
            return self._failed(str(error))
        except ClusterError as error:
            return self._failed(f"nothing was changed: {error}")
        except (LookupError, TypeError):
            return self._failed("nothing was changed: the API server's answer makes no sense")

    def _twice(self) -> Attempt:
        """Read, judge and write; where somebody was faster, once more from the start."""
        try:
            return self._once()
        except ConflictError:
            return self._once()

    def _once(self) -> Attempt:
        live = read(self.cluster, self.action)
        if self._changed_since_seen(live):
            return self._no("changed_since", f"{self.action.target} was changed while we looked")
        sources = Sources(
            self._earlier(live),
            self.permission.settings,
            self.suggested_by,
            self.permission.now().isoformat(timespec="seconds"),
        )
        material = resolve(self.action, live, sources)
        if material is None:
            return self._no("no_value", "no available revision and no approval has a value")
        operations = self.action.operations(live, material.value)
        patch = patch_hash(self.action, operations)
        write = Write(live, applied(live, operations), material, patch)
        verdict = judge(self.action, replace(self.context, write=write, now=self.permission.now()))
        if verdict.rule != "no_container" and self._in_place(live, operations):
            return self._no("already_in_place", "it is like that already")
        if verdict.decision == "refuse":
            return refused(self.action, verdict)
        # From here on the action says what is written, not what was asked for.
        effective = replace(self, action=as_written(self.action, material))
        return effective.write(write, operations, verdict)

    def write(self, write: Write, operations: Operations, verdict: Verdict) -> Attempt:
        """Preview it, ask where a person has to be asked, record it, and send it."""
        live, note = write.live, ""
        intent = self._intent(write, verdict)
        marked = (
            operations if self.permission.begin is None else self._marked(intent, write, operations)
        )
        try:
            after = preview(self.cluster, self.action, live, marked)
        except ForbiddenError as error:
            if not self.permission.dry_run:
                raise
            after, note = write.after, f"not checked by the API server: {error}"
        proposal = Proposal(
            self.action,
            describe(self.action, live, after, self._wording(write.material)),
            write.material.source,
            verdict.reason if verdict.decision == "ask" else None,
        )
        consent = self.permission.consent
        if consent is None and proposal.approval and not self.permission.dry_run:
            request = self.permission.request
            answer = request(intent, self.plan) if request else Answer("")
            if answer is None:
                return refused(self.action, ONE_AT_A_TIME)
            if not answer.by:
                return self._waits(proposal, verdict, answer)
            proposal = replace(proposal, source=_and(proposal.source, answer.by))
        # Not asked before: these reasons pass with the next run, and those above do not.
        if (held := self._held_back()) is not None:
            return self._attempt(proposal, Outcome.REFUSED, held.reason, held.rule)
        if self.permission.dry_run:
            wants = f"would need an approval: {proposal.approval}" if proposal.approval else ""
            reason = "; ".join(part for part in (wants, note) if part)
            return self._attempt(proposal, Outcome.DRY_RUN, reason, verdict.rule, counts=True)
        asks = proposal.approval or self.permission.asks_first
        if consent is not None and asks and not consent(proposal):
            return self._attempt(proposal, Outcome.REFUSED, "you declined it", "declined")
        # What is recorded first is known afterwards, whatever becomes of this process; and the last
        # word before the write is whether the pass may still write.
        if self.permission.begin is not None:
            self.permission.begin(intent)
        self.permission.still_ours()
        sent = send(self.cluster, self.action, live, marked)
        return replace(self._sent(proposal, sent, live, operations), id=intent.id)

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
        if self.action.target_kind == "Pod" or self.action.subresource:
            return operations
        past = self.permission.past.get(intent.owner, Past())
        left = part_hash(written_part(self.action, write.after))
        mark = Mark(intent.id, intent.at, past.count + 1, revision(intent.live) or None, left)
        held = intent.live["metadata"].get("annotations")
        whole = [] if held else [{"op": "add", "path": "/metadata/annotations", "value": {}}]
        path = f"/metadata/annotations/{ATTEMPTS.replace('/', '~1')}"
        return [*operations, *whole, {"op": "add", "path": path, "value": mark.text()}]

    def _waits(self, proposal: Proposal, verdict: Verdict, answer: Answer) -> Attempt:
        reason = "; ".join(part for part in (proposal.approval, answer.note) if part)
        waits = self._attempt(proposal, Outcome.AWAITING_APPROVAL, reason, verdict.rule)
        result = waits.result.model_copy(update={"request": answer.request or None})
        return replace(waits, result=result)

    def _sent(
        self, proposal: Proposal, sent: Sent, live: Object, operations: Operations
    ) -> Attempt:
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
        result = attempt.result.model_copy(update={"undo": _undo_command(self.action, live)})
        return replace(attempt, result=result, applied=done)

    def _attempt(
        self,
        proposal: Proposal,
        outcome: Outcome,
        reason: str,
        rule: str | None,
        *,
        counts: bool = False,
    ) -> Attempt:
        result = ActionResult(
            action=self.action,
            outcome=outcome,
            reason=reason,
            rule=rule or None,
            diff=proposal.diff,
            source=proposal.source or None,
        )
        return Attempt(result, counts=counts)

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
        return deployment is None or (deployment.uid, deployment.generation) != (
            live["metadata"]["uid"],
            generation(live),
        )

    def _earlier(self, live: Object) -> Earlier | None:
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
        return Earlier(chosen.revision, found["spec"]["template"]) if found else None

    def _in_place(self, live: Object, operations: Operations) -> bool:
        if self.action.target_kind == "Pod":
            return bool(live["metadata"].get("deletionTimestamp"))
        return not operations

    def _wording(self, material: Material) -> Wording:
        deployment = self.context.deployment(self.action)
        revisions = deployment.revisions if deployment else ()
        changes = (r.changes for r in revisions if r.revision == material.revision)
        return Wording(material, next(changes, ()), self.permission.settings.harmless_env)

    def _no(self, rule: str, reason: str) -> Attempt:
        return refused(self.action, Verdict("refuse", rule, reason))

    def _failed(self, reason: str) -> Attempt:
        return Attempt(ActionResult(action=self.action, outcome=Outcome.FAILED, reason=reason))


def _and(source: str, by: str) -> str:
    return ", ".join(part for part in (source, by) if part)


def refused(action: RemediationAction, verdict: Verdict) -> Attempt:
    """An action that is not done, as that verdict says."""
    return Attempt(
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


def _undo_command(action: RemediationAction, live: Object) -> str | None:
    """The command with which a person takes the change back, from typed fields only."""
    where = f"kubectl -n {action.target.namespace}"
    if action.subresource == "scale":
        replicas = live["spec"].get("replicas", 1)
        return f"{where} scale deployment/{action.target.name} --replicas={replicas}"
    if isinstance(action, PatchConfigMap):
        back = [{"op": "remove", "path": f"/data/{action.key}"}]
        return f"{where} patch configmap {action.target.name} --type json -p '{json.dumps(back)}'"
    kept = live["spec"].get("revisionHistoryLimit", 10) > 0
    if not (action.changes_template and kept and revision(live)):
        return None
    return f"{where} rollout undo deployment/{action.target.name} --to-revision={revision(live)}"
